"""The single checks of a proof. Each is one statement that returns only what is wrong."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Date, Executable, Row, text
from sqlalchemy.orm import Session

from ledger.arrays import is_postgresql
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

    def __str__(self) -> str:
        """One line for people."""
        return f"{self.what}: {self.where}: expected {self.expected}, found {self.found}"


@dataclass(frozen=True, slots=True)
class AboveCeiling:
    """An account above its ceiling, and the last transfer that raised it. Fen, on the normal side."""

    code: str
    balance_fen: int
    ceiling_fen: int
    last_reference: str
    last_kind: str


_SIDES_AT_ONCE = (
    "sides AS MATERIALIZED (SELECT t.debit_id, t.credit_id, sum(t.amount_fen) AS total FROM ledger_transfer t"
    " GROUP BY GROUPING SETS ((t.debit_id), (t.credit_id))),"
    " debits AS (SELECT debit_id AS account_id, total FROM sides WHERE debit_id IS NOT NULL),"
    " credits AS (SELECT credit_id AS account_id, total FROM sides WHERE credit_id IS NOT NULL),"
)
"""PostgreSQL reads the transfers once for both sides."""
_SIDES = "".join(
    f" {side}s AS (SELECT {side}_id AS account_id, sum(amount_fen) AS total FROM ledger_transfer GROUP BY {side}_id),"  # noqa: S608 # constants
    for side in ("debit", "credit")
)
_WAITING = ",".join(
    f" {side}s_after AS (SELECT t.{side}_id AS account_id, sum(t.amount_fen) AS total FROM ledger_account f"  # noqa: S608 # constants
    f" JOIN ledger_transfer t ON t.{side}_id = f.id AND t.id > f.folded_to WHERE NOT f.locked GROUP BY t.{side}_id)"
    for side in ("debit", "credit")
)
"""What is not in the checkpoints of derived accounts yet."""
_RECOMPUTED = (
    "recomputed AS (SELECT a.id, a.code, a.type, a.locked, a.floor_fen, a.ceiling_fen, a.state, a.held_out_fen,"
    " a.posted_debits_fen, a.posted_credits_fen, COALESCE(d.total, 0) AS debits_total, COALESCE(c.total, 0) AS credits_total,"
    " COALESCE(d.total, 0) - COALESCE(x.total, 0) AS debits_posted, COALESCE(c.total, 0) - COALESCE(y.total, 0) AS credits_posted,"
    " CASE WHEN a.type IN ('asset', 'expense') THEN COALESCE(d.total, 0) - COALESCE(c.total, 0)"
    " ELSE COALESCE(c.total, 0) - COALESCE(d.total, 0) END AS balance FROM ledger_account a"
    " LEFT JOIN debits d ON d.account_id = a.id LEFT JOIN credits c ON c.account_id = a.id"
    " LEFT JOIN debits_after x ON x.account_id = a.id LEFT JOIN credits_after y ON y.account_id = a.id)"
)
"""Each account with what its transfers add up to: all of them, and those its stored sums must hold."""
_STATES = tuple(state.value for state in AccountState)
_WRONG = (
    " SELECT * FROM recomputed r WHERE r.posted_debits_fen <> r.debits_posted OR r.posted_credits_fen <> r.credits_posted"  # noqa: S608 # constants
    f" OR r.balance - r.held_out_fen < r.floor_fen OR (r.state = 'closed' AND r.balance <> 0) OR r.state NOT IN {_STATES}"
    " OR (NOT r.locked AND (r.floor_fen IS NOT NULL OR r.ceiling_fen IS NOT NULL)) ORDER BY r.code"
)


def accounts(session: Session) -> Iterator[Difference]:
    """Stored sums are the sums of the transfers; no balance, less what is held, is below its floor; what is closed is empty."""
    sides = _SIDES_AT_ONCE if is_postgresql(session) else _SIDES
    for row in streamed(session, text(f"WITH {sides}{_WAITING}, {_RECOMPUTED}{_WRONG}")):
        where = f"account {row.code}"
        for what, stored, recomputed in (
            ("debits", row.posted_debits_fen, row.debits_posted),
            ("credits", row.posted_credits_fen, row.credits_posted),
        ):
            if stored != recomputed:
                yield Difference(f"{what}_differ", where, f"{int(recomputed)} fen", f"{stored} fen")
        yield from _state_differences(row, where)


def _state_differences(row: Row[Any], where: str) -> Iterator[Difference]:
    balance_fen = AccountType(row.type).normal(int(row.debits_total), int(row.credits_total))
    if row.floor_fen is not None and balance_fen - row.held_out_fen < row.floor_fen:
        held = f", {row.held_out_fen} fen of it held" if row.held_out_fen else ""
        yield Difference("below_floor", where, f"at least {row.floor_fen} fen", f"{balance_fen} fen{held}")
    if row.state == AccountState.CLOSED and balance_fen:
        yield Difference("closed_with_money", where, "0 fen", f"{balance_fen} fen")
    if row.state not in _STATES:
        yield Difference("state", where, " or ".join(_STATES), row.state)
    if not row.locked and (row.floor_fen is not None or row.ceiling_fen is not None):
        yield Difference("limits_need_lock", where, "a locked balance", "a derived one with a limit")


def above_ceiling(session: Session, limit: int) -> Iterator[AboveCeiling]:
    """Accounts above their ceiling by their stored sums, which `accounts` has compared, with the cause; at most `limit`."""
    found = session.execute(
        text(
            "SELECT r.code, r.balance, r.ceiling_fen, t.reference, t.kind FROM (SELECT a.id, a.code, a.type, a.ceiling_fen,"
            " CASE WHEN a.type IN ('asset', 'expense') THEN a.posted_debits_fen - a.posted_credits_fen"
            " ELSE a.posted_credits_fen - a.posted_debits_fen END AS balance FROM ledger_account a WHERE a.locked) AS r"
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
    """A reference names one transfer; a transfer is reversed once.

    The unique indexes are not believed: they may have been dropped and made anew. PostgreSQL's indexes hold every row whatever they are
    said to be; SQLite's file may be told of an index that was not kept for a while, so its rows are counted against those of the table.
    """
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
    if not is_postgresql(session):
        yield from _index_differences(session)


def _index_differences(session: Session) -> Iterator[Difference]:
    in_table: int = session.execute(text("SELECT count(*) FROM ledger_transfer NOT INDEXED")).scalar_one()
    in_order = "SELECT COALESCE(sum(times), 0) FROM (SELECT count(*) AS times FROM ledger_transfer GROUP BY reference)"
    in_index: int = session.execute(text(in_order)).scalar_one()
    if in_table != in_index:
        yield Difference("reference_index", "transfers", f"{in_table} in the table", f"{in_index} by reference")


def reversals(session: Session) -> Iterator[Difference]:
    """A reversal is the whole opposite of an earlier transfer that is itself no reversal, and bears its name."""
    found = streamed(
        session,
        text(
            "SELECT r.id, r.reference, r.amount_fen, r.reverses, o.id AS original, o.reference AS original_reference,"  # noqa: S608 # constants
            " o.amount_fen AS original_fen FROM ledger_transfer r LEFT JOIN ledger_transfer o ON o.id = r.reverses"
            " WHERE r.reverses IS NOT NULL AND (o.id IS NULL OR o.id >= r.id OR o.reverses IS NOT NULL"
            " OR r.debit_id <> o.credit_id OR r.credit_id <> o.debit_id OR r.amount_fen <> o.amount_fen"
            f" OR r.reference <> '{REVERSAL}' || o.reference) ORDER BY r.id"
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
        if row.state not in ("open", "closed") or (row.state == "open") != (row.cut_id is None):
            yield Difference(
                "day_state", f"day {row.day}", "closed with a cut or open without", f"{row.state}, cut {row.cut_id}"
            )
        if row.cut_id is not None and row.cut_id < cut_id:
            yield Difference("day_cut", f"day {row.day}", f"a cut of at least {cut_id}", str(row.cut_id))
        cut_id = row.cut_id or cut_id
        open_before = row.day if row.state == "open" else None
    if cut_id and not open_before:
        yield Difference("day_order", "days", "the last day open", "none open")


def debits_are_credits(session: Session) -> Iterator[Difference]:
    """Over all accounts, as they would be shown now, debits and credits are equal."""
    shown = ", ".join(
        f"(SELECT COALESCE(sum(posted_{side}s_fen), 0) FROM ledger_account)"  # noqa: S608 # constants
        f" + (SELECT COALESCE(sum(total), 0) FROM {side}s_after) AS {side}s"
        for side in ("debit", "credit")
    )
    row = session.execute(text(f"WITH {_WAITING} SELECT {shown}")).one()
    if row.debits != row.credits:
        yield Difference(
            "trial_balance", "all accounts", f"{int(row.debits)} fen of credits", f"{int(row.credits)} fen"
        )


def streamed(
    session: Session, statement: Executable, parameters: Mapping[str, object] | None = None
) -> Iterator[Row[Any]]:
    """The rows of a statement, a few at a time; the cursor is closed also when nobody asks for the rest."""
    with session.execute(statement, parameters, execution_options={"yield_per": ROWS_AT_ONCE}) as rows:
        yield from rows
