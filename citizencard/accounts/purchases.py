"""On-line purchases (flow 13): judged once, inside one transaction, and answered from the event's own row ever after.

Order of locks: card row, the event's row, then the ledger's. The row is entered under its unique name before money moves: of copies that
arrive together, and of a purchase and its reversal, one makes the row and the others wait for it and read it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as insert_on_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_on_sqlite
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.accounts.errors import BatchNotGiven, NumberOfAnotherTerminal, TraceReused
from citizencard.accounts.models import OnlinePurchase, PurchaseReason, PurchaseVerdict
from citizencard.accounts.proof import PurchaseClaim, PurchaseName
from citizencard.accounts.registry import account_of_card
from citizencard.cards.as_of import hotlisted_at, known_cards
from citizencard.cards.hotlist_blocks import is_module_listed
from citizencard.cards.models import Card, CardState
from citizencard.cards.states import locked_card
from citizencard.db import is_postgresql
from citizencard.terminals.bindings import bindings_as_of
from citizencard.terminals.errors import TerminalDisabled
from citizencard.terminals.models import TerminalState
from citizencard.terminals.registry import terminal_by_id
from ledger import Transfer, post_each
from ledger.errors import AccountClosed, AccountFrozen, BalanceTooLow, LedgerError

CLOCK_WINDOW: Final = timedelta(minutes=5)
"""How far the date and time that the card has signed may lie from ours: an answer gathered in advance is soon worth nothing."""
SPENDABLE: Final = frozenset({CardState.ACTIVE})
"""States in which a card spends from its account. Unlike off line there is no window after a report of loss: we know, and now."""
KIND: Final = "online_purchase"

_REASONS: Final = MappingProxyType(
    {
        BalanceTooLow: PurchaseReason.INSUFFICIENT_FUNDS,
        AccountFrozen: PurchaseReason.ACCOUNT_FROZEN,
        AccountClosed: PurchaseReason.ACCOUNT_CLOSED,
    }
)


@dataclass(frozen=True, slots=True)
class PurchaseAnswer:
    """What a terminal is told.

    Args:
        reference: the purchase's name in the books.
        verdict: approved or refused; the first one, for ever.
        reason: why it was refused; None when approved.
        is_reversed: it was approved, and its reversal is booked: do not hand over the goods.
    """

    reference: str
    verdict: PurchaseVerdict
    reason: PurchaseReason | None
    is_reversed: bool


def approved(claim: PurchaseClaim) -> PurchaseAnswer:
    """The answer to a purchase that has just been booked."""
    return PurchaseAnswer(claim.name.reference, PurchaseVerdict.APPROVED, None, is_reversed=False)


def transfer_of(claim: PurchaseClaim, terminal_id: str, card_id: str, wallet: str, merchant_id: str) -> Transfer:
    """How a purchase is worded in the books (flow 13): from the account `wallet` to what the merchant has earned."""
    return Transfer(
        reference=claim.name.reference,
        debit=wallet,
        credit=chart.clearing(merchant_id),
        amount_fen=claim.amount_fen,
        kind=KIND,
        occurred_at=claim.happened_at,
        metadata={"terminal": terminal_id, "card": card_id},
    )


def earlier_answer(session: Session, terminal_id: str, claim: PurchaseClaim) -> PurchaseAnswer | None:
    """The answer that the purchase got before; None if it has not been judged.

    Raises:
        NumberOfAnotherTerminal: the purchase is another terminal's.
        TraceReused: the name already stands for a purchase of other content.
    """
    row = find_purchase(session, claim.name)
    return None if row is None else _answer(row, terminal_id, claim)


def find_purchase(session: Session, name: PurchaseName, *, lock: bool = False) -> OnlinePurchase | None:
    """The event's row; with `lock`, held until the transaction ends."""
    wanted = select(OnlinePurchase).where(
        OnlinePurchase.terminal_number == name.terminal,
        OnlinePurchase.batch == name.batch,
        OnlinePurchase.trace == name.trace,
    )
    found = session.scalars(wanted.with_for_update() if lock else wanted, execution_options={"populate_existing": True})
    return found.one_or_none()


def check_speaker(session: Session, terminal_id: str, name: PurchaseName, now: datetime) -> str:
    """Let a terminal speak for the number that it is bound to now, in a batch that it was given.

    Returns:
        The merchant who is paid there now.

    Raises, in this order:
        UnknownTerminal: there is no such terminal.
        TerminalDisabled: it may not speak at present.
        NumberOfAnotherTerminal: the number is bound to another terminal now, or to none.
        TerminalDisabled: the security module with this number is on the hotlist.
        BatchNotGiven: no sign-in has given this batch number.
    """
    terminal = terminal_by_id(session, terminal_id)
    if terminal.state != TerminalState.ACTIVE:
        raise TerminalDisabled(f"terminal {terminal_id} is disabled", terminal=terminal_id)
    binding = bindings_as_of(session, [(name.terminal, now)])[0]
    if binding.terminal_id != terminal_id or binding.merchant_id is None:
        raise NumberOfAnotherTerminal("the number is not this terminal's now", terminal=name.terminal.hex())
    if is_module_listed(session, name.terminal, now):
        raise TerminalDisabled(f"the module of terminal {terminal_id} is on the hotlist", terminal=terminal_id)
    if name.batch > terminal.last_batch:
        raise BatchNotGiven(f"last batch is {terminal.last_batch}", batch=name.batch)
    return binding.merchant_id


