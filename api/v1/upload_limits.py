"""Limits on bad TACs: what is not judged any more, and its release by a person."""

from api.auth import actor
from api.city import city, now
from api.errors import ShapeInvalid
from api.face import Face, Shapes
from api.idempotency import Once, Stored
from api.schemas.findings import ReleaseRequest, ReleaseWanted, UploadLimitAnswer
from api.schemas.shape import Page, PageQuery, PageWanted, list_of
from api.v1.taps import limit_id_of, masked_number
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.purse.uploads.limits import open_limits, release_limit
from citizencard.purse.uploads.models import LimitKind, UploadLimit
from citizencard.staff.permissions import Permission

face = Face("Upload limits", "/v1", "Terminals and cards of which nothing is judged after too many bad TACs.")


@face.get("/upload-limits", Shapes(gives=list_of(UploadLimitAnswer), query=PageQuery))
def see_upload_limits(wanted: PageWanted) -> Page:
    """The limits that nobody has released yet, in the order in which they were reached."""
    after = 0 if wanted.starting_after is None else _number(wanted.starting_after)
    with reading(city().sessions) as session:
        found = open_limits(session, after, wanted.limit + 1)
    return Page.cut([_seen(one) for one in found], wanted.limit)


@face.post("/upload-limits/<limit_id>/releases", Shapes(gives=UploadLimitAnswer, takes=ReleaseRequest, status=201))
def release_upload_limit(given: ReleaseWanted, limit_id: str) -> Once:
    """Let the records of a terminal or a card be judged again; counting begins anew."""
    who = actor(Permission.LIMITS_RELEASE)

    def work(session: Transaction) -> Stored:
        return _seen(release_limit(session, _number(limit_id), who, given.reason, now()))

    return Once(work)


def _number(text: str) -> int:
    found = limit_id_of(text)
    if found is None:
        raise ShapeInvalid("must be an id of a limit")
    return found


def _seen(one: UploadLimit) -> dict[str, object]:
    subject = masked_number(bytes.fromhex(one.subject)) if one.kind == LimitKind.CARD else one.subject
    return {
        "id": f"lim_{one.id}",
        "kind": one.kind,
        "subject": subject,
        "cause_tap_id": f"tap_{one.cause_record_id}",
        "set_at": one.set_at,
        "released_at": one.released_at,
    }
