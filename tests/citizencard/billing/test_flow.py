"""Adding a household: wrong tries stay counted."""

from datetime import datetime, timedelta

import pytest

from citizencard.audit import Actor
from citizencard.billing.errors import (
    BillingError,
    HouseholdLocked,
    HouseholdNotProved,
    HouseholdsTooMany,
    ServiceUnknown,
)
from citizencard.billing.flow import link_household
from citizencard.billing.households import MAX_HOUSEHOLDS, HouseholdClaim
from citizencard.db import Sessions
from tests.citizencard.accounts.make_accounts import at_once
from tests.citizencard.billing.make_bills import HOUSE, Waterworks, file_of, row

WANG = Actor("resident", "res_wang")


def try_it(works: Waterworks, proof: str, number: str = HOUSE, now: datetime | None = None) -> str:
    claim = HouseholdClaim(works.person_id, works.service_id, number, proof)
    try:
        return link_household(works.sessions, claim, WANG, now or works.now).household
    except BillingError as refusal:
        return f"{refusal.code} {refusal.fields.get('tries_left', '')}".strip()


def test_five_wrong_tries_lock_for_a_day(works: Waterworks) -> None:
    """Nobody finds a neighbour's bill by trying amounts; the right one helps no more, and tomorrow it does."""
    works.bill()
    said = [try_it(works, f"{yuan}.00") for yuan in range(10, 15)]
    assert said == [f"household_not_proved {left}" for left in (4, 3, 2, 1, 0)]
    with pytest.raises(HouseholdLocked) as refusal:
        link_household(
            works.sessions, HouseholdClaim(works.person_id, works.service_id, HOUSE, "49.50"), WANG, works.now
        )
    assert refusal.value.public_fields() == {"locked_until": works.now + timedelta(days=1)}
    assert try_it(works, "49.50", now=works.now + timedelta(hours=23, minutes=59)) == "household_locked"
    assert try_it(works, "49.50", now=works.now + timedelta(days=1)) == "····3344"


def test_right_try_in_between_gives_no_more_wrong_ones(works: Waterworks) -> None:
    """Adding one's own household again and again is no way to go on guessing another's; the count ends with the day."""
    works.take(file_of(row(), row("OWN", customer_number="55", quantity=35)))
    for left in (4, 3, 2, 1):
        assert try_it(works, "1.00") == f"household_not_proved {left}"
        assert try_it(works, "OWN", "55") == "····5"
    assert try_it(works, "1.00", now=works.now + timedelta(days=1)) == "household_not_proved 4"


@pytest.mark.parametrize(
    ("number", "proof"),
    [
        (HOUSE, ""),
        (HOUSE, "0"),
        (HOUSE, "-49.50"),
        (HOUSE, "4950"),
        (HOUSE, "49.505"),
        (HOUSE, "w1"),
        (HOUSE, "\ud800"),
        (HOUSE, "９"),
        ("404", "49.50"),
        ("", "W1"),
        ("%", "W1"),
        ("\0", "W1"),
        ("1" * 21, "W1"),
        ("\ud800", "W1"),
    ],
)
def test_wrong_number_and_wrong_bill_are_answered_alike(works: Waterworks, number: str, proof: str) -> None:
    """The answer does not tell which household numbers exist."""
    works.bill()
    assert try_it(works, proof, number) == "household_not_proved 4"


def test_unknown_service_is_no_try(works: Waterworks) -> None:
    """A form that is out of date costs nobody a try."""
    with pytest.raises(ServiceUnknown):
        link_household(works.sessions, HouseholdClaim(works.person_id, "utl_x", HOUSE, "1"), WANG, works.now)
    assert try_it(works, "1") == "household_not_proved 4"


def test_eleventh_household_is_refused(works: Waterworks) -> None:
    """A resident pays for a family, not for a district; ten that are there stay."""
    works.take(file_of(*(row(f"S{number}", customer_number=number + 100) for number in range(MAX_HOUSEHOLDS + 1))))
    for number in range(MAX_HOUSEHOLDS):
        assert try_it(works, f"S{number}", str(number + 100)).startswith("····")
    claim = HouseholdClaim(works.person_id, works.service_id, str(MAX_HOUSEHOLDS + 100), f"S{MAX_HOUSEHOLDS}")
    with pytest.raises(HouseholdsTooMany):
        link_household(works.sessions, claim, WANG, works.now)
    assert try_it(works, "S0", "100") == "····0"


def test_tries_at_once_are_counted_one_by_one(committed: Sessions, now: datetime) -> None:
    """A program that sends all its guesses in one moment has five of them like everybody."""
    works = Waterworks.open(committed, now)
    works.bill()
    said = at_once([lambda: try_it(works, "1.00")] * 12)
    assert sorted(str(one) for one in said) == sorted(
        [f"household_not_proved {left}" for left in range(5)] + ["household_locked"] * 7
    )
    assert HouseholdNotProved.code == "household_not_proved"
