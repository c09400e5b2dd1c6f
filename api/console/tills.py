"""The tills that cash may go into from this counter."""

from api.auth import principal
from api.city import city
from citizencard.db import reading
from citizencard.staff.outlets import open_tills

TillChoices = list[tuple[str, str]]


def till_choices() -> TillChoices:
    """(id, name) of the tills of one's own outlet, or of all for somebody without one."""
    with reading(city().sessions) as session:
        return [(till.id, till.name) for till in open_tills(session, principal().outlet_id)]
