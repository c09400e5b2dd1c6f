"""Holds: money reserved for a while, then settled in full or in part, released, or left to expire.

A hold counts against the floor of the locked account it will take from, and a recharge against the ceiling of the locked account it will
fill. It moves nothing: only its settlements are transfers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from ledger import barrier, batches, reservations, writing
from ledger.batches import Batch
from ledger.errors import (
    HoldEnded,
    HoldExceeded,
    HoldExpired,
    InvalidHold,
    LedgerError,
    ReferenceReused,
    UnknownHold,
)
from ledger.instants import in_utc
from ledger.models import LONGEST_HOLD_REFERENCE, HoldState
from ledger.reservations import Placed
from ledger.transfers import Posted, Transfer, canonical_metadata, fault, fingerprint
from ledger.verdicts import Decision, Order, refusal_of

LONGEST_HOLD: Final = timedelta(days=31)
"""A reservation that outlives a month is a debt in disguise; card schemes let theirs lapse after 7 to 31 days."""
MAX_SETTLEMENTS: Final = 999
MAX_EXPIRED_AT_ONCE: Final = 10_000


@dataclass(frozen=True, slots=True)
class NewHold:
    """Reserve money for a transfer that may come.

    Args:
        reference: names the hold for ever; at most 80 characters of `A-Z a-z 0-9 _ . : -`.
        debit: code of the account that a settlement will debit.
        credit: code of the account that it will credit.
        amount_fen: at most so much will be settled, 1 to 2**53 fen.
        kind: what sort of event it is; its settlements are of this kind.
        occurred_at: when it was asked for, aware.
        expires_at: from then on it reserves nothing; at most `LONGEST_HOLD` from now. Not compared in a repeat: the first one counts.
        recharge: somebody pays in: room is reserved under the ceiling of the account that will grow, if that is locked. Of an account that
            will shrink and is locked, the money is reserved in any case. One of the two must be so, or nothing would be reserved.
        metadata: a few opaque ids and numbers, as of a transfer.
    """

    reference: str
    debit: str
    credit: str
    amount_fen: int
    kind: str
    occurred_at: datetime
    expires_at: datetime
    recharge: bool = False
    metadata: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Held:
    """A hold as it stands. Fen; `replayed`: it stood like this before the call, nothing was changed now."""

    reference: str
    debit: str
    credit: str
    amount_fen: int
    settled_fen: int
    kind: str
    occurred_at: datetime
    placed_at: datetime
    expires_at: datetime
    state: HoldState
    replayed: bool

    @property
    def reserved_fen(self) -> int:
        """What it still reserves: the rest while it is open, else nothing."""
        return self.amount_fen - self.settled_fen if self.state is HoldState.OPEN else 0


@dataclass(frozen=True, slots=True)
class Settlement:
    """A part of a hold that is to be posted.

    Args:
        hold: reference of the hold.
        n: number of the part, 1 to `MAX_SETTLEMENTS`; with the hold it names the transfer.
        amount_fen: at most what is left of the hold.
        occurred_at: when it happened, aware.
        final: nothing more will come: what is left is given back.
        metadata: of the transfer.
    """

    hold: str
    n: int
    amount_fen: int
    occurred_at: datetime
    final: bool = False
    metadata: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SettledHold:
    """The transfer that settled a part of a hold, and the hold as it stands afterwards."""

    posted: Posted
    hold: Held


def hold(session: Session, new: NewHold, *, now: datetime) -> Held:
    """Reserve money. The same hold again answers with the first one, however that has ended since.

    One hold a transaction, and no posting with it: the locks of one call are taken in one sorted run.

    Args:
        session: the caller's open transaction; after a refusal nothing was written.
        new: the terms.
        now: when the ledger learns of it, aware.

    Raises, in this order of precedence:
        NoOpenDay: no business day was ever opened.
        InvalidHold: not well formed; names the field.
        ReferenceReused: the reference names a hold with other content.
        UnknownAccount, CurrencyMismatch, AccountClosed, AccountFrozen, BalanceTooLow, CeilingExceeded: as `post()`.
        LedgerStopped: as `post()`.
    """
    wanted = _transfer_of(new)
    batch = batches.begin(session, (new.debit, new.credit), (), now)
    if wrong := fault(wanted) or _fault(new):
        raise InvalidHold(str(wrong), reference=new.reference, field=wrong.fields["field"])
    accounts = batch.bench.accounts
    debit, credit = accounts.get(new.debit), accounts.get(new.credit)
    content = fingerprint(wanted, debit.currency if debit else "")
    first = reservations.find(session, new.reference)
    if first:
        return _same(first, content)
    refusal = _term_fault(new, now) or refusal_of(wanted, debit, credit)
    if refusal:
        raise refusal
    batches.refuse_stopped(batch)
    if not reservations.reserve(wanted, accounts, new.amount_fen):
        raise _invalid(new, "debit", "neither account is locked, so nothing would be reserved")
    terms = {
        "placed_at": now,
        "expires_at": new.expires_at,
        "fingerprint": content,
        "metadata": canonical_metadata(new.metadata),
    }
    if reservations.insert(session, wanted, accounts, terms) is None:
        # A copy with these accounts would have waited for our locks.
        raise _reused(new.reference)
    batches.close(session, batch, now)
    return _held(_found(session, new.reference), replayed=False)


def find_hold(session: Session, reference: str) -> Held:
    """A hold as it stands.

    Raises:
        UnknownHold: no hold has this reference.
    """
    return _held(_found(session, reference), replayed=True)


def settle_hold(session: Session, settlement: Settlement, *, now: datetime) -> SettledHold:
    """Post a part of a hold, or all of it, as `settlement_transfer()` words it. The same part again answers with the first transfer.

    What was held is there to be taken: neither freezing nor a ceiling stops it. A part that was posted as an ordinary transfer after the
    hold had expired answers with that transfer.

    Args:
        session: the caller's open transaction; after a refusal nothing was written.
        settlement: the part.
        now: when the ledger learns of it, aware.

    Raises, in this order of precedence:
        UnknownHold: no hold has this reference.
        InvalidHold: the part is not well formed; names the field.
        NoOpenDay: no business day was ever opened.
        ReferenceReused: this part was posted with another amount or time.
        HoldExpired: the hold's time is over; `settlement_transfer()` may be tried as an ordinary transfer.
        HoldEnded: it was settled or released.
        HoldExceeded: less than this is left.
        LedgerStopped: as `post()`.
    """
    placed = _found(session, settlement.hold)
    wanted = _settling(placed, settlement)
    batch = batches.begin(session, (wanted.debit, wanted.credit), (wanted.reference,), now)
    placed = _found(session, settlement.hold)
    if wanted.reference not in batch.bench.known:
        _refuse_settlement(placed, settlement, now)
        reservations.reserve(placed.transfer, batch.bench.accounts, -settlement.amount_fen)
    decision = batch.bench.decide(Order(wanted))
    if decision.refusal:
        raise decision.refusal
    batch.decisions.append(decision)
    rest_fen = placed.rest_fen - settlement.amount_fen
    is_last = settlement.final or not rest_fen
    if decision.is_new and is_last:
        reservations.reserve(placed.transfer, batch.bench.accounts, -rest_fen)
    posted = _write(session, batch, decision, now)
    if decision.is_new:
        reservations.settle(session, placed, posted.id, settlement.amount_fen, now if is_last else None)
    return SettledHold(posted, _held(_found(session, settlement.hold), replayed=not decision.is_new))


def settlement_transfer(held: Held, settlement: Settlement) -> Transfer:
    """How a settlement is worded in the books: reference `settle:<hold>:<n>`, the hold's accounts and kind, the hold as journal.

    For the caller whose settlement came too late: posted as it is, it is an ordinary request, and the same for ever.
    """
    return Transfer(
        reference=f"settle:{held.reference}:{settlement.n}",
        debit=held.debit,
        credit=held.credit,
        amount_fen=settlement.amount_fen,
        kind=held.kind,
        occurred_at=settlement.occurred_at,
        journal=held.reference,
        metadata=settlement.metadata,
    )


def release_hold(session: Session, reference: str, *, now: datetime) -> Held:
    """Give back what is left of a hold. One that was released or has expired stays as it is.

    Raises:
        UnknownHold: no hold has this reference.
        NoOpenDay: no business day was ever opened.
        HoldEnded: it was settled, to the end or with its last part.
        LedgerStopped: as `post()`.
    """
    placed = _found(session, reference)
    batch = batches.begin(session, (placed.transfer.debit, placed.transfer.credit), (), now)
    placed = _found(session, reference)
    if placed.state is HoldState.SETTLED:
        raise HoldEnded(f"{reference} was settled", reference=reference)
    is_open = placed.state is HoldState.OPEN
    if is_open:
        batches.refuse_stopped(batch)
    if is_open and placed.id not in {over.id for over in batch.due}:
        reservations.reserve(placed.transfer, batch.bench.accounts, -placed.rest_fen)
        reservations.end(session, [placed], HoldState.RELEASED, now)
    batches.close(session, batch, now)
    return _held(_found(session, reference), replayed=not is_open)


def expire_holds(session: Session, now: datetime, limit: int = MAX_EXPIRED_AT_ONCE) -> int:
    """End holds whose time is over, the oldest first; returns how many. Call it, a transaction each, until it returns less than the limit.

    Nobody depends on it to be punctual: a posting that touches an account ends that account's holds first. Ends none while the ledger is
    stopped.
    """
    barrier.enter(session)
    limit = min(limit, MAX_EXPIRED_AT_ONCE)
    over = reservations.oldest_due(session, now, limit)
    if not over:
        return 0
    codes = {code for placed in over for code in (placed.transfer.debit, placed.transfer.credit)}
    books = writing.open_books(session, codes, now)
    if books.stopped:
        return 0
    reservations.end(session, books.due, HoldState.EXPIRED, now)
    writing.move(session, books.accounts.values())
    return len(books.due)


def _write(session: Session, batch: Batch, decision: Decision, now: datetime) -> Posted:
    return batches.write(session, batch, now, each=False)[id(decision)]


def _transfer_of(new: NewHold) -> Transfer:
    return Transfer(
        reference=new.reference,
        debit=new.debit,
        credit=new.credit,
        amount_fen=new.amount_fen,
        kind=new.kind,
        occurred_at=new.occurred_at,
        metadata=new.metadata,
        recharge=new.recharge,
    )


def _settling(placed: Placed, settlement: Settlement) -> Transfer:
    """The transfer of a settlement: a fact, because what was promised by a hold is not refused afterwards."""
    worded = settlement_transfer(_held(placed, replayed=True), settlement)
    wrong = fault(worded)
    if not 1 <= settlement.n <= MAX_SETTLEMENTS:
        raise InvalidHold(f"{settlement.hold}: parts are 1 to {MAX_SETTLEMENTS}", reference=settlement.hold, field="n")
    if wrong:
        raise InvalidHold(str(wrong), reference=settlement.hold, field=wrong.fields["field"])
    return Transfer(
        worded.reference,
        worded.debit,
        worded.credit,
        worded.amount_fen,
        worded.kind,
        worded.occurred_at,
        worded.journal,
        worded.metadata,
        fact=True,
    )


def _refuse_settlement(placed: Placed, settlement: Settlement, now: datetime) -> None:
    reference = settlement.hold
    if placed.is_over(now):
        raise HoldExpired(f"{reference} expired at {placed.expires_at.isoformat()}", reference=reference)
    if placed.state is not HoldState.OPEN:
        raise HoldEnded(f"{reference} is {placed.state.value}", reference=reference)
    if settlement.amount_fen > placed.rest_fen:
        raise HoldExceeded(f"{reference}: {placed.rest_fen} fen are left", reference=reference)


def _same(first: Placed, content: str) -> Held:
    if first.fingerprint != content:
        raise _reused(first.transfer.reference)
    return _held(first, replayed=True)


def _reused(reference: str) -> ReferenceReused:
    return ReferenceReused(f"{reference} names a hold with other content", reference=reference)


def _fault(new: NewHold) -> LedgerError | None:
    if len(new.reference) > LONGEST_HOLD_REFERENCE:
        return _invalid(new, "reference", f"a hold's reference has at most {LONGEST_HOLD_REFERENCE} characters")
    if new.expires_at.tzinfo is None:
        return _invalid(new, "expires_at", "the instant has no time zone")
    return None


def _term_fault(new: NewHold, now: datetime) -> LedgerError | None:
    if not in_utc(now) < in_utc(new.expires_at) <= in_utc(now) + LONGEST_HOLD:
        return _invalid(new, "expires_at", f"a hold ends after now, and within {LONGEST_HOLD.days} days")
    return None


def _invalid(new: NewHold, field_name: str, why: str) -> InvalidHold:
    return InvalidHold(f"{new.reference!r}: {why}", reference=new.reference, field=field_name)


def _found(session: Session, reference: str) -> Placed:
    placed = reservations.find(session, reference)
    if placed is None:
        raise UnknownHold(f"no hold {reference}", reference=reference)
    return placed


def _held(placed: Placed, *, replayed: bool) -> Held:
    asked = placed.transfer
    return Held(
        reference=asked.reference,
        debit=asked.debit,
        credit=asked.credit,
        amount_fen=asked.amount_fen,
        settled_fen=placed.settled_fen,
        kind=asked.kind,
        occurred_at=asked.occurred_at,
        placed_at=placed.placed_at,
        expires_at=placed.expires_at,
        state=placed.state,
        replayed=replayed,
    )
