"""The proof sees money that no ride explains, and rides whose money is not there."""

from dataclasses import replace
from datetime import date

from sqlalchemy import select

from citizencard import chart
from citizencard.db import transaction
from citizencard.purse.uploads.models import TapAdjustment, TapRecord
from citizencard.settlement.histories.adjusting import ADJUST
from citizencard.settlement.histories.vouching import (
    adjustments_booked,
    adjustments_of_parties,
    adjustments_subsidised,
    adjustments_within_fares,
    subsidies_booked,
    subsidies_of_parties,
)
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


def test_sponsors_shares_of_adjustments_are_booked(nights: Nights) -> None:
    """A sponsor that has not paid its share of what a close gave back, or pays for nothing that was, is named."""
    nights.upload(nights.ride(30), nights.ride(20))
    nights.close()
    with transaction(nights.sessions) as session:
        assert [*adjustments_subsidised(session)] == []
        ride = session.scalars(select(TapRecord).limit(1)).one()
        session.add(
            TapAdjustment(
                record_id=ride.id, rule="caps.9", number=1, business_date=date(2026, 11, 21), card_id=str(ride.card_id),
                merchant_id=str(ride.merchant_id), amount_fen=20, subsidy_fen=20, sponsor=CAP_FUND,
                reference="adjust:unpaid", line={}, made_at=nights.now,
            )
        )  # fmt: skip
        code = chart.subsidy(nights.city.merchant_id)
        post(session, [transfer(nights, "subsidy:adjust:nothing", "subsidy", code)], now=nights.now)
        found = [(one.what, one.where, one.found) for one in adjustments_subsidised(session)]
    assert found == [
        ("adjustment_subsidy", "adjust:unpaid", "no transfer"),
        ("adjustment_subsidy", "subsidy:adjust:nothing", "10 fen for none"),
    ]


def test_adjustments_are_between_merchant_and_card_of_the_ride(nights: Nights) -> None:
    """What goes back to another card, or comes from another merchant, than the ride's is named, though its transfer fits."""
    nights.upload(nights.ride(30), nights.ride(20))
    nights.close()
    with transaction(nights.sessions) as session:
        assert [*adjustments_of_parties(session)] == []
        ride = session.scalars(select(TapRecord).limit(1)).one()
        for number, (merchant_id, card_id) in enumerate(
            ((str(ride.merchant_id), "card_other"), ("mer_other", str(ride.card_id)))
        ):
            session.add(
                TapAdjustment(
                    record_id=ride.id, rule="caps.9", number=number, business_date=date(2026, 11, 21), card_id=card_id,
                    merchant_id=merchant_id, amount_fen=20, subsidy_fen=0, reference=f"adjust:astray{number}", line={},
                    made_at=nights.now,
                )
            )  # fmt: skip
        session.flush()
        found = [(one.what, one.where) for one in adjustments_of_parties(session)]
    assert sorted(found) == [("adjustment_parties", "adjust:astray0"), ("adjustment_parties", "adjust:astray1")]


def test_each_sponsor_pays_its_part_to_the_merchant_of_the_ride(nights: Nights) -> None:
    """A sponsor that the price does not name, and money that went to another merchant, are each named, whatever the sum is."""
    nights.upload(nights.ride(30), nights.ride(20))
    with transaction(nights.sessions) as session:
        assert [*subsidies_of_parties(session)] == []
        first, second = session.scalars(select(TapRecord).order_by(TapRecord.id))
        (named,) = first.explanation["subsidies"]
        other = chart.subsidy("mer_other")
        chart.open_missing(session, [chart.owed("sponsor", CAP_FUND), other])
        stranger = transfer(
            nights, f"subsidy:tap:{first.identity}:2", "subsidy", chart.subsidy(nights.city.merchant_id)
        )
        astray = transfer(nights, f"subsidy:tap:{second.identity}:2", "subsidy", other)
        astray = replace(astray, debit=chart.owed("sponsor", named), amount_fen=second.subsidy_fen)
        post(session, [stranger, astray], now=nights.now)
        found = [(one.what, one.where) for one in subsidies_of_parties(session)]
    assert found == [("subsidy_parties", stranger.reference), ("subsidy_parties", astray.reference)]


def transfer(nights: Nights, reference: str, kind: str, credit: str) -> Transfer:
    return Transfer(
        reference, chart.owed("sponsor", CAP_FUND), credit, 10, kind=kind, occurred_at=nights.now, fact=True
    )
