"""Which keys are let into a keeper of keys."""

from pathlib import Path

import pytest

from citizencard.keys import admission
from citizencard.keys.errors import KnownTestKeyRefused, RealmRefused
from citizencard.keys.hsm import KeyRole
from citizencard.keys.keyring import VaultTerms
from citizencard.keys.secret import KeyAlgorithm, SecretKey
from citizencard.keys.vault import SoftwareVault
from tests.citizencard.keys.make_vault import CHEAP, PASSPHRASE, counting

OURS = bytes.fromhex("8F1C0A77E2D94B3360A5F7C218934DEE")


def test_production_knows_the_keys_of_manuals_and_of_test_vaults(tmp_path: Path) -> None:
    """A key that somebody has seen in a book or in a test never protects a real city's money."""
    terms = VaultTerms(masters={KeyRole.LOAD: OURS}, cost=CHEAP)
    SoftwareVault.create(tmp_path / "vault", "test", PASSPHRASE, terms)
    for material, vaults in ((counting(0x40), ()), (OURS, (tmp_path / "vault",))):
        value = SecretKey(KeyAlgorithm.TRIPLE_DES, material).check_value
        with pytest.raises(KnownTestKeyRefused) as refused:
            admission.refuse_known(KeyRole.TAC, value, admission.refused_check_values("production", vaults))
        assert refused.value.public_fields() == {"role": "tac", "check_value": value.hex().upper()}
        admission.refuse_known(KeyRole.TAC, value, admission.refused_check_values("test", vaults))


def test_drawn_keys_differ_and_are_none_of_the_refused() -> None:
    """A new key is random; if nothing but known keys came, none would be taken."""
    assert len({admission.drawn(KeyAlgorithm.TRIPLE_DES, frozenset()).reveal() for _ in range(20)}) == 20

    class Everything(frozenset[bytes]):
        def __contains__(self, value: object) -> bool:
            return True

    with pytest.raises(RealmRefused):
        admission.drawn(KeyAlgorithm.AES_256, Everything())
