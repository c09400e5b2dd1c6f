"""What a resident reads under a ride."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any

import pytest

from api.pages.language import Language
from api.portal.rides import why
from citizencard.purse.uploads.journeys import Adjustment, Tap
from citizencard.purse.uploads.models import Verdict

BASE: dict[str, Any] = {
    "what": "base",
    "minor": 200,
    "rule": "transit.lines.5.fare",
    "facts": {"line": 5, "by": "flat"},
}
CAP: dict[str, Any] = {
    "what": "cap",
    "minor": -140,
    "rule": "transit.caps.0",
    "facts": {"by": "day", "most_minor": 300, "paid_minor": 240, "name": "day_cap"},
    "sponsor": "transport_fund",
}


@pytest.fixture
def ride(now: datetime) -> Tap:
    """An adult's ride at full fare."""
    return Tap(7, bytes(10), now, "mer_a", 5, 200, 0, Verdict.ACCEPTED, None, {"minor": 200, "lines": [BASE]})


def test_a_cap_is_told_with_its_day_and_who_pays(ride: Tap) -> None:
    """Weeks later the holder still sees why ¥1.40 came back, on which close, and that the fund paid it."""
    capped = replace(ride, adjustments=(Adjustment(date(2026, 11, 21), 140, CAP),))
    assert why(capped, Language.EN) == (
        "full fare of line 5: ¥2.00; to pay ¥2.00. Given back at the close of 2026-11-21: ¥1.40"
        " (capped at ¥3.00 a day, ¥2.40 paid so far: ¥1.40 off (paid by the transport fund))."
    )
    told = why(capped, Language.ZH)
    assert "2026-11-21 日终退还 ¥1.40：" in told
    assert "交通基金" in told


def test_another_amount_than_the_tariff_says_is_admitted(ride: Tap) -> None:
    """A device that charged something else is told to the holder, who need not find it himself."""
    assert why(replace(ride, paid_fen=250), Language.EN).endswith("¥2.50 was charged; we are looking into it.")


def test_a_purchase_without_a_fare_has_no_steps(ride: Tap) -> None:
    """What no tariff prices is not explained away."""
    assert why(replace(ride, explanation={"paid_fen": 200}), Language.EN) == "not in the tariff: noted for a person"
