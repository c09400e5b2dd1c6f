"""Tariffs: checked and previewed by whoever writes them, proposed by one person, agreed to by another, kept for ever."""

from collections.abc import Mapping

from api.auth import actor
from api.city import city, now
from api.face import Face, Shapes
from api.idempotency import Once
from api.schemas.books import LinesWanted, StatementQuery
from api.schemas.shape import Page, list_of
from api.schemas.staff import ProposedAnswer
from api.schemas.tariffs import (
    DocumentGiven,
    NewTariff,
    PreviewWanted,
    RollbackRequest,
    RollbackWanted,
    TariffCheckAnswer,
    TariffCheckRequest,
    TariffPreviewAnswer,
    TariffPreviewRequest,
    TariffRequest,
    TariffVersionAnswer,
    WithdrawalRequest,
    WithdrawalWanted,
)
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.settlement.previewing import preview
from citizencard.staff.permissions import Permission
from citizencard.tariffs.document import check
from citizencard.tariffs.drafts.drafts import completed, propose_tariff
from citizencard.tariffs.drafts.rollbacks import propose_rollback
from citizencard.tariffs.drafts.views import TariffView, tariff_view, tariff_views
from citizencard.tariffs.drafts.withdrawals import propose_withdrawal

face = Face("Tariffs", "/v1", "What rides, parking, taxis, fuel and utilities cost, as data.")


@face.post("/tariff-checks", Shapes(gives=TariffCheckAnswer, takes=TariffCheckRequest))
def check_a_tariff(given: DocumentGiven) -> dict[str, object]:
    """Every mistake of a tariff with its place. Number, format and time may be left out: a proposal says them."""
    with reading(city().sessions) as session:
        document = completed(session, given.document, now())
    faults = check(document)
    return {"sound": not faults, "faults": faults}


@face.post("/tariff-previews", Shapes(gives=TariffPreviewAnswer, takes=TariffPreviewRequest))
def preview_a_tariff(wanted: PreviewWanted) -> dict[str, object]:
    """What a tariff changes in the one in force, and what it would have made of past taps: yesterday's, if no days are named.

    At most 10,000 taps are looked at; `complete` says whether these were all. A tariff with mistakes is refused with all of them.
    """
    with reading(city().sessions) as session:
        document = completed(session, wanted.document, now())
        found = preview(session, document, now(), wanted.first_day, wanted.last_day)
    return {
        "compared_with": found.compared_with,
        "differences": found.differences,
        "simulation": found.simulation.as_data(),
    }


@face.post("/tariff-versions", Shapes(gives=ProposedAnswer, takes=TariffRequest, status=202))
def propose_a_tariff(new: NewTariff) -> Once:
    """Propose the next version of the tariff. It takes effect at its time once a second person has agreed to exactly this text."""
    who = actor(Permission.TARIFFS_PROPOSE)
    return Once(lambda session: propose_tariff(session, new.document, new.effective_from, who, now()))


@face.get("/tariff-versions", Shapes(gives=list_of(TariffVersionAnswer), query=StatementQuery))
def see_tariffs(wanted: LinesWanted) -> Page:
    """All versions that were put into force, newest first; `starting_after` is a version."""
    with reading(city().sessions) as session:
        found = tariff_views(session, now(), before=wanted.starting_after or None, limit=wanted.limit + 1)
    return Page.cut(found, wanted.limit)


@face.get("/tariff-versions/<int:version>", Shapes(gives=TariffVersionAnswer))
def see_a_tariff(version: int) -> TariffView:
    """One version, whatever became of it."""
    with reading(city().sessions) as session:
        return tariff_view(session, version, now())


@face.post("/tariff-versions/<int:version>/rollbacks", Shapes(gives=ProposedAnswer, takes=RollbackRequest, status=202))
def propose_a_rollback(wanted: RollbackWanted, version: int) -> Once:
    """Propose to bring this version's rules back, under the next number: at once when a second person has agreed, or at a later time."""
    who = actor(Permission.TARIFFS_PROPOSE)
    return Once(lambda session: propose_rollback(session, version, wanted.effective_from, who, now()))


@face.post(
    "/tariff-versions/<int:version>/withdrawals", Shapes(gives=ProposedAnswer, takes=WithdrawalRequest, status=202)
)
def propose_a_withdrawal(wanted: WithdrawalWanted, version: int) -> Once:
    """Propose that this version, whose time has not come, never takes effect."""
    who = actor(Permission.TARIFFS_PROPOSE)

    def work(session: Transaction) -> Mapping[str, object]:
        return {"approval_id": propose_withdrawal(session, version, wanted.reason, who, now()).id, "version": version}

    return Once(work)
