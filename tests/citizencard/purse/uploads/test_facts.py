"""The registry's view of a batch, as of each tap."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from citizencard.cards.models import CardState
from citizencard.db import Sessions, reading
from citizencard.purse.uploads.facts import Facts, gather
from citizencard.purse.uploads.records import PurchaseRecord
from tests.citizencard.purse.uploads.make_records import City, a_card, tap


def asked(session: Session, city: City, records: list[PurchaseRecord]) -> list[Facts]:
    return gather(session, city.bus1.number, [(record, at) for record in records if (at := record.tapped_at())])


def test_facts_are_those_of_the_time_of_the_tap(sessions: Sessions, city: City, now: datetime) -> None:
    """A tap before the loss is judged without it, a tap before the binding has no payee, whenever they come in."""
    hour, day = timedelta(hours=1), timedelta(hours=24)
    records = [
        tap(city.bus1, city.lost, now - hour - timedelta(seconds=1), 180),
        tap(city.bus1, city.lost, now - hour, 180),
        tap(city.bus1, city.adult, now - day - timedelta(seconds=1), 180),
        tap(city.bus1, a_card(99), now, 180, tariff_version=99),
    ]
    with reading(sessions) as session:
        before, after, too_early, unknown = asked(session, city, records)
        assert gather(session, city.bus1.number, []) == []
    assert (before.hotlisted, after.hotlisted) == (False, True)
    assert (before.state, before.merchant_kind, before.base_fare_fen) == (CardState.ACTIVE, "bus", 200)
    assert (too_early.state, too_early.binding.merchant_id, too_early.merchant_kind) == (None, None, "")
    assert too_early.binding.registered
    assert (unknown.card, unknown.tariff and unknown.tariff.version) == (None, 3)


def test_a_tap_within_the_second_of_the_activation_is_not_too_early(
    sessions: Sessions, city: City, now: datetime
) -> None:
    """Cards write whole seconds: a holder who taps at once is not suspected, and the bus company is paid."""
    begun = now - timedelta(hours=24)
    record = tap(city.bus1, city.adult, begun, 180)
    with reading(sessions) as session:
        (at_once,) = gather(session, city.bus1.number, [(record, begun - timedelta(milliseconds=600))])
        (before,) = gather(session, city.bus1.number, [(record, begun - timedelta(seconds=1))])
    assert (at_once.state, at_once.merchant_kind) == (CardState.ACTIVE, "bus")
    assert (before.state, before.merchant_kind) == (None, "")
