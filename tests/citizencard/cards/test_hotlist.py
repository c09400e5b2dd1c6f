"""The hotlist, and the versions of it that terminals fetch."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from citizencard.cards.as_of import hotlisted_at
from citizencard.cards.hotlist import put_on_hotlist, take_off_hotlist
from tests.citizencard.cards.make_cards import applied_card

HOUR = timedelta(hours=1)


def test_second_report_does_not_delay_the_first(session: Session, now: datetime) -> None:
    """Reporting again keeps the earlier effect; a stricter entry takes the place of a milder one."""
    card = applied_card(session, now)
    put_on_hotlist(session, card, reason="lost", window=HOUR, now=now)
    assert put_on_hotlist(session, card, reason="lost", window=HOUR, now=now + HOUR).effective_from == now + HOUR
    other = applied_card(session, now)
    put_on_hotlist(session, other, reason="lost", window=3 * HOUR, now=now)
    put_on_hotlist(session, other, reason="blocked", window=timedelta(0), now=now + HOUR)
    moments = [now, now + HOUR, now + 4 * HOUR]
    assert hotlisted_at(session, [other.serial] * 3, moments) == [False, True, True]


def test_taken_off_is_taken_again(session: Session, now: datetime) -> None:
    """A card that was found rides again from that moment on, and what was refused before stays refused."""
    card = applied_card(session, now)
    put_on_hotlist(session, card, reason="lost", window=HOUR, now=now)
    take_off_hotlist(session, card, now=now + 2 * HOUR)
    moments = [now + HOUR, now + 2 * HOUR]
    assert hotlisted_at(session, [card.serial] * 2, moments) == [True, False]


def test_database_refuses_a_back_dated_entry(session: Session, now: datetime) -> None:
    """Nobody can make a tap of the past a stolen one, not even with SQL."""
    card = applied_card(session, now)
    with pytest.raises(ValueError, match="back-dated"):
        put_on_hotlist(session, card, reason="lost", window=-HOUR, now=now)
    entry = put_on_hotlist(session, card, reason="lost", window=HOUR, now=now)
    change = text("UPDATE hotlist_entry SET effective_from = :early WHERE id = :id")
    early = now - HOUR
    shown = early if session.get_bind().dialect.name == "postgresql" else early.isoformat(timespec="microseconds")
    with pytest.raises(IntegrityError), session.begin_nested():
        session.execute(change, {"early": shown, "id": entry.id})
