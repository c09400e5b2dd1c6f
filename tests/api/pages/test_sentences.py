"""Taps in words: every way in which a price can come about."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from api.pages.language import Language
from api.pages.sentences import sentence
from citizencard.purse.uploads.journeys import Adjustment, Tap
from citizencard.purse.uploads.models import Verdict
from hardware.card.files import application_serial


def line(what: str, minor: int, **facts: object) -> dict[str, Any]:
    return {"what": what, "minor": minor, "rule": f"transit.{what}", "facts": facts}


def fare(*takes_off: dict[str, Any], sponsor: str | None = None) -> dict[str, Any]:
    """The explanation of a ride at a full fare of ¥2.00, with what is taken off."""
    minor = 200 + sum(one["minor"] for one in takes_off)
    subsidies = {} if sponsor is None else {sponsor: 200 - minor}
    return {"paid_fen": minor, "minor": minor, "lines": [line("base", 200), *takes_off], "subsidies": subsidies}


FARE = {**fare(line("concession", -20), sponsor="transport_fund"), "class_name": "adult"}


@pytest.fixture
def ride(now: datetime) -> Tap:
    """An adult's ride on line 26 at nine tenths of the fare."""
    serial = application_serial("3302", "00000000441")
    return Tap(7, serial, now, "mer_a", 26, 180, 20, Verdict.ACCEPTED, None, FARE)


def why(tap: Tap, language: Language, now: datetime, **known: object) -> str:
    return sentence(replace(tap, explanation={**tap.explanation, **known}), language, now).why


def test_ride_as_the_design_has_it(ride: Tap, now: datetime) -> None:
    """The example of the design page, word for word."""
    said = sentence(ride, Language.EN, now)
    assert (said.place, said.card, said.amount) == ("Bus 26", f"adult card ····{ride.card_serial.hex()[-4:]}", "¥1.80")
    assert said.why == "2.00 × 0.9 = 1.80, the transport fund pays ¥0.20"
    assert sentence(ride, Language.ZH, now).why == "2.00 × 0.9 = 1.80，交通基金支付 ¥0.20"


def test_student_pays_a_fifth(ride: Tap, now: datetime) -> None:
    """Student card: 2.00 × 0.2, the education fund pays the rest."""
    student = replace(ride, paid_fen=40, subsidy_fen=160)
    known = fare(line("concession", -160), sponsor="education_fund")
    assert why(student, Language.EN, now, **known) == "2.00 × 0.2 = 0.40, the education fund pays ¥1.60"


def test_transfer_names_the_ride_it_hangs_on(ride: Tap, now: datetime) -> None:
    """A second leg says from which line, in the order in which the reductions were taken, and what each sponsor pays."""
    second = replace(ride, paid_fen=80, subsidy_fen=120)
    transfer = line("transfer", -100, from_line=5)
    known = {**fare(line("concession", -20), transfer), "subsidies": {"transport_fund": 20, "elderly_fund": 100}}
    assert why(second, Language.EN, now, **known) == (
        "2.00 × 0.9 − 1.00 = 0.80 (transfer from bus 5), the transport fund pays ¥0.20, the elderly fund pays ¥1.00"
    )
    known = fare(transfer, line("concession", -10), sponsor="transport_fund")
    said = "(2.00 − 1.00) × 0.9 = 0.90（由 5 路换乘），交通基金支付 ¥1.10"
    assert why(replace(ride, paid_fen=90), Language.ZH, now, **known) == said


def test_free_ride_is_called_free(ride: Tap, now: datetime) -> None:
    """At 70 and over nobody reads a formula that ends in 0.00."""
    free = replace(ride, paid_fen=0, subsidy_fen=200)
    known = fare(line("concession", -200), sponsor="elderly_fund")
    assert why(free, Language.ZH, now, **known) == "免费乘车，敬老基金支付 ¥2.00"


