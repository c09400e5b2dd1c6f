"""What an upload asks about all its cards at once."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from citizencard.cards.as_of import MAX_QUESTIONS, cards_as_of, hotlisted_at, known_cards
from citizencard.cards.hotlist import put_on_hotlist
from tests.citizencard.cards.make_cards import SENIOR, applied_card

HOUR = timedelta(hours=1)


def test_thousands_of_questions_are_one_statement(session: Session, now: datetime) -> None:
    """A batch of a whole bus depot costs the database one question, answered in the batch's order."""
    card = applied_card(session, now)
    put_on_hotlist(session, card, reason="lost", window=HOUR, now=now)
    unknown = bytes.fromhex("03103302999999999999")
    count = 5_000
    serials = [card.serial if n % 2 else unknown for n in range(count)]
    moments = [now + HOUR if n % 3 else now for n in range(count)]
    statements: list[str] = []
    bind = session.get_bind()
    event.listen(bind, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    listed = hotlisted_at(session, serials, moments)
    found = cards_as_of(session, zip(serials, moments, moments, strict=True))
    assert len(statements) == 2
    assert listed == [one.hotlisted for one in found] == [bool(n % 2 and n % 3) for n in range(count)]
    assert [one.state for one in found] == ["applied" if n % 2 else None for n in range(count)]
    assert [one.card and one.card.card_id for one in found] == [card.id if n % 2 else None for n in range(count)]


def test_known_cards_tell_class_and_key_version(session: Session, now: datetime) -> None:
    """A record's card is found by its serial, each once, unknown ones left out."""
    card = applied_card(session, now, SENIOR)
    found = known_cards(session, [card.serial, card.serial, bytes(10)])
    assert list(found) == [card.serial]
    assert (found[card.serial].card_id, found[card.serial].card_class, found[card.serial].key_version) == (
        card.id,
        3,
        1,
    )


def test_questions_are_bounded(session: Session, now: datetime) -> None:
    """No caller can make the database chew on an endless list; asking nothing costs nothing."""
    assert hotlisted_at(session, [], []) == []
    assert cards_as_of(session, []) == []
    with pytest.raises(ValueError, match="at most"):
        hotlisted_at(session, [bytes(10)] * (MAX_QUESTIONS + 1), [now] * (MAX_QUESTIONS + 1))
    with pytest.raises(ValueError, match="at most"):
        cards_as_of(session, [(bytes(10), now, now)] * (MAX_QUESTIONS + 1))
