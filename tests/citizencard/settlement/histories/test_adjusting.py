"""What a night gives back, and to whom: balances, references, sponsors, late rides, versions."""

from datetime import timedelta

from sqlalchemy import select

from citizencard import chart
from citizencard.db import Sessions, reading, transaction
from citizencard.purse.uploads.journeys import taps_of_card
from citizencard.purse.uploads.models import RideToRate
from citizencard.tariffs.versions import PUBLISH, publish, publish_payload
from tests.citizencard.purse.uploads.make_records import anchored, approved
from tests.citizencard.settlement.histories.make_histories import CAP, CAP_FUND, LOADED_FEN, Nights, on, with_rules


def test_daily_cap_goes_back_to_the_holder(nights: Nights) -> None:
    """Three rides of ¥4.40 under a cap of ¥3.00: ¥1.40 is due to the card, the merchant is netted so much less, the sponsor makes it up."""
    first = nights.ride(300)
    second = nights.ride(270, bus=nights.city.bus2, amount_fen=80, **anchored(first))
    third = nights.ride(30)
    nights.upload(first, second, third)
    (position,) = nights.close().positions
    merchant = nights.city.merchant_id
    assert nights.given() == [("caps.0", 1, 140, ":caps.0")]
    assert nights.due() == 140
    assert (position.clearing_fen, position.payable_fen, position.subsidy_fen) == (300, 300, 20 + 120 + 20 + 140)
    assert (nights.balance(chart.clearing(merchant)), nights.balance(chart.payable(merchant))) == (0, 300)
    assert nights.balance(chart.owed("sponsor", CAP_FUND)) == 140


def test_a_cap_counts_what_was_paid(nights: Nights) -> None:
    """A device that charged too little has not brought its rider nearer to the cap than the fen that left the chip."""
    nights.upload(nights.ride(30, amount_fen=100), nights.ride(20))
    nights.close()
    assert (nights.due(), nights.balance(chart.purse(nights.city.adult.card_id))) == (0, LOADED_FEN - 280)
    nights.upload(nights.ride(10))
    nights.close()
    assert nights.due() == 160


def test_the_holder_sees_what_came_back_and_why(nights: Nights) -> None:
    """The ride that reached the cap carries the line of the rule, with what was paid before."""
    nights.upload(nights.ride(300), nights.ride(200), nights.ride(100))
    nights.close()
    with reading(nights.sessions) as session:
        newest, middle, oldest = sorted(
            taps_of_card(session, nights.city.adult.serial), key=lambda one: str(one.at), reverse=True
        )
    assert oldest.adjustments == ()
    assert [(one.amount_fen, one.line["what"]) for one in middle.adjustments] == [(60, "cap")]
    (given,) = newest.adjustments
    assert (given.amount_fen, given.line["facts"]["paid_minor"], given.line["sponsor"]) == (180, 300, CAP_FUND)


def test_late_rides_add_and_never_take_back(nights: Nights) -> None:
    """A bus that reports a day late makes its riders' other rides of that day cheaper by exactly what is missing."""
    on_time = [nights.ride(200), nights.ride(100)]
    nights.upload(*on_time)
    nights.close()
    assert nights.due() == 60
    late = nights.ride(300)
    nights.now += timedelta(days=1)
    nights.upload(late)
    (position,) = nights.close().positions
    assert nights.due() == 240
    assert nights.given() == [
        ("caps.0", 1, 60, ":caps.0"),
        ("caps.0", 1, 60, ":caps.0"),
        ("caps.0", 2, 120, ":caps.0:2"),
    ]
    assert position.clearing_fen == 180 - 180


def test_other_classes_and_other_days_have_their_own_caps(nights: Nights) -> None:
    """A senior's free ride counts for no cap, and yesterday's rides for none of today's."""
    yesterday = [nights.ride(minutes) for minutes in (9 * 60, 9 * 60 + 20)]
    nights.upload(*yesterday, nights.ride(10), nights.ride(5, card=nights.city.senior, amount_fen=0))
    nights.close()
    assert (nights.due(), nights.due(nights.city.senior)) == (60, 0)


def test_rides_in_doubt_are_not_rated(nights: Nights) -> None:
    """What a person has to decide neither counts for a cap nor gives anything back."""
    nights.upload(nights.ride(30), nights.ride(20), nights.ride(10, card=nights.city.lost))
    nights.close()
    assert (nights.due(), nights.due(nights.city.lost)) == (60, 0)
    with reading(nights.sessions) as session:
        assert len(session.scalars(select(RideToRate)).all()) == 2


def test_each_ride_by_the_version_that_priced_it(sessions: Sessions, nights: Nights) -> None:
    """In the morning the cap was ¥3.00, at noon ¥2.00 begins: what the card has paid goes on counting, each ride under its own cap."""
    change = nights.now - timedelta(minutes=150)
    lower = {**with_rules(caps=[{**CAP, "most": "2.00"}]), "version": 4, "effective_from": change.isoformat()}
    with transaction(sessions) as session:
        before = change - timedelta(minutes=1)
        publish(session, lower, approved(session, PUBLISH, publish_payload(lower), before), now=before)
    nights.upload(nights.ride(300), nights.ride(200), on(nights.ride(100), 4))
    nights.close()
    assert [(rule, fen) for rule, _, fen, _ in nights.given()] == [("caps.0", 60), ("caps.0", 180)]


def test_several_rules_and_sponsors_for_one_ride(sessions: Sessions, nights: Nights) -> None:
    """Half price from the second ride of the month on, by one sponsor, and the cap by another: both are named, both pay their part."""
    rules = with_rules(caps=[{**CAP, "most": "2.00"}], ride_counts=[COUNT])
    document = {**rules, "version": 4, "effective_from": (nights.now - timedelta(minutes=400)).isoformat()}
    with transaction(sessions) as session:
        before = nights.now - timedelta(minutes=401)
        publish(session, document, approved(session, PUBLISH, publish_payload(document), before), now=before)
    nights.upload(on(nights.ride(300), 4), on(nights.ride(200), 4))
    nights.close()
    assert nights.given() == [("ride_counts.0", 1, 90, ":ride_counts.0"), ("caps.0", 1, 70, ":caps.0")]
    assert nights.balance(chart.owed("sponsor", "city")) == 90
    assert nights.balance(chart.owed("sponsor", CAP_FUND)) == 70
    assert nights.due() == 160


COUNT = {"name": "second", "period": "month", "after": 1, "pays": "0.5", "sponsor": "city"}
