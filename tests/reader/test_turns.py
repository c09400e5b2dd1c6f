"""Several programs, several readers, cards that do not answer: nobody waits for ever, and nobody goes on with what is gone."""

import itertools
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from hardware.card import profile
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.channel import send
from hardware.card.purse import GetBalance, InitializeForPurchase, get_challenge, select_application
from hardware.cli.card_report import report_on
from hardware.cli.card_timing import over_pcsc
from hardware.emulator import EmulatedCard
from hardware.emulator.image import CardImage
from hardware.errors import CardRemoved, ReaderBusy
from hardware.readers.errors import NoCard, ResetByAnother, SeveralCards
from hardware.readers.reader import PcscCard, PcscReader
from tests.hardware.emulator.make_cards import TERMINAL, load, personalised_card
from tests.hardware.terminal.rides import MORNING, adult_card, bus
from tests.reader.stack import VirtualReader

DELAYED_ACK_S = 0.04
TAPS = 5
END_S = 20
HOLDER = """
import sys
from hardware.readers.reader import PcscReader
reader = PcscReader(command=sys.argv[1:])
reader.open()
print("held", flush=True)
sys.stdin.readline()
"""


class BlockedCard(EmulatedCard):
    """A card that takes a command and never answers, until it is let go."""

    def __init__(self, image: CardImage) -> None:
        super().__init__(image)
        self.let_go = threading.Event()

    def transmit(self, command: CommandApdu) -> ResponseApdu:
        if not self.let_go.wait(END_S):
            raise AssertionError("nobody gave the card up")
        return super().transmit(command)


def test_blocked_reader_is_given_up(virtual_reader: VirtualReader) -> None:
    """A card that never answers costs its deadline; its child process is replaced, and the next card is read at once."""
    blocked = BlockedCard(personalised_card(None).image)
    virtual_reader.insert(blocked)
    reader = PcscReader(virtual_reader.name(), virtual_reader.command, timeout_s=0.5)
    card = reader.open()
    began = time.monotonic()
    with pytest.raises(CardRemoved, match="no answer in time"):
        card.transmit(get_challenge())
    assert time.monotonic() - began < 5
    with pytest.raises(CardRemoved, match="over"):
        card.transmit(get_challenge())
    blocked.let_go.set()
    assert reader.open().transmit(get_challenge()).ok
    reader.disconnect()


def test_removal_in_the_middle_of_a_purchase(virtual_reader: VirtualReader) -> None:
    """Pulled between INITIALIZE and DEBIT, the card has lost nothing, and the old channel never speaks to it again."""
    image = personalised_card(None, balance_fen=500).image
    virtual_reader.insert(EmulatedCard(image))
    reader = PcscReader(command=virtual_reader.command)
    card = reader.open()
    send(card, select_application(profile.PURSE_AID))
    send(card, InitializeForPurchase(profile.KEY_INDEX, 200, TERMINAL).command())
    virtual_reader.remove()
    with pytest.raises(CardRemoved):
        card.transmit(GetBalance().command())
    with pytest.raises(NoCard):
        reader.open()
    virtual_reader.insert(EmulatedCard(image))
    with pytest.raises(CardRemoved):
        card.transmit(GetBalance().command())
    assert report_on(reader.open())["purse"]["balance_fen"] == 500
    reader.disconnect()


def test_two_readers_at_once(virtual_reader: VirtualReader) -> None:
    """Two counters load at the same time, each its own card."""
    for slot in (0, 1):
        virtual_reader.insert(personalised_card(None), slot)
    readers = [PcscReader(virtual_reader.name(slot), virtual_reader.command) for slot in (0, 1)]
    with pytest.raises(SeveralCards):
        PcscReader(command=virtual_reader.command).open()

    def loaded(reader: PcscReader) -> int:
        card = reader.open()
        load(card, 1_000 if reader is readers[0] else 2_000)
        balance = GetBalance.parse(send(card, GetBalance().command()))
        reader.disconnect()
        return balance

    with ThreadPoolExecutor(2) as counters:
        assert list(counters.map(loaded, readers)) == [1_000, 2_000]


