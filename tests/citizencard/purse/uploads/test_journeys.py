"""Taps as a resident, a clerk and the home page see them."""

from dataclasses import replace
from datetime import datetime, timedelta

from citizencard.db import Sessions, reading
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.uploads.flow import take_records
from citizencard.purse.uploads.journeys import figures, findings_page, latest_taps, taps_of_card
from tests.citizencard.purse.uploads.make_records import City, json_of, tap


def test_taps_of_a_card_are_explained_page_by_page(
    sessions: Sessions, vault: SoftwareVault, city: City, now: datetime
) -> None:
    """A holder sees each tap with what was paid and why; what was rejected is not his."""
    records = [tap(city.bus1, city.adult, now - timedelta(hours=hours), 180) for hours in (3, 2, 1)]
    records += [tap(city.bus1, city.senior, now, 0), replace(tap(city.bus1, city.adult, now, 180), tac=bytes(4))]
    take_records(sessions, vault, city.bus1.terminal_id, json_of(city.bus1, records), now)
    with reading(sessions) as session:
        page = taps_of_card(session, city.adult.serial, limit=2)
        rest = taps_of_card(session, city.adult.serial, before=page[-1].record_id)
        latest = latest_taps(session, 2)
    assert len({one.record_id for one in [*page, *rest]}) == len(page) + len(rest) == 3
    for one in page:
        assert (one.merchant_id, one.line, one.paid_fen, one.subsidy_fen) == (city.merchant_id, 1, 180, 20)
        assert one.explanation["concession_fen"] == 20
        assert one.verdict == "accepted"
    assert latest[0].record_id > latest[1].record_id


def test_figures_of_the_home_page(sessions: Sessions, vault: SoftwareVault, city: City, now: datetime) -> None:
    """The newcomer's page counts real taps by their minute, what waits for a person, and nothing that was rejected."""
    half_past = now.replace(second=0)
    times = [half_past, half_past - timedelta(seconds=30), half_past - timedelta(minutes=5)]
    records = [tap(city.bus1, city.adult, at, 180) for at in times]
    records += [tap(city.bus1, city.lost, half_past - timedelta(hours=23), 180), tap(city.bus1, city.lost, now, 180)]
    records += [tap(city.bus1, city.adult, now, 10), replace(tap(city.bus1, city.adult, now, 180), tac=bytes(4))]
    take_records(sessions, vault, city.bus1.terminal_id, json_of(city.bus1, records), now)
    with reading(sessions) as session:
        found = figures(session, now=now)
        findings = findings_page(session)
        assert findings_page(session, after=findings[-1].finding_id) == []
    assert found.today == 5
    assert found.per_minute == (
        (half_past - timedelta(hours=23), 1),
        (half_past - timedelta(minutes=5), 1),
        (half_past - timedelta(minutes=1), 1),
        (half_past, 3),
    )
    assert (found.in_suspense, found.findings) == (1, 1)
    assert (findings[0].kind, findings[0].detail) == ("price_difference", {"paid_fen": 10, "expected_fen": 180})
    assert findings[0].tap.paid_fen == 10