def test_full_fare_and_odd_shares_are_told_exactly(ride: Tap, now: datetime) -> None:
    """No concession: the full fare. A share that two decimals cannot say is shown as what it takes off."""
    full = replace(ride, paid_fen=200, subsidy_fen=0)
    assert why(full, Language.EN, now, **fare()) == "full fare"
    third = replace(ride, paid_fen=67, subsidy_fen=0)
    assert why(third, Language.EN, now, **fare(line("concession", -133))) == "2.00 − 1.33 = 0.67"


def test_what_the_close_gave_back_is_said(ride: Tap, now: datetime) -> None:
    """A cap that was reached shows beside the ride that it made cheaper."""
    given = (Adjustment(now.date(), 30, line("cap", -30)), Adjustment(now.date(), 10, line("cap", -40)))
    capped = replace(ride, adjustments=given)
    assert why(capped, Language.EN, now).endswith(", ¥0.40 given back at the close of the day")
    assert why(capped, Language.ZH, now).endswith("，日终退还 ¥0.40")


def test_wrong_price_is_said(ride: Tap, now: datetime) -> None:
    """What the device charged stands beside what the tariff says."""
    wrong = replace(ride, paid_fen=50)
    assert why(wrong, Language.ZH, now).endswith("，实收 ¥0.50，已提示核查")


def test_ride_without_a_price_is_said(ride: Tap, now: datetime) -> None:
    """A line that the tariff does not know is charged and noted, not explained away."""
    unpriced = replace(ride, explanation={"paid_fen": 180})
    said = sentence(unpriced, Language.EN, now)
    assert (said.why, said.card.partition(" ")[0]) == ("not in the tariff: noted for a person", "card")


@pytest.mark.parametrize(("merchant_id", "place"), [(None, "Unassigned terminal"), ("mer_a", "Merchant")])
def test_place_without_a_line(ride: Tap, now: datetime, merchant_id: str | None, place: str) -> None:
    """A terminal that is bound to nobody is called that; a shop is no bus."""
    assert sentence(replace(ride, line=None, merchant_id=merchant_id), Language.EN, now).place == place


@pytest.mark.parametrize("reason", ["hotlisted", "unregistered_psam", "something_new"])
def test_suspicious_tap_is_marked_in_words(ride: Tap, now: datetime, reason: str) -> None:
    """A doubt is never told by colour alone, not even one that the catalogue does not know yet."""
    doubtful = replace(ride, verdict=Verdict.SUSPICIOUS, reason=reason, explanation={"paid_fen": 180}, subsidy_fen=0)
    said = sentence(doubtful, Language.EN, now)
    assert said.is_suspicious
    assert said.why.startswith("Suspicious: ")
    assert "set aside until a person decides" in said.why
    assert reason != "something_new" or "something new" in said.why


def test_unknown_names_are_shown_as_they_are(ride: Tap, now: datetime) -> None:
    """A city may name its classes and sponsors as it likes."""
    assert why(ride, Language.EN, now, subsidies={"harbour_trust": 20}).endswith(", harbour trust pays ¥0.20")
    renamed = replace(ride, explanation={**FARE, "class_name": "porter"})
    assert sentence(renamed, Language.ZH, now).card.startswith("porter 卡 ····")


def test_record_without_a_time_has_none(ride: Tap, now: datetime) -> None:
    """Digits that name no moment are left out, not guessed."""
    said = sentence(replace(ride, at=None), Language.EN, now)
    assert (said.when, said.ago) == ("", "")


def test_rejected_record_is_said_to_be_none(ride: Tap, now: datetime) -> None:
    """What was rejected moved no money, and it is no gap in the tariff."""
    forged = replace(ride, verdict=Verdict.REJECTED, reason="bad_tac", explanation={}, subsidy_fen=0)
    assert sentence(forged, Language.ZH, now).why == "已拒绝：交易验证码错误，没有入账"
    assert sentence(forged, Language.EN, now).why == "Rejected: the TAC is wrong; no money moved"
