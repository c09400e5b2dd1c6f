"""Tariffs at the desk: every version with its story, what it says in words, and going back to an earlier one or taking one back."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from flask import Response, request

from api.auth import actor
from api.city import city, now
from api.console.blueprint import pages
from api.console.tariff_words import described
from api.web.forms import Filled, Form, Line, new_form, read_form
from api.web.page import Said, go_to, render_page
from api.web.submitting import answer_form, book_once
from citizencard.audit import REASON_CHARS
from citizencard.clock import BEIJING
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.staff.colleagues import names_of
from citizencard.staff.permissions import Permission
from citizencard.tariffs.drafts.rollbacks import propose_rollback
from citizencard.tariffs.drafts.views import TariffView, tariff_view, tariff_views
from citizencard.tariffs.drafts.withdrawals import propose_withdrawal

PAGE: Final = 20
LIST: Final = "/console/tariffs"
WALL: Final = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}", re.ASCII)
WALL_CHARACTERS: Final = 16


@dataclass(frozen=True, slots=True)
class RollbackGiven:
    """From when on an earlier tariff holds again; empty: as soon as it is agreed to."""

    effective_from: str


class RollbackForm(Form):
    """Fields of a rollback."""

    effective_from = Line(WALL_CHARACTERS, load_default="")


@dataclass(frozen=True, slots=True)
class WithdrawalGiven:
    """Why a tariff shall never take effect."""

    reason: str


class WithdrawalForm(Form):
    """Fields of a withdrawal."""

    reason = Line(REASON_CHARS)


def wall_instant(text: str) -> datetime | None:
    """A time of Beijing as a browser's field for times writes it; None for anything else."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=BEIJING) if WALL.fullmatch(text) else None
    except ValueError:
        return None


def with_time_complaint(form: Filled[Any], text: str) -> Filled[Any]:
    """The form with a complaint where its time is none."""
    return form.but("effective_from", "tariff.time.unfit") if text and wall_instant(text) is None else form


@pages.get("/console/tariffs")
def list_tariffs() -> Response:
    """Every version that was put into force, newest first."""
    before = request.args.get("before", "")
    with reading(city().sessions) as session:
        found = tariff_views(session, now(), before=int(before) if re.fullmatch(r"\d{1,10}", before) else None)
        names = names_of(session, [one for view in found for one in (view.proposed_by, view.approved_by)])
    older = f"?before={found[PAGE - 1].version}" if len(found) > PAGE else ""
    return render_page("console/tariffs.html", found=found[:PAGE], names=names, older=older)


@pages.get("/console/tariffs/<int:version>")
def see_tariff(version: int) -> Response:
    """One version: what became of it, what it says, and what can be done."""
    return render_page("console/tariff.html", form=new_form(), **_values(version))


@pages.get("/console/tariffs/<int:version>/file")
def tariff_file(version: int) -> Response:
    """The document as it was published, to be kept or to begin the next one from."""
    with reading(city().sessions) as session:
        view = tariff_view(session, version, now())
    text = json.dumps(view.document, ensure_ascii=False, indent=2)
    answer = Response(f"{text}\n", content_type="application/json; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="tariff-{version}.json"'
    return answer


@pages.post("/console/tariffs/<int:version>/rollbacks")
def roll_back_tariff(version: int) -> Response:
    """Propose to go back to this version, once for this form; a second person agrees."""
    who = actor(Permission.TARIFFS_PROPOSE)
    form = read_form(RollbackForm, RollbackGiven)
    if form.value is not None:
        form = with_time_complaint(form, form.value.effective_from)

    def act(given: RollbackGiven) -> Response:
        def work(session: Transaction) -> Mapping[str, Any]:
            draft = propose_rollback(session, version, wall_instant(given.effective_from), who, now())
            return {"approval_id": draft.approval_id, "version": draft.version}

        return _proposed(book_once(form, work).answer.body)

    return answer_form(form, act, "console/tariff.html", **_values(version))


@pages.post("/console/tariffs/<int:version>/withdrawals")
def withdraw_tariff(version: int) -> Response:
    """Propose that this version never takes effect, once for this form; a second person agrees."""
    who = actor(Permission.TARIFFS_PROPOSE)
    form = read_form(WithdrawalForm, WithdrawalGiven)

    def act(given: WithdrawalGiven) -> Response:
        def work(session: Transaction) -> Mapping[str, Any]:
            approval = propose_withdrawal(session, version, given.reason, who, now())
            return {"approval_id": approval.id, "version": version}

        return _proposed(book_once(form, work).answer.body)

    return answer_form(form, act, "console/tariff.html", **_values(version))


def _proposed(done: Mapping[str, Any]) -> Response:
    return go_to(f"/console/approvals/{done['approval_id']}", Said("tariff.proposed", "note"))


def _values(version: int) -> dict[str, Any]:
    with reading(city().sessions) as session:
        view: TariffView = tariff_view(session, version, now())
        names = names_of(session, [view.proposed_by, view.approved_by])
    return {"tariff": view, "names": names, "sections": described(view.document)}
