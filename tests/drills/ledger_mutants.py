"""Ledgers with one rule broken: whoever compares a ledger with dictionaries must notice each of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from unittest.mock import PropertyMock, patch

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger import accounts, batches, folding, journal, reservations, snapshots, verdicts, writing
from ledger.batches import Batch
from ledger.folding import Folded
from ledger.models import HoldState
from ledger.reservations import Placed
from ledger.transfers import Posted, Transfer
from ledger.verdicts import Books, Order

_too_low = verdicts._too_low
_too_high = verdicts._too_high
_frozen = verdicts._frozen
_reserve = reservations.reserve
_settle = reservations.settle
_is_empty = accounts._is_empty
_fold = folding.fold
_moves = writing.moves
_decide = batches.decide


def _lower_floor(transfer: Transfer, falling: Sequence[Books]) -> object:
    found = _too_low(transfer, falling)
    return None if found and found.fields["missing_fen"] == 1 else found


def _ceiling_is_one_higher(transfer: Transfer, rising: Sequence[Books]) -> object:
    for account in rising:
        if account.ceiling_fen is not None:
            account.ceiling_fen += 1
    return _too_high(transfer, rising)


def _fact_is_frozen(transfer: Transfer, falling: Sequence[Books]) -> object:
    return _frozen(replace(transfer, fact=False), falling)


def _no_room_held(placed: Transfer, books: Mapping[str, Books], amount_fen: int) -> bool:
    return _reserve(replace(placed, recharge=False), books, amount_fen)


def _settles_and_keeps(placed: Transfer, books: Mapping[str, Books], amount_fen: int) -> bool:
    return True if amount_fen < 0 else _reserve(placed, books, amount_fen)


def _settles_all(session: Session, placed: Placed, transfer_id: int, amount_fen: int, _at: datetime | None) -> None:
    _settle(session, placed, transfer_id, amount_fen, datetime(2026, 11, 21).astimezone())


def _reverses_again(session: Session, reference: str, *, occurred_at: datetime, now: datetime) -> Posted:
    done = _reverse(session, reference, occurred_at=occurred_at, now=now)
    if not done.replayed:
        return done
    again = replace(done.transfer, reference=f"again:{reference}:{occurred_at:%S}")
    return journal.post(session, [again], now=now)[0]


_reverse = journal.reverse


def _folds_less(session: Session, *, now: datetime, limit: int) -> Folded:
    done = _fold(session, now=now, limit=limit)
    session.execute(
        text("UPDATE ledger_account SET folded_to = folded_to - 1 WHERE NOT locked AND folded_to = :id"),
        {"id": done.folded_to},
    )
    return done


def _in_reverse_order(session: Session, orders: Sequence[Order], now: datetime) -> Batch:
    batch = _decide(session, list(reversed(orders)), now)
    batch.decisions.reverse()
    return batch


def _by_running_sum(session: Session, orders: Sequence[Order], now: datetime) -> Batch:
    """What was refused is counted all the same: with 10 and 8, 5, 2 the 2 is refused too."""
    batch = _decide(session, [], now)
    books = writing.open_books(session, {c for one in orders for c in (one.transfer.debit, one.transfer.credit)}, now)
    bench = verdicts.Bench(books.accounts, writing.find(session, [one.transfer.reference for one in orders]))
    refused: dict[int, int] = {}
    for order in orders:
        decision = bench.decide(order)
        account = bench.accounts.get(order.transfer.debit)
        if decision.refusal and account and not account.type.grows_by_debit:
            account.held_out_fen += order.transfer.amount_fen
            refused[account.id] = refused.get(account.id, 0) + order.transfer.amount_fen
        batch.decisions.append(decision)
    for account in bench.accounts.values():
        account.held_out_fen -= refused.get(account.id, 0)
    return Batch(books.day, bench, books.due, books.stopped, batch.decisions)


def _moves_one_side(moved: Iterable[Books]) -> list[tuple[int, ...]]:
    moved = list(moved)
    for account in moved:
        if account.moved_credits_fen > 0 and account.type.grows_by_debit:
            account.moved_credits_fen -= 1
    return _moves(moved)


def _same_whatever(_decision: object, _known: object) -> bool:
    return True


def _ends_nothing(_session: Session, _holds: Sequence[Placed], _state: HoldState, _now: datetime) -> None:
    return None


def _over_a_minute_late(session: Session, account_ids: Sequence[int], now: datetime) -> list[Placed]:
    return _due(session, account_ids, now - timedelta(minutes=1))


_due = reservations.due


def _yesterdays_base(session: Session, cut_id: int) -> snapshots.Base:
    found = _base_of(session, cut_id)
    if not found.cut_id:
        return found
    return snapshots.Base(found.day - timedelta(days=1), found.cut_id)


_base_of = snapshots.base_of

Patch = tuple[object, str, Any]

MUTANTS: Final[Mapping[str, Sequence[Patch]]] = {
    "a floor lower by one fen": [(verdicts, "_too_low", _lower_floor)],
    "a ceiling higher by one fen": [(verdicts, "_too_high", _ceiling_is_one_higher)],
    "what is held can be spent": [(Books, "reserved_out_fen", PropertyMock(return_value=0))],
    "what is held for a recharge leaves room": [(reservations, "reserve", _no_room_held)],
    "a frozen account refuses facts": [(verdicts, "_frozen", _fact_is_frozen)],
    "a frozen account pays": [(verdicts, "_frozen", lambda *_: None)],
    "a closed account takes part": [(verdicts, "_closed", lambda *_: None)],
    "an account is closed with money": [(accounts, "_is_empty", lambda *_: True)],
    "a part settled ends the hold": [(reservations, "settle", _settles_all)],
    "a settlement gives nothing back": [(reservations, "reserve", _settles_and_keeps)],
    "an expired hold stays open": [(reservations, "end", _ends_nothing)],
    "a hold's time is over a minute late": [(reservations, "due", _over_a_minute_late)],
    "a transfer is reversed twice": [(journal, "reverse", _reverses_again)],
    "another content under the same reference": [
        (verdicts, "is_same", _same_whatever),
        (batches, "is_same", _same_whatever),
    ],
    "verdicts in another order": [(batches, "decide", _in_reverse_order)],
    "verdicts by running sums": [(batches, "decide", _by_running_sum)],
    "a fen lost in a checked balance": [(writing, "moves", _moves_one_side)],
    "a fold that forgets one transfer": [(folding, "fold", _folds_less)],
    "a past that begins a day early": [(snapshots, "base_of", _yesterdays_base)],
    "an expired hold settles": [(Placed, "is_over", lambda _self, _now: False)],
}
"""Name of what is wrong, and what is put in place of what."""

_DOORS: Final = ("ledger", "tests.ledger.book_comparison", "tests.ledger.book_machine")
"""Who else has imported what is replaced, by name."""


@contextmanager
def broken(name: str) -> Iterator[None]:
    """The ledger with one rule broken, until the block ends."""
    with ExitStack() as stack:
        for place, attribute, replacement in MUTANTS[name]:
            stack.enter_context(patch.object(place, attribute, replacement))
            for module in (*_DOORS, "ledger.holds"):
                public = __import__(module, fromlist=["_"])
                if getattr(public, attribute, None) is not None and not attribute.startswith("_"):
                    stack.enter_context(patch.object(public, attribute, replacement))
        yield
