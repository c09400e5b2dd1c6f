"""Which taps stand in the queue: statements over what was uploaded, found, proposed and decided, so that nothing is forgotten.

Each cause for which a tap can be open is a statement of its own. It walks along an index of the few taps that it can be about, so that a
page costs in a city of a million taps a day what it costs in a small one.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, exists, func, or_, select, union
from sqlalchemy.orm import aliased

from citizencard import chart
from citizencard.approvals.models import PROPOSED, Approval
from citizencard.purse.decisions.models import TapDecision, TapNote, TapProposal
from citizencard.purse.uploads.models import TapFinding, TapRecord, Verdict
from citizencard.settlement.clearing.models import TapSetAside
from citizencard.settlement.findings.entries import AGE_LIMITS, Age, State, Wanted
from citizencard.settlement.findings.suspended import is_aside

Chosen = Select[int]
SUSPICIOUS: Final = TapRecord.verdict == Verdict.SUSPICIOUS.value
REJECTED: Final = TapRecord.verdict == Verdict.REJECTED.value


def chosen_ids(wanted: Wanted, now: datetime, after: int, limit: int | None) -> CompoundSelect[int]:
    """The records of the wanted entries after one, each once, in order; at most `limit`, or all."""
    causes = _decided(wanted) if wanted.state is State.DECIDED else _undecided(wanted)
    parts = []
    for cause in causes:
        part = cause.where(*_filters(wanted, now, after))
        if wanted.state is not State.DECIDED:
            part = part.where(_is_proposed(now) if wanted.state is State.PROPOSED else ~_is_proposed(now))
        if limit is not None:
            # A cause alone can fill the page, so no more of it is read than that; as a table of its own, since SQLite wants it so.
            cut = part.order_by(TapRecord.id).limit(limit).subquery()
            parts.append(select(cut.c.id))
        else:
            parts.append(part)
    return union(*parts)


def _undecided(wanted: Wanted) -> Iterator[Chosen]:
    ids = select(TapRecord.id)
    of_reason = TapRecord.reason == wanted.kind if wanted.kind else TapRecord.id.is_not(None)
    if wanted.money is not False:
        yield ids.where(SUSPICIOUS, of_reason, ~_is_decided())
        if not wanted.kind:
            yield ids.join(TapSetAside, TapSetAside.record_id == TapRecord.id).where(is_aside(), ~_is_decided())
    if wanted.money is not True:
        yield ids.where(REJECTED, of_reason, ~_is_decided(), ~_has_note())
    found = ids.join(TapFinding, TapFinding.record_id == TapRecord.id).where(_is_new_finding())
    if wanted.kind:
        found = found.where(TapFinding.kind == wanted.kind)
    elif wanted.money is True:
        return
    yield _with_money(found, wanted.money)


def _with_money(found: Chosen, money: bool | None) -> Chosen:  # noqa: FBT001 # a filter, as in Wanted
    if money is None:
        return found
    return found.where(is_money() if money else ~is_money())


def is_money() -> ColumnElement[bool]:
    """Of taps: the chip has paid, and nobody has decided whose it is."""
    aside = exists().where(TapSetAside.record_id == TapRecord.id, is_aside())
    return and_(or_(SUSPICIOUS, aside), ~_is_decided())


def _decided(wanted: Wanted) -> Iterator[Chosen]:
    ids = select(TapRecord.id)
    about = ids.where(_is_of_kind(wanted.kind)) if wanted.kind else ids
    if wanted.money is not False:
        yield about.join(TapDecision, TapDecision.record_id == TapRecord.id)
    if wanted.money is not True:
        yield about.where(_has_note())


def _is_of_kind(kind: str) -> ColumnElement[bool]:
    found = exists().where(
        TapFinding.record_id == TapRecord.id, TapFinding.kind == kind, TapFinding.withdrawn_at.is_(None)
    )
    return or_(TapRecord.reason == kind, found)


def _filters(wanted: Wanted, now: datetime, after: int) -> Iterator[ColumnElement[bool]]:
    yield TapRecord.id > after
    if wanted.merchant_id == chart.UNKNOWN_MERCHANT:
        yield TapRecord.merchant_id.is_(None)
    elif wanted.merchant_id:
        yield TapRecord.merchant_id == wanted.merchant_id
    if wanted.age is not None:
        yield from _aged(wanted.age, now)


def undecided_taps() -> ColumnElement[int]:
    """How many taps wait for people to decide about their money; by indexes of the few that it can be."""
    suspicious = select(func.count()).select_from(TapRecord).where(SUSPICIOUS, ~_is_decided()).scalar_subquery()
    aside = (
        select(func.count())
        .select_from(TapSetAside)
        .join(TapRecord, TapRecord.id == TapSetAside.record_id)
        .where(is_aside(), ~_is_decided())
        .scalar_subquery()
    )
    return suspicious + aside


def _aged(age: Age, now: datetime) -> Iterator[ColumnElement[bool]]:
    newer = None
    for one, limit in AGE_LIMITS:
        if one is age:
            yield TapRecord.received_at >= now - limit
            break
        newer = limit
    if newer is not None:
        yield TapRecord.received_at < now - newer


def _is_decided() -> ColumnElement[bool]:
    return exists().where(TapDecision.record_id == TapRecord.id)


def _has_note() -> ColumnElement[bool]:
    return exists().where(TapNote.record_id == TapRecord.id)


def _is_proposed(now: datetime) -> ColumnElement[bool]:
    return exists().where(
        TapProposal.record_id == TapRecord.id,
        Approval.id == TapProposal.approval_id,
        Approval.state == PROPOSED,
        Approval.expires_at > now,
    )


def _is_new_finding() -> ColumnElement[bool]:
    """Nobody who knew of the finding has said yet what becomes of the tap."""
    note, decision = aliased(TapNote), aliased(TapDecision)
    noted = select(func.max(note.finding_to)).where(note.record_id == TapFinding.record_id).scalar_subquery()
    decided = select(decision.finding_to).where(decision.record_id == TapFinding.record_id).scalar_subquery()
    return and_(
        TapFinding.withdrawn_at.is_(None),
        TapFinding.id > func.coalesce(noted, 0),
        TapFinding.id > func.coalesce(decided, 0),
    )
