"""One export: head, opening balances, transfers, closing balances, tail, a piece of text at a time."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Protocol

from sqlalchemy.orm import Session

from ledger.export.beancount import BeancountWriter
from ledger.export.hledger import HledgerWriter
from ledger.export.period import Period
from ledger.export.reading import Entry, Held, closings, entries, openings
from ledger.export.table import TableWriter

TOLD_EVERY = 1_000
Progress = Callable[[int, int], None]
"""Told how much of how much is done."""


class Format(StrEnum):
    """What reads the file."""

    HLEDGER = "hledger"
    BEANCOUNT = "beancount"
    CSV = "csv"


class Writer(Protocol):
    """Writes the parts of an export in the order of these methods."""

    def head(self) -> str:
        """The beginning of the file."""

    def opening(self, held: Held) -> str:
        """What an account began with."""

    def entry(self, entry: Entry) -> str:
        """One transfer."""

    def closing(self, held: Held) -> str:
        """What an account holds at the end."""

    def tail(self) -> str:
        """The end of the file."""


_WRITERS: Final[Mapping[Format, Callable[[Period], Writer]]] = MappingProxyType(
    {Format.HLEDGER: HledgerWriter, Format.BEANCOUNT: BeancountWriter, Format.CSV: TableWriter}
)


def export(session: Session, period: Period, kind: Format, progress: Progress | None = None) -> Iterator[str]:
    """The books of a period as text, piece by piece; memory does not grow with the books.

    Of a final period the text is the same for ever, byte by byte. Otherwise the session must see one moment from its first statement to
    its last (PostgreSQL: REPEATABLE READ), or the balances at the end are of later than the transfers.
    """
    writer = _WRITERS[kind](period)
    yield writer.head()
    for held in openings(session, period):
        yield writer.opening(held)
    for number, entry in enumerate(entries(session, period), 1):
        yield writer.entry(entry)
        if progress is not None and number % TOLD_EVERY == 0:
            progress(entry.id - period.after_id, period.cut_id - period.after_id)
    for held in closings(session, period):
        yield writer.closing(held)
    yield writer.tail()
    if progress is not None:
        progress(1, 1)
