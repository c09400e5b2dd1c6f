"""Why something cost what it cost, in sentences."""

from dataclasses import replace
from datetime import datetime, timedelta

from api.pages.language import Language
from api.portal.journeys import journey_of_stay, journey_of_tap
from citizencard.parking.models import StayState
from citizencard.parking.views import StayView
from citizencard.purse.decisions.models import Outcome
from citizencard.purse.uploads.journeys import Tap
from citizencard.purse.uploads.models import Verdict
from citizencard.tariffs.amounts import Money
from citizencard.tariffs.parking import Stay, quote
from citizencard.tariffs.parking_rules import read_rule
from tests.citizencard.parking.make_parking import RULE
from tests.citizencard.tariffs.make_rules import OFFSET

SERIAL = bytes.fromhex("03102020000000004410")
YUAN = Money("CNY", 2)


def test_reasons_of_prices_are_sentences(now: datetime) -> None:
    """Base, class share and sponsor of a ride; minutes, steps and cap of a stay, in both languages."""
    base = {"what": "base", "minor": 200, "rule": "transit.lines.26.fare", "facts": {"line": 26, "by": "flat"}}
    facts = {"class": "student", "by": "pays", "pays": "20%"}
    own = {"what": "concession", "minor": -160, "rule": "transit.concessions.0", "facts": facts}
    ride = {"minor": 40, "lines": [base, {**own, "sponsor": "education_fund"}]}
    tap = Tap(7, SERIAL, now, None, 26, 40, 160, Verdict.ACCEPTED, None, ride)
    assert journey_of_tap(tap, Language.EN, now).why == (
        "full fare of line 26: ¥2.00; class student pays 20%: ¥1.60 off (paid by the education fund); to pay ¥0.40."
    )
    assert "学生卡按 20% 计，优惠 ¥1.60（由 教育基金 承担）；应付 ¥0.40。" in journey_of_tap(
        tap, Language.ZH, now
    ).why.replace("学生 卡", "学生卡")
    rule = read_rule("parking.a", RULE, YUAN)
    entered = now.replace(hour=1, minute=0)  # 09:00 in Beijing
    for minutes, fen, said in (
        (20, 0, "20 min are free"),
        (67, 700, "¥5.00 · 7 min, 1 × ¥2.00 for each 30 min: ¥2.00"),
        (600, 4000, "no more than ¥40.00 a period"),
    ):
        left = entered + timedelta(minutes=minutes)
        price = quote(rule, Stay(entered, left), OFFSET)
        stay = StayView("prk_1", "a", rule.title, "b", entered, left, StayState.LEFT, price.minor, price, 1, YUAN, None)
        told = journey_of_stay(stay, b"", Language.EN, now)
        assert (told.amount_fen, said in told.why) == (fen, True), told.why
        assert journey_of_stay(stay, b"", Language.ZH, now).why
    inside = StayView(
        "prk_2", "a", rule.title, "b", now - timedelta(minutes=5), None, StayState.OPEN, None, None, 1, YUAN, None
    )
    assert "5 minutes so far" in journey_of_stay(inside, b"", Language.EN, now).why
    moment = StayView(
        "prk_3", "a", "c", "b", now, now, StayState.UNPAID, 0, quote(rule, Stay(now, now), OFFSET), 1, YUAN, None
    )
    assert "Less than a minute" in journey_of_stay(moment, b"", Language.EN, now).why
    assert "not paid yet" in journey_of_stay(moment, b"", Language.EN, now).why


def test_what_we_check_is_no_accusation(now: datetime) -> None:
    """A tap that our checks doubt is told to its holder as being checked, without our reasons."""
    tap = Tap(8, SERIAL, now, None, 26, 180, 0, Verdict.SUSPICIOUS, "counter_gap", {"class_name": "adult"})
    told = journey_of_tap(tap, Language.EN, now)
    assert told.is_checked
    assert "uspicious" not in told.why
    assert "nothing for you to do" in told.why


def test_holder_reads_what_two_people_have_decided(now: datetime) -> None:
    """A tap that was in doubt says what became of its money: his after all, made good, or simply in order."""
    doubted = Tap(8, SERIAL, now, None, 26, 180, 0, Verdict.SUSPICIOUS, "hotlisted", {})
    for outcome, told in (
        (Outcome.HOLDER, "given back to you"),
        (Outcome.COMPANY, "made good to you"),
        (Outcome.MERCHANT, "it was in order"),
    ):
        journey = journey_of_tap(replace(doubted, decided=outcome), Language.EN, now)
        assert told in journey.why
        assert not journey.is_checked
    aside = replace(doubted, verdict=Verdict.ACCEPTED, reason=None, is_aside=True)
    assert journey_of_tap(aside, Language.ZH, now).is_checked
