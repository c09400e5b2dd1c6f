"""Opening balances (期初余额): what accounts held in the books before ours, taken from a file, all of it or nothing.

    asset, expense                  account → equity:opening
    liability, income, equity       equity:opening → account

and the other way round for a balance below zero. Whatever the file says, the books stay balanced: what its own two sides differ by is left
in `equity:opening`, and told. The reference is `opening:<import>:<account>`; the journal holds the digest of the content, so that the same
file is recognised and another one under its name is not taken for it.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Final, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizencard import audit
from citizencard.cards.states import Deed
from citizencard.chart import EQUITY_OPENING, open_missing, row_of
from citizencard.clock import BEIJING
from citizencard.settlement.errors import OpeningFileUnusable
from citizencard.settlement.opening_file import OpeningLine, Reason, Reject, read_file
from ledger import AccountState, Balance, Transfer, balances, open_day, post
from ledger.barrier import hold_alone
from ledger.journal import MAX_BATCH
from ledger.models import LONGEST_REFERENCE, LedgerDay, PostedTransfer

KIND: Final = "opening"
NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,32}")
ROWS_AT_ONCE: Final = 1_000
_DIGEST_CHARACTERS: Final = 32

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class OpeningFile:
    """A file of opening balances.

    Args:
        name: of the import, 1 to 32 characters of `A-Z a-z 0-9 _ . -`; the same name for ever means the same content.
        raw: its bytes, at most 32 MiB and 200,000 lines.
        as_of: the morning the balances are of; by default that of the first business day.
    """

    name: str
    raw: bytes = field(repr=False)
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class OpeningReport:
    """What became of a file, or would become of it.

    Args:
        name: of the import.
        accounts: lines that are right; with any reject, none of them was taken.
        debit_fen: sum of the balances that stand on the debit side.
        credit_fen: sum of those on the credit side. The difference of the two stays in `equity:opening`.
        known_before: the file was imported before, and nothing was posted now.
        rejected: the other lines, in the order of the file.
    """

    name: str
    accounts: int
    debit_fen: int
    credit_fen: int
    known_before: bool
    rejected: tuple[Reject, ...]


@dataclass(frozen=True, slots=True)
class _Opening:
    """A file that was read."""

    name: str
    as_of: date
    lines: tuple[OpeningLine, ...]
    rejected: tuple[Reject, ...]

    @property
    def journal(self) -> str:
        """The import's name and what is in it, whatever the order of the lines."""
        content = "\n".join(sorted(f"{line.account},{line.balance_fen}" for line in self.lines))
        digest = hashlib.sha256(f"{self.as_of}\n{content}".encode()).hexdigest()
        return f"{KIND}:{self.name}:{digest[:_DIGEST_CHARACTERS]}"

    def reference(self, account: str) -> str:
        """What names this import's balance of an account for ever."""
        return f"{KIND}:{self.name}:{account}"


def check_opening(session: Session, file: OpeningFile) -> OpeningReport:
    """What would become of a file now. Changes nothing and holds up nobody.

    Raises:
        NoOpenDay: the books were never begun.
        OpeningFileUnusable: the name, the day or the file as a whole cannot be used.
    """
    return _judge(session, _read(session, file))


def import_opening(session: Session, file: OpeningFile, deed: Deed) -> OpeningReport:
    """Open the accounts of a file and give them their balances: all of them, or none when any line is refused.

    Again with the same name and content: nothing happens. An account that has moved already is refused: its opening is over. Has the ledger
    alone until the caller commits, so import in the hours when nobody pays, and commit at once.

    Raises, in this order:
        NoOpenDay, OpeningFileUnusable: as `check_opening`.
        LedgerBusy: posting did not pause in time; roll back and try again later.
    """
    opening = _read(session, file)
    report = _judge(session, opening)
    if report.rejected or report.known_before:
        return report
    with session.begin_nested() as writing:
        open_missing(session, [EQUITY_OPENING, *(line.account for line in opening.lines)])
        hold_alone(session)
        # Again, now that nobody can move any of the accounts.
        report = _judge(session, opening)
        if report.rejected or report.known_before:
            writing.rollback()
            return report
        for part in _parts(list(_transfers(opening)), MAX_BATCH):
            post(session, part, now=deed.now)
        sums = {"accounts": report.accounts, "debit_fen": report.debit_fen, "credit_fen": report.credit_fen}
        after = {"journal": opening.journal, **sums}
        audit.record(
            session, deed.actor, "ledger.import_opening", opening.name, reason=deed.reason, after=after, now=deed.now
        )
    return report


