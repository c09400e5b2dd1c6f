"""Tariffs: proposed by one person, agreed to by another, kept for ever."""

from api.auth import actor
from api.city import city, now
from api.face import Face, Shapes
from api.idempotency import Once
from api.schemas.books import LinesWanted, StatementQuery
from api.schemas.registry import NewTariff, TariffRequest, TariffVersionAnswer
from api.schemas.shape import Page, list_of
from api.schemas.staff import ProposedAnswer
from citizencard.db import reading
from citizencard.staff.permissions import Permission
from citizencard.tariffs.drafts.drafts import propose_tariff
from citizencard.tariffs.versions import list_versions

face = Face("Tariffs", "/v1", "What rides cost, as data.")


@face.post("/tariff-versions", Shapes(gives=ProposedAnswer, takes=TariffRequest, status=202))
def propose_a_tariff(new: NewTariff) -> Once:
    """Propose the next version of the tariff. It takes effect at its time once a second person has agreed to exactly this text."""
    who = actor(Permission.TARIFFS_PROPOSE)
    return Once(lambda session: propose_tariff(session, new.document, new.effective_from, who, now()))


@face.get("/tariff-versions", Shapes(gives=list_of(TariffVersionAnswer), query=StatementQuery))
def see_tariffs(wanted: LinesWanted) -> Page:
    """All versions that were put into force, newest first; `starting_after` is a version."""
    with reading(city().sessions) as session:
        found = list_versions(session, before=wanted.starting_after or None, limit=wanted.limit + 1)
    return Page.cut(found, wanted.limit)
