"""Vaults for tests: one with the regression masters, one with random keys.

The masters are our own regression set; everybody knows them, so they work in the test realm only.
"""

from pathlib import Path

from citizencard.keys.derivation import DEFAULT_CITY, chip_factor, stored_role, upper_factors
from citizencard.keys.hsm import CardKeyHolder, KeyRole, Realm
from citizencard.keys.keyring import VaultTerms
from citizencard.keys.vault import SoftwareVault
from citizencard.keys.wrapping import KdfCost
from hardware.card import crypto

PASSPHRASE = "a passphrase for tests"
CHEAP = KdfCost(time_cost=1, memory_kib=8, lanes=1)
"""The least that argon2id takes: tests open many vaults."""


def counting(start: int, length: int = 16) -> bytes:
    """The key 40 41 … 4F for 0x40."""
    return bytes(range(start, start + length))


REGRESSION_MASTERS: dict[KeyRole, bytes] = {
    KeyRole.PURCHASE: counting(0x40),
    KeyRole.LOAD: counting(0x50),
    KeyRole.TAC: counting(0x60),
    KeyRole.PIN_RELOAD: counting(0x70),
    KeyRole.PIN_UNBLOCK: counting(0x80),
    KeyRole.APPLICATION_MAINTENANCE: counting(0x90),
    KeyRole.TRANSPORT: counting(0xA0),
    KeyRole.CARD_CONTROL: counting(0xB0),
    KeyRole.APPLICATION_CONTROL: counting(0xC0),
    KeyRole.INTERNAL: counting(0xD0),
    KeyRole.SOCIAL_SECURITY: counting(0xE0),
    KeyRole.PSAM_CONTROL: counting(0x30),
    KeyRole.PSAM_APPLICATION_CONTROL: counting(0x20),
    KeyRole.PSAM_MAINTENANCE: counting(0x10),
}


COMPLETE_MASTERS: dict[KeyRole, bytes] = {
    **REGRESSION_MASTERS,
    KeyRole.OVERDRAFT: counting(0xF0),
    KeyRole.UNLOAD: counting(0x00),
    KeyRole.GREY_UNLOCK: counting(0x38),
    KeyRole.CARD_IDENTITY: counting(0x18),
    KeyRole.PERSONAL_DATA: counting(0x20, 32),
    KeyRole.BLIND_INDEX: counting(0x40, 32),
    KeyRole.AGENT_SIGNING: counting(0x60, 32),
    KeyRole.HEAD_SIGNING: counting(0x80, 32),
}
"""A root for every role, to ask two keepers the same."""


def key_of(role: KeyRole, holder: CardKeyHolder, root: bytes | None = None) -> bytes:
    """The key of a chip under the complete masters, or under a root of the test's own, as the chip itself holds it."""
    factor = chip_factor(role, holder)
    factors = (*upper_factors(role, DEFAULT_CITY), *([] if factor is None else [factor]))
    return crypto.diversify_chain(root or COMPLETE_MASTERS[stored_role(role)], factors)


def regression_vault(folder: Path) -> SoftwareVault:
    """A vault of the test realm with the regression masters, in a new file `regression.vault` of the folder."""
    terms = VaultTerms(masters=REGRESSION_MASTERS, cost=CHEAP)
    return SoftwareVault.create(folder / "regression.vault", "test", PASSPHRASE, terms)


def random_vault(folder: Path, realm: Realm = "test", name: str = "random.vault") -> SoftwareVault:
    """A vault with random keys, in a new file of the folder."""
    return SoftwareVault.create(folder / name, realm, PASSPHRASE, VaultTerms(cost=CHEAP))
