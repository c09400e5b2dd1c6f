"""From a root key to the key of one chip: the factors of each role, and which chips may hold it (hardware/README.md)."""

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from citizencard.keys.errors import KeyRoleRefused, TacMasterAbsent
from citizencard.keys.hsm import CardKeyHolder, HolderKind, KeyRole
from citizencard.keys.secret import KeyAlgorithm, SecretKey
from hardware.card import crypto

DEFAULT_CITY: Final = "3302"
CARD_FACTOR_BYTES: Final = 8


class Factors(Enum):
    """How a key is derived; each level is one diversification, the highest first."""

    CHIP = auto()
    """Chip serial: keys that a chip has before it belongs to a city."""
    CITY_CARD = auto()
    """City, then the last 8 bytes of the application serial."""
    BUREAU_CHIP = auto()
    """City of the social-security bureau, then chip serial."""
    BUREAU = auto()
    """City of the social-security bureau only: a key of the issuing centre, on no card."""
    NONE = auto()
    """Not derived."""


FACTORS: Final[dict[KeyRole, Factors]] = {
    KeyRole.TRANSPORT: Factors.CHIP,
    KeyRole.CARD_CONTROL: Factors.CHIP,
    KeyRole.APPLICATION_CONTROL: Factors.CITY_CARD,
    KeyRole.LOAD: Factors.CITY_CARD,
    KeyRole.PURCHASE: Factors.CITY_CARD,
    KeyRole.TAC: Factors.CITY_CARD,
    KeyRole.INTERNAL: Factors.CITY_CARD,
    KeyRole.APPLICATION_MAINTENANCE: Factors.CITY_CARD,
    KeyRole.PIN_UNBLOCK: Factors.CITY_CARD,
    KeyRole.PIN_RELOAD: Factors.CITY_CARD,
    KeyRole.OVERDRAFT: Factors.CITY_CARD,
    KeyRole.UNLOAD: Factors.CITY_CARD,
    KeyRole.GREY_UNLOCK: Factors.CITY_CARD,
    KeyRole.SOCIAL_SECURITY: Factors.BUREAU_CHIP,
    KeyRole.CARD_IDENTITY: Factors.BUREAU,
    KeyRole.PSAM_CONTROL: Factors.CHIP,
    KeyRole.PSAM_APPLICATION_CONTROL: Factors.CHIP,
    KeyRole.PSAM_MAINTENANCE: Factors.CHIP,
    KeyRole.PSAM_PURCHASE: Factors.NONE,
    KeyRole.PERSONAL_DATA: Factors.NONE,
    KeyRole.BLIND_INDEX: Factors.NONE,
    KeyRole.AGENT_SIGNING: Factors.NONE,
    KeyRole.HEAD_SIGNING: Factors.NONE,
}

PSAM_ROLES: Final = frozenset(
    {
        KeyRole.TRANSPORT,
        KeyRole.PSAM_CONTROL,
        KeyRole.PSAM_APPLICATION_CONTROL,
        KeyRole.PSAM_MAINTENANCE,
        KeyRole.PSAM_PURCHASE,
    }
)
CARD_ROLES: Final = frozenset(
    {KeyRole.TRANSPORT}
    | {role for role, factors in FACTORS.items() if factors in {Factors.CITY_CARD, Factors.BUREAU_CHIP}}
    | {KeyRole.CARD_CONTROL}
)


def algorithm_of(role: KeyRole) -> KeyAlgorithm:
    """What a key of this role is used with."""
    match role:
        case KeyRole.PERSONAL_DATA:
            return KeyAlgorithm.AES_256
        case KeyRole.BLIND_INDEX:
            return KeyAlgorithm.HMAC_SHA_256
        case KeyRole.AGENT_SIGNING | KeyRole.HEAD_SIGNING:
            return KeyAlgorithm.ED25519
        case _:
            return KeyAlgorithm.TRIPLE_DES


def stored_role(role: KeyRole) -> KeyRole:
    """Under which role the root stands in the vault: what a PSAM gets is the purchase root itself."""
    return KeyRole.PURCHASE if role is KeyRole.PSAM_PURCHASE else role


def check_tac_master(versions: Mapping[int, object]) -> None:
    """Refuse to judge TACs without a key for them: their records are neither good nor bad here.

    Raises:
        TacMasterAbsent: the centre keeps the master to itself (City Union), or all versions are out of use.
    """
    if not versions:
        raise TacMasterAbsent("no TAC master is in use here; the centre that keeps it says whether a TAC is good")


def city_factor(city: str) -> bytes:
    """Diversification factor of a city: its code, FF, zeros (3302FF0000000000)."""
    return bytes.fromhex(city) + b"\xff" + bytes(5)


def bureau_factor(city: str) -> bytes:
    """Diversification factor of a social-security bureau: its six digits and `sx`, in ASCII."""
    return f"{city}00sx".encode("ascii")


def upper_factors(role: KeyRole, city: str) -> tuple[bytes, ...]:
    """The factors that are the same for every chip: they are applied once, when the vault is opened."""
    match FACTORS[role]:
        case Factors.CITY_CARD:
            return (city_factor(city),)
        case Factors.BUREAU_CHIP | Factors.BUREAU:
            return (bureau_factor(city),)
        case _:
            return ()


def named_version(role: KeyRole, holder: CardKeyHolder) -> int | None:
    """The version of a role that a chip says it has; None means the newest."""
    if role is KeyRole.TRANSPORT:
        return holder.transport_version
    if role is KeyRole.PSAM_PURCHASE and holder.purchase_version is not None:
        return holder.purchase_version
    return holder.key_version


def chip_factor(role: KeyRole, holder: CardKeyHolder) -> bytes | None:
    """The factor that is this chip's own, 8 bytes; None for a root that is written as it is.

    Raises:
        KeyRoleRefused: a chip of this kind never holds such a key, or it has no card serial yet.
    """
    if role not in (PSAM_ROLES if holder.kind is HolderKind.PSAM else CARD_ROLES):
        raise KeyRoleRefused(f"a {holder.kind} never holds a key of role {role}", role=str(role))
    match FACTORS[role]:
        case Factors.CHIP | Factors.BUREAU_CHIP:
            return holder.chip_serial
        case Factors.CITY_CARD if holder.card_serial is not None:
            return card_factor(holder.card_serial)
        case Factors.CITY_CARD:
            raise KeyRoleRefused(f"a key of role {role} needs the card's application serial", role=str(role))
        case _:
            return None


def card_factor(card_serial: bytes) -> bytes:
    """Last 8 bytes of the application serial."""
    return card_serial[-CARD_FACTOR_BYTES:]


def derived(root: SecretKey, factors: tuple[bytes, ...]) -> SecretKey:
    """The key at the end of a chain of triple-DES diversifications; the root itself without factors."""
    return SecretKey(root.algorithm, crypto.diversify_chain(root.reveal(), factors)) if factors else root
