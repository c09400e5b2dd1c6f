"""Shapes about cards, chips in stock, reader jobs, loads and taps."""

from dataclasses import dataclass, field

from marshmallow import fields
from marshmallow.validate import Length

from api.schemas.fields import Day, Flag, Hex, Id, Instant, Kind, MinorUnits, SubjectId, Text, WholeNumber
from api.schemas.shape import Answer, Request
from api.schemas.staff import MAX_REASON_CHARACTERS
from citizencard.cards.flow import MAX_ATR_BYTES
from citizencard.cards.stock import MAX_BATCH
from citizencard.purse.loads.loads import LoadWish
from citizencard.purse.loads.models import LoadSource
from hardware.card.apdu import ResponseApdu

MAX_RESPONSE_BYTES = 258
MAX_RESPONSES = 128


@dataclass(frozen=True, slots=True)
class Delivered:
    """Chips that a maker delivered."""

    batch: str
    chip_serials: list[bytes]


class DeliveryRequest(Request):
    """Receive chips into stock, all of them or none."""

    into = Delivered

    batch = Text(64, required=True)
    chip_serials = fields.List(Hex(8), required=True, validate=Length(1, MAX_BATCH))


class DeliveryAnswer(Answer):
    """What was received."""

    object = Kind("delivery")
    batch = fields.String(required=True)
    received = WholeNumber(0, MAX_BATCH, required=True)


@dataclass(frozen=True, slots=True)
class CardWanted:
    """Who wants which card."""

    person_id: str
    card_class: bytes


class CardRequest(Request):
    """Apply for a card."""

    into = CardWanted

    person_id = Id("per", required=True)
    card_class = Hex(1, required=True, metadata={"description": "01 adult, 02 student, 03 senior, 04 care"})


class CardAnswer(Answer):
    """A card."""

    object = Kind("card")
    id = Id("card", required=True)
    person_id = Id("per", required=True)
    number = fields.String(required=True, metadata={"description": "as printed on the card"})
    card_class = Hex(1, required=True)
    state = fields.String(required=True)
    chip_serial = Hex(8, required=True, allow_none=True)
    valid_from = Day(required=True)
    valid_until = Day(required=True)
    applied_at = Instant(required=True)
    changed_at = Instant(required=True)


@dataclass(frozen=True, slots=True)
class Nothing:
    """A request that says all by its address."""


class EmptyRequest(Request):
    """No fields."""

    into = Nothing


@dataclass(frozen=True, slots=True)
class LossReported:
    """What the holder says."""

    reason: str
    temporary: bool


class LossRequest(Request):
    """Report a card lost."""

    into = LossReported

    reason = Text(MAX_REASON_CHARACTERS, required=True)
    temporary = Flag(
        load_default=False,
        metadata={"description": "by telephone (口头挂失): can be taken back when the card is found"},
    )


class LossAnswer(Answer):
    """A report of loss. Until it takes effect, the holder bears what is spent."""

    object = Kind("loss_report")
    card_id = Id("card", required=True)
    state = fields.String(required=True)
    effective_from = Instant(required=True)


@dataclass(frozen=True, slots=True)
class JobWanted:
    """A job on the chip in the reader."""

    kind: str
    subject_id: str
    atr: bytes


class ReaderJobRequest(Request):
    """Begin a job on the chip in the reader. A job about the same subject that is still open ends here."""

    into = JobWanted

    kind = Text(
        32,
        required=True,
        metadata={"description": "personalise, personalise_psam, load, recover_load, unload or recover_unload"},
    )
    subject_id = SubjectId(
        required=True, metadata={"description": "the card, the ordered module, the load or the unload"}
    )
    atr = Hex(2, MAX_ATR_BYTES, required=True, metadata={"description": "the chip's answer to reset"})


class ReaderStepAnswer(Answer):
    """What the workstation is to do next, or how the job ended."""

    object = Kind("reader_job_step")
    id = Id("job", required=True)
    step = WholeNumber(0, 1_000, required=True)
    token = fields.String(required=True, metadata={"description": "opens this job's steps"})
    commands = fields.List(
        Hex(4, 263), required=True, metadata={"description": "send in order, up to the first answer that is not 9000"}
    )
    done = Flag(required=True)
    outcome = fields.String(required=True, metadata={"description": "how the job ended; empty while it goes on"})
    ticks = fields.List(fields.String(), required=True, metadata={"description": "what the step before achieved"})


