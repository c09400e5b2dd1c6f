"""What another tariff would have made of past taps."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from citizencard.clock import beijing_date
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.uploads.flow import take_batch
from citizencard.purse.uploads.models import TapAdjustment, TapRecord
from citizencard.settlement import simulating
from citizencard.settlement.errors import SimulationCurrencyForeign, SimulationPeriodInvalid
from citizencard.settlement.simulating import Asked, about_days, simulate
from citizencard.settlement.tally import Report
from citizencard.tariffs.document import read
from tests.citizencard.purse.uploads.make_records import SPONSOR, TARIFF, City, anchored, file_of, make_city, tap
from tests.citizencard.settlement.day_of_taps import dearer_line_1, tariff_with


def asked(document: Mapping[str, Any], now: datetime) -> Asked:
    return about_days(read(document), now, beijing_date(now), None)


def simulated(sessions: Sessions, document: Mapping[str, Any], now: datetime) -> Report:
    with reading(sessions) as session:
        return simulate(session, asked(document, now))


@pytest.mark.usefixtures("day_of_taps")
def test_a_dearer_line_is_dearer_for_its_riders_and_sponsors(sessions: Sessions, now: datetime) -> None:
    """Before a fare rises, the city knows who pays how much more: 2.50 × 0.9 = 2.25 instead of 1.80; a change of lines stays 0.80."""
    report = simulated(sessions, dearer_line_1(), now)
    assert (report.taps, report.complete, report.full_rules, report.unpriced) == (3, True, False, {})
    assert report.total.as_data() == {
        "taps": 3,
        "before_fen": 260,
        "after_fen": 305,
        "dearer": 1,
        "cheaper": 0,
        "unchanged": 2,
    }
    assert {line: tally.difference_fen for line, tally in report.lines.items()} == {1: 45, 2: 0}
    assert {number: (tally.taps, tally.after_fen) for number, tally in report.classes.items()} == {
        1: (2, 305),
        3: (1, 0),
    }
    shares = report.sponsors[SPONSOR]
    assert (shares.before_fen, shares.after_fen) == (20 + 120 + 200, 25 + 120 + 250)
    (change,) = report.largest
    assert (change.line, change.before_fen, change.after_fen) == (1, 180, 225)
    assert [piece["what"] for piece in change.after["lines"]] == ["base", "concession"]
    assert change.before["lines"][0]["minor"] == 200
    assert report.as_data()["largest"][0]["card_class"] == "01"


@pytest.mark.usefixtures("day_of_taps")
def test_the_same_tariff_changes_nothing(sessions: Sessions, now: datetime) -> None:
    """What was priced by a tariff is priced the same by it again, transfers from uploads of either form included."""
    report = simulated(sessions, TARIFF, now)
    assert (report.total.unchanged, report.total.difference_fen, report.largest) == (3, 0, [])


@pytest.mark.usefixtures("day_of_taps")
def test_taps_without_a_price_name_the_rule_that_is_missing(sessions: Sessions, now: datetime) -> None:
    """A line or class that was forgotten is found before its passengers stand at the door."""
    lines = {"1": TARIFF["transit"]["lines"]["1"]}
    report = simulated(sessions, tariff_with(lines=lines, classes={"01": {"name": "adult"}}, concessions=[]), now)
    assert report.unpriced == {"transit.lines.2": 1, "transit.classes.03": 1}
    assert (report.taps, report.total.taps) == (3, 1)


def test_caps_are_applied_as_a_close_applies_them(
    sessions: Sessions, regression: SoftwareVault, day_of_taps: City, now: datetime
) -> None:
    """A monthly cap of 4.50: yesterday's ride counts towards it, and is not counted itself; what a close gave back is not paid any more."""
    yesterday = now - timedelta(days=1) + timedelta(hours=1)
    city = day_of_taps
    before = tap(city.bus1, city.adult, yesterday, 180)
    take_batch(sessions, regression, city.bus1.terminal_id, file_of(city.bus1, [before]), now)
    capped = tariff_with(caps=[{"name": "monthly", "period": "month", "most": "4.10", "sponsor": "city"}])
    report = simulated(sessions, capped, now)
    assert report.full_rules
    assert (report.taps, report.total.before_fen, report.total.after_fen) == (3, 260, 230)
    assert report.sponsors["city"].after_fen == 30
    with transaction(sessions) as session:
        record = session.scalars(select(TapRecord).where(TapRecord.amount_fen == 80)).one()
        session.add(
            TapAdjustment(
                record_id=record.id,
                rule="transit.caps.0",
                number=1,
                business_date=beijing_date(now),
                merchant_id=city.merchant_id,
                card_id=city.adult.card_id,
                amount_fen=30,
                subsidy_fen=30,
                sponsor="city",
                reference="adjust:test",
                line={"what": "cap", "minor": -30, "rule": "transit.caps.0"},
                made_at=now,
            )
        )
    report = simulated(sessions, capped, now)
    assert (report.total.before_fen, report.total.after_fen, report.largest) == (230, 230, [])
    assert report.sponsors["city"].before_fen == 30


def test_a_change_of_lines_counts_though_the_first_ride_never_came(
    sessions: Sessions, regression: SoftwareVault, now: datetime
) -> None:
    """The first bus is in the depot with a broken modem: by rules over history, too, its passenger has changed lines."""
    city = make_city(sessions, now)
    first = tap(city.bus1, city.adult, now - timedelta(minutes=50), 180)
    second = tap(city.bus2, city.adult, now - timedelta(minutes=20), 80, **anchored(first))
    take_batch(sessions, regression, city.bus2.terminal_id, file_of(city.bus2, [second]), now)
    capped = tariff_with(caps=[{"name": "daily", "period": "day", "most": "10.00"}])
    report = simulated(sessions, capped, now)
    assert (report.total.after_fen, report.total.unchanged) == (80, 1)


@pytest.mark.usefixtures("day_of_taps")
def test_a_look_at_a_part_says_so(sessions: Sessions, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """A person who waits gets the first taps and knows that there are more; whoever wants all sees how far it is."""
    monkeypatch.setattr(simulating, "CHUNK", 2)
    told: list[tuple[int, int]] = []
    question = asked(TARIFF, now)
    with reading(sessions) as session:
        part = simulate(session, replace(question, most=1))
        whole = simulate(session, question, lambda done, total: told.append((done, total)))
    assert (part.taps, part.complete) == (1, False)
    assert (whole.taps, whole.complete) == (3, True)
    assert told == [(2, 3), (3, 3)]


def test_a_question_is_about_whole_days_of_the_tariff(now: datetime) -> None:
    """Yesterday, if nobody names a day; at most a year; and in the tariff's own money."""
    tariff = read(TARIFF)
    question = about_days(tariff, now, None, None)
    assert question.until - question.first == timedelta(days=1)
    assert beijing_date(question.first) == beijing_date(now) - timedelta(days=1)
    day = date(2026, 3, 1)
    assert about_days(tariff, now, day, None) == about_days(tariff, now, None, day) == about_days(tariff, now, day, day)
    for first, last in ((day, day - timedelta(days=1)), (day, day + timedelta(days=366))):
        with pytest.raises(SimulationPeriodInvalid):
            about_days(tariff, now, first, last)


def test_another_currency_is_not_compared(sessions: Sessions, now: datetime) -> None:
    """Taps are in yuan."""
    with pytest.raises(SimulationCurrencyForeign):
        simulated(sessions, TARIFF | {"currency": "EUR"}, now)
