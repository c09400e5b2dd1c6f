"""The device key: made on the device, kept from everybody else, never replaced by accident."""

from pathlib import Path

import pytest

from hardware.terminal.device_key import DeviceKey
from hardware.terminal.errors import DeviceInvalid


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
