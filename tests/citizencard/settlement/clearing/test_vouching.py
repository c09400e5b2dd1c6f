"""The proof notices taps whose money is not theirs, and what was set aside without its transfer, or moved without a row."""

from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.db import transaction
from citizencard.purse.uploads.book import PURCHASE
from citizencard.purse.uploads.models import TapRecord
from citizencard.settlement.clearing.asides import SET_ASIDE
from citizencard.settlement.clearing.models import TapSetAside
from citizencard.settlement.clearing.subsidies import SUBSIDY_AGAIN, SUBSIDY_BACK
from citizencard.settlement.clearing.vouching import (
    set_aside_sponsors,
    set_asides_booked,
    set_asides_subsidised,
    taps_booked,
)
from ledger import Transfer, post
from tests.citizencard.purse.uploads.make_records import SPONSOR
from tests.citizencard.settlement.histories.make_histories import Nights


def test_every_tap_debits_its_card_for_its_merchant(nights: Nights) -> None:
    """A tap without money, with too little, for another payee or of another card, and money under the name of no tap, are each named."""
    nights.upload(nights.ride(30), nights.ride(20, card=nights.city.senior, amount_fen=0))
    with transaction(nights.sessions) as session:
        assert [*taps_booked(session)] == []
        ride = session.scalars(select(TapRecord).where(TapRecord.amount_fen > 0)).one()
        purse, clearing = chart.purse(str(ride.card_id)), chart.clearing(str(ride.merchant_id))
        suspense = chart.merchant_suspense(str(ride.merchant_id))
        chart.open_missing(session, [suspense, chart.purse(nights.city.lost.card_id)])
        names = [
            _more(session, ride, number, verdict) for number, verdict in enumerate(["accepted"] * 4 + ["suspicious"])
        ]
        right = Transfer(f"tap:{names[4]}", purse, suspense, 180, PURCHASE, nights.now, fact=True)
        wrong = [
            replace(right, reference=f"tap:{names[1]}", credit=clearing, amount_fen=170),
            replace(right, reference=f"tap:{names[2]}"),
            replace(right, reference=f"tap:{names[3]}", debit=chart.purse(nights.city.lost.card_id), credit=clearing),
            replace(right, reference=f"tap:{'f' * 32}", credit=clearing),
        ]
        post(session, [right, *wrong], now=nights.now)
        found = {one.where for one in taps_booked(session)}
        session.rollback()
    assert found == {f"tap:{name}" for name in (*names[:4], "f" * 32)}


def test_what_is_set_aside_has_moved(nights: Nights) -> None:
    """A row without its transfer, one of more than the tap, and a transfer without a row are each named."""
    nights.upload(nights.ride(60, card_counter=5), nights.ride(30, card_counter=5), nights.ride(20, card_counter=6))
    nights.close()
    with transaction(nights.sessions) as session:
        assert [*set_asides_booked(session), *set_asides_subsidised(session), *set_aside_sponsors(session)] == []
        ride = session.scalars(select(TapRecord).where(TapRecord.card_counter == 6)).one()
        session.add_all([_aside(ride, 1, amount_fen=180), _aside(ride, 3, amount_fen=500)])
        merchant_id = str(ride.merchant_id)
        lone = Transfer(
            "finding:tap:lone:1",
            chart.clearing(merchant_id),
            chart.merchant_suspense(merchant_id),
            10,
            SET_ASIDE,
            nights.now,
            fact=True,
        )
        post(session, [lone, replace(lone, reference=f"finding:tap:{ride.identity}:3", amount_fen=500)], now=nights.now)
        found = [one.where for one in set_asides_booked(session)]
        subsidies = [(one.where, one.expected, one.found) for one in set_asides_subsidised(session)]
        name = ride.identity
        session.rollback()
    assert found == [f"finding:tap:{name}:1", f"finding:tap:{name}:3", "finding:tap:lone:1"]
    assert subsidies == [(f"finding:tap:{name}:{number}", "20 fen", "0 fen") for number in (1, 3)]


def test_sponsors_money_goes_the_way_of_the_tap(nights: Nights) -> None:
    """What came again without a decision, and what went back from another merchant or to another sponsor, is named."""
    nights.upload(nights.ride(60, card_counter=5), nights.ride(30, card_counter=5))
    nights.close()
    with transaction(nights.sessions) as session:
        first, second = session.scalars(select(TapRecord).order_by(TapRecord.id))
        earned, claim = chart.subsidy(str(first.merchant_id)), chart.owed("sponsor", SPONSOR)
        other, stranger = chart.subsidy("mer_other"), chart.owed("sponsor", "stranger")
        chart.open_missing(session, [other, stranger])
        again = Transfer(
            f"finding:tap:{first.identity}:1:restored:1", claim, earned, 20, SUBSIDY_AGAIN, nights.now, fact=True
        )
        back = Transfer(
            f"finding:tap:{second.identity}:1:subsidy:2", other, claim, 20, SUBSIDY_BACK, nights.now, fact=True
        )
        to_stranger = replace(
            back, reference=f"finding:tap:{second.identity}:1:subsidy:3", debit=earned, credit=stranger
        )
        post(session, [again, back, to_stranger], now=nights.now)
        sums = {(one.where, one.expected, one.found) for one in set_asides_subsidised(session)}
        parties = [one.where for one in set_aside_sponsors(session)]
        expected = {
            (f"finding:tap:{second.identity}:1", "20 fen", "60 fen"),
            (f"finding:tap:{first.identity}:1", "0 fen", "20 fen"),
        }
        session.rollback()
    assert sums == expected
    assert parties == [back.reference, to_stranger.reference]


def _more(session: Session, ride: TapRecord, number: int, verdict: str) -> str:
    """Another tap like a ride, without money; returns its identity."""
    name = f"{number:032x}"
    columns: dict[str, Any] = {column.key: getattr(ride, column.key) for column in TapRecord.__table__.columns}
    columns |= {"id": None, "digest": name * 2, "identity": name, "verdict": verdict, "subsidy_fen": 0}
    session.add(TapRecord(**columns))
    session.flush()
    return name


def _aside(ride: TapRecord, number: int, amount_fen: int) -> TapSetAside:
    return TapSetAside(
        record_id=ride.id,
        number=number,
        cause="counter_fork",
        business_date=date(2026, 11, 21),
        merchant_id=ride.merchant_id,
        amount_fen=amount_fen,
        subsidy_fen=ride.subsidy_fen,
        reference=f"finding:tap:{ride.identity}:{number}",
        made_at=ride.received_at,
    )
