"""How colleagues are called, for pages that say who did something."""

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.staff.models import StaffMember

MAX_NAMES: Final = 200


def names_of(session: Session, staff_ids: Iterable[str]) -> Mapping[str, str]:
    """The names of staff by id, those that left too; of at most 200. Ids that nobody has are left out."""
    wanted = sorted(set(staff_ids))[:MAX_NAMES]
    found = session.execute(select(StaffMember.id, StaffMember.name).where(StaffMember.id.in_(wanted)))
    return {row.id: row.name for row in found}
