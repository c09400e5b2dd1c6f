"""Cards torn out of the field and terminals cut from their power: afterwards chip and records agree, to the fen."""

import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any, Literal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hardware.card import profile
from hardware.card.channel import send
from hardware.card.purse import read_record
from hardware.card.transit import TripRecord
from hardware.emulator.card import EmulatedCard
from hardware.terminal.batch import RecordKind, TapRecord
from hardware.terminal.receipts import BatchReceipt
from hardware.terminal.validator import Outcome
from tests.hardware.emulator.make_cards import SERIAL
from tests.hardware.terminal.records import TERMINAL, receipt_document
from tests.hardware.terminal.rides import (
    LOADED_FEN,
    MORNING,
    OTHER_SERIAL,
    Bus,
    Meddler,
    adult_card,
    balance_of,
    bus,
    fresh,
    newest_log,
    other_bus,
    tac_is_good,
)

Phase = Literal["before", "inside", "after"]
SOON = MORNING + timedelta(seconds=20)
NEXT_DAY = MORNING + timedelta(days=1)
RIDE_APDUS = 7  # SELECT, EF15, EF17, EF1E, INITIALIZE, UPDATE CAPP CACHE, DEBIT
DEBIT = RIDE_APDUS - 1


def tear_at_debit(made: Bus, card: EmulatedCard, phase: Phase, at: datetime = MORNING) -> None:
    card.tear(DEBIT, phase)
    assert made.tap(card, at).outcome is Outcome.PRESENT_AGAIN
    card.reset()


def agree(card: EmulatedCard, records: list[TapRecord]) -> None:
    """The chip has lost exactly what good records say, each under its own sequence."""
    proven = [record for record in records if record.kind is RecordKind.PURCHASE]
    assert all(tac_is_good(record) for record in proven)
    assert len({record.terminal_sequence for record in proven}) == len(proven)
    assert LOADED_FEN - balance_of(card) == sum(record.amount_fen for record in proven)


def test_a_ride_has_as_many_commands_as_the_tears_below_cover(tmp_path: Path) -> None:
    """If a ride gets longer, the drill gets longer."""
    with bus(tmp_path / "outbox.sqlite") as line_1:
        card = Meddler(adult_card())
        line_1.tap(card)
        assert card.count == RIDE_APDUS


@pytest.mark.parametrize("phase", ["before", "inside", "after"])
@pytest.mark.parametrize("apdu", range(RIDE_APDUS))
def test_a_card_torn_anywhere_in_a_ride_pays_once(tmp_path: Path, apdu: int, phase: Phase) -> None:
    """Present it again: green, one ride on the chip, one record, one trip; whether or not the torn debit was made."""
    with bus(tmp_path / "outbox.sqlite") as line_1:
        card = adult_card()
        card.tear(apdu, phase)
        torn = line_1.tap(card)
        assert (torn.outcome, torn.is_green) == (Outcome.PRESENT_AGAIN, False)
        card.reset()
        again = line_1.tap(card, SOON)
        committed = (apdu, phase) == (DEBIT, "after")
        assert again.outcome is (Outcome.RECOVERED if committed else Outcome.ACCEPTED)
        assert (again.amount_fen, again.balance_fen) == (180, LOADED_FEN - 180)
        (record,) = records = line_1.batch()
        assert again.record == record
        assert record.time.hex() == ("083000" if committed else "083020")
        agree(card, records)
        trip = TripRecord.decode(send(card, read_record(profile.TRIP_SFI, 1)))
        assert trip.at == (MORNING if committed else SOON)
        assert line_1.outbox.counts().torn == 0


@pytest.mark.parametrize("phase", ["before", "inside", "after"])
@pytest.mark.parametrize("apdu", range(RIDE_APDUS + 2))
@pytest.mark.parametrize("first", ["inside", "after"])
def test_a_card_torn_again_while_it_recovers_still_pays_once(
    tmp_path: Path, first: Phase, apdu: int, phase: Phase
) -> None:
    """A nervous passenger tears the card twice; the third time it is green and the sums are right."""
    with bus(tmp_path / "outbox.sqlite") as line_1:
        card = adult_card()
        tear_at_debit(line_1, card, first)
        card.tear(apdu, phase)
        line_1.tap(card, SOON)
        card.reset()
        last = line_1.tap(card, SOON + timedelta(seconds=20))
        assert last.is_green
        agree(card, line_1.batch())
        assert line_1.outbox.counts().torn == 0