def _read(session: Session, file: OpeningFile) -> _Opening:
    if not NAME.fullmatch(file.name):
        raise OpeningFileUnusable("a name is 1 to 32 characters of A-Z a-z 0-9 _ . -", reason="name")
    now_open = open_day(session)
    as_of = file.as_of or session.execute(select(func.min(LedgerDay.day))).scalar_one()
    if as_of > now_open:
        raise OpeningFileUnusable(f"{as_of} has not begun: {now_open} is the open business day", reason="as_of")
    read = list(read_file(file.raw))
    rejected = tuple(one for one in read if isinstance(one, Reject))
    lines = tuple(one for one in read if isinstance(one, OpeningLine))
    return _Opening(file.name, as_of, tuple(sorted(lines, key=lambda line: line.account)), rejected)


def _judge(session: Session, opening: _Opening) -> OpeningReport:
    faults: list[Reject] = []
    for part in _parts(opening.lines, ROWS_AT_ONCE):
        journals = _journals(session, [opening.reference(line.account) for line in part])
        if opening.journal in journals.values():
            # One transaction took all of it; what became of the accounts since is not its affair.
            return _report(opening, opening.lines, (), known_before=True)
        held = balances(session, [line.account for line in part])
        for line in part:
            fault = _fault(opening, line, held.get(line.account))
            if opening.reference(line.account) in journals:
                fault = Reject(line.line, "account", Reason.NAME_REUSED)
            if fault is not None:
                faults.append(fault)
    refused = {fault.line for fault in faults}
    return _report(opening, [line for line in opening.lines if line.line not in refused], faults, known_before=False)


def _fault(opening: _Opening, line: OpeningLine, held: Balance | None) -> Reject | None:
    """What speaks against a line, as far as its account does."""
    floor_fen = held.floor_fen if held is not None else row_of(line.account).floor_fen
    if len(opening.reference(line.account)) > LONGEST_REFERENCE:
        return Reject(line.line, "account", Reason.REFERENCE_TOO_LONG)
    if held is not None and held.state is AccountState.CLOSED:
        return Reject(line.line, "account", Reason.CLOSED)
    if held is not None and (held.debits_fen or held.credits_fen):
        return Reject(line.line, "account", Reason.MOVED_ALREADY)
    if floor_fen is not None and line.balance_fen < floor_fen:
        return Reject(line.line, "balance_fen", Reason.BELOW_FLOOR)
    return None


def _report(
    opening: _Opening, lines: Sequence[OpeningLine], faults: Iterable[Reject], *, known_before: bool
) -> OpeningReport:
    sides_fen = {True: 0, False: 0}
    for line in lines:
        sides_fen[_is_debit(line)] += abs(line.balance_fen)
    rejected = tuple(sorted((*opening.rejected, *faults), key=lambda reject: reject.line))
    return OpeningReport(opening.name, len(lines), sides_fen[True], sides_fen[False], known_before, rejected)


def _is_debit(line: OpeningLine) -> bool:
    return row_of(line.account).type.grows_by_debit == (line.balance_fen > 0)


def _journals(session: Session, references: Sequence[str]) -> dict[str, str | None]:
    """The journals of those of the references that are in the books."""
    found = session.execute(
        select(PostedTransfer.reference, PostedTransfer.journal).where(PostedTransfer.reference.in_(references))
    )
    return {row.reference: row.journal for row in found}


def _transfers(opening: _Opening) -> Iterator[Transfer]:
    occurred_at = datetime.combine(opening.as_of, time.min, BEIJING)
    for line in opening.lines:
        if line.balance_fen == 0:
            continue
        sides = (line.account, EQUITY_OPENING) if _is_debit(line) else (EQUITY_OPENING, line.account)
        yield Transfer(
            opening.reference(line.account),
            *sides,
            amount_fen=abs(line.balance_fen),
            kind=KIND,
            occurred_at=occurred_at,
            journal=opening.journal,
            fact=True,
        )


def _parts(whole: Sequence[Item], length: int) -> Iterator[Sequence[Item]]:
    return (whole[begin : begin + length] for begin in range(0, len(whole), length))
