"""The key under which the heads of the books leave the house."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from citizencard.keys import head_signing, keyring
from citizencard.keys.errors import KeyRoleRefused, UnknownKeyVersion
from citizencard.keys.hsm import KeyRole
from citizencard.keys.keyring import STORED_ROLES, KeyRing, VaultTerms
from citizencard.keys.secret import KeyAlgorithm, SecretKey
from citizencard.keys.vault import SoftwareVault
from tests.citizencard.keys.make_vault import CHEAP, PASSPHRASE, random_vault

HEAD = b'citizencard-ledger head 1\n{"seal":1}'
STEP = b"citizencard-agent step 1\nagent=agt_1\n"


def test_published_vector() -> None:
    """Another maker's program understands our keys: RFC 8032, 7.1, the public key of test 1; RFC 8410 for the form of the file."""
    key = SecretKey(
        KeyAlgorithm.ED25519, bytes.fromhex("9D61B19DEFFD5A60BA844AF492EC2CC44449C5697B326919703BAC031CAE7F60")
    )
    public = bytes.fromhex("D75A980182B10AB7D54BFED3C964073A0EE172F3DAA62325AF021A68F707511A")
    assert head_signing.public_key(key) == public
    read = load_pem_public_key(head_signing.public_key_pem(public).encode())
    assert isinstance(read, Ed25519PublicKey)
    assert read.public_bytes_raw() == public


def test_each_of_the_two_keys_signs_its_own_and_nothing_else(tmp_path: Path) -> None:
    """Nobody can have a head signed by the agents' key, or a step by the heads'."""
    vault = random_vault(tmp_path)
    signature, public = vault.sign_head(HEAD), vault.head_signing_key()
    Ed25519PublicKey.from_public_bytes(public).verify(signature, HEAD)
    assert head_signing.head_is_signed(public, HEAD, signature)
    assert not head_signing.head_is_signed(public, HEAD + b" ", signature)
    assert not head_signing.head_is_signed(vault.agent_signing_key(), HEAD, signature)
    for other in (b"", STEP, b'{"seal":1}', HEAD.replace(b"head 1", b"head 2")):
        with pytest.raises(KeyRoleRefused):
            vault.sign_head(other)
    with pytest.raises(KeyRoleRefused):
        vault.sign_agent_step(HEAD)
    assert public != vault.agent_signing_key()


def test_older_vault_gets_the_key_by_add_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A city that upgrades draws the key once; the key is the same after the next start."""
    with monkeypatch.context() as older:
        roles = tuple(role for role in STORED_ROLES if role is not KeyRole.HEAD_SIGNING)
        older.setattr(keyring, "STORED_ROLES", roles)
        KeyRing.create(tmp_path / "vault", "test", PASSPHRASE, VaultTerms(cost=CHEAP))
    vault = SoftwareVault.open(tmp_path / "vault", PASSPHRASE)
    with pytest.raises(UnknownKeyVersion):
        vault.sign_head(HEAD)
    assert [info.role for info in vault.add_missing()] == [KeyRole.HEAD_SIGNING]
    assert SoftwareVault.open(tmp_path / "vault", PASSPHRASE).head_signing_key() == vault.head_signing_key()
