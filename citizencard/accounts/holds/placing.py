"""Placing a hold (flow 16): judged once, inside one transaction, and answered from the event's own row ever after.

Order of locks: card row, the name, the hold's row, then the ledger's. A hold moves nothing: its settlements do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.accounts.errors import NumberOfAnotherTerminal
from citizencard.accounts.holds.models import OnlineHold
from citizencard.accounts.models import PurchaseReason, PurchaseVerdict
from citizencard.accounts.names import check_forestalled, name_reused, take_name
from citizencard.accounts.proof import PurchaseClaim, PurchaseName
from citizencard.accounts.purchases import check_speaker
from citizencard.accounts.registry import account_of_card
from citizencard.accounts.spending import objection, reason_of
from citizencard.cards.as_of import known_cards
from citizencard.cards.models import Card
from citizencard.cards.states import locked_card
from citizencard.merchants.models import MerchantKind
from citizencard.merchants.registry import merchant_by_id
from ledger import NewHold, hold
from ledger.errors import LedgerError

KIND: Final = "online_hold"
LIFETIME: Final = timedelta(hours=2)
LIFETIMES: Final[Mapping[str, timedelta]] = MappingProxyType(
    {
        MerchantKind.FUEL: timedelta(minutes=30),
        MerchantKind.TAXI: timedelta(hours=6),
        MerchantKind.PARKING: timedelta(hours=24),
    }
)
"""How long a hold reserves money, by the merchant's kind; others have `LIFETIME`. A pump is done within half an hour."""


@dataclass(frozen=True, slots=True)
class HoldAnswer:
    """What a terminal is told.

    Args:
        reference: the hold's name in the books.
        verdict: approved or refused; the first one, for ever.
        reason: why it was refused; None when approved.
        expires_at: until then the money is reserved; None when refused.
        is_ended: it was approved, and is reversed or released since: hand nothing over.
    """

    reference: str
    verdict: PurchaseVerdict
    reason: PurchaseReason | None
    expires_at: datetime | None
    is_ended: bool


def hold_reference(name: PurchaseName) -> str:
    """A hold's name in the books."""
    return f"hold:{name.terminal.hex()}:{name.batch}:{name.trace}"


def find_row(session: Session, name: PurchaseName, *, lock: bool = False) -> OnlineHold | None:
    """The hold's row; with `lock`, held until the transaction ends."""
    wanted = select(OnlineHold).where(
        OnlineHold.terminal_number == name.terminal, OnlineHold.batch == name.batch, OnlineHold.trace == name.trace
    )
    found = session.scalars(wanted.with_for_update() if lock else wanted, execution_options={"populate_existing": True})
    return found.one_or_none()


def earlier_hold(session: Session, terminal_id: str, claim: PurchaseClaim) -> HoldAnswer | None:
    """The answer that the hold got before; None if it has not been judged.

    Raises:
        NumberOfAnotherTerminal: the hold is another terminal's.
        TraceReused: the name already stands for a hold of other content.
    """
    row = find_row(session, claim.name)
    return None if row is None else _answer(row, terminal_id, claim)


def place(session: Session, terminal_id: str, claim: PurchaseClaim, now: datetime, *, is_proved: bool) -> HoldAnswer:
    """Judge a hold by what holds now, write its row, and reserve the money if nothing speaks against it.

    Args:
        session: joins the caller's transaction.
        terminal_id: who sent it; its signature was checked.
        claim: well formed.
        now: when it arrived.
        is_proved: the vault found the card's proof good.

    Raises:
        UnknownTerminal, TerminalDisabled, NumberOfAnotherTerminal, BatchNotGiven: nothing is written; see `purchases.check_speaker`.
        TraceReused: the name already stands for another event.
    """
    known = known_cards(session, [claim.card_serial]).get(claim.card_serial)
    card = None if known is None else locked_card(session, known.card_id)
    merchant_id = check_speaker(session, terminal_id, claim.name, now)
    if not take_name(session, terminal_id, claim.name, now):
        row = find_row(session, claim.name)
        if row is not None:
            return _answer(row, terminal_id, claim)
        check_forestalled(session, terminal_id, claim.name)
        reason = PurchaseReason.REVERSED_BEFORE
        return HoldAnswer(hold_reference(claim.name), PurchaseVerdict.REFUSED, reason, None, is_ended=False)
    row = _row(terminal_id, merchant_id, claim, now)
    lifetime = LIFETIMES.get(merchant_by_id(session, merchant_id).kind, LIFETIME)
    row.reason = _reserve(session, row, card, now + lifetime, is_proved=is_proved)
    row.verdict = PurchaseVerdict.APPROVED if row.reason is None else PurchaseVerdict.REFUSED
    row.expires_at = now + lifetime if row.reason is None else None
    session.add(row)
    session.flush()
    return _answer(row, terminal_id, claim)


def name_of(row: OnlineHold) -> PurchaseName:
    """A hold's name."""
    return PurchaseName(row.terminal_number, row.batch, row.trace)


def _row(terminal_id: str, merchant_id: str, claim: PurchaseClaim, now: datetime) -> OnlineHold:
    return OnlineHold(
        terminal_number=claim.name.terminal,
        batch=claim.name.batch,
        trace=claim.name.trace,
        terminal_id=terminal_id,
        merchant_id=merchant_id,
        card_serial=claim.card_serial,
        amount_fen=claim.amount_fen,
        happened_at=claim.happened_at,
        proof=claim.proof,
        received_at=now,
    )


def _reserve(
    session: Session, row: OnlineHold, card: Card | None, expires_at: datetime, *, is_proved: bool
) -> PurchaseReason | None:
    """Reserve the money, or say what speaks against it."""
    account = None if card is None else account_of_card(session, card.id)
    row.card_id = None if card is None else card.id
    row.account_id = None if account is None else account.id
    reason = objection(session, card, row.happened_at, row.received_at, is_proved=is_proved)
    if reason is not None or account is None:
        return reason or PurchaseReason.NO_ACCOUNT
    clearing = chart.clearing(row.merchant_id)
    chart.open_missing(session, [clearing])
    wanted = NewHold(
        reference=hold_reference(name_of(row)),
        debit=chart.wallet(account.id),
        credit=clearing,
        amount_fen=row.amount_fen,
        kind=KIND,
        occurred_at=row.happened_at,
        expires_at=expires_at,
        metadata={"terminal": row.terminal_id, "card": row.card_id or ""},
    )
    try:
        hold(session, wanted, now=row.received_at)
    except LedgerError as refusal:
        return reason_of(refusal)
    return None


def _answer(row: OnlineHold, terminal_id: str, claim: PurchaseClaim) -> HoldAnswer:
    if row.terminal_id != terminal_id:
        raise NumberOfAnotherTerminal("another terminal's hold", terminal=row.terminal_number.hex())
    if (row.card_serial, row.amount_fen, row.happened_at) != (claim.card_serial, claim.amount_fen, claim.happened_at):
        raise name_reused(claim.name)
    return HoldAnswer(
        reference=hold_reference(claim.name),
        verdict=PurchaseVerdict(row.verdict),
        reason=None if row.reason is None else PurchaseReason(row.reason),
        expires_at=row.expires_at,
        is_ended=row.reversed_at is not None or row.released_at is not None,
    )
