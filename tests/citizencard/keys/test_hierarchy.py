"""The table of keys, and the version that new chips get."""

import pytest

from citizencard.keys.errors import TacMasterAbsent, UnknownKeyVersion
from citizencard.keys.hierarchy import CHIP_SET, FACTOR_NAMES, KEY_KINDS, chip_key_versions
from citizencard.keys.hsm import KeyRole, TacQuestion
from citizencard.keys.keystore import KeyStore
from citizencard.keys.vault_file import KeyState
from tests.citizencard.keys.questions import SERIAL

# First byte of a key record: FMCOS manual, table of key types.
TYPE_BYTES = {
    KeyRole.INTERNAL: 0x34, KeyRole.TAC: 0x34, KeyRole.APPLICATION_MAINTENANCE: 0x36, KeyRole.PIN_UNBLOCK: 0x37,
    KeyRole.PIN_RELOAD: 0x38, KeyRole.APPLICATION_CONTROL: 0x39, KeyRole.OVERDRAFT: 0x3C, KeyRole.UNLOAD: 0x3D,
    KeyRole.PURCHASE: 0x3E, KeyRole.LOAD: 0x3F,
}  # fmt: skip


def test_every_kind_of_key_is_in_the_table() -> None:
    """A custodian finds every key by its name in the trade, with the byte that the card knows it by and its factors."""
    assert [kind.role for kind in KEY_KINDS] == list(KeyRole)
    by_role = {kind.role: kind for kind in KEY_KINDS}
    for role, byte in TYPE_BYTES.items():
        assert (by_role[role].type_byte, by_role[role].factors) == (byte, ("city", "card serial"))
    assert by_role[KeyRole.SOCIAL_SECURITY].factors == ("bureau", "chip serial")
    assert by_role[KeyRole.TRANSPORT].holders == ("card", "psam")
    assert by_role[KeyRole.PSAM_PURCHASE].stored_as is KeyRole.PURCHASE
    assert by_role[KeyRole.GREY_UNLOCK].holders == ()
    assert all(kind.chinese and kind.purpose for kind in KEY_KINDS)
    assert {kind.factors for kind in KEY_KINDS} == set(FACTOR_NAMES.values())


def test_new_chips_get_the_newest_complete_set(keeper: KeyStore) -> None:
    """A chip names one version for all its keys: as long as one of them is missing, new chips get the older version."""
    assert keeper.chip_key_versions() == (1,)
    for role in sorted(CHIP_SET):
        assert keeper.chip_key_versions()[-1] == 1
        keeper.add_version(role)
    assert keeper.chip_key_versions() == (1, 2)
    keeper.set_state("purchase-01-v01", KeyState.RETIRING)
    assert keeper.chip_key_versions() == (2,)
    keeper.set_state("load-01-v02", KeyState.RETIRING)
    with pytest.raises(UnknownKeyVersion):
        keeper.chip_key_versions()


def test_city_without_the_tac_master(keeper: KeyStore) -> None:
    """A City Union city verifies TACs elsewhere: here none is called bad, the question is refused."""
    question = TacQuestion(SERIAL, 1, 0, bytes(22), bytes(4))
    assert keeper.tacs_are_valid([question]) == [False]
    for state in (KeyState.RETIRED, KeyState.DESTROYED):
        keeper.set_state("tac-01-v01", state)
        with pytest.raises(TacMasterAbsent):
            keeper.tacs_are_valid([question])
    assert keeper.add_missing() == ()
    assert keeper.chip_key_versions() == (1,)
    assert chip_key_versions(keeper.inventory()) == (1,)
