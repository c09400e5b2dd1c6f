"""The proof sees money that no ride explains, and rides whose money is not there."""

from datetime import date

from sqlalchemy import select

from citizencard import chart
from citizencard.db import transaction
from citizencard.purse.uploads.models import TapAdjustment, TapRecord
from citizencard.settlement.histories.adjusting import ADJUST
from citizencard.settlement.histories.vouching import adjustments_booked, adjustments_within_fares, subsidies_booked
from ledger import Transfer, post
from tests.citizencard.settlement.histories.make_histories import CAP_FUND, Nights


def test_adjustments_and_their_transfers_belong_together(nights: Nights) -> None:
    """An adjustment without money, one of too much, and money under the name of an adjustment are each named."""
    nights.upload(nights.ride(30))
    nights.close()
    with transaction(nights.sessions) as session:
        assert [*adjustments_booked(session), *adjustments_within_fares(session), *subsidies_booked(session)] == []
        chart.open_missing(session, [chart.owed("sponsor", CAP_FUND), chart.due(nights.city.adult.card_id)])
        ride = session.scalars(select(TapRecord)).one()
        session.add(
            TapAdjustment(
                record_id=ride.id, rule="caps.9", number=1, business_date=date(2026, 11, 21), card_id=str(ride.card_id),
                merchant_id=str(ride.merchant_id), amount_fen=200, subsidy_fen=0, reference="adjust:invented", line={},
                made_at=nights.now,
            )
        )  # fmt: skip
        post(session, [transfer(nights, "adjust:nobody", ADJUST, chart.due(str(ride.card_id)))], now=nights.now)
        found = [(one.what, one.where) for one in (*adjustments_booked(session), *adjustments_within_fares(session))]
    assert found == [
        ("adjustment", "adjust:invented"),
        ("adjustment", "adjust:nobody"),
        ("adjustment_too_high", f"tap {ride.id}"),
    ]


def test_subsidies_are_what_verdicts_say(nights: Nights) -> None:
    """A sponsor's money for a ride that says another amount, or for no ride at all, is named; what a close adds is not mixed in."""
    nights.upload(nights.ride(30), nights.ride(20))
    nights.close()
    with transaction(nights.sessions) as session:
        assert [*subsidies_booked(session)] == []
        ride = session.scalars(select(TapRecord).limit(1)).one()
        code = chart.subsidy(nights.city.merchant_id)
        more = [f"subsidy:tap:{ride.identity}:2", f"subsidy:tap:{'0' * 32}"]
        post(session, [transfer(nights, name, "subsidy", code) for name in more], now=nights.now)
        found = {(one.what, one.where, one.expected, one.found) for one in subsidies_booked(session)}
    assert found == {
        ("subsidy", f"tap:{ride.identity}", "20 fen", "30 fen"),
        ("subsidy", f"tap:{'0' * 32}", "0 fen", "10 fen"),
    }


def transfer(nights: Nights, reference: str, kind: str, credit: str) -> Transfer:
    return Transfer(
        reference, chart.owed("sponsor", CAP_FUND), credit, 10, kind=kind, occurred_at=nights.now, fact=True
    )
