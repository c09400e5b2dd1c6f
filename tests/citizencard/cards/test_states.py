"""What may happen to a card, and what is remembered of it."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.audit import AuditEntry
from citizencard.cards.as_of import cards_as_of, hotlisted_at
from citizencard.cards.classes import CLASSES
from citizencard.cards.errors import CardStateForbids, UnknownCard
from citizencard.cards.models import Card, CardState, CardStock, ChipKind, StockState
from citizencard.cards.states import (
    Act,
    Deed,
    activate_card,
    block_card,
    change_state,
    issue_card,
    locked_card,
    release_loss,
    report_loss,
    unblock_card,
)
from tests.citizencard.cards.make_cards import CLERK, applied_card

WINDOW = timedelta(hours=3)


@pytest.fixture(autouse=True)
def _holder_bears_three_hours(monkeypatch: pytest.MonkeyPatch) -> None:
    """A city whose adult cards have a window, as some schemes print it."""
    minutes = WINDOW // MINUTE
    monkeypatch.setitem(CLASSES, 0x01, replace(CLASSES[0x01], loss_window_minutes=minutes))


MINUTE = timedelta(minutes=1)


def active_card(session: Session, now: datetime, chip: int = 1) -> Card:
    """A card in its holder's hands; the chip itself plays no part here."""
    card = applied_card(session, now)
    serial = chip.to_bytes(8)
    session.add(
        CardStock(
            chip_serial=serial,
            kind=ChipKind.CARD,
            batch="B",
            state=StockState.PERSONALISED,
            has_transport_key=False,
            received_at=now,
            changed_at=now,
        )
    )
    session.flush()
    card.chip_serial = serial
    change_state(session, card, Act.PERSONALISE, Deed(CLERK, now))
    issue_card(session, card.id, Deed(CLERK, now))
    return activate_card(session, card.id, Deed(CLERK, now))


def test_reported_card_is_refused_after_the_window_and_not_before(session: Session, now: datetime) -> None:
    """A report of loss changes the card at once, and reaches the terminals when the class's window is over."""
    card = active_card(session, now)
    effective = report_loss(session, card.id, Deed(CLERK, now), temporary=False)
    assert card.state == CardState.LOST
    assert effective == now + WINDOW
    assert hotlisted_at(session, [card.serial], [now + WINDOW - MINUTE]) == [False]
    assert hotlisted_at(session, [card.serial], [now + WINDOW]) == [True]


def test_found_card_works_again(session: Session, now: datetime) -> None:
    """A temporary report can be released; before its effect it then never takes effect."""
    card = active_card(session, now)
    report_loss(session, card.id, Deed(CLERK, now), temporary=True)
    release_loss(session, card.id, Deed(CLERK, now + MINUTE))
    assert card.state == CardState.ACTIVE
    assert hotlisted_at(session, [card.serial], [now + WINDOW]) == [False]


def test_formal_loss_is_final(session: Session, now: datetime) -> None:
    """A card lost in writing is not released."""
    card = active_card(session, now)
    report_loss(session, card.id, Deed(CLERK, now), temporary=False)
    with pytest.raises(CardStateForbids) as refusal:
        release_loss(session, card.id, Deed(CLERK, now))
    assert refusal.value.public_fields() == {"card_id": card.id, "state": "lost", "act": "release_loss"}


def test_card_in_stock_cannot_be_used(session: Session, now: datetime) -> None:
    """Only an issued card is activated, and only once."""
    card = applied_card(session, now)
    with pytest.raises(CardStateForbids):
        activate_card(session, card.id, Deed(CLERK, now))
    used = active_card(session, now)
    with pytest.raises(CardStateForbids):
        activate_card(session, used.id, Deed(CLERK, now))


def test_blocked_card_is_refused_at_once(session: Session, now: datetime) -> None:
    """Our own decision takes effect at once, also when a report of loss is still in its window."""
    card = active_card(session, now)
    report_loss(session, card.id, Deed(CLERK, now), temporary=True)
    block_card(session, card.id, Deed(CLERK, now + MINUTE))
    assert hotlisted_at(session, [card.serial], [now + MINUTE]) == [True]
    unblock_card(session, card.id, Deed(CLERK, now + 2 * MINUTE))
    assert hotlisted_at(session, [card.serial], [now + 2 * MINUTE]) == [False]
    assert hotlisted_at(session, [card.serial], [now + MINUTE]) == [True]


def test_every_state_is_remembered(session: Session, now: datetime) -> None:
    """What was the case at an instant can be asked later, and each act left an audit row."""
    card = active_card(session, now)
    report_loss(session, card.id, Deed(CLERK, now + MINUTE), temporary=True)
    moments = [now - MINUTE, now, now + MINUTE, now + WINDOW]
    found = cards_as_of(session, [(card.serial, at, at) for at in moments])
    assert [one.state for one in found] == [None, "active", "temp_lost", "temp_lost"]
    acts = session.scalars(select(AuditEntry.act).where(AuditEntry.subject == card.id).order_by(AuditEntry.id)).all()
    assert acts == ["card.apply", "card.personalise", "card.issue", "card.activate", "card.report_temporary_loss"]


def test_unknown_card(session: Session) -> None:
    """A card that does not exist is said to be so."""
    with pytest.raises(UnknownCard):
        locked_card(session, "card_none")
