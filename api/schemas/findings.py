"""Shapes of the queue of findings: entries, totals, decisions that are proposed, notes, limits on uploads, cards in the place of others."""

from dataclasses import dataclass

from marshmallow import fields
from marshmallow.validate import Length, OneOf, Regexp

from api.schemas.cards import TapAnswer
from api.schemas.fields import Flag, Id, Instant, Kind, MinorUnits, Text, WholeNumber
from api.schemas.shape import Answer, PageQuery, PageWanted, Request
from citizencard.audit import REASON_CHARS
from citizencard.purse.decisions.models import Outcome
from citizencard.settlement.findings.entries import Age, State
from citizencard.settlement.findings.lines import MAX_LINES

TAP_ID = r"tap_[1-9][0-9]{0,17}"
COUNT = 2**53


class TapId(fields.String):
    """The id of a tap."""

    def __init__(self) -> None:
        described = {"pattern": f"^{TAP_ID}$", "examples": ["tap_1234"]}
        super().__init__(required=True, validate=Regexp(f"^{TAP_ID}\\Z"), metadata=described)


@dataclass(frozen=True, slots=True)
class FindingsWanted(PageWanted):
    """Which entries of the queue."""

    state: str = State.OPEN
    kind: str = ""
    merchant_id: str = ""
    age: str | None = None
    money: str | None = None


class FindingsQuery(PageQuery):
    """Filters of the queue."""

    into = FindingsWanted

    state = fields.String(load_default=State.OPEN.value, validate=OneOf([one.value for one in State]))
    kind = Text(
        32, load_default="", metadata={"description": "a reason of a verdict, or a kind of finding, such as hotlisted"}
    )
    merchant_id = Text(
        32, load_default="", metadata={"description": "of the terminal at the time; unknown: it was bound to nobody"}
    )
    age = fields.String(
        load_default=None,
        validate=OneOf([one.value for one in Age]),
        metadata={"description": "how long the tap waits since it came in: at most so many days, or older than seven"},
    )
    money = fields.String(
        load_default=None,
        validate=OneOf(["true", "false"]),
        metadata={"description": "whether money is undecided"},
    )


class TotalsQuery(FindingsQuery):
    """Filters of the totals; they have no pages."""

    class Meta:
        """Options of the library."""

        exclude = ("limit", "starting_after")


class ReasonAnswer(Answer):
    """One thing about a tap that somebody should look at."""

    kind = fields.String(required=True)
    detail = fields.Dict(required=True)
    found_at = Instant(required=True, allow_none=True)


class DecidedAnswer(Answer):
    """What became of a tap."""

    outcome = fields.String(required=True, metadata={"enum": [*(one.value for one in Outcome), "noted"]})
    amount_fen = MinorUnits(required=True)
    reference = fields.String(required=True, allow_none=True, metadata={"description": "of the transfer"})
    approval_id = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True, metadata={"description": "of a note"})
    decided_at = Instant(required=True, attribute="at")


class FindingAnswer(Answer):
    """A tap in the queue, with all that is open about it."""

    object = Kind("finding")
    id = fields.String(required=True, metadata={"pattern": f"^{TAP_ID}$"})
    state = fields.String(required=True, metadata={"enum": [one.value for one in State]})
    verdict = fields.String(required=True)
    reasons = fields.List(fields.Nested(ReasonAnswer), required=True)
    amount_fen = MinorUnits(required=True, metadata={"description": "what the record says; fen"})
    open_fen = MinorUnits(required=True, metadata={"description": "what is undecided; fen"})
    is_money = Flag(required=True, metadata={"description": "a decision about money is due"})
    may_be_goodwill = Flag(required=True)
    bearer = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "who would bear it by the rule: holder, merchant or company"},
    )
    card_number = fields.String(required=True, metadata={"description": "masked but for its last four digits"})
    merchant_id = fields.String(required=True, allow_none=True)
    terminal = fields.String(required=True)
    terminal_sequence = WholeNumber(0, 2**32 - 1, required=True)
    line = WholeNumber(1, 65_535, required=True, allow_none=True)
    tapped_at = Instant(required=True, allow_none=True)
    received_at = Instant(required=True)
    age = fields.String(required=True, metadata={"enum": [one.value for one in Age]})
    approval_id = fields.String(required=True, allow_none=True, metadata={"description": "of the proposal that waits"})
    decision = fields.Nested(DecidedAnswer, required=True, allow_none=True, attribute="decided")


