"""Slips of an outlet."""

from datetime import datetime

from sqlalchemy.orm import Session

from citizencard.audit import Actor
from citizencard.staff.outlets import open_outlet
from citizencard.staff.slips import next_slip, slip_reference


def test_each_outlet_counts_its_own_slips(session: Session, clerk: Actor, now: datetime) -> None:
    """Serials rise from 1 in every outlet, and a slip's name in the books names the outlet as well."""
    first, second = (open_outlet(session, name, clerk, now).id for name in ("A", "B"))
    assert [next_slip(session, first) for _ in range(3)] == [1, 2, 3]
    assert next_slip(session, second) == 1
    assert slip_reference(first, 1) != slip_reference(second, 1)


def test_a_payment_that_fails_leaves_no_gap(session: Session, clerk: Actor, now: datetime) -> None:
    """The counter goes back with the transaction that was to book the money."""
    outlet = open_outlet(session, "A", clerk, now).id
    next_slip(session, outlet)
    with session.begin_nested() as nested:
        assert next_slip(session, outlet) == 2
        nested.rollback()
    assert next_slip(session, outlet) == 2
