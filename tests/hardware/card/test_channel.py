"""Following a card's answer to its end."""

from collections.abc import Callable
from functools import partial

import pytest

from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.channel import MAX_ROUNDS, Transmission, exchange, send, send_through_warnings
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


def _refuse(sw: int, _: CommandApdu) -> ResponseApdu:
    return ResponseApdu(b"", sw)


SELECT = CommandApdu(0, 0xA4, 4, 0, b"CITY.", 256)


def test_over_t0_the_answer_is_fetched() -> None:
    """A command with data goes without Le over T=0, and its answer is fetched with the length that the card announces."""
    card = ScriptedCard(lambda c: ResponseApdu(b"fci.") if c.ins == 0xC0 else ResponseApdu(b"", 0x6104))
    assert exchange(card, SELECT, Transmission.T0) == ResponseApdu(b"fci.")
    assert [(command.ins, command.le) for command in card.asked] == [(0xA4, None), (0xC0, 4)]


def test_over_t1_a_command_goes_as_it_is() -> None:
    """T=1 and contactless cards get the Le."""
    card = ScriptedCard(lambda _: ResponseApdu(b"fci."))
    assert exchange(card, SELECT).data == b"fci."
    assert card.asked == [SELECT]


def test_a_warning_over_t0_does_not_lose_its_data() -> None:
    """The FCI of a blocked application comes with 6283, also over T=0; a card with nothing to say leaves the warning alone."""
    talking = ScriptedCard(lambda c: ResponseApdu(b"fci.") if c.ins == 0xC0 else ResponseApdu(b"", 0x6283))
    assert exchange(talking, SELECT, Transmission.T0) == ResponseApdu(b"fci.", 0x6283)
    silent = ScriptedCard(lambda c: ResponseApdu(b"", 0x6985) if c.ins == 0xC0 else ResponseApdu(b"", 0x6283))
    assert exchange(silent, SELECT, Transmission.T0) == ResponseApdu(b"", 0x6283)
    with_le = ScriptedCard(
        lambda c: {256: ResponseApdu(b"", 0x6C04), 4: ResponseApdu(b"fci.")}.get(c.le or 0, ResponseApdu(b"", 0x6283))
    )
    assert exchange(with_le, SELECT, Transmission.T0) == ResponseApdu(b"fci.", 0x6283)


def test_a_warning_is_no_refusal_where_it_is_asked_for() -> None:
    """A blocked card still shows whose it is; a card that refuses is still refused."""
    blocked = ScriptedCard(lambda _: ResponseApdu(b"fci.", 0x6283))
    assert send_through_warnings(blocked, SELECT) == b"fci."
    for sw in (0x63C2, 0x6A82):
        with pytest.raises(CardRefused):
            send_through_warnings(ScriptedCard(partial(_refuse, sw)), SELECT)


def test_extended_commands_do_not_go_over_t0() -> None:
    """What the protocol cannot carry is refused before it is sent."""
    card = ScriptedCard(lambda _: ResponseApdu())
    with pytest.raises(MalformedCardData):
        exchange(card, CommandApdu(0, 0xB0, 0, 0, le=300, extended=True), Transmission.T0)
    assert card.asked == []