def test_another_card_in_between_changes_nothing(tmp_path: Path) -> None:
    """The queue does not wait: others board while the torn card is looked for."""
    with bus(tmp_path / "outbox.sqlite") as line_1:
        torn, other = adult_card(), adult_card(OTHER_SERIAL)
        tear_at_debit(line_1, torn, "after")
        assert line_1.tap(other, MORNING + timedelta(seconds=5)).outcome is Outcome.ACCEPTED
        assert line_1.tap(torn, SOON).outcome is Outcome.RECOVERED
        records = line_1.batch()
        assert [record.terminal_sequence for record in records] == [1, 2]
        agree(torn, records[:1])
        agree(other, records[1:])


def test_a_card_that_comes_back_next_day_pays_that_ride_and_the_new_one(tmp_path: Path) -> None:
    """The torn debit is proven and uploaded with exactly what was signed; the new ride is a ride of its own."""
    with bus(tmp_path / "outbox.sqlite") as line_1:
        card = adult_card()
        tear_at_debit(line_1, card, "after")
        (report,) = line_1.batch()
        assert (report.kind, report.tac) == (RecordKind.UNCONFIRMED, bytes(4))
        line_1.outbox.apply_receipt(BatchReceipt.parse(receipt_document(TERMINAL, 1, (report, "accepted"))))
        result = line_1.tap(card, NEXT_DAY)
        assert result.outcome is Outcome.ACCEPTED
        proven, today = records = line_1.batch()
        assert (result.recovered, result.record) == ((proven,), today)
        assert proven.encode()[1:44] == report.encode()[1:44]
        assert proven.encode()[48:] == report.encode()[48:]
        agree(card, records)


def test_a_debit_that_was_not_made_leaves_a_report_and_no_money(tmp_path: Path) -> None:
    """The report says nobody knows; when the card shows that nothing happened, nothing more is claimed."""
    with bus(tmp_path / "outbox.sqlite") as line_1:
        card = adult_card()
        tear_at_debit(line_1, card, "before")
        (report,) = line_1.batch()
        line_1.outbox.apply_receipt(BatchReceipt.parse(receipt_document(TERMINAL, 1, (report, "accepted"))))
        line_1.tap(card, NEXT_DAY)
        agree(card, line_1.batch())
        assert line_1.outbox.counts().torn == 0


def test_the_proof_of_another_terminal_is_never_taken_for_ours(tmp_path: Path) -> None:
    """The card rides elsewhere with the same counter: our debit was not made, and this ride is paid like any other."""
    with bus(tmp_path / "outbox.sqlite") as line_1, other_bus(tmp_path / "other.sqlite") as line_2:
        card = adult_card()
        tear_at_debit(line_1, card, "inside")
        elsewhere = line_2.tap(card, MORNING).record
        again = line_1.tap(card, SOON)
        assert elsewhere is not None
        assert again.record is not None
        assert (elsewhere.card_counter, again.record.card_counter) == (0, 1)
        assert again.outcome is Outcome.ACCEPTED
        assert balance_of(card) == LOADED_FEN - elsewhere.amount_fen - again.amount_fen
        assert line_1.outbox.counts().torn == 0


def test_a_proof_that_was_overwritten_elsewhere_stays_a_report(tmp_path: Path) -> None:
    """The card keeps one proof: after a ride elsewhere ours is gone, and no TAC is made up for it."""
    with bus(tmp_path / "outbox.sqlite") as line_1, other_bus(tmp_path / "other.sqlite") as line_2:
        card = adult_card()
        tear_at_debit(line_1, card, "after")
        line_2.tap(card, SOON)
        again = line_1.tap(card, NEXT_DAY)
        report, today = line_1.batch()
        assert again.record == today
        assert (report.kind, report.amount_fen, report.card_counter) == (RecordKind.UNCONFIRMED, 180, 0)
        assert balance_of(card) == LOADED_FEN - 180 - 80 - 180


def test_a_forged_proof_is_not_green(tmp_path: Path) -> None:
    """As long as the module remembers the debit, the card that comes back must show the right MAC2."""
    with bus(tmp_path / "outbox.sqlite") as line_1:
        card = adult_card()
        tear_at_debit(line_1, card, "after")
        result = line_1.tap(Meddler(card, ins=0x5A), SOON)
        assert (result.outcome, result.is_green) == (Outcome.NOT_GENUINE, False)
        assert line_1.outbox.counts().waiting == 0


