"""Which keys there are, their life, and the wall between the realms."""

from pathlib import Path

import pytest

from citizencard.keys.errors import KeyStateRefused, KnownTestKeyRefused, UnknownKeyVersion, WrongPassphrase
from citizencard.keys.hsm import FieldContext, KeyRole
from citizencard.keys.keyring import STORED_ROLES, KeyRing, VaultTerms
from citizencard.keys.vault import SoftwareVault
from citizencard.keys.vault_file import KeyState
from tests.citizencard.keys.make_vault import CHEAP, PASSPHRASE, counting, random_vault

PLACE = FieldContext("person", "name", "per_1")


def test_new_vault_has_one_key_of_every_role(vault: SoftwareVault) -> None:
    """A city can do everything with a new vault, and its keys are all different."""
    inventory = vault.inventory()
    assert [info.role for info in inventory] == list(STORED_ROLES)
    assert KeyRole.PSAM_PURCHASE not in STORED_ROLES
    assert len({info.check_value for info in inventory}) == len(inventory)
    assert {(info.version, info.index, info.state, info.realm) for info in inventory} == {(1, 1, "active", "test")}


def test_changes_survive_the_process(tmp_path: Path, vault: SoftwareVault) -> None:
    """New versions and states are in the file before they are used: a server that restarts knows the same keys."""
    secret = vault.encrypt(PLACE, "张伟")
    added = vault.add_version(KeyRole.PERSONAL_DATA)
    vault.set_state("personal_data-01-v01", KeyState.RETIRING)
    again = SoftwareVault.open(tmp_path / "random.vault", PASSPHRASE)
    assert again.inventory() == vault.inventory()
    assert added in again.inventory()
    assert again.decrypt(PLACE, secret) == "张伟"
    assert again.encrypt(PLACE, "张伟")[0] == 2
    assert [entry.name for entry in tmp_path.iterdir()] == ["random.vault"]


def test_life_of_a_key(tmp_path: Path, vault: SoftwareVault) -> None:
    """A key in use is never destroyed at one stroke, a retired one can come back, a destroyed one is gone, also from the file."""
    with pytest.raises(KeyStateRefused):
        vault.set_state("tac-01-v01", KeyState.DESTROYED)
    vault.set_state("tac-01-v01", KeyState.RETIRED)
    vault.set_state("tac-01-v01", KeyState.ACTIVE)
    vault.set_state("tac-01-v01", KeyState.RETIRED)
    vault.set_state("tac-01-v01", KeyState.DESTROYED)
    for state in (KeyState.ACTIVE, KeyState.RETIRED):
        with pytest.raises(KeyStateRefused):
            vault.set_state("tac-01-v01", state)
    again = SoftwareVault.open(tmp_path / "random.vault", PASSPHRASE)
    gone = next(info for info in again.inventory() if info.role is KeyRole.TAC)
    assert gone.state is KeyState.DESTROYED
    with pytest.raises(UnknownKeyVersion):
        vault.set_state("tac-01-v09", KeyState.RETIRED)


def test_no_active_key_means_no_new_values(vault: SoftwareVault) -> None:
    """With its last version retired a role gives nothing new, and says so."""
    vault.set_state("blind_index-01-v01", KeyState.RETIRED)
    with pytest.raises(UnknownKeyVersion):
        vault.blind_index("document", "1")


def test_psam_purchase_has_no_key_of_its_own(vault: SoftwareVault) -> None:
    """What PSAMs get is the purchase root: a second, different one could never exist."""
    with pytest.raises(KeyStateRefused):
        vault.add_version(KeyRole.PSAM_PURCHASE)


@pytest.mark.parametrize("start", [0x40, 0x50, 0x60, 0x70, 0x80, 0x90, 0xA0, 0xB0, 0xC0])
def test_production_refuses_well_known_keys(tmp_path: Path, start: int) -> None:
    """A city does not go into service with a key that stands in a manual; the test realm may use it."""
    masters = {KeyRole.PURCHASE: counting(start)}
    terms = VaultTerms(masters=masters, cost=CHEAP)
    with pytest.raises(KnownTestKeyRefused) as refusal:
        SoftwareVault.create(tmp_path / "production", "production", PASSPHRASE, terms)
    assert refusal.value.public_fields()["role"] == "purchase"
    assert not (tmp_path / "production").exists()
    SoftwareVault.create(tmp_path / "test", "test", PASSPHRASE, terms)


def test_production_refuses_keys_of_a_test_vault(tmp_path: Path) -> None:
    """A key that a test vault holds is recognised by its check value, whoever brings it to production."""
    shared = bytes.fromhex("8F1C0A77E2D94B3360A5F7C218934DEE")
    terms = VaultTerms(masters={KeyRole.LOAD: shared}, cost=CHEAP)
    SoftwareVault.create(tmp_path / "test", "test", PASSPHRASE, terms)
    refusing = VaultTerms(masters={KeyRole.TAC: shared}, cost=CHEAP, test_vaults=(tmp_path / "test",))
    with pytest.raises(KnownTestKeyRefused):
        SoftwareVault.create(tmp_path / "production", "production", PASSPHRASE, refusing)
    SoftwareVault.create(tmp_path / "test2", "test", PASSPHRASE, refusing)


def test_roots_to_take_over_have_their_length(tmp_path: Path) -> None:
    """A truncated root is refused before anything is written."""
    terms = VaultTerms(masters={KeyRole.LOAD: bytes(8)}, cost=CHEAP)
    with pytest.raises(ValueError, match="16 bytes"):
        SoftwareVault.create(tmp_path / "vault", "test", PASSPHRASE, terms)
    with pytest.raises(WrongPassphrase):
        SoftwareVault.create(tmp_path / "vault", "test", "short")
    with pytest.raises(ValueError, match="four digits"):
        SoftwareVault.create(tmp_path / "vault", "test", PASSPHRASE, VaultTerms(city="33020", cost=CHEAP))
    assert not list(tmp_path.iterdir())


def test_cities_have_different_keys(tmp_path: Path) -> None:
    """Two cities with the same roots do not share a card key: the city's factor stands between them."""
    masters = {KeyRole.TAC: counting(0x60)}
    one = KeyRing.create(tmp_path / "one", "test", PASSPHRASE, VaultTerms(masters=masters, cost=CHEAP))
    two = KeyRing.create(tmp_path / "two", "test", PASSPHRASE, VaultTerms(masters=masters, cost=CHEAP, city="3501"))
    assert one.root(KeyRole.TAC, 1).check_value != two.root(KeyRole.TAC, 1).check_value


def test_random_vaults_differ(tmp_path: Path) -> None:
    """Keys come from the random source: no two vaults share one."""
    one = random_vault(tmp_path, name="one")
    two = random_vault(tmp_path, name="two")
    assert {i.check_value for i in one.inventory()}.isdisjoint({i.check_value for i in two.inventory()})
