"""What the newcomer's home page is told about the city."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.clock import beijing_date
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.uploads.flow import take_records
from citizencard.purse.uploads.records import PurchaseRecord
from citizencard.settlement.flow import prove_books
from citizencard.settlement.models import BookProof
from citizencard.settlement.overview import Holdings, LastProof, Pulse, holdings, pulse
from tests.citizencard.keys.make_vault import regression_vault
from tests.citizencard.purse.uploads.make_records import City, json_of, make_city, tap
from tests.citizencard.settlement.make import begin, move


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> SoftwareVault:
    """The vault that the cards' records are signed under."""
    return regression_vault(tmp_path_factory.mktemp("vault"))


@pytest.fixture
def city(sessions: Sessions, now: datetime) -> City:
    """Two lines, three cards, one of them lost."""
    return make_city(sessions, now)


def upload(
    sessions: Sessions, vault: SoftwareVault, city: City, records: Sequence[PurchaseRecord], now: datetime
) -> None:
    take_records(sessions, vault, city.bus1.terminal_id, json_of(city.bus1, records), now)


def look(sessions: Sessions, now: datetime) -> Pulse:
    with reading(sessions) as session:
        return pulse(session, now)


def held(sessions: Sessions) -> Holdings:
    with reading(sessions) as session:
        return holdings(session)


def test_empty_database_is_no_city(sessions: Sessions, now: datetime) -> None:
    """Before anything was begun the page has an answer to show: nothing, and that nothing was proved."""
    found = look(sessions, now)
    assert (found.business_day, found.proof, found.latest, found.taps_today) == (None, None, (), 0)
    assert [count for _, count in found.per_minute] == [0] * 60
    assert held(sessions) == Holdings(0, 0, 0)


def test_day_of_taps_is_counted(sessions: Sessions, vault: SoftwareVault, city: City, now: datetime) -> None:
    """What the page says about taps is what came in with a good cryptogram; what waits for a person is said apart."""
    records = [tap(city.bus1, city.adult, now - timedelta(minutes=minutes), 180) for minutes in (3, 3, 1)]
    records += [tap(city.bus1, city.lost, now, 180), tap(city.bus1, city.adult, now, 10)]
    records += [replace(tap(city.bus1, city.adult, now, 180), tac=bytes(4))]
    records += [tap(city.bus1, city.adult, now - timedelta(hours=20), 180)]
    upload(sessions, vault, city, records, now)
    found = look(sessions, now)
    assert (found.taps_today, found.taps_waiting, found.findings, found.terminals_bound) == (5, 1, 1, 2)
    assert found.business_day == beijing_date(now)
    minutes = {when: count for when, count in found.per_minute if count}
    assert minutes == {now - timedelta(minutes=3): 2, now - timedelta(minutes=1): 1, now: 2}
    assert {one.verdict for one in found.latest} == {"accepted", "suspicious"}
    assert len(found.latest) == 6


def test_chart_is_sixty_minutes_without_gaps(
    sessions: Sessions, vault: SoftwareVault, city: City, now: datetime
) -> None:
    """The line on the page has a point for every minute, and follows a terminal whose clock runs ahead within tolerance."""
    at = now + timedelta(seconds=25)
    upload(sessions, vault, city, [tap(city.bus1, city.adult, now + timedelta(minutes=7), 180)], at)
    found = look(sessions, at)
    steps = {later - earlier for (earlier, _), (later, _) in zip(found.per_minute, found.per_minute[1:], strict=False)}
    assert (len(found.per_minute), steps) == (60, {timedelta(minutes=1)})
    assert found.per_minute[-1] == (now + timedelta(minutes=7), 1)
    assert look(sessions, now + timedelta(hours=3)).per_minute[-1] == (now + timedelta(hours=3), 0)


def test_money_held_never_nets_people_against_each_other(session: Session, now: datetime) -> None:
    """Each holder counts at least zero; a load on its way belongs to the holder whose chip it is for."""
    begin(session, now)
    till = chart.till("1")
    move(
        session,
        now,
        [
            ("a", till, chart.purse("card_a"), 10_000),
            ("b", till, chart.inload("card_b"), 5_000),
            ("c", chart.purse("card_b"), till, 2_000),
            ("d", chart.purse("card_c"), till, 700),
            ("e", till, chart.due("card_c"), 300),
        ],
    )
    assert holdings(session) == Holdings(cards_in_use=0, held_fen=10_000 + 3_000 + 300, under_way_fen=5_000)


def test_only_active_cards_are_in_use(sessions: Sessions, city: City) -> None:
    """Cards that wait in a drawer, or were closed, are not the city's life."""
    assert city.adult.card_id
    assert held(sessions).cards_in_use == 3


def test_last_proof_is_told_whatever_it_found(sessions: Sessions, city: City, now: datetime) -> None:
    """A proof that failed is shown as plainly as one that succeeded."""
    assert city.merchant_id
    prove_books(sessions, now)
    first = look(sessions, now).proof
    assert first is not None
    assert (first.at, first.differences) == (now, 0)
    with transaction(sessions) as session:
        session.add(BookProof(proved_at=now + timedelta(hours=1), transfers=4, accounts=3, differences=2))
    assert look(sessions, now).proof == LastProof(datetime(2026, 11, 21, 1, 30, tzinfo=UTC), 4, 3, 2)


def test_statements_do_not_grow_with_the_city(
    session: Session, sessions: Sessions, vault: SoftwareVault, city: City, now: datetime
) -> None:
    """The page costs the database as many questions for a city of millions as for one with a single tap."""
    statements: list[str] = []
    upload(sessions, vault, city, [tap(city.bus1, city.adult, now, 180)], now)
    event.listen(session.connection(), "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
    pulse(session, now)
    holdings(session)
    few = len(statements)
    upload(sessions, vault, city, [tap(city.bus1, city.adult, now, 180) for _ in range(50)], now)
    statements.clear()
    pulse(session, now)
    holdings(session)
    assert len(statements) == few == 9