class Killed(BaseException):
    """The terminal lost its power."""


class Fuse:
    """Kills at the k-th line of the terminal's own code: nothing after it runs, as under kill -9."""

    FILES = ("validator.py", "outbox.py", "recovery.py", "psam_slot.py", "card_reading.py")

    def __init__(self, lines: int) -> None:
        self._left = lines
        self.burnt = False

    def run(self, work: Callable[[], object]) -> None:
        sys.settrace(self._trace)
        try:
            work()
        except Killed:
            self.burnt = True
        finally:
            sys.settrace(None)

    def _trace(self, frame: FrameType, event: str, _argument: Any) -> Any:
        if "/hardware/terminal/" not in frame.f_code.co_filename or not frame.f_code.co_filename.endswith(self.FILES):
            return None
        if event == "line":
            self._left -= 1
            if self._left == 0:
                raise Killed
        return self._trace


def ride_killed_at(path: Path, line: int, first: Phase | None) -> bool:
    """Kill a terminal in a tap, start it again with what is in its file, present the card again; returns whether it was killed."""
    psam, card = fresh("psam"), adult_card()
    with bus(path, psam) as line_1:
        if first is not None:
            tear_at_debit(line_1, card, first)
        fuse = Fuse(line)
        fuse.run(lambda: line_1.tap(card, SOON))
    card.reset()
    with bus(path, psam) as restarted:
        restarted.tap(card, SOON + timedelta(seconds=20))
        records = restarted.batch()
        agree(card, records)
        spent_fen = LOADED_FEN - balance_of(card)
        # killed between the record and the light, or not at all, the passenger taps again: two rides, two records
        assert spent_fen in (180, 360)
        assert newest_log(card).sequence == spent_fen // 180
        assert all(record.kind is RecordKind.PURCHASE for record in records)
        assert restarted.outbox.counts().torn == 0
    return fuse.burnt


def kill_everywhere(folder: Path, first: Phase | None, stride: int) -> int:
    """Kill at every `stride`-th line until a ride runs through; returns how many lines it had."""
    line = 1
    while ride_killed_at(folder / f"{line}.sqlite", line, first):
        line += stride
    return line


@pytest.mark.parametrize("first", [None, "inside", "after"])
def test_a_terminal_killed_at_any_line_loses_and_makes_no_fen(tmp_path: Path, first: Phase | None) -> None:
    """After kill -9 anywhere in a ride or a recovery, and a restart, chip and records agree (every fourth line; all in the drill)."""
    assert kill_everywhere(tmp_path, first, stride=4) > 60, "the fuse did not reach the terminal's code"


_ACTIONS = st.lists(
    st.tuples(
        st.sampled_from((0, 1)),
        st.one_of(st.none(), st.tuples(st.integers(DEBIT - 2, DEBIT), st.sampled_from(("before", "inside", "after")))),
        st.booleans(),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_ACTIONS)
def test_any_day_of_rides_tears_and_uploads_adds_up(
    tmp_path: Path, actions: list[tuple[int, tuple[int, Phase] | None, bool]]
) -> None:
    """Two cards, any order of rides, tears and uploads: when both have come back, chips and uploaded records agree to the fen."""
    cards = (adult_card(), adult_card(OTHER_SERIAL))
    uploaded: list[TapRecord] = []
    at = MORNING
    with TemporaryDirectory(dir=tmp_path) as folder, bus(Path(folder) / "outbox.sqlite") as line_1:
        for which, tear, then_upload in [*actions, (0, None, False), (1, None, True)]:
            at += timedelta(seconds=400)
            card = cards[which]
            card.reset()
            if tear is not None:
                card.tear(*tear)
            line_1.tap(card, at)
            if then_upload:
                records = line_1.batch()
                batch = line_1.outbox.open_batch()
                if batch is not None:
                    verdicts = receipt_document(TERMINAL, batch.number, *((record, "accepted") for record in records))
                    line_1.outbox.apply_receipt(BatchReceipt.parse(verdicts))
                    uploaded += records
        assert line_1.outbox.counts().torn == 0
        assert line_1.outbox.open_batch() is None
    for card, serial in zip(cards, (SERIAL, OTHER_SERIAL), strict=True):
        agree(card, [record for record in uploaded if record.card_serial == serial])
