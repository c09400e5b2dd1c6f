"""The life of a card as a table: which act leads from which states to which, each with a history row and an audit row."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.audit import Actor, record
from citizencard.cards.classes import card_class
from citizencard.cards.errors import CardStateForbids, LossNotReportable, UnknownCard
from citizencard.cards.hotlist import put_on_hotlist, take_off_hotlist
from citizencard.cards.models import Card, CardState, CardStateChange


@dataclass(frozen=True, slots=True)
class Deed:
    """Who does something to a card, when and why; the reason is in words and names nobody by number."""

    actor: Actor
    now: datetime
    reason: str = ""


class Act(StrEnum):
    """What can happen to a card."""

    APPLY = "apply"
    PERSONALISE = "personalise"
    SPOIL = "spoil"
    ISSUE = "issue"
    ACTIVATE = "activate"
    REPORT_TEMPORARY_LOSS = "report_temporary_loss"
    REPORT_LOSS = "report_loss"
    RELEASE_LOSS = "release_loss"
    BLOCK = "block"
    UNBLOCK = "unblock"
    CLOSE = "close"


@dataclass(frozen=True, slots=True)
class Transition:
    """Where an act leads, and from where it may start."""

    start: frozenset[CardState]
    end: CardState


def _from(end: CardState, *start: CardState) -> Transition:
    return Transition(frozenset(start), end)


TRANSITIONS: Final[dict[Act, Transition]] = {
    Act.PERSONALISE: _from(CardState.PERSONALISED, CardState.APPLIED),
    Act.SPOIL: _from(CardState.SPOILED, CardState.APPLIED),
    Act.ISSUE: _from(CardState.ISSUED, CardState.PERSONALISED),
    Act.ACTIVATE: _from(CardState.ACTIVE, CardState.ISSUED),
    Act.REPORT_TEMPORARY_LOSS: _from(CardState.TEMP_LOST, CardState.ACTIVE),
    Act.REPORT_LOSS: _from(CardState.LOST, CardState.ISSUED, CardState.ACTIVE, CardState.TEMP_LOST),
    Act.RELEASE_LOSS: _from(CardState.ACTIVE, CardState.TEMP_LOST),
    Act.BLOCK: _from(CardState.BLOCKED, CardState.ISSUED, CardState.ACTIVE, CardState.TEMP_LOST),
    Act.UNBLOCK: _from(CardState.ACTIVE, CardState.BLOCKED),
    Act.CLOSE: _from(
        CardState.CLOSED,
        CardState.APPLIED,
        CardState.PERSONALISED,
        CardState.ISSUED,
        CardState.ACTIVE,
        CardState.LOST,
        CardState.BLOCKED,
    ),
}

IN_CIRCULATION: Final = frozenset({CardState.ACTIVE, CardState.TEMP_LOST, CardState.LOST})
"""States in which a tap is judged by the hotlist alone: in the window after a report of loss taps still count, and are the holder's."""

LOADABLE: Final = frozenset({CardState.ACTIVE})
"""States in which money may be put on the chip."""


def locked_card(session: Session, card_id: str) -> Card:
    """The card, its row locked until the transaction ends: first in the order of locks.

    Raises:
        UnknownCard: there is none.
    """
    card = session.scalars(
        select(Card).where(Card.id == card_id).with_for_update(key_share=True),
        execution_options={"populate_existing": True},
    ).one_or_none()
    if card is None:
        raise UnknownCard(f"no card {card_id}", card_id=card_id)
    return card


def change_state(session: Session, card: Card, act: Act, deed: Deed) -> None:
    """Carry out an act on a locked card: its state, a row of its history, an audit row.

    Raises:
        CardStateForbids: the act may not start from the card's state.
    """
    transition = TRANSITIONS[act]
    if CardState(card.state) not in transition.start:
        raise CardStateForbids(f"{act} from {card.state}", card_id=card.id, state=card.state, act=str(act))
    before = card.state
    card.state = transition.end
    card.changed_at = deed.now
    remember_state(session, card, act, deed)
    record(
        session,
        deed.actor,
        f"card.{act}",
        card.id,
        reason=deed.reason,
        before={"state": before},
        after={"state": str(transition.end)},
        now=deed.now,
    )


def remember_state(session: Session, card: Card, act: Act, deed: Deed) -> None:
    """Add the card's present state to its history, for questions about what was the case at an instant."""
    session.add(
        CardStateChange(
            card_id=card.id,
            serial=card.serial,
            act=act,
            state=card.state,
            reason=deed.reason,
            effective_at=deed.now,
        )
    )
    session.flush()


def issue_card(session: Session, card_id: str, deed: Deed) -> Card:
    """Hand a personalised card to its holder; it still has to be activated.

    Raises:
        UnknownCard: there is none.
        CardStateForbids: not in stock.
    """
    card = locked_card(session, card_id)
    change_state(session, card, Act.ISSUE, deed)
    return card


def activate_card(session: Session, card_id: str, deed: Deed) -> Card:
    """Let an issued card be loaded and used.

    Raises:
        UnknownCard: there is none.
        CardStateForbids: not issued, or active already.
    """
    card = locked_card(session, card_id)
    change_state(session, card, Act.ACTIVATE, deed)
    return card


def report_loss(session: Session, card_id: str, deed: Deed, *, temporary: bool) -> datetime:
    """Take a report of loss: the state changes at once, terminals refuse the card after its class's window.

    Args:
        session: joins the caller's transaction.
        card_id: the card.
        deed: who took the report, when and why.
        temporary: by telephone, can be released; otherwise in writing, for good.

    Returns:
        When the loss takes effect: until then the holder bears what is spent.

    Raises:
        UnknownCard: there is none.
        LossNotReportable: the class has no report of loss.
        CardStateForbids: not in the holder's hands, or lost already.
    """
    card = locked_card(session, card_id)
    chosen = card_class(card.card_class)
    if not chosen.lossable:
        raise LossNotReportable(f"class {chosen.name}", card_id=card_id, card_class=chosen.code)
    act = Act.REPORT_TEMPORARY_LOSS if temporary else Act.REPORT_LOSS
    change_state(session, card, act, deed)
    window = timedelta(minutes=chosen.loss_window_minutes)
    return put_on_hotlist(session, card, reason="lost", window=window, now=deed.now).effective_from


def release_loss(session: Session, card_id: str, deed: Deed) -> Card:
    """Take back a temporary report of loss: the card was found.

    Raises:
        UnknownCard: there is none.
        CardStateForbids: not temporarily lost.
    """
    card = locked_card(session, card_id)
    change_state(session, card, Act.RELEASE_LOSS, deed)
    take_off_hotlist(session, card, now=deed.now)
    return card


def block_card(session: Session, card_id: str, deed: Deed) -> Card:
    """Stop a card by our own decision; terminals refuse it from now on.

    Raises:
        UnknownCard: there is none.
        CardStateForbids: not in the holder's hands, or lost.
    """
    card = locked_card(session, card_id)
    change_state(session, card, Act.BLOCK, deed)
    put_on_hotlist(session, card, reason="blocked", window=timedelta(0), now=deed.now)
    return card


def unblock_card(session: Session, card_id: str, deed: Deed) -> Card:
    """Let a blocked card work again.

    Raises:
        UnknownCard: there is none.
        CardStateForbids: not blocked.
    """
    card = locked_card(session, card_id)
    change_state(session, card, Act.UNBLOCK, deed)
    take_off_hotlist(session, card, now=deed.now)
    return card