class FindingSeenAnswer(FindingAnswer):
    """A tap in the queue, with the tap as its holder sees it and what else the card and the terminal did around it."""

    tap = fields.Nested(TapAnswer, required=True)
    around = fields.List(fields.Nested(TapAnswer), required=True)


class TotalAnswer(Answer):
    """The entries of one age."""

    age = fields.String(required=True)
    money = WholeNumber(0, COUNT, required=True, metadata={"description": "taps whose money is undecided"})
    money_fen = MinorUnits(required=True)
    others = WholeNumber(0, COUNT, required=True, metadata={"description": "taps without money to decide about"})


class FindingTotalsAnswer(Answer):
    """What the queue comes to."""

    object = Kind("finding_totals")
    ages = fields.List(fields.Nested(TotalAnswer), required=True)


@dataclass(frozen=True, slots=True)
class LineWanted:
    """What shall become of one tap."""

    tap_id: str
    outcome: Outcome
    amount_fen: int
    merchant_id: str | None = None


class DecisionLineRequest(Request):
    """One line of a decision."""

    into = LineWanted

    tap_id = TapId()
    outcome = fields.Enum(Outcome, by_value=True, required=True)
    amount_fen = MinorUnits(
        required=True, metadata={"description": "all that is undecided of the tap, or what is given as goodwill; fen"}
    )
    merchant_id = Id("mer", load_default=None, allow_none=True)


@dataclass(frozen=True, slots=True)
class DecisionWanted:
    """A decision that is put before a second person."""

    lines: list[LineWanted]
    reason: str


class TapDecisionRequest(Request):
    """Propose what becomes of taps."""

    into = DecisionWanted

    lines = fields.List(fields.Nested(DecisionLineRequest), required=True, validate=Length(1, MAX_LINES))
    reason = Text(REASON_CHARS, required=True)


@dataclass(frozen=True, slots=True)
class NoteWanted:
    """Taps that somebody has looked at."""

    tap_ids: list[str]
    reason: str


class TapNoteRequest(Request):
    """Say of taps that what was found needs nothing more."""

    into = NoteWanted

    tap_ids = fields.List(TapId(), required=True, validate=Length(1, MAX_LINES))
    reason = Text(REASON_CHARS, required=True)


class TapNoteAnswer(Answer):
    """What was noted."""

    object = Kind("tap_note")
    tap_ids = fields.List(fields.String(), required=True)


class UploadLimitAnswer(Answer):
    """So many bad TACs came that nothing more of a terminal or a card is judged, until somebody releases it."""

    object = Kind("upload_limit")
    id = fields.String(required=True)
    kind = fields.String(required=True)
    subject = fields.String(
        required=True,
        metadata={
            "description": "the terminal's number, or the id of a device without one, or the card's number, masked"
        },
    )
    cause_tap_id = fields.String(required=True, metadata={"description": "the bad record that reached the limit"})
    set_at = Instant(required=True)
    released_at = Instant(required=True, allow_none=True)


@dataclass(frozen=True, slots=True)
class ReleaseWanted:
    """Why a limit is released."""

    reason: str


class ReleaseRequest(Request):
    """Release a limit."""

    into = ReleaseWanted

    reason = Text(REASON_CHARS, required=True)


@dataclass(frozen=True, slots=True)
class ReplacementWanted:
    """Which card takes the place, and why."""

    new_card_id: str
    reason: str


class ReplacementRequest(Request):
    """Put a card in the place of one that is lost or broken."""

    into = ReplacementWanted

    new_card_id = Id("card", required=True)
    reason = Text(REASON_CHARS, required=True)


class ReplacementAnswer(Answer):
    """A card in the place of another."""

    object = Kind("card_replacement")
    old_card_id = fields.String(required=True)
    new_card_id = fields.String(required=True)
    reason = fields.String(required=True, metadata={"enum": ["lost", "broken"]})
    move_from = Instant(
        required=True, metadata={"description": "the money follows at the first close of a day after it"}
    )
    moved_at = Instant(required=True, allow_none=True)
    moved_fen = MinorUnits(required=True, allow_none=True)
