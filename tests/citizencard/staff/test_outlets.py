"""Outlets and tills."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.audit import Actor
from citizencard.db import Sessions, transaction
from citizencard.staff.errors import LoginUnfit, OutletNameTaken, OutletUnknown, TillUnknown
from citizencard.staff.outlets import find_till, open_outlet, open_till, open_tills
from ledger import balance


def test_till_has_an_account_from_its_first_day(session: Session, clerk: Actor, now: datetime) -> None:
    """A new cash drawer is empty and the books know it."""
    outlet = open_outlet(session, "West Station", clerk, now)
    till = open_till(session, outlet.id, "1", clerk, now)
    assert find_till(session, till.id).outlet_id == outlet.id
    assert balance(session, chart.till(till.id)).balance_fen == 0


def test_a_clerk_is_offered_the_tills_of_the_own_outlet(session: Session, clerk: Actor, now: datetime) -> None:
    """Cash goes into a drawer of this outlet that is in use, never into one next door or one that was closed."""
    here, there = open_outlet(session, "West Station", clerk, now), open_outlet(session, "Town Hall", clerk, now)
    second, first = open_till(session, here.id, "2", clerk, now), open_till(session, here.id, "1", clerk, now)
    elsewhere, closed = open_till(session, there.id, "1", clerk, now), open_till(session, here.id, "3", clerk, now)
    closed.closed_at = now
    session.flush()
    assert [till.id for till in open_tills(session, here.id)] == [first.id, second.id]
    assert {till.id for till in open_tills(session, None)} == {first.id, second.id, elsewhere.id}


def test_outlets_are_told_apart_by_name(session: Session, clerk: Actor, now: datetime) -> None:
    """Two service points never share a name, and none is nameless."""
    open_outlet(session, "West Station", clerk, now)
    with pytest.raises(OutletNameTaken):
        open_outlet(session, "West Station", clerk, now)
    with pytest.raises(LoginUnfit):
        open_outlet(session, " ", clerk, now)


def test_one_of_eight_who_open_the_same_outlet_at_once_does(committed: Sessions, clerk: Actor, now: datetime) -> None:
    """Everybody else is told that the name is taken, not that the server failed."""

    def open_it(_: int) -> str:
        try:
            with transaction(committed) as session:
                return open_outlet(session, "West Station", clerk, now).id[:3]
        except OutletNameTaken:
            return "taken"

    with ThreadPoolExecutor(8) as pool:
        said = sorted(pool.map(open_it, range(8)))
    assert said == ["out", *["taken"] * 7]


def test_no_till_without_outlet_and_no_closed_one(session: Session, clerk: Actor, now: datetime) -> None:
    """Cash is taken only at a till that stands somewhere and is in use."""
    with pytest.raises(OutletUnknown):
        open_till(session, "out_nowhere", "1", clerk, now)
    with pytest.raises(TillUnknown):
        find_till(session, "till_nowhere")
    outlet = open_outlet(session, "West Station", clerk, now)
    till = open_till(session, outlet.id, "1", clerk, now)
    till.closed_at = now
    with pytest.raises(TillUnknown):
        find_till(session, till.id)
