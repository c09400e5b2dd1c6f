"""Published versions of the hotlist."""

import random
import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizencard.cards import hotlist_publications
from citizencard.cards.hotlist import put_on_hotlist, take_off_hotlist
from citizencard.cards.hotlist_bytes import number_of
from citizencard.cards.hotlist_memory import Memory
from citizencard.cards.hotlist_publications import (
    UNPUBLISHED,
    Published,
    changes_since,
    contents,
    is_due,
    latest,
    publish,
    published,
)
from citizencard.cards.models import Card, HotlistEntry, HotlistPublication
from citizencard.db import Sessions, transaction
from tests.citizencard.cards.make_cards import applied_card

HOUR = timedelta(hours=1)
AT_ONCE = timedelta(0)


def listed(session: Session, of: Published) -> list[int]:
    return list(contents(session, of).cards)


def number(card: Card) -> int:
    return number_of(card.serial.hex().upper())


def test_version_rises_with_what_takes_effect_and_not_without(session: Session, now: datetime) -> None:
    """A terminal can tell a newer list from an older one by its number alone, and nothing new has no new number."""
    first, second = applied_card(session, now), applied_card(session, now)
    put_on_hotlist(session, first, reason="lost", window=HOUR, now=now)
    put_on_hotlist(session, second, reason="lost", window=2 * HOUR, now=now)
    assert publish(session, now) == UNPUBLISHED
    one = publish(session, now + HOUR)
    assert (one.version, listed(session, one)) == (1, [number(first)])
    assert publish(session, now + HOUR) == latest(session) == one
    take_off_hotlist(session, first, now=now + 3 * HOUR)
    two = publish(session, now + 3 * HOUR)
    assert (two.version, listed(session, two)) == (2, [number(second)])
    assert not is_due(session, now + 4 * HOUR)


def test_old_version_is_told_as_it_was(session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Years later it can be said what a bus could know when it took a lost card."""
    cards = sorted((applied_card(session, now) for _ in range(3)), key=number)
    versions = []
    for hour, card in enumerate(cards):
        put_on_hotlist(session, card, reason="lost", window=AT_ONCE, now=now + hour * HOUR)
        versions.append(publish(session, now + hour * HOUR))
    take_off_hotlist(session, cards[0], now=now + 5 * HOUR)
    versions.append(publish(session, now + 5 * HOUR))
    monkeypatch.setattr(hotlist_publications, "_contents", Memory(most=2))  # another process: it remembers nothing
    told = [listed(session, version) for version in versions]
    numbers = [number(card) for card in cards]
    assert told == [numbers[:1], numbers[:2], numbers, numbers[1:]]
    assert [contents(session, version).digest() for version in versions] == [version.digest for version in versions]
    assert [published(session, version.version) for version in versions] == versions
    assert published(session, 5) is None


def test_card_that_came_and_went_unseen_makes_no_version(session: Session, now: datetime) -> None:
    """A report that was taken back before any bus asked is no news to any bus, and is not asked about again."""
    card, other = applied_card(session, now), applied_card(session, now)
    put_on_hotlist(session, card, reason="lost", window=AT_ONCE, now=now)
    take_off_hotlist(session, card, now=now + HOUR)
    assert publish(session, now + 2 * HOUR) == UNPUBLISHED
    assert not is_due(session, now + 2 * HOUR)
    put_on_hotlist(session, other, reason="lost", window=AT_ONCE, now=now + 2 * HOUR)
    assert listed(session, publish(session, now + 3 * HOUR)) == [number(other)]


def test_changes_add_up_however_often_a_card_is_lost_and_found(session: Session, now: datetime) -> None:
    """From any version to any later one a terminal comes by the changes alone, whatever happened between."""
    lots = random.Random(7)
    cards = [applied_card(session, now) for _ in range(6)]
    versions = [UNPUBLISHED]
    on: set[int] = set()
    for hour in range(1, 25):
        for card in lots.sample(cards, 2):
            if number(card) in on:
                take_off_hotlist(session, card, now=now + hour * HOUR)
            else:
                put_on_hotlist(session, card, reason="lost", window=AT_ONCE, now=now + hour * HOUR)
            on ^= {number(card)}
        if lots.random() < 0.7:
            versions.append(publish(session, now + hour * HOUR))
    lists = [set(listed(session, version)) for version in versions]
    for base in range(len(versions)):
        for later in range(base, len(versions)):
            found = changes_since(session, versions[base].version, versions[later].version, most=100)
            assert found == (sorted(lists[later] - lists[base]), sorted(lists[base] - lists[later]))
    assert changes_since(session, 0, versions[-1].version, most=3) is None


def test_every_row_is_stamped_once(session: Session, now: datetime) -> None:
    """Publishing again and again costs nothing: what is published is not looked at any more."""
    for _ in range(3):
        put_on_hotlist(session, applied_card(session, now), reason="lost", window=AT_ONCE, now=now)
    publish(session, now)
    publish(session, now + HOUR)
    assert session.scalars(select(HotlistEntry.listed_in)).all() == [1, 1, 1]
    assert session.scalar(select(func.count()).select_from(HotlistPublication)) == 1


def test_terminals_that_ask_at_once_get_one_version(committed: Sessions, now: datetime) -> None:
    """A hundred buses sign in at five in the morning: what is due is published once, and all of them get it."""
    with transaction(committed) as session:
        put_on_hotlist(session, applied_card(session, now), reason="lost", window=AT_ONCE, now=now)
    found: list[Published] = []

    def ask() -> None:
        with transaction(committed) as session:
            found.append(publish(session, now))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(one.version, one.cards) for one in found} == {(1, 1)}
    assert len(found) == 4
