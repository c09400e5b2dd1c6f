"""What an outbox remembers after the server has answered."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardware.terminal import outbox_memory
from hardware.terminal.outbox import Outbox
from hardware.terminal.shifts import Gap, ShiftTotals
from tests.hardware.terminal.records import TERMINAL, intent
from tests.hardware.terminal.test_outbox import build, receipt, ride


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        yield outbox


def gap(first: int, last: int) -> Gap:
    return Gap(TERMINAL, first, last)


def answered(outbox: Outbox, *sequences: int) -> None:
    rides = [ride(outbox, sequence) for sequence in sequences]
    outbox.apply_receipt(receipt(build(outbox), *((one, "accepted") for one in rides)))


def test_acknowledged_record_can_be_sent_again(outbox: Outbox) -> None:
    """Books that were restored from last night miss today's records: the bus still has them."""
    answered(outbox, 4, 5)
    assert outbox.counts().waiting == 0
    assert outbox.send_again(gap(5, 9)) == 1
    assert outbox.send_again(gap(5, 9)) == 0
    batch = build(outbox)
    assert [record.terminal_sequence for record in batch.records] == [5]
    outbox.apply_receipt(receipt(batch, (batch.records[0], "duplicate")))
    assert outbox.counts().waiting == 0


def test_only_what_is_surely_nothing_is_called_no_debit(outbox: Outbox) -> None:
    """A torn card is no answer, nor is what was before this memory or is yet to come."""
    assert outbox.unused(gap(1, 99)) == []
    answered(outbox, 4)
    ride(outbox, 6)
    outbox.begin(intent(9))
    outbox.begin(intent(11))
    outbox.drop(11)
    assert outbox.unused(gap(1, 99)) == [gap(5, 5), gap(7, 8), gap(10, 11)]
    assert outbox.unused(gap(7, 7)) == [gap(7, 7)]
    assert outbox.unused(gap(1, 3)) == []


def test_memory_is_bounded_and_knows_where_it_begins(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was forgotten may have been a debit: nothing is said about it."""
    monkeypatch.setattr(outbox_memory, "MAX_SENT", 2)
    answered(outbox, 1, 3, 5, 7)
    assert outbox.send_again(gap(1, 9)) == 2
    assert outbox.unused(gap(1, 9)) == [gap(4, 4), gap(6, 6)]


def test_totals_are_of_the_shift_alone(outbox: Outbox) -> None:
    """Signing in again does not begin anew, a debit of yesterday that is proven today is yesterday's, a wrong MAC2 counts for nothing."""
    outbox.begin(intent(1))
    assert outbox.shift() is None
    outbox.begin_shift(5)
    assert outbox.shift() == ShiftTotals(5, 0, 0, 0, 0)
    ride(outbox, 2)
    outbox.complete(1, bytes(4))
    outbox.begin_shift(6)
    outbox.take_back(ride(outbox, 3))
    assert outbox.shift() == ShiftTotals(5, 2, 3, 1, 80)
    outbox.end_shift()
    outbox.begin_shift(7)
    ride(outbox, 8)
    assert outbox.shift() == ShiftTotals(7, 4, 8, 1, 80)


def test_outbox_of_the_format_before_is_taken_over(tmp_path: Path) -> None:
    """A device that is updated keeps its records; what it sent before, it does not claim to know."""
    path = tmp_path / "outbox.sqlite"
    with Outbox(path) as outbox:
        ride(outbox, 7)
    with sqlite3.connect(path) as connection:
        connection.execute("DROP TABLE sent")
        connection.execute("DELETE FROM fact WHERE name LIKE 'shift%' OR name = 'remembered_from'")
        connection.execute("PRAGMA user_version=1")
    connection.close()
    with Outbox(path) as outbox:
        assert outbox.counts().waiting == 1
        ride(outbox, 10)
        assert outbox.unused(gap(1, 99)) == [gap(8, 9)]
