"""The hierarchy of keys as a table: what each key is for, its names in the trade, how it is derived, where it lies on a chip.

Root to city to card: each level is one diversification (`derivation`). The bytes are those of our chip profile (hardware/README.md).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from citizencard.keys.derivation import CARD_ROLES, FACTORS, PSAM_ROLES, Factors, algorithm_of, stored_role
from citizencard.keys.errors import UnknownKeyVersion
from citizencard.keys.hsm import KeyRole
from citizencard.keys.secret import KeyAlgorithm
from citizencard.keys.vault_file import KeyInfo, KeyState
from hardware.card.profile import CARD_CONTROL, PSAM_CONTROL, CardProfile, PsamProfile

FACTOR_NAMES: Final[dict[Factors, tuple[str, ...]]] = {
    Factors.CHIP: ("chip serial",),
    Factors.CITY_CARD: ("city", "card serial"),
    Factors.BUREAU_CHIP: ("bureau", "chip serial"),
    Factors.BUREAU: ("bureau",),
    Factors.NONE: (),
}
"""The factors between root and chip, in order; each is 8 bytes."""

_NAMES: Final[dict[KeyRole, tuple[str, str, str]]] = {
    KeyRole.TRANSPORT: ("KT", "传输密钥", "opens a blank as it was delivered; the root is that of its batch"),
    KeyRole.CARD_CONTROL: ("CMK", "卡片主控密钥", "controls a card's master file"),
    KeyRole.APPLICATION_CONTROL: (
        "AMK",
        "应用主控密钥",
        "controls the purse application: its keys are written under it",
    ),
    KeyRole.LOAD: ("MLK/DLK", "圈存密钥", "authorises loads: MAC1, MAC2"),
    KeyRole.PURCHASE: ("MPK/DPK (GMPK)", "消费密钥", "purchases: MAC1, MAC2; the root lies in PSAMs"),
    KeyRole.TAC: ("MTK/DTK", "TAC 密钥", "certifies transactions to the host; may be absent (City Union)"),
    KeyRole.INTERNAL: ("IAK", "内部认证密钥", "the card proves itself to the host"),
    KeyRole.APPLICATION_MAINTENANCE: (
        "MAMK/DAMK",
        "应用维护密钥",
        "line protection of files, application block and unblock",
    ),
    KeyRole.PIN_UNBLOCK: ("MPUK/DPUK", "PIN 解锁密钥", "unblocks a PIN"),
    KeyRole.PIN_RELOAD: ("MRPK/DRPK", "PIN 重装密钥", "gives a new PIN"),
    KeyRole.OVERDRAFT: ("MUK/DUK", "透支限额修改密钥", "changes the overdraft limit"),
    KeyRole.UNLOAD: ("MULK/DULK", "圈提密钥", "takes money off the card: MAC1, MAC2, MAC3"),
    KeyRole.GREY_UNLOCK: (
        "MUGK/DUGK",
        "联机解扣密钥",
        "ends a grey lock on-line (fuel cards); our profile has no slot for it",
    ),
    KeyRole.SOCIAL_SECURITY: ("UK", "社保应用更新密钥", "updates the social-security application"),
    KeyRole.CARD_IDENTITY: ("IRK", "卡识别码密钥", "certifies the card identity of the social-security card"),
    KeyRole.PSAM_CONTROL: ("PSAM CMK", "PSAM 卡片主控密钥", "controls a PSAM's master file"),
    KeyRole.PSAM_APPLICATION_CONTROL: ("PSAM AMK", "PSAM 应用主控密钥", "controls a PSAM's purchase application"),
    KeyRole.PSAM_MAINTENANCE: ("PSAM AMMK", "PSAM 维护密钥", "line protection of a PSAM's files"),
    KeyRole.PSAM_PURCHASE: ("MPK in a PSAM", "PSAM 消费密钥", "the purchase root itself, as a PSAM holds it"),
    KeyRole.PERSONAL_DATA: ("-", "个人信息加密密钥", "encrypts columns with personal data (AES-256-GCM)"),
    KeyRole.BLIND_INDEX: ("-", "检索索引密钥", "finds encrypted values again (HMAC-SHA-256)"),
    KeyRole.AGENT_SIGNING: ("-", "读卡代理签名密钥", "signs steps for reader agents (Ed25519)"),
    KeyRole.HEAD_SIGNING: ("-", "账册封印签名密钥", "signs heads of the seals and records of ceremonies (Ed25519)"),
}

_SLOTS: Final = (
    *(CARD_CONTROL, CardProfile().purse_control, *CardProfile().purse_keys, *CardProfile().social_keys),
    *(PSAM_CONTROL, PsamProfile().control, *PsamProfile().master_keys, *PsamProfile().keys),
)


@dataclass(frozen=True, slots=True)
class KeyKind:
    """A row of the table.

    Args:
        role: our word.
        names: root and card key, as standards and manuals call them.
        chinese: the Chinese term.
        purpose: what it is for.
        algorithm: what it is used with.
        type_byte: first byte of its record on a chip (FMCOS); None if our profile writes it to none.
        factors: from the root to the chip, in order.
        holders: kinds of chips that hold it, `card` or `psam`.
        stored_as: the role whose root it is.
    """

    role: KeyRole
    names: str
    chinese: str
    purpose: str
    algorithm: KeyAlgorithm
    type_byte: int | None
    factors: tuple[str, ...]
    holders: tuple[str, ...]
    stored_as: KeyRole


def _kind(role: KeyRole) -> KeyKind:
    names, chinese, purpose = _NAMES[role]
    slot = next((slot for slot in _SLOTS if slot.role == role), None)
    written = slot is not None or role is KeyRole.TRANSPORT
    holders = [name for name, roles in (("card", CARD_ROLES), ("psam", PSAM_ROLES)) if written and role in roles]
    type_byte = int(slot.key_type) if slot else None
    factors = FACTOR_NAMES[FACTORS[role]]
    return KeyKind(
        role, names, chinese, purpose, algorithm_of(role), type_byte, factors, tuple(holders), stored_role(role)
    )


KEY_KINDS: Final = tuple(_kind(role) for role in KeyRole)
"""Every kind of key, in the order of `KeyRole`."""

CHIP_SET: Final = frozenset(kind.stored_as for kind in KEY_KINDS if kind.type_byte is not None)
"""Roles that are written to chips: a chip names one version for all its keys, so they are rotated together."""


def chip_key_versions(inventory: Iterable[KeyInfo]) -> tuple[int, ...]:
    """The versions of active purchase keys; last the one that new chips get: the newest of which every key of the set is active.

    A role whose keys are all destroyed is none that this city has.

    Raises:
        UnknownKeyVersion: there is no such version.
    """
    of_set = [info for info in inventory if info.role in CHIP_SET and info.index == 1]
    held = {info.role for info in of_set if info.state is not KeyState.DESTROYED}
    active = {(info.role, info.version) for info in of_set if info.state is KeyState.ACTIVE}
    complete = [
        version for version in {version for _, version in active} if all((role, version) in active for role in held)
    ]
    if not complete:
        raise UnknownKeyVersion("no version of the chips' keys is complete and active")
    newest = max(complete)
    in_use = {version for role, version in active if role is KeyRole.PURCHASE}
    return (*sorted(in_use - {newest}), newest)
