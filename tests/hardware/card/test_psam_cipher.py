"""The security module as a cipher."""

import pytest

from hardware.card import psam_cipher
from hardware.card.apdu import CommandApdu
from hardware.card.psam_cipher import DesCrypt, InitForDescrypt, KeyPurpose, KeyUsage
from hardware.errors import MalformedCardData


@pytest.mark.parametrize(
    ("byte", "purpose", "levels"),
    [(0x27, 7, 1), (0x47, 7, 2), (0x67, 7, 3), (0x44, 4, 2), (0x48, 8, 2), (0x22, 2, 1)],
)
def test_usage_bytes_of_the_field(byte: int, purpose: int, levels: int) -> None:
    """The usage bytes that makers write are read as purpose and number of levels."""
    assert KeyUsage.decode(bytes((byte,))) == KeyUsage(KeyPurpose(purpose), levels)
    assert KeyUsage(KeyPurpose(purpose), levels).encode() == bytes((byte,))


@pytest.mark.parametrize(
    ("command", "wire"),
    [
        (InitForDescrypt(KeyUsage(KeyPurpose.ENCRYPTION, 1), 1, (bytes(8),)), "801A270108" + "00" * 8),
        (InitForDescrypt(KeyUsage(KeyPurpose.MAC), 1), "801A0601"),
        (
            InitForDescrypt(KeyUsage(KeyPurpose.ENCRYPTION, 2), 4, (bytes(8), b"330200sx"), social=True),
            "BFDE470410" + "00" * 8 + "3333303230307378",
        ),
        (DesCrypt(bytes(8)), "80FA000008" + "00" * 9),
        (DesCrypt(bytes(8), mac=True, initial=bytes(8)), "80FA050010" + "00" * 17),
        (DesCrypt(bytes(8), mac=True, more=True), "80FA030008" + "00" * 8),
    ],
)
def test_commands_have_their_bytes(command: DesCrypt, wire: str) -> None:
    """A TAC can be recomputed with the module, and a social card authenticated, as terminals in the field do."""
    assert command.command().to_bytes() == bytes.fromhex(wire)
    assert type(command).from_command(CommandApdu.from_bytes(bytes.fromhex(wire))) == command


@pytest.mark.parametrize(
    "call",
    [
        lambda: KeyUsage(KeyPurpose.MAC, 8).encode(),
        lambda: KeyUsage.decode(b"\x09"),
        lambda: InitForDescrypt(KeyUsage(KeyPurpose.MAC), 1, (bytes(7),)).command(),
        lambda: InitForDescrypt(KeyUsage(KeyPurpose.MAC), 1, (bytes(8),) * 8).command(),
        lambda: DesCrypt(bytes(7)).command(),
        lambda: DesCrypt(bytes(8), initial=bytes(8)).command(),
        lambda: DesCrypt.from_command(CommandApdu(0x80, 0xFA, 4, 0, bytes(16))),
        lambda: DesCrypt.from_command(CommandApdu(0x80, 0xFA, 8, 0, bytes(16))),
        lambda: DesCrypt.from_command(CommandApdu(0x80, 0xFA, 5, 0, bytes(8))),
        lambda: InitForDescrypt.from_command(CommandApdu(0x80, 0x1A, 0x27, 1, bytes(9))),
    ],
)
def test_what_no_module_takes_is_refused(call: object) -> None:
    """Half blocks, reserved purposes and impossible modes are found before they are sent."""
    assert callable(call)
    with pytest.raises(MalformedCardData):
        call()


def test_no_data_is_shown() -> None:
    """What is enciphered is in no log."""
    assert "b'secret" not in repr(DesCrypt(b"secret.."))
    assert psam_cipher.MAX_FACTORS == 7
