"""The PC/SC reader against child processes that misbehave; the real service is in tests/reader."""

import sys

import pytest

from hardware.card.purse import get_challenge
from hardware.errors import CardRemoved, MalformedCardData, NoReader, ReaderBusy
from hardware.readers.errors import ReaderFailed, ReaderGone, ResetByAnother
from hardware.readers.reader import PcscReader

CHALLENGE = get_challenge()


def reader(*lines: str) -> PcscReader:
    """A reader whose child answers with these lines, then dies."""
    code = f"import sys\nfor line in {lines!r}:\n sys.stdin.readline(); print(line, flush=True)"
    return PcscReader(command=(sys.executable, "-c", code))


DOWN = '{"refused": "no_service", "because": "it does not run"}'
CONNECTED = '{"reader": "A", "atr": "3b00"}'


def test_answer_comes_back() -> None:
    """Data and status word, and the name of the reader that was found."""
    one = reader(CONNECTED, '{"response": "01029000"}', "{}")
    assert one.name == "PC/SC reader"
    card = one.connect()
    assert (one.name, one.realm, card.atr) == ("A", "unproven", b"\x3b\x00")
    response = card.transmit(CHALLENGE)
    assert (response.data, response.sw) == (b"\x01\x02", 0x9000)
    assert one.is_there()
    one.disconnect()
    assert not one.is_there()
    with pytest.raises(CardRemoved):
        card.transmit(CHALLENGE)


@pytest.mark.parametrize(
    "line", ['{"response": ""}', '{"refused": "no_service", "because": "gone"}', '{"refused": "reader_failed"}', "?"]
)
def test_no_answer_is_a_card_that_left(line: str) -> None:
    """Whatever kept the answer back: nobody knows whether the command was carried out."""
    one = reader(CONNECTED, line)
    card = one.connect()
    with pytest.raises(CardRemoved):
        card.transmit(CHALLENGE)
    assert not one.is_there(), "the child is dead"
    one.disconnect()


def test_refusals_of_the_card_are_told_apart() -> None:
    """A reset by another is not a busy reader, and neither is a torn card; for the agent an empty reader is no reader."""
    for slug, kind in (("reset_by_another", ResetByAnother), ("reader_busy", ReaderBusy), ("reader_gone", ReaderGone)):
        one = reader(CONNECTED, f'{{"refused": "{slug}", "because": "so"}}')
        with pytest.raises(kind, match=r"^so$"):
            one.open().transmit(CHALLENGE)
        one.disconnect()
    for slug in ("no_card", "several_cards", "reader_gone"):
        refusing = f'{{"refused": "{slug}", "because": "so"}}'
        with pytest.raises(NoReader, match=r"^so$") as refused:
            reader(refusing).connect()
        assert type(refused.value) is NoReader


def test_card_is_reset_held_and_resumed() -> None:
    """Each tells the ATR and protocol that hold from then on."""
    again = '{"atr": "3b01", "protocol": "T=1"}'
    one = reader(CONNECTED, again, again, "{}", "{}", DOWN)
    card = one.open()
    assert (card.reset(cold=False), card.resume(), card.atr, card.protocol) == (b"\x3b\x01",) * 3 + ("T=1",)
    card.hold()
    card.release()
    with pytest.raises(CardRemoved, match="it does not run"):
        card.release()
    one.disconnect()


def test_half_a_status_word() -> None:
    """A faulty reader is told from a card that left."""
    one = reader(CONNECTED, '{"response": "90"}')
    with pytest.raises(MalformedCardData):
        one.connect().transmit(CHALLENGE)
    one.disconnect()


def test_connection_that_fails_leaves_nothing() -> None:
    """The next try starts anew."""
    one = reader()
    for _ in range(2):
        with pytest.raises(ReaderFailed):
            one.connect()
    assert "not connected" in repr(one)
