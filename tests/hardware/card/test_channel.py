"""Following a card's answer to its end."""

from collections.abc import Callable

import pytest

from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.channel import MAX_ROUNDS, exchange, send
from hardware.errors import CardRefused, MalformedCardData


class ScriptedCard:
    """A card that answers by a function of the command, and remembers what it was asked."""

    def __init__(self, answers: Callable[[CommandApdu], ResponseApdu]) -> None:
        self.asked: list[CommandApdu] = []
        self._answers = answers

    @property
    def atr(self) -> bytes:
        return b""

    def transmit(self, command: CommandApdu) -> ResponseApdu:
        self.asked.append(command)
        return self._answers(command)


READ = CommandApdu(0, 0xB0, 0x95, 0, le=256)


def test_a_card_that_makes_data_wait_is_read_to_the_end() -> None:
    """A T=0 card hands out its answer in parts; the terminal gets it whole."""
    parts = iter([ResponseApdu(b"", 0x6104), ResponseApdu(b"abcd", 0x6102), ResponseApdu(b"ef", 0x9000)])
    card = ScriptedCard(lambda _: next(parts))
    assert exchange(card, READ) == ResponseApdu(b"abcdef", 0x9000)
    assert [command.le for command in card.asked] == [256, 4, 2]
    assert [command.ins for command in card.asked] == [0xB0, 0xC0, 0xC0]


def test_a_card_that_wants_another_le_gets_it() -> None:
    """6Cxx is answered by the same command with that Le; 00 stands for 256."""
    card = ScriptedCard(lambda c: ResponseApdu(b"x" * 30) if c.le == 30 else ResponseApdu(b"", 0x6C1E))
    assert exchange(card, READ).data == b"x" * 30
    assert card.asked[1] == CommandApdu(0, 0xB0, 0x95, 0, le=30)
    whole = ScriptedCard(lambda c: ResponseApdu(b"x" * 256) if c.le == 256 else ResponseApdu(b"", 0x6C00))
    assert len(exchange(whole, CommandApdu(0, 0xB0, 0x95, 0, le=1)).data) == 256


def test_get_response_may_itself_want_another_le() -> None:
    """A card that announces 8 bytes and then wants 6 is still read."""

    def answer(command: CommandApdu) -> ResponseApdu:
        if command.ins != 0xC0:
            return ResponseApdu(b"", 0x6108)
        return ResponseApdu(b"sixsix") if command.le == 6 else ResponseApdu(b"", 0x6C06)

    card = ScriptedCard(answer)
    assert exchange(card, READ).data == b"sixsix"
    assert [command.ins for command in card.asked] == [0xB0, 0xC0, 0xC0]


@pytest.mark.parametrize("sw", [0x6101, 0x6C01])
def test_a_card_without_end_cannot_hold_a_terminal(sw: int) -> None:
    """A faulty card is given up after a fixed number of rounds."""
    card = ScriptedCard(lambda _: ResponseApdu(b"x", sw))
    with pytest.raises(MalformedCardData):
        exchange(card, READ)
    assert len(card.asked) == MAX_ROUNDS


def test_send_gives_data_or_says_why_not() -> None:
    """Whoever sends a command gets the data or the card's reason in words."""
    assert send(ScriptedCard(lambda _: ResponseApdu(b"ok")), READ) == b"ok"
    with pytest.raises(CardRefused) as refused:
        send(ScriptedCard(lambda _: ResponseApdu(b"", 0x6A82)), READ)
    assert (refused.value.ins, refused.value.sw) == (0xB0, 0x6A82)
    assert str(refused.value) == "INS B0 refused: 6A82 (file not found)"
