"""The single checks of a proof. Each is one statement that returns only what is wrong."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Date, Executable, Row, text
from sqlalchemy.orm import Session

from ledger.balances import trial_balance
from ledger.models import REVERSAL, AccountState, AccountType

ROWS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is wrong in the books.

    Args:
        what: which invariant is broken, a stable slug.
        where: the account, transfer or day.
        expected: what it must be by the transfers.
        found: what it is.
    """

    what: str
    where: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class AboveCeiling:
    """An account above its ceiling, and the last transfer that raised it. Fen, on the normal side."""

    code: str
    balance_fen: int
    ceiling_fen: int
    last_reference: str
    last_kind: str


_BY_SIDE = (
    "(SELECT t.{side} AS account_id, sum(t.amount_fen) AS total,"
    " sum(CASE WHEN b.locked OR t.id <= b.folded_to THEN t.amount_fen ELSE 0 END) AS posted"
    " FROM ledger_transfer t JOIN ledger_account b ON b.id = t.{side} GROUP BY t.{side})"
)
_RECOMPUTED = (
    "SELECT a.id, a.code, a.type, a.locked, a.floor_fen, a.ceiling_fen, a.state, a.posted_debits_fen, a.posted_credits_fen,"  # noqa: S608 # constants
    " COALESCE(d.posted, 0) AS debits_posted, COALESCE(c.posted, 0) AS credits_posted,"
    " COALESCE(d.total, 0) AS debits_total, COALESCE(c.total, 0) AS credits_total,"
    " CASE WHEN a.type IN ('asset', 'expense') THEN COALESCE(d.total, 0) - COALESCE(c.total, 0)"
    " ELSE COALESCE(c.total, 0) - COALESCE(d.total, 0) END AS balance FROM ledger_account a"
    f" LEFT JOIN {_BY_SIDE.format(side='debit_id')} d ON d.account_id = a.id"
    f" LEFT JOIN {_BY_SIDE.format(side='credit_id')} c ON c.account_id = a.id"
)
"""Each account with what its transfers add up to: all of them, and those its stored sums must hold."""

_SPANS = (
    "WITH spans AS (SELECT day, state, cut_id, transfers, total_fen,"
    " COALESCE(lag(cut_id) OVER (ORDER BY day), 0) AS after_id FROM ledger_day)"
)
"""Each business day with the ids it holds: above `after_id`, up to `cut_id`."""


def accounts(session: Session) -> Iterator[Difference]:
    """Stored sums are the sums of the transfers; no balance is below its floor; what is closed is empty."""
    found = streamed(
        session,
        text(
            f"SELECT * FROM ({_RECOMPUTED}) AS r WHERE r.posted_debits_fen <> r.debits_posted"  # noqa: S608 # constants
            " OR r.posted_credits_fen <> r.credits_posted OR r.balance < r.floor_fen"
            " OR (r.state = 'closed' AND r.balance <> 0) ORDER BY r.code"
        ),
    )
    for row in found:
        where = f"account {row.code}"
        for what, stored, recomputed in (
            ("debits", row.posted_debits_fen, row.debits_posted),
            ("credits", row.posted_credits_fen, row.credits_posted),
        ):
            if stored != recomputed:
                yield Difference(f"{what}_differ", where, f"{int(recomputed)} fen", f"{stored} fen")
        balance_fen = AccountType(row.type).normal(int(row.debits_total), int(row.credits_total))
        if row.floor_fen is not None and balance_fen < row.floor_fen:
            yield Difference("below_floor", where, f"at least {row.floor_fen} fen", f"{balance_fen} fen")
        if row.state == AccountState.CLOSED and balance_fen:
            yield Difference("closed_with_money", where, "0 fen", f"{balance_fen} fen")


