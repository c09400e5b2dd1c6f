"""The grey lock of fuel cards: bytes of the one dialect that is public."""

import pytest

from hardware.card import fuel
from hardware.card.apdu import CommandApdu
from hardware.card.purse import PurchaseInitialization
from hardware.errors import MalformedCardData

TERMINAL, MOMENT = bytes.fromhex("330200000001"), bytes.fromhex("20260101083000")


@pytest.mark.parametrize(
    ("command", "wire"),
    [
        (fuel.GetGreyStatus(), "E0CA00001E"),
        (fuel.GetGreyStatus(tac_was_read=True), "E0CA01001E"),
        (fuel.InitializeForGreyLock(1, TERMINAL), "E07A080107013302000000010F"),
        (
            fuel.GreyLock(7, b"\0\0\0\2", MOMENT, b"\0\0\0\3"),
            "E07C080013000000070000000220260101083000000000 03 08".replace(" ", ""),
        ),
        (
            fuel.DebitForUnlock(20_000, 3, TERMINAL, 7, MOMENT, b"\0\0\0\4"),
            "E07E08011B00004E20000333020000000100000007202601010830000000000404",
        ),
        (fuel.InitializeForUnlock(1, TERMINAL), "E07A0901070133020000000112"),
        (fuel.UnlockOnline(20_000, MOMENT, b"\0\0\0\5"), "E07E09000F00004E20202601010830000000000504"),
    ],
)
def test_commands_have_the_dialects_bytes(command: fuel.GetGreyStatus, wire: str) -> None:
    """A pump of the fuel company understands our card, byte for byte."""
    assert command.command().to_bytes() == bytes.fromhex(wire)
    assert type(command).from_command(CommandApdu.from_bytes(bytes.fromhex(wire))) == command


def test_answers_are_read() -> None:
    """The pump reads the lock, its proof and the amounts from what the card says."""
    status = fuel.GreyStatus(fuel.GreyState.UNREAD_TAC, TERMINAL, b"GTAC", b"12345678", b"12345678901")
    sent = status.encode()
    assert (len(sent), sent[0], sent[9:15], sent[26:]) == (30, 0x10, TERMINAL, b"GTAC")
    assert fuel.GetGreyStatus.parse(sent) == status
    begun = PurchaseInitialization(100, 1, 0, 1, 0, b"rand")
    assert fuel.InitializeForGreyLock.parse(begun.encode()) == begun
    assert fuel.GreyLock.parse(b"GTACMAC2") == fuel.GreyLockProof(b"GTAC", b"MAC2")
    unlock = fuel.UnlockInitialization(100, 1, 2, 1, 0, b"rand", b"MAC1")
    assert len(unlock.encode()) == 18
    assert fuel.InitializeForUnlock.parse(unlock.encode()) == unlock


def test_an_unknown_state_is_refused() -> None:
    """A card in a state that nobody knows is not delivered to."""
    with pytest.raises(MalformedCardData):
        fuel.GreyStatus.decode(b"\x02" + bytes(29))
