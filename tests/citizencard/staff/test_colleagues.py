"""Names of colleagues."""

from datetime import datetime

from sqlalchemy.orm import Session

from citizencard.staff.colleagues import names_of
from citizencard.staff.members import NewStaff, create_staff
from citizencard.staff.permissions import Role
from tests.citizencard.staff.make_staff import BOOTSTRAP


def test_a_proposal_is_shown_with_its_makers_name(session: Session, now: datetime) -> None:
    """The second person reads who proposed it, not a number; an id that nobody has stays without a name."""
    made = create_staff(session, NewStaff("li.na", "Li Na", "p-1", frozenset({Role.CLERK})), BOOTSTRAP, now)
    assert names_of(session, [made.staff_id, "stf_nobody"]) == {made.staff_id: "Li Na"}
