"""Cash for what came off a chip: only when the card is given up, empty and proved to be so."""

from datetime import timedelta
from typing import Final

from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.audit import record
from citizencard.cards.hotlist import put_on_hotlist
from citizencard.cards.models import Card, CardState
from citizencard.cards.states import Act, Deed, change_state
from citizencard.purse.counters import check_no_other_open, highest_proven_counter
from citizencard.purse.unloads.errors import CashOutTooLarge, ChipNotEmpty, ShadowBelowZero, UnloadStateForbids
from citizencard.purse.unloads.models import Unload, UnloadState
from citizencard.purse.unloads.unloads import check_unloadable, last_attempt, locked_unload, require_state
from citizencard.staff.outlets import find_till
from citizencard.staff.slips import next_slip, slip_reference
from ledger import Transfer, balances, post

CASH_OUT_LIMIT_FEN: Final = 100_000
"""The most that a counter pays out in cash for one card, in fen: what the fullest chip holds. Set it by the rules of the place."""
CLOSED: Final = "closed"


def pay_out(session: Session, unload_id: str, till_id: str, deed: Deed) -> Unload:
    """Close the card and pay what it gave in cash: from what is due to the holder out of the till, on a slip.

    As long as the card is in use, the money waits in `due`: cash for a living card would make a bank account of it.

    Raises:
        UnknownUnload: there is none.
        UnloadStateForbids: not proven, or paid out already.
        CardNotUnloadable: the card was reported lost meanwhile.
        LoadAlreadyOpen, UnloadAlreadyOpen: a load or another unload of the card is not decided.
        ChipNotEmpty: the unload left money on the chip, or a load or an unload came after it.
        ShadowBelowZero: the books know of less than the chip gave back.
        CashOutTooLarge: more than the limit.
        TillUnknown: no such till, or it is closed.
        BalanceTooLow, AccountFrozen: there is not so much in the till, or the holder's money is frozen.
    """
    card, unload = locked_unload(session, unload_id)
    require_state(unload, "pay_out", UnloadState.PROVEN)
    check_unloadable(card)
    check_no_other_open(session, card.id, unload.id)
    amount_fen = _emptied_fen(session, card, unload)
    if amount_fen > CASH_OUT_LIMIT_FEN:
        raise CashOutTooLarge("more than the limit", amount_fen=amount_fen, limit_fen=CASH_OUT_LIMIT_FEN)
    if balances(session, [chart.purse(card.id)])[chart.purse(card.id)].balance_fen < 0:
        raise ShadowBelowZero("the chip gave back more than the books know of", card_id=card.id)
    till = find_till(session, till_id)
    if card.state != CardState.CLOSED:
        change_state(session, card, Act.CLOSE, deed)
        put_on_hotlist(session, card, reason=CLOSED, window=timedelta(0), now=deed.now)
    unload.till_id, unload.outlet_id = till.id, till.outlet_id
    unload.slip_serial = next_slip(session, till.outlet_id)
    paid = Transfer(
        reference=slip_reference(till.outlet_id, unload.slip_serial),
        debit=chart.due(card.id),
        credit=chart.till(till.id),
        amount_fen=amount_fen,
        kind="unload_paid_out",
        occurred_at=deed.now,
        metadata={"unload": unload.id},
    )
    post(session, [paid], now=deed.now)
    unload.state = UnloadState.PAID_OUT
    unload.paid_out_at = unload.changed_at = deed.now
    after = {"amount_fen": amount_fen, "till": till.id, "slip": unload.slip_serial}
    record(session, deed.actor, "unload.pay_out", unload.id, reason=deed.reason, after=after, now=deed.now)
    return unload


def _emptied_fen(session: Session, card: Card, unload: Unload) -> int:
    """What the unload took, if it took all and is the card's newest proven order: then the chip is empty."""
    attempt = last_attempt(session, unload.id)
    if attempt is None:
        raise UnloadStateForbids("never announced", unload_id=unload.id, state=unload.state, act="pay_out")
    if attempt.amount_fen != attempt.old_balance_fen or highest_proven_counter(session, card.id) != attempt.online_seq:
        raise ChipNotEmpty("there is money on the chip", card_id=card.id)
    return attempt.amount_fen
