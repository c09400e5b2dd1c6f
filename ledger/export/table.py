"""A table for spreadsheets and other programs: RFC 4180, UTF-8 with byte order mark, control totals and a digest at the end.

Rows: `opening` for each account that held money, `transfer`, `closing` for each account, `total` for each currency (in `id` how many
transfers, in `amount` their sum) and `end` (in `id` how many rows came before it, in `metadata` the SHA-256 of every byte before it).
A balance stands in the column of its side; an account at zero in `debit`.
"""

import csv
import hashlib
import io
from collections import Counter
from typing import Final

from ledger.export.amounts import yuan
from ledger.export.period import Period
from ledger.export.reading import Entry, Held
from ledger.instants import canonical

COLUMNS: Final = (
    "record", "id", "business_date", "occurred_at", "recorded_at", "reference", "journal", "kind", "debit", "credit", "amount",
    "currency", "reverses", "metadata",
)  # fmt: skip
FORMULA_BEGINNINGS: Final = ("=", "+", "-", "@", "\t", "\r")
"""What spreadsheet programs take for the beginning of a formula (OWASP, CSV injection)."""
NEUTRAL: Final = "'"
_BOM: Final = "\N{ZERO WIDTH NO-BREAK SPACE}"


def neutral(cell: str) -> str:
    """The cell, made harmless to spreadsheet programs; no code, reference, kind or journal begins with the sign put in front."""
    return NEUTRAL + cell if cell.startswith(FORMULA_BEGINNINGS) else cell


class TableWriter:
    """Writes a period as a table.

    Args:
        period: what is exported.
    """

    def __init__(self, period: Period) -> None:
        self.period = period
        self._digest = hashlib.sha256()
        self._rows = 0
        self._transfers: Counter[str] = Counter()
        self._sums_fen: Counter[str] = Counter()
        self._text = io.StringIO(newline="")
        self._table = csv.DictWriter(self._text, COLUMNS, restval="", lineterminator="\r\n")

    def head(self) -> str:
        """The names of the columns."""
        self._text.write(_BOM)
        self._table.writeheader()
        return self._taken()

    def opening(self, held: Held) -> str:
        """What an account began with."""
        return self._balance("opening", str(self.period.first), held)

    def entry(self, entry: Entry) -> str:
        """One transfer."""
        self._transfers[entry.currency] += 1
        self._sums_fen[entry.currency] += entry.amount_fen
        return self._row(
            record="transfer",
            id=str(entry.id),
            business_date=str(entry.business_date),
            occurred_at=canonical(entry.occurred_at),
            recorded_at=canonical(entry.recorded_at),
            reference=entry.reference,
            journal=entry.journal or "",
            kind=entry.kind,
            debit=entry.debit,
            credit=entry.credit,
            amount=yuan(entry.amount_fen),
            currency=entry.currency,
            reverses="" if entry.reverses is None else str(entry.reverses),
            metadata="" if entry.metadata == "{}" else entry.metadata,
        )

    def closing(self, held: Held) -> str:
        """What an account holds at the end."""
        return self._balance("closing", str(self.period.last), held)

    def tail(self) -> str:
        """Count and sum of the transfers in each currency, and the digest of all the bytes before it."""
        totals = [
            self._row(record="total", id=str(count), amount=yuan(self._sums_fen[currency]), currency=currency)
            for currency, count in sorted(self._transfers.items())
        ]
        end = self._row(record="end", id=str(self._rows), metadata=f"sha256:{self._digest.hexdigest()}")
        return "".join((*totals, end))

    def _balance(self, record: str, day: str, held: Held) -> str:
        side = "credit" if held.debit_fen < 0 else "debit"
        return self._row(
            record=record,
            business_date=day,
            amount=yuan(abs(held.debit_fen)),
            currency=held.currency,
            **{side: held.code},
        )

    def _row(self, **cells: str) -> str:
        self._rows += 1
        self._table.writerow({name: neutral(cell) for name, cell in cells.items()})
        return self._taken()

    def _taken(self) -> str:
        written = self._text.getvalue()
        self._text.seek(0)
        self._text.truncate()
        self._digest.update(written.encode())
        return written
