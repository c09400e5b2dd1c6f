"""Commands of ISO 7816-4 in both directions; their bytes are in test_purse and in the list of decoders."""

import pytest

from hardware.card import iso
from hardware.card.apdu import CommandApdu
from hardware.errors import MalformedCardData


@pytest.mark.parametrize(
    ("command", "wire"),
    [
        (iso.ReadBinary(None, 0x1234, 16), "00B0123410"),
        (iso.ReadBinary(0x15), "00B0950000"),
        (iso.ReadRecord(0xAA, 0x19, 43, iso.RecordMode.BY_TAG), "00B2AAC82B"),
        (iso.ReadRecord(1, None), "00B2010400"),
        (iso.ReadRecord(1, 0x18, 256, iso.RecordMode.ALL_FROM_NUMBER), "00B201C500"),
        (iso.GetResponse(16), "00C0000010"),
        (iso.GetData(0x9F79), "80CA9F7900"),
        (iso.ExternalAuthenticate(bytes(16), 7), "0082000710" + "00" * 16),
        (iso.GetChallenge(16), "0084000010"),
    ],
)
def test_the_rarer_forms_have_their_bytes(command: iso.ReadBinary, wire: str) -> None:
    """Reading by tag, by offset, several records at once, and cash balances are asked as readers in the field ask."""
    assert command.command().to_bytes() == bytes.fromhex(wire)
    assert type(command).from_command(CommandApdu.from_bytes(bytes.fromhex(wire))) == command


@pytest.mark.parametrize(
    "call",
    [
        lambda: iso.SelectApplication(b"").command(),
        lambda: iso.SelectApplication(bytes(17)).command(),
        lambda: iso.ReadBinary(None, 0x8000).command(),
        lambda: iso.ReadBinary(0x15, 256).command(),
        lambda: iso.ReadBinary(32).command(),
        lambda: iso.ReadRecord(256, 1).command(),
        lambda: iso.GetChallenge(5).command(),
        lambda: iso.ExternalAuthenticate(bytes(9)).command(),
        lambda: iso.GetData(0x10000).command(),
        lambda: iso.ReadBinary.from_command(CommandApdu(0, 0xB0, 0xE0, 0, le=1)),
        lambda: iso.ReadBinary.from_command(CommandApdu(0, 0xB0, 0x80, 0, le=1)),
        lambda: iso.ReadRecord.from_command(CommandApdu(0, 0xB2, 1, 0x07, le=1)),
        lambda: iso.GetChallenge.from_command(CommandApdu(0, 0x84, 0, 0)),
        lambda: iso.GetChallenge(4).parse(bytes(8)),
    ],
)
def test_what_no_card_knows_is_refused(call: object) -> None:
    """An impossible place or length is found before it is sent."""
    assert callable(call)
    with pytest.raises(MalformedCardData):
        call()
