"""Passphrases and the vault's own key."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from citizencard.keys.errors import VaultExposed, VaultMalformed, VaultMissing, WrongPassphrase
from citizencard.keys.secret import KeyAlgorithm, SecretKey
from citizencard.keys.wrapping import KdfCost, read_passphrase_file, unwrap, wrap
from tests.citizencard.keys.make_vault import CHEAP

KEK = SecretKey(KeyAlgorithm.AES_256, bytes(range(32)))
TWO = [("first custodian", "the first passphrase"), ("second custodian", "the second passphrase")]


def test_two_custodians_open_together_and_neither_alone() -> None:
    """With two custodians, each with a passphrase of his own, no one of them opens the vault, and their order matters."""
    wrapping = wrap(KEK, TWO, CHEAP, b"vault")
    assert unwrap(wrapping, ["the first passphrase", "the second passphrase"], b"vault").reveal() == KEK.reveal()
    for attempt in (
        ["the first passphrase"],
        ["the first passphrase", "the first passphrase"],
        ["the second passphrase", "the first passphrase"],
        ["the first passphrase", "the second passphrasf"],
    ):
        with pytest.raises(WrongPassphrase):
            unwrap(wrapping, attempt, b"vault")


def test_wrapping_belongs_to_its_vault_and_cost() -> None:
    """Nobody lowers the price of guessing, renames a custodian, or hangs the wrapping on another vault."""
    wrapping = wrap(KEK, [("service", "a long enough one")], CHEAP, b"vault")
    custodian = wrapping.custodians[0]
    changed = [
        replace(wrapping, custodians=(replace(custodian, cost=KdfCost(2, 8, 1)),)),
        replace(wrapping, custodians=(replace(custodian, name="other"),)),
        replace(wrapping, wrapped=wrapping.wrapped[:-1] + bytes([wrapping.wrapped[-1] ^ 1])),
    ]
    for other in changed:
        with pytest.raises(WrongPassphrase):
            unwrap(other, ["a long enough one"], b"vault")
    with pytest.raises(WrongPassphrase):
        unwrap(wrapping, ["a long enough one"], b"another vault")


def test_passphrases_are_long_enough() -> None:
    """A passphrase that is quickly guessed is not taken in the first place."""
    with pytest.raises(WrongPassphrase, match="at least 12"):
        wrap(KEK, [("service", "short")], CHEAP, b"vault")


@pytest.mark.parametrize("cost", [(0, 8, 1), (1, 7, 1), (1, 8, 0), (1, 8, 2), (65, 8, 1), (1, 2**33, 1), (1, 8, 65)])
def test_cost_is_bounded(cost: tuple[int, int, int]) -> None:
    """A changed file cannot make the server eat all its memory before the passphrase is even looked at."""
    with pytest.raises(VaultMalformed):
        KdfCost(*cost)


def test_passphrase_file_must_be_private(tmp_path: Path) -> None:
    """The server does not start with a passphrase that colleagues can read."""
    path = tmp_path / "passphrase"
    with pytest.raises(VaultMissing, match=f"write its passphrase into {path} first"):
        read_passphrase_file(path)
    path.write_text("the service's passphrase\r\nsecond line\n")
    for mode in (0o640, 0o604, 0o620, 0o610):
        path.chmod(mode)
        with pytest.raises(VaultExposed):
            read_passphrase_file(path)
    path.chmod(0o600)
    assert read_passphrase_file(path) == "the service's passphrase"
    path.write_bytes(b"\xff\xfe" * 20)
    with pytest.raises(VaultMalformed):
        read_passphrase_file(path)
    path.write_bytes(b"x" * 2000)
    with pytest.raises(VaultMalformed, match="longer than"):
        read_passphrase_file(path)


def test_pipe_is_no_passphrase_file(tmp_path: Path) -> None:
    """A named pipe in the file's place is refused at once and does not hang the start."""
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(VaultMalformed, match="no ordinary file"):
        read_passphrase_file(tmp_path / "pipe")