def holds(session: Session) -> Iterator[Difference]:
    """An account holds back what its open holds have left, and of a hold is settled what its transfers add up to."""
    falls = "(CASE WHEN a.type IN ('asset', 'expense') THEN h.credit_id ELSE h.debit_id END)"
    rises = "(CASE WHEN a.type IN ('asset', 'expense') THEN h.debit_id ELSE h.credit_id END)"
    found = streamed(
        session,
        text(
            "SELECT * FROM (SELECT a.code, a.held_out_fen, a.held_in_fen,"  # noqa: S608 # constants
            f" COALESCE(sum(CASE WHEN {falls} = a.id THEN h.amount_fen - h.settled_fen END), 0) AS out_fen,"
            f" COALESCE(sum(CASE WHEN {rises} = a.id AND h.recharge THEN h.amount_fen - h.settled_fen END), 0) AS in_fen"
            " FROM ledger_account a LEFT JOIN (SELECT o.*, o.debit_id AS account_id FROM ledger_hold o WHERE o.state = 'open'"
            " UNION ALL SELECT o.*, o.credit_id FROM ledger_hold o WHERE o.state = 'open') AS h"
            " ON h.account_id = a.id AND a.locked GROUP BY a.id, a.code, a.held_out_fen, a.held_in_fen) AS r"
            " WHERE r.held_out_fen <> r.out_fen OR r.held_in_fen <> r.in_fen ORDER BY r.code"
        ),
    )
    for row in found:
        expected = f"{int(row.out_fen)} fen out, {int(row.in_fen)} fen in"
        yield Difference(
            "held_differs", f"account {row.code}", expected, f"{row.held_out_fen} fen out, {row.held_in_fen} fen in"
        )
    found = streamed(
        session,
        text(
            "SELECT * FROM (SELECT h.id, h.reference, h.settled_fen, COALESCE(sum(t.amount_fen), 0) AS found_fen,"
            " count(s.id) AS parts, count(t.id) AS transfers FROM ledger_hold h"
            " LEFT JOIN ledger_hold_settlement s ON s.hold_id = h.id"
            " LEFT JOIN ledger_transfer t ON t.id = s.transfer_id AND t.debit_id = h.debit_id AND t.credit_id = h.credit_id"
            " AND t.kind = h.kind AND t.journal = h.reference GROUP BY h.id, h.reference, h.settled_fen) AS r"
            " WHERE r.settled_fen <> r.found_fen OR r.parts <> r.transfers ORDER BY r.id"
        ),
    )
    for row in found:
        expected = f"{row.settled_fen} fen settled by transfers of the hold"
        yield Difference(
            "settled_differs",
            f"hold {row.reference}",
            expected,
            f"{int(row.found_fen)} fen in {row.transfers} of {row.parts}",
        )


def above_ceiling(session: Session, limit: int) -> Iterator[AboveCeiling]:
    """Accounts above their ceiling with the cause, at most `limit`."""
    found = session.execute(
        text(
            f"SELECT r.code, r.balance, r.ceiling_fen, t.reference, t.kind FROM ({_RECOMPUTED}) AS r"  # noqa: S608 # constants
            " JOIN ledger_transfer t ON t.id = CASE WHEN r.type IN ('asset', 'expense')"
            " THEN (SELECT max(u.id) FROM ledger_transfer u WHERE u.debit_id = r.id)"
            " ELSE (SELECT max(u.id) FROM ledger_transfer u WHERE u.credit_id = r.id) END"
            " WHERE r.balance > r.ceiling_fen ORDER BY r.code LIMIT :limit"
        ),
        {"limit": limit},
    )
    for row in found:
        yield AboveCeiling(row.code, int(row.balance), row.ceiling_fen, row.reference, row.kind)


def duplicates(session: Session) -> Iterator[Difference]:
    """A reference names one transfer; a transfer is reversed once."""
    for column, what in (("reference", "reference_twice"), ("reverses", "reversed_twice")):
        found = streamed(
            session,
            text(
                f"SELECT {column} AS name, count(*) AS times FROM ledger_transfer"  # noqa: S608 # constants
                f" WHERE {column} IS NOT NULL GROUP BY {column} HAVING count(*) > 1 ORDER BY {column}"
            ),
        )
        for row in found:
            yield Difference(what, f"transfer {row.name}", "once", f"{row.times} times")


