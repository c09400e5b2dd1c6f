"""What a version means for judging."""

from typing import Any

import pytest

from citizencard.purse.uploads.versions import has_history_rules
from citizencard.tariffs.document import Tariff, read
from tests.citizencard.purse.uploads.make_records import TARIFF


def with_rules(**rules: Any) -> Tariff:
    return read({**TARIFF, "transit": {**TARIFF["transit"], **rules}})


@pytest.mark.parametrize(
    ("rules", "has"),
    [
        ({}, False),
        ({"bands": [{"name": "m", "period": "month", "of": "full", "steps": [{"above": "100", "pays": "0.8"}]}]}, True),
        ({"lifetime": [{"name": "l", "rides_a_year": 200, "years": 10}]}, True),
        ({"transfers": [{"minutes": 60, "less": "1.00", "most_in_a_row": 3}]}, True),
    ],
)
def test_rules_that_need_a_history(rules: dict[str, Any], has: bool) -> None:
    """What a card's own record shows is no history rule; bands, lifetimes and chains of transfers are."""
    assert has_history_rules(with_rules(**rules)) is has


def test_a_tariff_without_rides_has_no_history() -> None:
    """A water company's price list makes no ride wait for the night."""
    water = {name: part for name, part in TARIFF.items() if name != "transit"}
    assert not has_history_rules(read(water))