@dataclass(frozen=True, slots=True)
class StepAnswered:
    """What the chip answered."""

    token: str = field(repr=False)
    responses: list[bytes]
    torn: bool

    def apdus(self) -> tuple[ResponseApdu, ...]:
        """The answers, read."""
        return tuple(ResponseApdu.from_bytes(response) for response in self.responses)


class ReaderStepRequest(Request):
    """The chip's answers to a step, in the order of its commands. Sent again with the same answers, the next step is the same."""

    into = StepAnswered

    token = Text(128, required=True)
    responses = fields.List(Hex(2, MAX_RESPONSE_BYTES), required=True, validate=Length(0, MAX_RESPONSES))
    torn = Flag(required=True, metadata={"description": "the card went away before all commands were answered"})


class ReaderJobAnswer(Answer):
    """A reader job, for those who watch it."""

    object = Kind("reader_job")
    id = Id("job", required=True)
    kind = fields.String(required=True)
    subject_id = fields.String(required=True)
    step = WholeNumber(0, 1_000, required=True)
    done = Flag(required=True)
    outcome = fields.String(required=True)
    ticks = fields.List(fields.String(), required=True)
    started_at = Instant(required=True)
    finished_at = Instant(required=True, allow_none=True)


class LoadRequest(Request):
    """Take cash and put it on a chip (圈存); the money moves in a reader job `load`."""

    into = LoadWish

    card_id = Id("card", required=True)
    amount_fen = MinorUnits(1, required=True)
    till_id = Id("till", required=True)


class LoadAnswer(Answer):
    """A load."""

    object = Kind("load")
    id = fields.String(
        required=True,
        metadata={"description": "load_…, or at a kiosk terminal number, batch and trace with dots between"},
    )
    card_id = Id("card", required=True)
    amount_fen = MinorUnits(1, required=True)
    source = fields.String(required=True, metadata={"enum": list(LoadSource)})
    till_id = Id("till", required=True, allow_none=True)
    outlet_id = Id("out", required=True, allow_none=True)
    account_id = Id("acc", required=True, allow_none=True)
    kiosk_id = Id(
        "term", required=True, allow_none=True, metadata={"description": "the terminal at which it was begun"}
    )
    slip = WholeNumber(1, 2**53, required=True, allow_none=True, attribute="slip_serial")
    state = fields.String(required=True)
    given_back_to = fields.String(required=True, allow_none=True)
    requested_at = Instant(required=True)
    changed_at = Instant(required=True)


class ShadowAnswer(Answer):
    """What the books say that is on a chip."""

    object = Kind("shadow")
    card_id = Id("card", required=True)
    purse_fen = MinorUnits(-(2**53), required=True)
    inload_fen = MinorUnits(required=True, metadata={"description": "on its way to the chip"})
    due_fen = MinorUnits(required=True, metadata={"description": "the holder's, not on the chip (补登)"})


class AdjustmentAnswer(Answer):
    """What a rule over the card's history gave back of a ride when a day was closed."""

    day = fields.Date(required=True, metadata={"description": "the business day"})
    amount_fen = MinorUnits(required=True, metadata={"description": "to the holder, as money due to the card; fen"})
    line = fields.Dict(required=True, metadata={"description": "why, as a line of the explanation"})


class TapAnswer(Answer):
    """A tap, with why it cost what it cost."""

    object = Kind("tap")
    id = fields.String(required=True)
    verdict = fields.String(required=True)
    reason = fields.String(required=True, allow_none=True)
    line = WholeNumber(1, 65_535, required=True, allow_none=True)
    merchant_id = fields.String(required=True, allow_none=True)
    card_number = fields.String(
        required=True, metadata={"description": "as printed, masked but for its last four digits"}
    )
    paid_fen = MinorUnits(required=True, metadata={"description": "what left the chip; fen"})
    subsidy_fen = MinorUnits(required=True, metadata={"description": "what sponsors pay together; fen"})
    tapped_at = Instant(required=True, allow_none=True)
    explanation = fields.Dict(
        required=True, metadata={"description": "the price and the lines that add up to it, with the rule of each; fen"}
    )
    adjustments = fields.List(fields.Nested(AdjustmentAnswer), required=True)
