"""The queue of taps that a person has to decide about, and what people say about them."""

from typing import Final

from api.auth import actor
from api.city import city, now
from api.errors import ShapeInvalid
from api.face import Face, Shapes
from api.idempotency import Once, Stored
from api.schemas.findings import (
    DecisionWanted,
    FindingAnswer,
    FindingSeenAnswer,
    FindingsQuery,
    FindingsWanted,
    FindingTotalsAnswer,
    NoteWanted,
    TapDecisionRequest,
    TapNoteAnswer,
    TapNoteRequest,
    TotalsQuery,
)
from api.schemas.shape import Page, list_of
from api.schemas.staff import ApprovalAnswer
from api.v1.taps import masked_number, row_id, seen
from citizencard.approvals.models import Approval
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.settlement.findings.deciding import propose_decisions
from citizencard.settlement.findings.entries import Age, Entry, State, Wanted
from citizencard.settlement.findings.lines import DecisionLine
from citizencard.settlement.findings.looking import look
from citizencard.settlement.findings.noting import note_taps
from citizencard.settlement.findings.queue import entries_page, totals
from citizencard.staff.permissions import Permission

NOWHERE: Final = 0
face = Face("Findings", "/v1", "Taps that a person has to decide about, and decisions by two people.")


@face.get("/findings", Shapes(gives=list_of(FindingAnswer), query=FindingsQuery))
def see_findings(wanted: FindingsWanted) -> Page:
    """The queue, what came in first first: one entry a tap, with all that is open about it."""
    after = row_id(wanted.starting_after) or NOWHERE
    with reading(city().sessions) as session:
        found = entries_page(session, _wanted(wanted), now(), after=after, limit=wanted.limit + 1)
    return Page.cut([_seen(one) for one in found], wanted.limit)


@face.get("/findings/<tap_id>", Shapes(gives=FindingSeenAnswer))
def see_finding(tap_id: str) -> dict[str, object]:
    """One tap, whatever became of it, with what the card and the terminal did around it."""
    with reading(city().sessions) as session:
        found = look(session, record_of(tap_id), now())
    around = {tap.record_id: tap for tap in (*found.of_card, *found.of_terminal) if tap != found.tap}
    return {**_seen(found.entry), "tap": seen(found.tap), "around": [seen(tap) for tap in around.values()]}


@face.get("/finding-totals", Shapes(gives=FindingTotalsAnswer, query=TotalsQuery))
def see_finding_totals(wanted: FindingsWanted) -> dict[str, object]:
    """How many entries wait for how long, and how much money."""
    with reading(city().sessions) as session:
        return {"ages": totals(session, _wanted(wanted), now())}


@face.post("/tap-decisions", Shapes(gives=ApprovalAnswer, takes=TapDecisionRequest, status=201))
def put_a_decision_forward(given: DecisionWanted) -> Once:
    """Propose what becomes of the money of 1 to 500 taps. A second person decides; no money moves before."""
    who = actor(Permission.FINDINGS_DECIDE)
    lines = [
        DecisionLine(record_of(line.tap_id), line.outcome, line.amount_fen, line.merchant_id) for line in given.lines
    ]

    def work(session: Transaction) -> Approval:
        return propose_decisions(session, lines, given.reason, who, now())

    return Once(work)


@face.post("/tap-notes", Shapes(gives=TapNoteAnswer, takes=TapNoteRequest, status=201))
def note_findings(given: NoteWanted) -> Once:
    """Say of taps whose money is in no doubt that what was found needs nothing more. One person is enough."""
    who = actor(Permission.FINDINGS_DECIDE)
    ids = [record_of(tap_id) for tap_id in given.tap_ids]

    def work(session: Transaction) -> Stored:
        note_taps(session, ids, given.reason, who, now())
        return {"tap_ids": given.tap_ids}

    return Once(work)


def record_of(tap_id: str) -> int:
    """The number of a tap's record.

    Raises:
        ShapeInvalid: it is no such id.
    """
    number = row_id(tap_id) if tap_id.startswith("tap_") else None
    if number is None:
        raise ShapeInvalid("tap_id must be an id of a tap")
    return number


def _wanted(given: FindingsWanted) -> Wanted:
    return Wanted(
        state=State(given.state),
        kind=given.kind,
        merchant_id=given.merchant_id,
        age=None if given.age is None else Age(given.age),
        money=None if given.money is None else given.money == "true",
    )


def _seen(entry: Entry) -> dict[str, object]:
    hidden = {"card_serial", "card_id", "bearing"}
    shown = {name: getattr(entry, name) for name in entry.__dataclass_fields__ if name not in hidden}
    number = masked_number(entry.card_serial)
    return shown | {"id": f"tap_{entry.record_id}", "bearer": entry.bearer, "card_number": number}
