"""What custodians do with any keeper of keys, file or token."""

import pytest

from citizencard.keys.errors import CiphertextInvalid, KeyStateRefused, KnownTestKeyRefused, UnknownKeyVersion
from citizencard.keys.hsm import FieldContext, KeyRole
from citizencard.keys.keyring import STORED_ROLES
from citizencard.keys.keystore import KeyStore
from citizencard.keys.secret import KeyAlgorithm, SecretKey
from citizencard.keys.vault_file import KeyState
from tests.citizencard.keys.keepers import Keepers
from tests.citizencard.keys.make_vault import COMPLETE_MASTERS, counting

PLACE = FieldContext("person", "name", "per_1")


def test_every_role_with_the_check_value_of_its_root(asked: KeyStore) -> None:
    """A custodian compares the list with his paper: role, version, index and check value say which key it is."""
    listed = asked.inventory()
    assert [info.role for info in listed] == list(STORED_ROLES)
    for info in listed:
        assert info.check_value == SecretKey(info.algorithm, COMPLETE_MASTERS[info.role]).check_value
        assert (info.version, info.index, info.state, info.realm) == (1, 1, KeyState.ACTIVE, "test")
    assert asked.city == "3302"


def test_life_of_a_key(keeper: KeyStore) -> None:
    """A new version stands beside the old one; no key in use is destroyed at one stroke, and a destroyed one stays listed and gone."""
    old = keeper.encrypt(PLACE, "张伟")
    assert keeper.add_version(KeyRole.PERSONAL_DATA).key_id == "personal_data-01-v02"
    keeper.set_state("personal_data-01-v01", KeyState.RETIRING)
    assert keeper.encrypt(PLACE, "张伟")[0] == 2
    assert keeper.decrypt(PLACE, old) == "张伟"
    keeper.set_state("personal_data-01-v01", KeyState.RETIRED)
    with pytest.raises(KeyStateRefused):
        keeper.decrypt(PLACE, old)
    with pytest.raises(KeyStateRefused):
        keeper.set_state("personal_data-01-v02", KeyState.DESTROYED)
    assert keeper.set_state("personal_data-01-v01", KeyState.DESTROYED).state is KeyState.DESTROYED
    with pytest.raises(CiphertextInvalid):
        keeper.decrypt(PLACE, old)
    for state in (KeyState.ACTIVE, KeyState.RETIRED, KeyState.DESTROYED):
        with pytest.raises(KeyStateRefused):
            keeper.set_state("personal_data-01-v01", state)
    with pytest.raises(UnknownKeyVersion):
        keeper.set_state("personal_data-01-v09", KeyState.RETIRED)
    gone = next(info for info in keeper.inventory() if info.key_id == "personal_data-01-v01")
    expected = SecretKey(KeyAlgorithm.AES_256, COMPLETE_MASTERS[KeyRole.PERSONAL_DATA]).check_value
    assert (gone.state, gone.check_value) == (KeyState.DESTROYED, expected)
    keeper.set_state("tac-01-v01", KeyState.RETIRED)
    assert keeper.set_state("tac-01-v01", KeyState.ACTIVE).state is KeyState.ACTIVE
    assert keeper.add_missing() == ()


def test_a_brought_key_is_the_newest_of_its_role(keeper: KeyStore) -> None:
    """What a ceremony has put together is taken over as it is, and only if it has its length and its role has a key of its own."""
    material = counting(0x58)
    made = keeper.install(KeyRole.LOAD, material)
    assert (made.version, made.check_value) == (2, SecretKey(KeyAlgorithm.TRIPLE_DES, material).check_value)
    with pytest.raises(ValueError, match="16 bytes"):
        keeper.install(KeyRole.LOAD, material[:8])
    for add in (keeper.add_version, lambda role: keeper.install(role, material)):
        with pytest.raises(KeyStateRefused):
            add(KeyRole.PSAM_PURCHASE)


def test_production_takes_no_known_key(keepers: Keepers) -> None:
    """A real city's keeper refuses a key of a manual when it is made and afterwards, whoever brings it."""
    known = {KeyRole.LOAD: counting(0x50)}
    with pytest.raises(KnownTestKeyRefused):
        keepers.make("production", known)
    production = keepers.make("production", {})
    for role in (KeyRole.LOAD, KeyRole.TAC):
        with pytest.raises(KnownTestKeyRefused):
            production.install(role, known[KeyRole.LOAD])
    assert {info.realm for info in production.inventory()} == {"production"}
    assert len(production.inventory()) == len(STORED_ROLES)
