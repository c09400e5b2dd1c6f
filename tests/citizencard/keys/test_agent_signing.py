"""The key that workstations' reader agents obey."""

import hashlib
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from citizencard.keys import agent_signing, keyring
from citizencard.keys.errors import KeyRoleRefused, KnownTestKeyRefused, UnknownKeyVersion
from citizencard.keys.hsm import KeyRole
from citizencard.keys.keyring import STORED_ROLES, KeyRing, VaultTerms
from citizencard.keys.secret import KeyAlgorithm, SecretKey
from citizencard.keys.vault import SoftwareVault
from tests.citizencard.keys.make_vault import CHEAP, PASSPHRASE, random_vault

STEP = b"citizencard-agent step 1\nagent=agt_6A3803D5F059902A1C6DAFBC9BA47292\n"


def test_published_vector() -> None:
    """Another maker's agent understands our signatures: RFC 8032, 7.1, the public key of test 1."""
    key = SecretKey(
        KeyAlgorithm.ED25519, bytes.fromhex("9D61B19DEFFD5A60BA844AF492EC2CC44449C5697B326919703BAC031CAE7F60")
    )
    public = bytes.fromhex("D75A980182B10AB7D54BFED3C964073A0EE172F3DAA62325AF021A68F707511A")
    assert agent_signing.public_key(key) == public
    assert key.check_value == hashlib.sha256(public).digest()[:3]


def test_vault_signs_steps_and_nothing_else(tmp_path: Path) -> None:
    """Nobody can have the agents' key sign a payment order, an answer or a pairing."""
    vault = random_vault(tmp_path)
    public = Ed25519PublicKey.from_public_bytes(vault.agent_signing_key())
    public.verify(vault.sign_agent_step(STEP), STEP)
    for message in (b"", b"citizencard-agent answer 1\n", b"citizencard-agent step 1", b" " + STEP):
        with pytest.raises(KeyRoleRefused):
            vault.sign_agent_step(message)


def test_key_is_the_same_after_a_restart_and_never_shown(tmp_path: Path) -> None:
    """Paired workstations obey the server after it was started again; who lists the keys sees a check value."""
    seed = bytes(range(32, 64))
    made = SoftwareVault.create(
        tmp_path / "vault", "test", PASSPHRASE, VaultTerms(masters={KeyRole.AGENT_SIGNING: seed}, cost=CHEAP)
    )
    opened = SoftwareVault.open(tmp_path / "vault", PASSPHRASE)
    assert opened.agent_signing_key() == made.agent_signing_key()
    shown = repr(opened) + repr(opened.inventory()) + (tmp_path / "vault").read_text()
    assert seed.hex() not in shown.lower()
    assert seed.decode() not in shown


def test_production_refuses_a_signing_key_that_everybody_knows(tmp_path: Path) -> None:
    """The key of the examples in the agent's own description never signs in a real city."""
    terms = VaultTerms(masters={KeyRole.AGENT_SIGNING: b"\x01" * 32}, cost=CHEAP)
    with pytest.raises(KnownTestKeyRefused):
        SoftwareVault.create(tmp_path / "vault", "production", PASSPHRASE, terms)


def test_vault_from_before_gets_its_key_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A city that lives already gets the agents' key by one command, and keeps every key that it has."""
    with monkeypatch.context() as before:
        roles = tuple(role for role in STORED_ROLES if role is not KeyRole.AGENT_SIGNING)
        before.setattr(keyring, "STORED_ROLES", roles)
        old = KeyRing.create(tmp_path / "vault", "test", PASSPHRASE, VaultTerms(cost=CHEAP)).inventory()
    vault = SoftwareVault.open(tmp_path / "vault", PASSPHRASE)
    with pytest.raises(UnknownKeyVersion):
        vault.agent_signing_key()
    added = vault.add_missing()
    assert [(info.role, info.version) for info in added] == [(KeyRole.AGENT_SIGNING, 1)]
    assert vault.add_missing() == ()
    opened = SoftwareVault.open(tmp_path / "vault", PASSPHRASE)
    assert opened.inventory() == (*old, *added)
    assert opened.agent_signing_key() == vault.agent_signing_key()
