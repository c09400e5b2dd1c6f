"""What a person should look at."""

from api.city import city
from api.face import Face, Shapes
from api.schemas.cards import FindingAnswer
from api.schemas.shape import Page, PageQuery, PageWanted, list_of
from api.v1.taps import row_id, seen
from citizencard.db import reading
from citizencard.purse.uploads.journeys import Finding, findings_page

face = Face("Findings", "/v1", "Taps that a person should look at.")


@face.get("/findings", Shapes(gives=list_of(FindingAnswer), query=PageQuery))
def see_findings(wanted: PageWanted) -> Page:
    """All findings, in the order in which they were made, each with its tap."""
    with reading(city().sessions) as session:
        found = findings_page(session, after=row_id(wanted.starting_after) or 0, limit=wanted.limit + 1)
    return Page.cut([_seen(finding) for finding in found], wanted.limit)


def _seen(finding: Finding) -> dict[str, object]:
    return {
        "id": f"fnd_{finding.finding_id}",
        "kind": finding.kind,
        "detail": finding.detail,
        "found_at": finding.found_at,
        "tap": seen(finding.tap),
    }
