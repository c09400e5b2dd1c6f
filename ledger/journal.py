"""The only ways money moves: `post()`, `post_each()` and `reverse()`."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from ledger import batches, bulk, plain, writing
from ledger.errors import InvalidTransfer, NotReversible, UnknownTransfer
from ledger.models import REVERSAL
from ledger.transfers import Posted, Transfer, Verdict
from ledger.verdicts import Order, worst

MAX_BATCH = 20_000
"""Transfers in one call: a larger day is posted in several transactions."""
KIND_OF_REVERSALS = "reversal"


def post(session: Session, transfers: Sequence[Transfer], *, now: datetime) -> list[Posted]:
    """Move money: all of the transfers or none.

    Joins the caller's transaction and never commits, so that the domain fact and its money are stored together or not at all.
    Posting a transfer again (same reference, same content) returns the first one, also when its accounts have been frozen or closed
    since: terminals resend. The number of SQL statements does not depend on how many transfers there are. Call it once a transaction:
    two calls take their locks in two sorted runs, which can cross with another transaction's.

    Args:
        session: the caller's open transaction; after a refusal nothing was written, and it may go on. One refusal is otherwise: after
            ReferenceReused roll back, for when the reference was taken in the same moment the others of the batch are written already.
        transfers: decided in this order, at most `MAX_BATCH`.
        now: when the ledger learns of them, aware.

    Returns:
        One answer for each transfer, in the same order.

    Raises, in this order of precedence:
        NoOpenDay: no business day was ever opened.
        InvalidTransfer: a transfer is not well formed; names it and the field.
        ReferenceReused: a reference already names a transfer with other content.
        UnknownAccount: a transfer names an account that was never opened.
        CurrencyMismatch: the two accounts of a transfer are kept in different currencies.
        AccountClosed: a transfer names a closed account.
        AccountFrozen: a transfer that is no fact would lower the balance of a frozen account.
        BalanceTooLow: an account with a floor would fall below it; carries the account and the missing fen.
        CeilingExceeded: a recharge would raise an account above its ceiling.
        LedgerStopped: the books could not be proved, and one of the transfers is new.
    """
    if len(transfers) == 1:
        posted = plain.within(session, transfers[0], now)
        if posted:
            return [posted]
    elif plainly := bulk.within(session, _checked(transfers), now):
        return plainly
    return _post(session, [Order(transfer) for transfer in transfers], now)


def post_each(session: Session, transfers: Sequence[Transfer], *, now: datetime) -> list[Verdict]:
    """Move money, each transfer for itself: what can be posted is, the others are refused one by one.

    Decided in one pass in the order of the batch, under the locks: with 10 in the account and 8, 5, 2 to pay, 8 and 2 are paid.
    Otherwise as `post()`.

    Returns:
        One verdict for each transfer, in the same order.

    Raises:
        NoOpenDay: no business day was ever opened.
        InvalidTransfer: more than `MAX_BATCH` transfers.
        LedgerStopped: the books could not be proved, and one of the transfers would have been posted.
        ReferenceReused: in the same moment somebody else gave a reference of this batch another content, and what the batch decided for a
            checked balance rested on it. Roll back and call again: the verdict will name it.
    """
    if len(transfers) > 1 and (plainly := bulk.within(session, _checked(transfers), now)):
        return [Verdict(posted.transfer.reference, posted, None) for posted in plainly]
    batch = batches.decide(session, [Order(transfer) for transfer in transfers], now)
    posted = batches.write(session, batch, now, each=True)
    return [
        Verdict(decision.order.transfer.reference, None if decision.refusal else posted[id(decision)], decision.refusal)
        for decision in batch.decisions
    ]


def reverse(session: Session, reference: str, *, occurred_at: datetime, now: datetime) -> Posted:
    """Undo a whole transfer by its opposite, once, into the open business day; its reference is `rev:` and the original's.

    Ceilings do not stop it, floors, frozen and closed accounts do. A second call returns the first reversal, whatever time it names.

    Raises:
        UnknownTransfer: the reference names no transfer.
        NotReversible: it names a reversal.
        NoOpenDay, AccountClosed, AccountFrozen, BalanceTooLow, LedgerStopped: as `post()`.
    """
    found = writing.find(session, [reference]).get(reference)
    if found is None:
        raise UnknownTransfer(f"no transfer {reference}", reference=reference)
    if found.reverses is not None:
        raise NotReversible(f"{reference} is itself a reversal", reference=reference)
    original = found.posted.transfer
    opposite = Transfer(
        reference=REVERSAL + original.reference,
        debit=original.credit,
        credit=original.debit,
        amount_fen=original.amount_fen,
        kind=KIND_OF_REVERSALS,
        occurred_at=occurred_at,
        journal=original.journal,
    )
    return _post(session, [Order(opposite, reverses=found.posted.id)], now)[0]


def _post(session: Session, orders: Sequence[Order], now: datetime) -> list[Posted]:
    batch = batches.decide(session, orders, now)
    refusal = worst(batch.decisions)
    if refusal:
        raise refusal
    posted = batches.write(session, batch, now, each=False)
    return [posted[id(decision)] for decision in batch.decisions]


def _checked(transfers: Sequence[Transfer]) -> Sequence[Transfer]:
    if len(transfers) > MAX_BATCH:
        raise InvalidTransfer(
            f"at most {MAX_BATCH} transfers at once", reference=transfers[0].reference, field="transfers"
        )
    return transfers