def test_another_process_holds_the_card(virtual_reader: VirtualReader) -> None:
    """Who comes second is told that the reader is busy, and has it as soon as the first one ends, however it ends."""
    virtual_reader.insert(personalised_card(None))
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, *virtual_reader.command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        for shared in (False, True):
            with pytest.raises(ReaderBusy):
                PcscReader(command=virtual_reader.command, shared=shared).open()
        holder.kill()
    reader = PcscReader(command=virtual_reader.command)
    assert opened_when_free(reader).transmit(get_challenge()).ok
    reader.disconnect()


def opened_when_free(reader: PcscReader) -> PcscCard:
    """The service learns of the death of a program a moment later; each try takes as long as a process needs to start."""
    deadline = time.monotonic() + END_S
    while True:
        try:
            return reader.open()
        except ReaderBusy:
            assert time.monotonic() < deadline, "the dead program still holds the card"


def test_reset_by_another_ends_what_was_begun(virtual_reader: VirtualReader) -> None:
    """In the turn of another program the card was reset: no command passes until the caller says that it begins anew."""
    virtual_reader.insert(personalised_card(None, balance_fen=300))
    first = PcscReader(command=virtual_reader.command, shared=True)
    second = PcscReader(command=virtual_reader.command, shared=True)
    card = first.open()
    send(card, select_application(profile.PURSE_AID))
    send(card, InitializeForPurchase(profile.KEY_INDEX, 200, TERMINAL).command())
    card.release()
    other = second.open()
    other.reset(cold=False)
    other.release()
    for _ in range(2):
        with pytest.raises(ResetByAnother, match="what was begun on it is gone"):
            card.transmit(GetBalance().command())
    with pytest.raises(ResetByAnother):
        card.hold()
    assert card.resume() == card.atr
    card.hold()
    assert not card.transmit(GetBalance().command()).ok, "the application must be selected again"
    assert report_on(card)["purse"]["balance_fen"] == 300
    card.release()
    other.hold()
    other.reset()
    other.release()
    assert report_on(card)["purse"]["balance_fen"] == 300, "who only reads begins anew by itself"
    first.disconnect()
    second.disconnect()


def test_turn_that_does_not_come(virtual_reader: VirtualReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that keeps its turn keeps the others out, not waiting."""
    for name in ("HOLD_TIMEOUT_S", "CONNECT_TIMEOUT_S"):
        monkeypatch.setattr(f"hardware.readers.reader.{name}", 0.3)
    monkeypatch.setattr("hardware.readers.process.START_TIMEOUT_S", 1)
    virtual_reader.insert(personalised_card(None))
    first = PcscReader(command=virtual_reader.command, shared=True)
    card = first.open()
    with pytest.raises(ReaderBusy, match="keeps the card for itself"):
        PcscReader(command=virtual_reader.command, shared=True).open()
    assert card.transmit(get_challenge()).ok
    first.disconnect()


def test_tap_through_the_reader_is_fast(tmp_path: Path) -> None:
    """No command waits for the acknowledgement of the one before: a passenger does not stand at the gate."""
    instants = (MORNING + timedelta(hours=hour) for hour in itertools.count())
    with bus(tmp_path / "outbox.sqlite") as line_1:
        timing = over_pcsc(adult_card(), lambda card: line_1.tap(card, next(instants)), TAPS)
    assert (len(timing.apdu_s), len(timing.tap_s)) == (TAPS, TAPS)
    assert min(timing.apdu_s) < DELAYED_ACK_S / 2
    assert min(timing.tap_s) < len(timing.tap_s) * DELAYED_ACK_S
    assert timing.apdu_median_s <= timing.tap_median_s
