"""What a terminal gets when it fetches the hotlist."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from citizencard.cards import hotlist_downloads
from citizencard.cards.errors import HotlistTooLong
from citizencard.cards.hotlist import put_on_hotlist, take_off_hotlist
from citizencard.cards.hotlist_downloads import download
from citizencard.cards.hotlist_memory import Memory
from citizencard.cards.hotlist_publications import UNPUBLISHED, Published, publish
from citizencard.cards.models import Card
from hardware.terminal.hotlist import Hotlist
from tests.citizencard.cards.make_cards import applied_card

HOUR = timedelta(hours=1)
BASE = slice(20, 24)


@pytest.fixture
def cards(session: Session, now: datetime) -> list[Card]:
    """Eight cards on list 1; then one came and one went for list 2."""
    made = [applied_card(session, now) for _ in range(9)]
    for card in made[:8]:
        put_on_hotlist(session, card, reason="lost", window=timedelta(0), now=now)
    publish(session, now)
    take_off_hotlist(session, made[0], now=now + HOUR)
    put_on_hotlist(session, made[8], reason="lost", window=timedelta(0), now=now + HOUR)
    return made


def base_of(raw: bytes) -> int:
    return int.from_bytes(raw[BASE], "big")


def test_device_behind_gets_the_changes_and_a_new_one_everything(
    session: Session, now: datetime, cards: list[Card]
) -> None:
    """Both ways end in the same list; asked again, the same bytes come from the memory of the process."""
    current = publish(session, now + HOUR)
    full = download(session, current, 0)
    held = Hotlist.parse(full)
    assert (base_of(full), held.version) == (0, 2)
    assert [held.refuses(card.serial) for card in cards] == [False] + [True] * 8
    delta = download(session, current, 1)
    assert base_of(delta) == 1
    assert len(delta) < len(full)
    assert download(session, current, 1) is delta
    assert download(session, current, 0) is full
    nothing_new = download(session, current, 2)
    assert held.updated(nothing_new) == held


def test_device_too_far_behind_gets_the_whole_list(
    session: Session, now: datetime, cards: list[Card], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the changes are more than they are worth, or the version is one that never was, the whole list is sent."""
    assert cards
    current = publish(session, now + HOUR)
    assert base_of(download(session, current, 3)) == 0
    monkeypatch.setattr(hotlist_downloads, "_deltas", Memory(1))
    monkeypatch.setattr(hotlist_downloads, "MAX_DELTA_CHANGES", 1)
    assert base_of(download(session, current, 1)) == 0


def test_city_without_lost_cards_has_a_list_too(session: Session) -> None:
    """The first day of a city: an empty list that a device understands."""
    assert Hotlist.parse(download(session, UNPUBLISHED, 0)) == Hotlist()


def test_list_that_no_device_can_keep_is_refused_clearly(session: Session, now: datetime) -> None:
    """Rather a clear word to the operator than a device that keeps half a list."""
    with pytest.raises(HotlistTooLong, match="1000000"):
        download(session, Published(1, now, 1_000_001, bytes(32)), 0)