def reversals(session: Session) -> Iterator[Difference]:
    """A reversal is the whole opposite of an earlier transfer that is itself no reversal, and bears its name."""
    found = streamed(
        session,
        text(
            "SELECT r.id, r.reference, r.amount_fen, r.reverses, o.id AS original, o.reference AS original_reference,"  # noqa: S608 # constants
            " o.amount_fen AS original_fen FROM ledger_transfer r LEFT JOIN ledger_transfer o ON o.id = r.reverses"
            " WHERE (r.reverses IS NOT NULL AND (o.id IS NULL OR o.id >= r.id OR o.reverses IS NOT NULL"
            " OR r.debit_id <> o.credit_id OR r.credit_id <> o.debit_id OR r.amount_fen <> o.amount_fen"
            f" OR r.reference <> '{REVERSAL}' || o.reference))"
            # Not LIKE, which on SQLite takes REV: for the same.
            f" OR (r.reverses IS NULL AND substr(r.reference, 1, {len(REVERSAL)}) = '{REVERSAL}') ORDER BY r.id"
        ),
    )
    for row in found:
        expected = (
            f"the opposite of transfer {row.original} {row.original_reference} over {row.original_fen} fen"
            if row.original
            else f"an original with id {row.reverses}"
        )
        yield Difference("reversal", f"transfer {row.id} {row.reference}", expected, f"{row.amount_fen} fen")


def days(session: Session) -> Iterator[Difference]:
    """Days follow one another, their cuts never go back, and only the last one is open."""
    found = session.execute(text("SELECT day, state, cut_id FROM ledger_day ORDER BY day").columns(day=Date))
    cut_id, open_before = 0, None
    for row in found:
        if open_before:
            yield Difference("day_order", f"day {open_before}", "closed before the next day", "open")
        if row.cut_id is not None and row.cut_id < cut_id:
            yield Difference("day_cut", f"day {row.day}", f"a cut of at least {cut_id}", str(row.cut_id))
        cut_id = row.cut_id or cut_id
        open_before = row.day if row.state == "open" else None
    if cut_id and not open_before:
        yield Difference("day_order", "days", "the last day open", "none open")


def business_dates(session: Session) -> Iterator[Difference]:
    """A transfer's id lies within the cuts of its business day."""
    found = streamed(
        session,
        text(
            f"{_SPANS} SELECT t.id, t.reference, t.business_date, s.day, s.after_id, s.cut_id"  # noqa: S608 # constants
            " FROM ledger_transfer t LEFT JOIN spans s ON s.day = t.business_date"
            " WHERE s.day IS NULL OR t.id <= s.after_id OR t.id > s.cut_id ORDER BY t.id"
        ).columns(business_date=Date, day=Date),
    )
    for row in found:
        span = f"ids {row.after_id + 1} to {row.cut_id or 'now'}" if row.day else "a day of the books"
        yield Difference("business_date", f"transfer {row.id} {row.reference}", span, f"{row.business_date}")


def day_totals(session: Session) -> Iterator[Difference]:
    """A closed day still has the transfers that were counted after its close."""
    found = streamed(
        session,
        text(
            f"{_SPANS} SELECT s.day, s.transfers, s.total_fen, count(t.id) AS found_transfers,"  # noqa: S608 # constants
            " COALESCE(sum(t.amount_fen), 0) AS found_fen"
            " FROM spans s LEFT JOIN ledger_transfer t ON t.id > s.after_id AND t.id <= s.cut_id WHERE s.transfers IS NOT NULL"
            " GROUP BY s.day, s.transfers, s.total_fen"
            " HAVING count(t.id) <> s.transfers OR COALESCE(sum(t.amount_fen), 0) <> s.total_fen ORDER BY s.day"
        ).columns(day=Date),
    )
    for row in found:
        yield Difference(
            "day_totals",
            f"day {row.day}",
            f"{row.transfers} transfers over {row.total_fen} fen",
            f"{row.found_transfers} transfers over {int(row.found_fen)} fen",
        )


def debits_are_credits(session: Session) -> Iterator[Difference]:
    """Over all accounts, as they would be shown now, debits and credits are equal."""
    totals = trial_balance(session)
    if totals.total_debits_fen != totals.total_credits_fen:
        yield Difference(
            "trial_balance",
            "all accounts",
            f"{totals.total_debits_fen} fen of credits",
            f"{totals.total_credits_fen} fen",
        )


def streamed(session: Session, statement: Executable) -> Iterator[Row[Any]]:
    """The rows of a statement, a few at a time; the cursor is closed also when nobody asks for the rest."""
    with session.execute(statement, execution_options={"yield_per": ROWS_AT_ONCE}) as rows:
        yield from rows
