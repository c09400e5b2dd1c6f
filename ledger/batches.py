"""A batch on its way into the books: opened under the locks, decided in memory, written by a fixed number of statements."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from ledger import overlap, reservations, writing
from ledger.errors import LedgerError, LedgerStopped
from ledger.models import HoldState
from ledger.overlap import Asked, Written
from ledger.reservations import Placed
from ledger.transfers import Posted
from ledger.verdicts import Bench, Decision, Known, Order, considered, is_same, reused


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch, what it is decided on, and what was decided."""

    day: date
    bench: Bench
    due: list[Placed]
    stopped: bool
    decisions: list[Decision] = field(default_factory=list)
    ids: Sequence[int] = ()


def begin(session: Session, codes: Iterable[str], references: Iterable[str], now: datetime) -> Batch:
    """Enter the barrier and lock the accounts; nothing is decided yet.

    Raises:
        NoOpenDay: no business day was ever opened.
    """
    return _begin(session, Asked(codes, references), now, _nothing)


def _begin(session: Session, asked: Asked, now: datetime, meanwhile: Callable[[], None]) -> Batch:
    seen = overlap.look(session, asked, now, meanwhile)
    return Batch(
        seen.books.day, Bench(seen.books.accounts, seen.known), seen.books.due, seen.books.stopped, ids=seen.ids
    )


def decide(session: Session, orders: Sequence[Order], now: datetime) -> Batch:
    """Lock what the orders name and decide them one after the other.

    Raises:
        NoOpenDay: no business day was ever opened.
    """
    codes = {code for order in orders for code in (order.transfer.debit, order.transfer.credit)}
    ready: list[Decision] = []
    # A single one has its id drawn as it is written: where so many come one by one, refusals shall leave no gaps.
    asked = Asked(codes, [order.transfer.reference for order in orders], len(orders) if len(orders) > 1 else 0)
    batch = _begin(session, asked, now, lambda: ready.extend(map(considered, orders)))
    batch.decisions.extend(map(batch.bench.judge, ready))
    return batch


def write(session: Session, batch: Batch, now: datetime, *, each: bool) -> dict[int, Posted]:
    """Write what was decided; the answers by the identity of the decision.

    Args:
        session: the transaction that decided.
        batch: its decisions.
        now: when the ledger learns of them.
        each: a refusal is the answer to one order; otherwise it is raised.

    Raises:
        LedgerStopped: something is new, and the books could not be proved. What is in the books already is answered.
        ReferenceReused: in the same moment somebody else gave a reference another content.
    """
    new = [decision for decision in batch.decisions if decision.is_new]
    if not new:
        close(session, batch, now)
        return _answers(batch, {}, now)
    refuse_stopped(batch)
    ids, answers = _write(session, batch, new, now)
    reservations.end(session, batch.due, HoldState.EXPIRED, now)
    if len(ids) == len(new):
        return answers or _answers(batch, ids, now)
    late = [decision for decision in new if decision.order.transfer.reference not in ids]
    _yield_to_others(session, late, batch.bench, each=each)
    return _answers(batch, ids, now)


def _write(
    session: Session, batch: Batch, new: Sequence[Decision], now: datetime
) -> tuple[dict[str, int], dict[int, Posted]]:
    """Write the new transfers; their ids, without those that others have written meanwhile, and the answers if there are none of these."""
    accounts = batch.bench.accounts
    if not batch.ids:
        return writing.write(session, new, accounts, batch.day, now), {}
    drawn = batch.ids[: len(new)]
    ids = {decision.order.transfer.reference: number for decision, number in zip(new, drawn, strict=True)}
    answers: dict[int, Posted] = {}
    if not overlap.send(
        session, Written(new, drawn, accounts, batch.day, now), lambda: answers.update(_answers(batch, ids, now))
    ):
        found = writing.find(session, ids)
        ids = {reference: number for reference, number in ids.items() if found[reference].posted.id == number}
    return ids, answers


def _answers(batch: Batch, ids: Mapping[str, int], now: datetime) -> dict[int, Posted]:
    answers: dict[int, Posted] = {}
    day = batch.day
    for decision in batch.decisions:
        known, transfer = decision.known, decision.order.transfer
        if decision.refusal:
            continue
        if decision.same_as:
            if decision.same_as.refusal:
                decision.refusal = decision.same_as.refusal
            else:
                answers[id(decision)] = _replay(answers[id(decision.same_as)])
        elif known:
            answers[id(decision)] = known.posted
        else:
            answers[id(decision)] = Posted(ids[transfer.reference], transfer, day, now, replayed=False)
    return answers


def refuse_stopped(batch: Batch) -> None:
    """Let nothing move while the ledger is stopped.

    Raises:
        LedgerStopped: it is.
    """
    if batch.stopped:
        raise LedgerStopped("the books could not be proved")


def close(session: Session, batch: Batch, now: datetime) -> None:
    """End the holds that are over, and write the accounts. While the ledger is stopped they stay as they are."""
    if batch.stopped:
        return
    reservations.end(session, batch.due, HoldState.EXPIRED, now)
    writing.move(session, batch.bench.accounts.values())


def _yield_to_others(session: Session, late: Sequence[Decision], bench: Bench, *, each: bool) -> None:
    """Somebody committed these references while we were deciding: a second statement tells whether they are the same transfers."""
    found = writing.find(session, (decision.order.transfer.reference for decision in late))
    for decision in late:
        _settle_late(decision, found[decision.order.transfer.reference], bench, each=each)


def _settle_late(decision: Decision, known: Known, bench: Bench, *, each: bool) -> None:
    transfer = decision.order.transfer
    # The same transfer between the same accounts would have waited for the lock of either. A locked account has moved by now, and only
    # rolling back undoes that; of derived ones nothing is written.
    locked = bench.accounts[transfer.debit].locked or bench.accounts[transfer.credit].locked
    if is_same(decision, known) and not locked:
        decision.known = known
        return
    refusal: LedgerError = reused(transfer.reference)
    if not each or locked:
        raise refusal
    decision.refusal = refusal


def _replay(posted: Posted) -> Posted:
    return Posted(posted.id, posted.transfer, posted.business_date, posted.recorded_at, replayed=True)


def _nothing() -> None:
    """While the server works."""
