"""Late fees: the national rule for power, Hong Kong's surcharges, and what must hold for every rule."""

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citizencard.tariffs.document import check
from citizencard.tariffs.errors import EventInvalid
from citizencard.tariffs.late_fees import MAX_PAYMENTS, Arrears, LateFeeRule, late_fee
from tests.citizencard.tariffs.make_utilities import WATER, document, late, places

DUE = date(2026, 3, 1)
# Both rules for power: http://ccschy.com/techan/87622.html
RESIDENTS: dict[str, Any] = {"title": "居民", "of": "balance", "per_day": [{"share": "0.001"}], "minimum": "1.00"}
OTHERS: dict[str, Any] = {**RESIDENTS, "title": "其他", "per_day": [{"share": "0.002"}], "per_day_past_year": "0.003"}
# https://www.dsd.gov.hk/EN/Sewage_Services_Charging_Scheme/Billing/index.html
HONG_KONG: dict[str, Any] = {
    "title": "sewage", "of": "balance", "once": [{"share": "0.05", "after_days": 0}, {"share": "0.1", "after_months": 6}],
}  # fmt: skip


def fee(rule: LateFeeRule, bill: int, days: int, *payments: tuple[int, int], due_on: date = DUE) -> int:
    """The fee so many days after the due date; payments as (days after the due date, minor units)."""
    paid = tuple((due_on + timedelta(days=day), minor) for day, minor in payments)
    return late_fee(rule, Arrears(bill, due_on, due_on + timedelta(days=days), paid)).minor


@pytest.mark.parametrize(
    ("bill", "days", "fen"),
    [
        (30_000, 20, 600),
        (4_000, 10, 100),
        (30_000, 0, 0),
        (30_000, -5, 0),
        (30_000, 1, 100),
        (30_000, 4, 120),
        (1, 1, 100),
    ],
)
def test_residents_pay_a_thousandth_a_day(bill: int, days: int, fen: int) -> None:
    """300 yuan 20 days late cost 6.00, 40 yuan 10 days late 0.40 and so the least, 1.00; what is in time costs nothing."""
    assert fee(late(RESIDENTS), bill, days) == fen


def test_others_pay_more_for_the_past_year() -> None:
    """A shop pays two thousandths a day in the year of the bill and three from New Year on."""
    rule = late(OTHERS)
    assert fee(rule, 100_000, 10) == 2_000
    december = date(2026, 12, 21)
    assert fee(rule, 100_000, 10, due_on=december) == 2_000
    assert fee(rule, 100_000, 11, due_on=december) == 2_300
    quote = late_fee(rule, Arrears(100_000, december, date(2027, 1, 5)))
    assert [(line.what, line.minor, line.facts["first"], line.facts["last"]) for line in quote.lines] == [
        ("late_days", 2_000, "2026-12-22", "2026-12-31"),
        ("late_past_year", 1_500, "2027-01-01", "2027-01-05"),
    ]


def test_hong_kong_adds_once_and_once_more() -> None:
    """5 % on the day after the due date, 10 % more of what is left half a year later."""
    rule = late(HONG_KONG)
    half_a_year = (date(2026, 9, 1) - DUE).days
    assert [fee(rule, 100_000, days) for days in (0, 1, half_a_year, half_a_year + 1, 999)] == [
        0,
        5_000,
        5_000,
        15_000,
        15_000,
    ]
    assert fee(rule, 100_000, 999, (30, 40_000)) == 5_000 + 6_000
    assert fee(rule, 100_000, 999, (30, 100_000)) == 5_000
    assert fee(rule, 100_000, 999, (0, 100_000)) == 0
    assert fee(late({**HONG_KONG, "of": "bill"}), 100_000, 999, (30, 40_000)) == 15_000
    mixed = [{"share": "0.05", "after_days": 0, "of": "bill"}, {"share": "0.1", "after_days": 60}]
    assert fee(late({**HONG_KONG, "once": mixed}), 100_000, 999, (0, 40_000)) == 5_000 + 6_000


