"""The device key: made on the device, kept from everybody else, never replaced by accident."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from hardware.errors import UplinkRefused
from hardware.terminal.device_key import DeviceKey, Post, change_key, next_key, rotation_message
from hardware.terminal.errors import DeviceInvalid


class PowerCut(Exception):
    """The device is dark."""


class City:
    """The server's side of a change of keys, as the protocol page says: one change, however often it is asked for."""

    def __init__(self, public_hex: str) -> None:
        self.public_hex, self.former, self.changes = public_hex, "", 0

    def post(self, _path: str, document: dict[str, object]) -> object:
        new = str(document["public_key"])
        if new != self.public_hex:
            self.former, self.public_hex = self.public_hex, new
            self.changes += 1
        message = rotation_message(str(document["terminal"]), self.former, new)
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(new)).verify(
            bytes.fromhex(str(document["possession"])), message
        )
        return {}


@contextmanager
def power(writes: int) -> Iterator[None]:
    """Power that ends before the write with this number: each fsync and each rename is one."""
    left = iter(range(writes))
    patch = pytest.MonkeyPatch()

    def counted(real: object) -> object:
        def call(*args: object) -> object:
            if next(left, None) is None:
                raise PowerCut
            return real(*args)  # type: ignore[operator] # whatever was there before

        return call

    patch.setattr(os, "fsync", counted(os.fsync))
    patch.setattr(Path, "replace", counted(Path.replace))
    try:
        yield
    finally:
        patch.undo()


def test_a_key_is_made_once_and_read_again(tmp_path: Path) -> None:
    """The terminal stays the same terminal after a restart; its key file is the owner's alone."""
    path = tmp_path / "key.pem"
    key = DeviceKey.create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert DeviceKey.read(path).public_hex == key.public_hex
    assert len(key.public_hex) == 64
    with pytest.raises(DeviceInvalid, match="already"):
        DeviceKey.create(path)
    assert DeviceKey.read(path).sign(b"x") == key.sign(b"x")


def test_a_key_is_not_shown(tmp_path: Path) -> None:
    """A log that prints the terminal's objects shows its public key at most."""
    key = DeviceKey.create(tmp_path / "key.pem")
    assert repr(key) == f"DeviceKey(public={key.public_hex})"


def test_a_key_that_others_may_read_is_not_used(tmp_path: Path) -> None:
    """A copied key could speak for this terminal."""
    path = tmp_path / "key.pem"
    DeviceKey.create(path)
    path.chmod(0o644)
    with pytest.raises(DeviceInvalid, match="0600"):
        DeviceKey.read(path)


def test_a_missing_or_broken_key_is_one_clear_refusal(tmp_path: Path) -> None:
    """The message names the file and not its content."""
    path = tmp_path / "key.pem"
    with pytest.raises(DeviceInvalid, match=r"key\.pem: no device key"):
        DeviceKey.read(path)
    path.write_text("secret?")
    path.chmod(0o600)
    with pytest.raises(DeviceInvalid, match="no device key") as raised:
        DeviceKey.read(path)
    assert "secret" not in str(raised.value)


def test_a_key_is_changed_without_a_moment_in_which_a_cut_of_power_hurts(tmp_path: Path) -> None:
    """Wherever the power is cut, the device still has the key that the server knows, and finishes the change at the next call."""
    for cut in range(6):
        folder = tmp_path / str(cut)
        folder.mkdir()
        path = folder / "key.pem"
        city = City(DeviceKey.create(path).public_hex)
        with pytest.raises(PowerCut) if cut < 5 else nullcontext(), power(cut):
            change_key(path, "330200000026", city.post)
        if cut < 4:  # the fifth write makes durable what is there already
            change_key(path, "330200000026", city.post)
        changed = DeviceKey.read(path)
        assert changed.public_hex == city.public_hex
        assert not next_key(path).exists()
        assert city.changes == 1
        assert change_key(path, "330200000026", city.post).public_hex != changed.public_hex


def test_what_the_new_key_signs_is_the_published_text() -> None:
    """A vendor's device signs the same bytes."""
    message = rotation_message("330200000026", "AB" * 32, "CD" * 32)
    assert message == (b"citizencard-terminal-key-rotation-1\n330200000026\n" + b"AB" * 32 + b"\n" + b"CD" * 32)


def test_a_key_that_somebody_has_already_is_thrown_away(tmp_path: Path) -> None:
    """The next attempt is made with another key; any other refusal leaves the one that waits, since the server may know it."""
    path = tmp_path / "key.pem"
    old = DeviceKey.create(path)

    def refuse(problem: str) -> Post:
        def post(_path: str, _document: dict[str, object]) -> object:
            raise UplinkRefused(409, problem)

        return post

    with pytest.raises(UplinkRefused):
        change_key(path, "330200000026", refuse("device_key_changed"))
    assert next_key(path).exists()
    with pytest.raises(UplinkRefused):
        change_key(path, "330200000026", refuse("public_key_taken"))
    assert not next_key(path).exists()
    assert DeviceKey.read(path).public_hex == old.public_hex
