"""The terminal's memory: what was debited and is not yet acknowledged, in one SQLite file that survives a cut of power.

Three kinds of row, each change one transaction with `synchronous=FULL`:

- *pending*: an intent, written before DEBIT is sent. Until the card's answer is in, nobody knows whether the chip was debited.
- *record*: a tap that will be uploaded; kind 1 with a TAC, or kind 2 for a pending that had no answer when a batch was built.
- *batch*: the bytes of a built batch; sent again unchanged until each of its records has a verdict.

Acknowledged records are remembered for a while (`outbox_memory`).
A kind 2 record reports its pending and leaves it waiting: when the card comes back later, its proof becomes a kind 1 record.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Self

from hardware.errors import OutboxFull
from hardware.terminal.batch import (
    MAX_BATCH_RECORDS,
    NO_TAC,
    RECORD_BYTES,
    Batch,
    BatchHead,
    RecordKind,
    TapRecord,
    encode_batch,
)
from hardware.terminal.errors import OutboxInvalid, PsamSequenceReused, ReceiptInvalid
from hardware.terminal.outbox_memory import SCHEMA as MEMORY_SCHEMA
from hardware.terminal.outbox_memory import OutboxMemory
from hardware.terminal.receipts import BatchReceipt
from hardware.terminal.shifts import Gap, ShiftTotals

FORMAT: Final = 2
DEFAULT_LIMIT_RECORDS: Final = 59_999  # what catalogues of bus validators print
MAX_REPORTED: Final = (
    1_000  # torn debits kept after their kind 2 record was acknowledged; the oldest are forgotten first
)
BUSY_TIMEOUT_S: Final = 5.0

_SCHEMA: Final = """
CREATE TABLE batch (number INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE TABLE record (
    sequence INTEGER NOT NULL, kind INTEGER NOT NULL, content BLOB NOT NULL, batch INTEGER REFERENCES batch (number),
    PRIMARY KEY (sequence, kind)
);
CREATE INDEX record_batch ON record (batch, sequence);
CREATE TABLE pending (
    sequence INTEGER PRIMARY KEY, holder BLOB NOT NULL, content BLOB NOT NULL, reported INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX pending_holder ON pending (holder);
CREATE TABLE fact (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT INTO fact VALUES ('last_sequence', 0), ('next_batch', 1);
"""


@dataclass(frozen=True, slots=True)
class OutboxCounts:
    """How full the outbox is.

    Args:
        waiting: records with a TAC that have no verdict yet.
        torn: debits whose card has not come back.
        unconfirmed: of those, reported to the server as kind 2 (acknowledged or not).
        open_batch: number of the batch that is being sent, 0 for none.
    """

    waiting: int
    torn: int
    unconfirmed: int
    open_batch: int


class Outbox:
    """Store-and-forward of one terminal, kept in one file.

    Args:
        path: the file; made with mode 0600 when it does not exist.
        limit_records: how many debits may wait for a verdict.

    Raises:
        OutboxInvalid: the file is not an outbox of this format.
    """

    def __init__(self, path: Path, limit_records: int = DEFAULT_LIMIT_RECORDS) -> None:
        self._path = path
        self._limit = limit_records
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        except OSError as error:
            raise OutboxInvalid(path, f"cannot be opened ({error.strerror})") from None
        self._connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        self._memory = OutboxMemory(self._connection)
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise OutboxInvalid(path, f"not an outbox ({error})") from None
        except OutboxInvalid:
            self._connection.close()
            raise

    def _prepare(self) -> None:
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            self._connection.execute(f"PRAGMA {pragma}")
        with self._transaction():
            (version,) = self._connection.execute("PRAGMA user_version").fetchone()
            if version not in range(FORMAT + 1):
                raise OutboxInvalid(self._path, f"format {version}, must be {FORMAT}")
            for schema in (_SCHEMA, MEMORY_SCHEMA)[version:]:
                for statement in schema.split(";\n"):
                    self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version={FORMAT}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; everything in it is already durable."""
        self._connection.close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        finally:
            if self._connection.in_transaction:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")

    # --- taps -------------------------------------------------------------------------------------------------------------

    def demand_room(self) -> None:
        """Make sure that one more debit can be kept.

        Raises:
            OutboxFull: it cannot; the terminal must upload first.
        """
        (records,) = self._connection.execute("SELECT count(*) FROM record").fetchone()
        (pending,) = self._connection.execute("SELECT count(*) FROM pending WHERE reported = 0").fetchone()
        if records + pending >= self._limit:
            raise OutboxFull(self._limit)

    def begin(self, intent: TapRecord) -> None:
        """Keep what is about to be signed; called before DEBIT is sent, so that a cut of power cannot lose it.

        Args:
            intent: the record as it will be, without its TAC.

        Raises:
            PsamSequenceReused: its terminal sequence is not above every earlier one.
            OutboxFull: there is no room.
        """
        with self._transaction():
            self.demand_room()
            last = self._fact("last_sequence")
            if intent.terminal_sequence <= last:
                raise PsamSequenceReused(intent.terminal_sequence, last)
            self._memory.begin_at(intent.terminal_sequence)
            self._set_fact("last_sequence", intent.terminal_sequence)
            self._insert_pending(intent, reported=False)

    def complete(self, terminal_sequence: int, tac: bytes) -> TapRecord:
        """Turn a pending debit into a record of kind 1 with the card's TAC; returns the record.

        Raises:
            KeyError: no such debit is pending (our own mistake).
        """
        with self._transaction():
            intent = self._pending(terminal_sequence)
            record = replace(intent, kind=RecordKind.PURCHASE, tac=tac)
            self._delete_pending(terminal_sequence)
            self._insert_record(record)
            self._memory.count(record)
        return record

    def take_back(self, record: TapRecord) -> None:
        """Make a record pending again whose MAC2 was wrong: its TAC is not worth the server's time.

        A record that is already in a batch stays there; the server judges its TAC.
        """
        with self._transaction():
            key = (record.terminal_sequence, RecordKind.PURCHASE)
            taken = self._connection.execute(
                "DELETE FROM record WHERE sequence = ? AND kind = ? AND batch IS NULL", key
            )
            if taken.rowcount:
                self._memory.count(record, -1)
                self._insert_pending(replace(record, tac=NO_TAC), reported=False)

    def drop(self, terminal_sequence: int) -> None:
        """Forget a pending debit that the card is known not to have made."""
        with self._transaction():
            self._delete_pending(terminal_sequence)

    def pending_of(self, holder: bytes) -> list[TapRecord]:
        """Debits of this card (issuer ‖ serial, 18 bytes) that had no answer, oldest first."""
        rows = self._connection.execute("SELECT content FROM pending WHERE holder = ? ORDER BY sequence", (holder,))
        return [TapRecord.decode(content) for (content,) in rows]

    # --- batches ----------------------------------------------------------------------------------------------------------

    def open_batch(self) -> Batch | None:
        """The batch that is built and not yet done; None when there is none."""
        row = self._connection.execute("SELECT number, data FROM batch ORDER BY number LIMIT 1").fetchone()
        return None if row is None else Batch(*row)

    def build_batch(self, head: BatchHead, sign: Callable[[bytes], bytes]) -> Batch | None:
        """Build the next batch, or return the open one unchanged; None when there is nothing to send.

        Takes at most MAX_BATCH_RECORDS in terminal-sequence order. Debits whose card has not come back go along as kind 2, once.

        Args:
            head: what the header says; its number is replaced by the outbox's own next number.
            sign: Ed25519 over the bytes given to it.
        """
        with self._transaction():
            batch = self.open_batch()
            if batch is not None:
                return batch
            self._report_pending()
            rows = self._connection.execute(
                "SELECT content FROM record WHERE batch IS NULL ORDER BY sequence, kind LIMIT ?", (MAX_BATCH_RECORDS,)
            )
            records = [TapRecord.decode(content) for (content,) in rows]
            if not records:
                return None
            number = self._fact("next_batch")
            batch = Batch(number, encode_batch(replace(head, number=number), records, sign))
            self._connection.execute("INSERT INTO batch VALUES (?, ?)", (batch.number, batch.data))
            self._connection.executemany(
                "UPDATE record SET batch = ? WHERE sequence = ? AND kind = ?",
                [(number, record.terminal_sequence, record.kind) for record in records],
            )
            self._set_fact("next_batch", number + 1)
        return batch

    def apply_receipt(self, receipt: BatchReceipt) -> int:
        """Delete the records of the open batch that have a verdict; returns how many. A batch without records left is done.

        Records that the server keeps waiting go into a later batch: they must not hold up what was sold since.

        Raises:
            ReceiptInvalid: the receipt is not for the open batch of this terminal.
        """
        with self._transaction():
            batch = self.open_batch()
            if batch is None or batch.number != receipt.batch or batch.terminal != receipt.terminal:
                raise ReceiptInvalid(f"batch {receipt.batch} is not the open batch of this terminal")
            judged = {(v.terminal_sequence, v.card_serial, v.tac) for v in receipt.verdicts if v.is_final}
            rows = self._connection.execute("SELECT content FROM record WHERE batch = ?", (batch.number,)).fetchall()
            waiting = [TapRecord.decode(content) for (content,) in rows]
            done = [r for r in waiting if (r.terminal_sequence, r.card_serial, r.tac) in judged]
            self._connection.executemany(
                "DELETE FROM record WHERE sequence = ? AND kind = ?", [(r.terminal_sequence, r.kind) for r in done]
            )
            self._memory.keep(done)
            later = [r for r in waiting if (r.terminal_sequence, r.card_serial, r.tac) in receipt.kept - judged]
            self._connection.executemany(
                "UPDATE record SET batch = NULL WHERE sequence = ? AND kind = ?",
                [(r.terminal_sequence, r.kind) for r in later],
            )
            if len(done) + len(later) == len(waiting):
                self._connection.execute("DELETE FROM batch WHERE number = ?", (batch.number,))
                self._forget_oldest_reported()
        return len(done)

    # --- shifts and questions of the server -------------------------------------------------------------------------------

    def send_again(self, gap: Gap) -> int:
        """Let acknowledged records of a range wait again, as far as they are remembered; returns how many. Duplicates do no harm."""
        with self._transaction():
            return self._memory.send_again(gap)

    def unused(self, gap: Gap) -> list[Gap]:
        """The parts of a range for which surely no debit was made."""
        return self._memory.unused(gap)

    def begin_shift(self, batch: int) -> None:
        """Count this shift's purchases from here on; does nothing while a shift is open."""
        with self._transaction():
            self._memory.begin_shift(batch)

    def shift(self) -> ShiftTotals | None:
        """The totals of the open shift, None when there is none."""
        return self._memory.shift()

    def end_shift(self) -> None:
        """The shift is signed out."""
        with self._transaction():
            self._memory.end_shift()

    def room_kb(self) -> int:
        """Room left for records, KiB."""
        (records,) = self._connection.execute("SELECT count(*) FROM record").fetchone()
        return max(0, self._limit - int(records)) * RECORD_BYTES // 1024

    def raise_next_batch(self, number: int) -> None:
        """Number the next batch at least `number`: the server names it at sign-in, so that a new memory does not start at 1."""
        with self._transaction():
            self._set_fact("next_batch", max(number, self._fact("next_batch")))

    def counts(self) -> OutboxCounts:
        """How full the outbox is."""
        (waiting,) = self._connection.execute(
            "SELECT count(*) FROM record WHERE kind = ?", (RecordKind.PURCHASE,)
        ).fetchone()
        torn, reported = self._connection.execute("SELECT count(*), coalesce(sum(reported), 0) FROM pending").fetchone()
        batch = self.open_batch()
        return OutboxCounts(waiting, torn, reported, 0 if batch is None else batch.number)

    def waiting(self, limit: int = MAX_BATCH_RECORDS) -> list[TapRecord]:
        """Records without a verdict and debits without an answer, in terminal-sequence order, at most `limit`."""
        rows = self._connection.execute(
            "SELECT sequence, content FROM record UNION SELECT sequence, content FROM pending WHERE reported = 0"
            " ORDER BY sequence LIMIT ?",
            (limit,),
        )
        return [TapRecord.decode(content) for _, content in rows]

    # --- rows -------------------------------------------------------------------------------------------------------------

    def _fact(self, name: str) -> int:
        (value,) = self._connection.execute("SELECT value FROM fact WHERE name = ?", (name,)).fetchone()
        return int(value)

    def _set_fact(self, name: str, value: int) -> None:
        self._connection.execute("UPDATE fact SET value = ? WHERE name = ?", (value, name))

    def _pending(self, terminal_sequence: int) -> TapRecord:
        row = self._connection.execute(
            "SELECT content FROM pending WHERE sequence = ?", (terminal_sequence,)
        ).fetchone()
        if row is None:
            raise KeyError(terminal_sequence)
        return TapRecord.decode(row[0])

    def _insert_pending(self, intent: TapRecord, *, reported: bool) -> None:
        row = (intent.terminal_sequence, intent.holder, intent.encode(), int(reported))
        self._connection.execute("INSERT INTO pending VALUES (?, ?, ?, ?)", row)

    def _delete_pending(self, terminal_sequence: int) -> None:
        self._connection.execute("DELETE FROM pending WHERE sequence = ?", (terminal_sequence,))
        # a report that found no room in the last batch says nothing new any more
        key = (terminal_sequence, RecordKind.UNCONFIRMED)
        self._connection.execute("DELETE FROM record WHERE sequence = ? AND kind = ? AND batch IS NULL", key)

    def _insert_record(self, record: TapRecord) -> None:
        row = (record.terminal_sequence, record.kind, record.encode())
        self._connection.execute("INSERT INTO record VALUES (?, ?, ?, NULL)", row)

    def _report_pending(self) -> None:
        rows = self._connection.execute("SELECT content FROM pending WHERE reported = 0 ORDER BY sequence").fetchall()
        for (content,) in rows:
            self._insert_record(replace(TapRecord.decode(content), kind=RecordKind.UNCONFIRMED, tac=NO_TAC))
        self._connection.execute("UPDATE pending SET reported = 1 WHERE reported = 0")

    def _forget_oldest_reported(self) -> None:
        self._connection.execute(
            "DELETE FROM pending WHERE reported = 1 AND sequence NOT IN"
            " (SELECT sequence FROM pending WHERE reported = 1 ORDER BY sequence DESC LIMIT ?)",
            (MAX_REPORTED,),
        )