def test_grace_is_free() -> None:
    """With 15 days of grace the sixteenth day is the first that costs, and steps and surcharges count from there."""
    rule = late(
        {"of": "bill", "grace_days": 15, "per_day": [{"share": "0.001"}], "once": [{"share": "0.05", "after_days": 10}]}
    )
    assert [fee(rule, 100_000, days) for days in (15, 16, 25, 26)] == [0, 100, 1_000, 1_100 + 5_000]


def test_steps_rise_with_the_days() -> None:
    """A tenth per cent for thirty days and half a per cent from then on."""
    rule = late({"of": "bill", "per_day": [{"share": "0.001"}, {"from_day": 31, "share": "0.005"}]})
    assert [fee(rule, 100_000, days) for days in (30, 31, 40)] == [3_000, 3_500, 8_000]


def test_on_bill_or_on_what_is_open() -> None:
    """Half of it paid on the tenth day halves the days after, unless the city means the whole bill; days after all is paid cost nothing."""
    balance, bill = late({**RESIDENTS, "minimum": "0"}), late({**RESIDENTS, "minimum": "0", "of": "bill"})
    half = (10, 50_000)
    assert [fee(balance, 100_000, days, half) for days in (10, 11, 20)] == [1_000, 1_050, 1_500]
    assert [fee(bill, 100_000, days, half) for days in (10, 11, 20)] == [1_000, 1_100, 2_000]
    for rule in (balance, bill):
        assert fee(rule, 100_000, 900, half, (20, 50_000)) == fee(rule, 100_000, 20, half)
        assert fee(rule, 100_000, 900, (-3, 60_000), (0, 40_000)) == 0
    assert fee(balance, 100_000, 5, (10, 50_000)) == 500


def test_never_above_the_most() -> None:
    """A fee ends at its share of the bill, and the minimum does not lift it beyond."""
    rule = late({**RESIDENTS, "most_share": "0.3"})
    assert [fee(rule, 100_000, days) for days in (299, 300, 301, 900)] == [29_900, 30_000, 30_000, 30_000]
    assert fee(rule, 200, 1) == 60
    assert fee(late({**RESIDENTS, "most_share": "0"}), 200, 1) == 0


@pytest.mark.parametrize(
    ("arrears", "wrong"),
    [
        (Arrears(0, DUE, DUE), "bill"),
        (Arrears(1, DUE, date(9_999, 1, 1)), "on"),
        (Arrears(9, DUE, DUE, ((DUE, 0),)), "payments"),
        (Arrears(9, DUE, DUE, ((DUE, 5), (DUE, 5))), "payments"),
        (Arrears(10**6, DUE, DUE, ((DUE, 1),) * (MAX_PAYMENTS + 1)), "payments"),
    ],
)
def test_what_cannot_be_is_not_priced(arrears: Arrears, wrong: str) -> None:
    """A wrong date or a payment of nothing does not become a fee."""
    with pytest.raises(EventInvalid) as refused:
        late_fee(late(RESIDENTS), arrears)
    assert refused.value.public_fields()["field"] == wrong


@pytest.mark.parametrize(
    ("rule", "place", "said"),
    [
        ({"title": "x", "of": "bill"}, "late_fees.home", "per_day or once"),
        ({**RESIDENTS, "per_day": [{"from_day": 2, "share": "0.1"}]}, "per_day.0.from_day", "must be 1"),
        ({**RESIDENTS, "per_day": [{"share": "0.1"}, {"share": "0.1"}]}, "per_day.1.from_day", "above 1"),
        ({**HONG_KONG, "per_day_past_year": "0.1"}, "per_day_past_year", "beside per_day"),
        ({**HONG_KONG, "once": [{"share": "0.1"}]}, "once.0", "exactly one of after_days and after_months"),
        ({**RESIDENTS, "utilities": ["home", "gas"]}, "utilities.1", "name of a rule"),
    ],
)
def test_each_mistake_has_its_place(rule: dict[str, Any], place: str, said: str) -> None:
    """No wrong fee slips in."""
    found = places("late_fees", rule) if "utilities" not in rule else {
        fault.place.removeprefix("late_fees.home."): fault.message
        for fault in check(document("late_fees", rule) | {"utilities": {"home": WATER}})
    }  # fmt: skip
    assert said in found[place]


