"""Taps as a resident and a clerk see them."""

from dataclasses import replace
from datetime import datetime, timedelta

from citizencard.db import Sessions, reading
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.uploads.flow import take_records
from citizencard.purse.uploads.journeys import latest_taps, taps_by_id, taps_of_card
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
        assert [line["minor"] for line in one.explanation["lines"]] == [200, -20]
        assert one.verdict == "accepted"
    assert latest[0].record_id > latest[1].record_id
    with reading(sessions) as session:
        assert taps_by_id(session, [latest[0].record_id]) == [latest[0]]
        assert taps_by_id(session, []) == []
