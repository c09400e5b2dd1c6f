"""What an outbox remembers of records that were acknowledged: the server may ask for them again, and a shift has totals.

A sequence that is remembered to have been used for nothing was no debit; one from before the memory begins may be anything.
"""

import sqlite3
from collections.abc import Iterable
from typing import Final

from hardware.terminal.batch import RecordKind, TapRecord
from hardware.terminal.shifts import Gap, ShiftTotals

MAX_SENT: Final = 20_000
"""Acknowledged records that are kept, 2 MB; the oldest are forgotten first."""

SCHEMA: Final = """
CREATE TABLE sent (sequence INTEGER NOT NULL, kind INTEGER NOT NULL, content BLOB NOT NULL, PRIMARY KEY (sequence, kind));
INSERT INTO fact VALUES ('remembered_from', 0), ('shift_batch', 0), ('shift_first', 0), ('shift_records', 0), ('shift_fen', 0);
UPDATE fact SET value = (SELECT value + 1 FROM fact WHERE name = 'last_sequence')
    WHERE name = 'remembered_from' AND (SELECT value FROM fact WHERE name = 'last_sequence') > 0;
"""
"""Added to an outbox of format 1; what it sent before, it does not know any more."""


class OutboxMemory:
    """The part of an outbox that looks back. Its methods join the transaction of the caller.

    Args:
        connection: of the outbox.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def begin_at(self, sequence: int) -> None:
        """Remember from the first sequence on that this memory ever sees."""
        if not self._fact("remembered_from"):
            self._set("remembered_from", sequence)

    def keep(self, records: Iterable[TapRecord]) -> None:
        """Remember records that the server has judged."""
        rows = [(record.terminal_sequence, record.kind, record.encode()) for record in records]
        self._connection.executemany("INSERT OR REPLACE INTO sent VALUES (?, ?, ?)", rows)
        cut = self._connection.execute("SELECT sequence FROM sent ORDER BY sequence DESC LIMIT 1 OFFSET ?", (MAX_SENT,))
        row = cut.fetchone()
        if row is not None:
            self._connection.execute("DELETE FROM sent WHERE sequence <= ?", row)
            self._set("remembered_from", max(row[0] + 1, self._fact("remembered_from")))

    def send_again(self, gap: Gap) -> int:
        """Put remembered records of a range among those that wait; returns how many."""
        moved = self._connection.execute(
            "INSERT OR IGNORE INTO record SELECT sequence, kind, content, NULL FROM sent WHERE sequence BETWEEN ? AND ?",
            (gap.first, gap.last),
        )
        return moved.rowcount

    def unused(self, gap: Gap) -> list[Gap]:
        """The parts of a range for which surely no debit was made: nothing is remembered, and the memory reaches back so far."""
        first = max(gap.first, self._fact("remembered_from"), 1)
        last = min(gap.last, self._fact("last_sequence"))
        if not self._fact("remembered_from") or first > last:
            return []
        used = self._connection.execute(
            "SELECT sequence FROM sent WHERE sequence BETWEEN :first AND :last UNION"
            " SELECT sequence FROM record WHERE sequence BETWEEN :first AND :last UNION"
            " SELECT sequence FROM pending WHERE sequence BETWEEN :first AND :last ORDER BY sequence",
            {"first": first, "last": last},
        )
        parts = []
        for (sequence,) in [*used, (last + 1,)]:
            if first < sequence:
                parts.append(Gap(gap.terminal_number, first, sequence - 1))
            first = sequence + 1
        return parts

    def begin_shift(self, batch: int) -> None:
        """Count from here on, unless a shift is open: signing in again does not end it."""
        if not self._fact("shift_batch"):
            self._set("shift_batch", batch)
            self._set("shift_first", self._fact("last_sequence") + 1)
            self._set("shift_records", 0)
            self._set("shift_fen", 0)

    def count(self, record: TapRecord, sign: int = 1) -> None:
        """Count a purchase of this shift, or with -1 no longer. A debit of an earlier shift that is proven late is not this one's."""
        if record.kind == RecordKind.PURCHASE and record.terminal_sequence >= self._fact("shift_first"):
            self._set("shift_records", self._fact("shift_records") + sign)
            self._set("shift_fen", self._fact("shift_fen") + sign * record.amount_fen)

    def shift(self) -> ShiftTotals | None:
        """The totals of the open shift, None when there is none."""
        batch, first, last = self._fact("shift_batch"), self._fact("shift_first"), self._fact("last_sequence")
        if not batch:
            return None
        if first > last:
            return ShiftTotals(batch, 0, 0, 0, 0)
        return ShiftTotals(batch, first, last, self._fact("shift_records"), self._fact("shift_fen"))

    def end_shift(self) -> None:
        """The shift is signed out."""
        self._set("shift_batch", 0)

    def _fact(self, name: str) -> int:
        (value,) = self._connection.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return int(value)

    def _set(self, name: str, value: int) -> None:
        self._connection.execute("UPDATE fact SET value = ? WHERE name = ?", (value, name))