def test_price_lists_are_read() -> None:
    """A fee may be for certain price lists only."""
    assert late(RESIDENTS).utilities is None
    assert check(document("late_fees", {**RESIDENTS, "utilities": ["home"]}) | {"utilities": {"home": WATER}}) == []


SHARES = st.integers(0, 50).map(lambda part: f"0.{part:03}")


@st.composite
def rules(draw: st.DrawFn) -> LateFeeRule:
    """Any rule."""
    starts = [1, *draw(st.lists(st.integers(2, 400), max_size=3, unique=True).map(sorted))]
    return late(
        {
            "of": draw(st.sampled_from(["bill", "balance"])),
            "grace_days": draw(st.integers(0, 40)),
            "per_day": [{"from_day": start, "share": draw(SHARES)} for start in starts],
            "per_day_past_year": draw(SHARES),
            "once": [
                {"share": draw(SHARES), "after_days": draw(st.integers(0, 90))},
                {"share": draw(SHARES), "after_months": 3},
            ],
            "minimum": draw(st.sampled_from(["0", "1.00", "50.00"])),
            "most_share": draw(st.sampled_from(["0.1", "1", "3"])),
            "rounding": {"to": "0.01", "how": draw(st.sampled_from(["up", "down", "half_up"]))},
        }
    )


@settings(max_examples=80, deadline=None)
@given(
    rule=rules(),
    bill=st.integers(1, 100_000),
    days=st.integers(-5, 600),
    more=st.integers(0, 60),
    paid=st.lists(st.tuples(st.integers(-20, 500), st.integers(1, 40)), max_size=3),
)
def test_later_is_never_cheaper(
    rule: LateFeeRule, bill: int, days: int, more: int, paid: list[tuple[int, int]]
) -> None:
    """Waiting never makes it cheaper, a fee never exceeds its most, its lines add up, and paying a part never makes it dearer."""
    payments = [(day, max(1, bill * percent // 130)) for day, percent in paid if bill > 3]
    early, later = fee(rule, bill, days, *payments), fee(rule, bill, days + more, *payments)
    assert 0 <= early <= later
    assert rule.most_share is not None
    assert later <= bill * rule.most_share
    assert later <= fee(rule, bill, days + more)


@settings(max_examples=60, deadline=None)
@given(
    rule=rules(),
    bill=st.integers(10, 100_000),
    days=st.integers(0, 500),
    paid=st.integers(0, 400),
    part=st.integers(1, 9),
)
def test_fee_is_the_sum_of_its_days(rule: LateFeeRule, bill: int, days: int, paid: int, part: int) -> None:
    """Runs of days cost what the days would, each by itself."""
    exact = Fraction(0)
    last_free = DUE + timedelta(days=rule.grace_days)
    payment = bill * part // 10
    for number in range(1, days - rule.grace_days + 1):
        day = last_free + timedelta(days=number)
        steps = [share for start, share in rule.per_day if start <= number]
        share = rule.past_year if day.year > DUE.year and rule.past_year is not None else steps[-1]
        exact += share * (bill if rule.of_bill or day <= DUE + timedelta(days=paid) else bill - payment)
    arrears = Arrears(bill, DUE, DUE + timedelta(days=days), ((DUE + timedelta(days=paid), payment),))
    lines = [line.minor for line in late_fee(rule, arrears).lines if line.what in ("late_days", "late_past_year")]
    assert abs(sum(lines) - exact) <= 1