def enter(session: Session, name: PurchaseName, values: dict[str, Any]) -> int | None:
    """Make the event's row, if nobody has; waits for whoever is making it.

    Returns:
        The row's id; None when the event has its row already.
    """
    insert = insert_on_postgresql if is_postgresql(session) else insert_on_sqlite
    named = {"terminal_number": name.terminal, "batch": name.batch, "trace": name.trace, **values}
    entered: int | None = session.execute(
        insert(OnlinePurchase).values(named).on_conflict_do_nothing().returning(OnlinePurchase.id)
    ).scalar_one_or_none()
    return entered


def decide(
    session: Session, terminal_id: str, claim: PurchaseClaim, now: datetime, *, is_proved: bool
) -> PurchaseAnswer:
    """Judge a purchase by what holds now, write its row, and move the money if nothing speaks against it.

    Args:
        session: joins the caller's transaction.
        terminal_id: who sent it; its signature was checked.
        claim: well formed.
        now: when it arrived.
        is_proved: the vault found the card's proof good.

    Raises:
        UnknownTerminal, TerminalDisabled, NumberOfAnotherTerminal, BatchNotGiven: nothing is written; see `check_speaker`.
        TraceReused: the name already stands for a purchase of other content.
    """
    known = known_cards(session, [claim.card_serial]).get(claim.card_serial)
    card = None if known is None else locked_card(session, known.card_id)
    merchant_id = check_speaker(session, terminal_id, claim.name, now)
    reason = _objection(session, claim, card, now, is_proved=is_proved)
    account = None if card is None else account_of_card(session, card.id)
    if reason is None and account is None:
        reason = PurchaseReason.NO_ACCOUNT
    entered = enter(
        session,
        claim.name,
        {
            "terminal_id": terminal_id,
            "merchant_id": merchant_id,
            "card_serial": claim.card_serial,
            "card_id": None if card is None else card.id,
            "account_id": None if account is None else account.id,
            "amount_fen": claim.amount_fen,
            "happened_at": claim.happened_at,
            "proof": claim.proof,
            "verdict": PurchaseVerdict.APPROVED if reason is None else PurchaseVerdict.REFUSED,
            "reason": reason,
            "received_at": now,
        },
    )
    row = _existing(session, claim.name)
    if entered is not None and reason is None and account is not None:
        _pay(session, row, claim, chart.wallet(account.id), now)
    return _answer(row, terminal_id, claim)


def _existing(session: Session, name: PurchaseName) -> OnlinePurchase:
    row = find_purchase(session, name)
    if row is None:
        message = "the row was entered a moment ago and is never removed"
        raise LookupError(message)
    return row


def _objection(
    session: Session, claim: PurchaseClaim, card: Card | None, now: datetime, *, is_proved: bool
) -> PurchaseReason | None:
    """What speaks against the purchase before money is asked for. Without a proof a terminal learns nothing about the card's state."""
    if card is None:
        return PurchaseReason.UNKNOWN_CARD
    if not is_proved:
        return PurchaseReason.BAD_PROOF
    if abs(claim.happened_at - now) > CLOCK_WINDOW:
        return PurchaseReason.CLOCK
    if CardState(card.state) not in SPENDABLE:
        return PurchaseReason.CARD_STATE
    if hotlisted_at(session, [card.serial], [now])[0]:
        return PurchaseReason.HOTLISTED
    return None


def _pay(session: Session, row: OnlinePurchase, claim: PurchaseClaim, wallet: str, now: datetime) -> None:
    """Flow 13. What the ledger refuses becomes the row's verdict before anybody can see it."""
    merchant_id = row.merchant_id or chart.UNKNOWN_MERCHANT
    chart.open_missing(session, [chart.clearing(merchant_id)])
    transfer = transfer_of(claim, row.terminal_id, row.card_id or "", wallet, merchant_id)
    refusal = post_each(session, [transfer], now=now)[0].refusal
    if refusal is not None:
        row.verdict, row.reason = PurchaseVerdict.REFUSED, _reason_of(refusal)
        session.flush()


def _reason_of(refusal: LedgerError) -> PurchaseReason:
    reason = _REASONS.get(type(refusal))
    if reason is None:
        raise refusal
    return reason


def _answer(row: OnlinePurchase, terminal_id: str, claim: PurchaseClaim) -> PurchaseAnswer:
    if row.terminal_id != terminal_id:
        raise NumberOfAnotherTerminal("another terminal's purchase", terminal=row.terminal_number.hex())
    is_tombstone = row.reason == PurchaseReason.REVERSED_BEFORE
    content = (row.card_serial, row.amount_fen, row.happened_at)
    if not is_tombstone and content != (claim.card_serial, claim.amount_fen, claim.happened_at):
        raise TraceReused(
            "the name stands for another purchase", terminal=row.terminal_number.hex(), batch=row.batch, trace=row.trace
        )
    return PurchaseAnswer(
        reference=claim.name.reference,
        verdict=PurchaseVerdict(row.verdict),
        reason=None if row.reason is None else PurchaseReason(row.reason),
        is_reversed=row.verdict == PurchaseVerdict.APPROVED and row.reversed_at is not None,
    )
