"""Which households a resident pays for."""

from datetime import datetime, timedelta

import pytest

from citizencard.audit import Actor
from citizencard.billing.errors import BillUnknown, HouseholdUnknown
from citizencard.billing.flow import link_household
from citizencard.billing.households import (
    HouseholdClaim,
    HouseholdView,
    bill_of_person,
    bills_of_person,
    households_of_person,
    unlink,
)
from citizencard.billing.paying import pay_from_account
from citizencard.db import reading, transaction
from tests.citizencard.billing.make_bills import HOUSE, Waterworks, file_of, row

WANG = Actor("resident", "res_wang")


def link(works: Waterworks, proof: str = "49.50", number: str = HOUSE, now: datetime | None = None) -> HouseholdView:
    claim = HouseholdClaim(works.person_id, works.service_id, number, proof)
    return link_household(works.sessions, claim, WANG, now or works.now)


def serials(works: Waterworks, person_id: str = "") -> list[str]:
    with reading(works.sessions) as session:
        return [bill.serial for bill in bills_of_person(session, person_id or works.person_id)]


@pytest.mark.parametrize("proof", ["W1", " W1 ", "49.50", "49.5", "¥49.50", "￥ 49.50", "49.50元"])
def test_resident_adds_a_household_by_its_latest_bill(works: Waterworks, proof: str) -> None:
    """Whoever has the bill in hand types its amount or its number, and sees it; somebody else sees nothing."""
    works.bill()
    added = link(works, proof)
    assert (added.service_name, added.household) == ("居民生活用水", "····3344")
    assert serials(works) == ["W1"]
    assert serials(works, works.neighbour_id) == []
    assert HOUSE not in repr(added)


def test_household_added_twice_is_there_once(works: Waterworks) -> None:
    """Pressing twice changes nothing; two people of one household may both pay."""
    works.bill()
    first = link(works)
    assert link(works) == first
    with reading(works.sessions) as session:
        assert households_of_person(session, works.person_id) == [first]
    link_household(works.sessions, HouseholdClaim(works.neighbour_id, works.service_id, HOUSE, "W1"), WANG, works.now)
    assert serials(works, works.neighbour_id) == serials(works) == ["W1"]


def test_proof_is_of_the_latest_bill(works: Waterworks) -> None:
    """A neighbour who once saw an old bill does not know this month's."""
    works.take(file_of(row("OLD", period_from="2026-09-01", period_to="2026-09-30", quantity=17), row("NEW")))
    with pytest.raises(Exception, match="do not belong"):
        link(works, "OLD")
    assert link(works, "NEW").household == "····3344"


def test_bills_come_with_what_is_to_be_paid_first(works: Waterworks) -> None:
    """The first line is what is due soonest; what is paid follows, newest first."""
    works.take(
        file_of(
            row("P8", period_from="2026-08-01", period_to="2026-08-31"),
            row("P9", period_from="2026-09-01", period_to="2026-09-30"),
            row("LATER", due_on="2026-12-20"),
            row("SOON", due_on="2026-12-01"),
        )
    )
    link(works, "LATER" if works.found("LATER").id > works.found("SOON").id else "SOON")
    for serial in ("P8", "P9"):
        with transaction(works.sessions) as session:
            pay_from_account(session, works.found(serial).id, works.account_id, works.deed())
    assert serials(works) == ["SOON", "LATER", "P9", "P8"]


def test_bill_of_another_household_is_not_shown(works: Waterworks) -> None:
    """Changing the number in the address shows nobody's bill."""
    works.take(file_of(row(), row("OTHER", customer_number="777")))
    link(works)
    with reading(works.sessions) as session:
        assert bill_of_person(session, works.person_id, works.found().id).serial == "W1"
        for bill_id in (works.found("OTHER").id, "bil_x"):
            with pytest.raises(BillUnknown):
                bill_of_person(session, works.person_id, bill_id)


def test_household_can_be_taken_off_and_added_again(works: Waterworks) -> None:
    """Who moves out stops seeing the bills; nobody takes another's household off."""
    works.bill()
    added = link(works)
    with transaction(works.sessions) as session, pytest.raises(HouseholdUnknown):
        unlink(session, added.id, works.neighbour_id, WANG, works.now)
    with transaction(works.sessions) as session:
        unlink(session, added.id, works.person_id, WANG, works.now)
    assert serials(works) == []
    assert link(works, now=works.now + timedelta(hours=1)).id != added.id
    assert serials(works) == ["W1"]
