"""Cash paid into an on-line account at a counter: flow 1, till → wallet, with a slip."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.accounts.errors import TopUpAmountInvalid
from citizencard.accounts.models import CashTopUp
from citizencard.accounts.registry import find_account
from citizencard.audit import record
from citizencard.cards.states import Deed
from citizencard.db import new_id
from citizencard.staff.outlets import find_till
from citizencard.staff.slips import next_slip, slip_reference
from ledger import Transfer, post


@dataclass(frozen=True, slots=True)
class CashPaid:
    """Somebody pays in at a counter: an amount in fen for an account, into a till."""

    account_id: str
    amount_fen: int
    till_id: str


def top_up(session: Session, paid: CashPaid, deed: Deed) -> CashTopUp:
    """Take cash for an account; the account's ceiling binds. A refusal must end the transaction, so that the slips keep no gap.

    Called twice it takes the money twice: a caller that may be repeated wraps it in `idempotency.once`.

    Raises:
        UnknownOnlineAccount: there is no such account.
        TopUpAmountInvalid: nothing, or more than any account holds.
        TillUnknown: no such till, or it is closed.
        CeilingExceeded: the account has no room for it.
        AccountClosed: the account is closed.
    """
    account = find_account(session, paid.account_id)
    ceiling_fen = chart.WALLET_CEILING_FEN if account.person_id is None else chart.REGISTERED_WALLET_CEILING_FEN
    if not 0 < paid.amount_fen <= ceiling_fen:
        raise TopUpAmountInvalid(
            f"{paid.amount_fen} fen, must be 1 to {ceiling_fen}", amount_fen=paid.amount_fen, ceiling_fen=ceiling_fen
        )
    till = find_till(session, paid.till_id)
    taken = CashTopUp(
        id=new_id("top"),
        account_id=account.id,
        amount_fen=paid.amount_fen,
        till_id=till.id,
        outlet_id=till.outlet_id,
        slip_serial=next_slip(session, till.outlet_id),
        paid_at=deed.now,
    )
    booked = Transfer(
        reference=slip_reference(till.outlet_id, taken.slip_serial),
        debit=chart.till(till.id),
        credit=chart.wallet(account.id),
        amount_fen=paid.amount_fen,
        kind="top_up_cash",
        occurred_at=deed.now,
        metadata={"top_up": taken.id},
        recharge=True,
    )
    post(session, [booked], now=deed.now)
    session.add(taken)
    session.flush()
    after = {"account": account.id, "amount_fen": paid.amount_fen, "slip": taken.slip_serial}
    record(session, deed.actor, "account.top_up", taken.id, after=after, now=deed.now)
    return taken
