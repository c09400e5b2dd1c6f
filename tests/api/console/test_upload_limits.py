"""Releasing a terminal or a card by pages."""

from citizencard.db import transaction
from citizencard.purse.uploads.models import LimitKind, UploadLimit
from citizencard.staff.permissions import Role
from tests.api.doubts import Doubts
from tests.api.web.browser import signed_in


def test_limit_is_seen_and_released_with_a_reason(doubtful: Doubts) -> None:
    """The queue says what is not judged; a supervisor releases it, once, and says why."""
    with transaction(doubtful.world.sessions) as session:
        limit = UploadLimit(
            kind=LimitKind.TERMINAL,
            subject=doubtful.city.bus1.number.hex().upper(),
            cause_record_id=doubtful.records[4],
            set_at=doubtful.world.clock(),
        )
        session.add(limit)
        session.flush()
        path = f"/console/upload-limits/lim_{limit.id}"
    window = signed_in(doubtful.world, Role.SUPERVISOR)
    window.get("/console/findings")
    assert f"Terminal {doubtful.city.bus1.number.hex().upper()}" in window.words()
    window.get(path)
    window.send(f"{path}/releases", reason="")
    assert window.answer.status_code == 422
    window.send(f"{path}/releases", reason="its antenna was replaced")
    assert "Released" in window.words()
    window.get(path)
    assert "This was released already" in window.words()
    window.post(f"{path}/releases", {})
    assert window.answer.status_code >= 400
    assert window.get("/console/upload-limits/tap_1").status_code == 422
