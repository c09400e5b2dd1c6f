"""Which terminals work with an old list."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from citizencard.cards.hotlist import put_on_hotlist
from citizencard.cards.hotlist_publications import publish
from citizencard.terminals.issuers import publish_issuers
from citizencard.terminals.lags import lagging
from citizencard.terminals.models import AcknowledgedKind, TerminalKind
from citizencard.terminals.registry import register_terminal
from citizencard.terminals.shifts import WorksWith, take_word
from tests.citizencard.cards.make_cards import applied_card
from tests.citizencard.terminals.test_issuers import DAY, SHANGHAI, admit, withdraw


def test_thirty_days_to_learn_a_city_and_seven_to_forget_it(session: Session, now: datetime) -> None:
    """The report says who is late by the rules of interoperability, and nobody who is not."""
    terminal = register_terminal(session, "bus 26", TerminalKind.BUS_VALIDATOR, now=now).id
    row = admit(session, SHANGHAI, now)
    publish_issuers(session, now)

    def lag(at: datetime) -> list[tuple[int, int, bool]]:
        found = lagging(session, AcknowledgedKind.ISSUERS, at)
        return [(one.version, one.current, one.is_overdue) for one in found]

    assert lag(now + 29 * DAY) == [(0, 1, False)]
    assert lag(now + 30 * DAY) == [(0, 1, True)]
    take_word(session, terminal, WorksWith(issuer_version=1), now=now + 30 * DAY)
    assert lag(now + 31 * DAY) == []
    withdraw(session, row, now + 31 * DAY)
    publish_issuers(session, now + 31 * DAY)
    assert lag(now + 37 * DAY) == [(1, 2, False)]
    assert lag(now + 38 * DAY) == [(1, 2, True)]
    take_word(session, terminal, WorksWith(issuer_version=3), now=now + 38 * DAY)
    assert lag(now + 38 * DAY) == [(1, 2, True)], "a version that never was is not believed"
    take_word(session, terminal, WorksWith(issuer_version=2), now=now + 38 * DAY)
    assert lag(now + 99 * DAY) == []


def test_hotlist_is_a_day_old_at_most(session: Session, now: datetime) -> None:
    """Pages of devices that still let lost cards ride, with the moment since when; those that never said a word first of all."""
    buses = sorted(register_terminal(session, "bus", TerminalKind.BUS_VALIDATOR, now=now).id for _ in range(3))
    for hour in range(2):
        at = now + timedelta(hours=hour)
        put_on_hotlist(session, applied_card(session, now), reason="lost", window=timedelta(0), now=at)
        publish(session, at)
    take_word(session, buses[1], WorksWith(hotlist_version=1), now=now)
    take_word(session, buses[2], WorksWith(hotlist_version=2), now=now + DAY)
    first, second = lagging(session, AcknowledgedKind.HOTLIST, now + DAY)
    assert (first.terminal_id, first.version, first.behind_since, first.is_overdue) == (buses[0], 0, now, True)
    assert (second.version, second.behind_since, second.is_overdue) == (1, now + timedelta(hours=1), False)
    assert lagging(session, AcknowledgedKind.HOTLIST, now + DAY, after=buses[0], limit=1) == [second]
