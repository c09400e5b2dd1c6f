"""Shapes about tariffs: versions, proposals, checks and previews."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from marshmallow import fields

from api.schemas.fields import Day, Flag, Id, Instant, Kind, Text, WholeNumber
from api.schemas.shape import Answer, Request

MAX_TARIFF_VERSION: Final = 2**32 - 1
MAX_REASON_CHARACTERS: Final = 200
DOCUMENT: Final = {"description": "a tariff, format 2 (citizencard/tariffs/README.md)"}


@dataclass(frozen=True, slots=True)
class NewTariff:
    """A tariff to be proposed."""

    document: Mapping[str, Any]
    effective_from: datetime | None = None


class TariffRequest(Request):
    """Propose a tariff. It gets the next version number, whatever number the document has."""

    into = NewTariff

    document = fields.Dict(required=True, metadata=DOCUMENT)
    effective_from = Instant(
        load_default=None,
        allow_none=True,
        metadata={"description": "instead of the time that the document says"},
    )


@dataclass(frozen=True, slots=True)
class DocumentGiven:
    """A document to be looked at."""

    document: Mapping[str, Any]


class TariffCheckRequest(Request):
    """Ask for all mistakes of a tariff."""

    into = DocumentGiven

    document = fields.Dict(required=True, metadata=DOCUMENT)


class FaultAnswer(Answer):
    """A mistake with its place."""

    place = fields.String(required=True, metadata={"description": "such as transit.concessions.0.pays"})
    message = fields.String(required=True)


class TariffCheckAnswer(Answer):
    """What is wrong with a tariff; nothing, if the list is empty."""

    object = Kind("tariff_check")
    sound = Flag(required=True)
    faults = fields.List(fields.Nested(FaultAnswer), required=True)


@dataclass(frozen=True, slots=True)
class PreviewWanted:
    """A tariff to be tried on past taps."""

    document: Mapping[str, Any]
    first_day: date | None = None
    last_day: date | None = None


class TariffPreviewRequest(Request):
    """Compare a tariff with the one in force, and try it on past taps."""

    into = PreviewWanted

    document = fields.Dict(required=True, metadata=DOCUMENT)
    first_day = Day(load_default=None, allow_none=True, metadata={"description": "yesterday, if not given"})
    last_day = Day(load_default=None, allow_none=True, metadata={"description": "included"})


class DifferenceAnswer(Answer):
    """A place that says something else than the tariff in force."""

    place = fields.String(required=True)
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)


class TallyAnswer(Answer):
    """Taps that were priced both ways."""

    taps = fields.Integer(required=True)
    before_fen = fields.Integer(required=True)
    after_fen = fields.Integer(required=True)
    dearer = fields.Integer(required=True)
    cheaper = fields.Integer(required=True)
    unchanged = fields.Integer(required=True)


class LineTallyAnswer(TallyAnswer):
    """Those of one line."""

    line = fields.Integer(required=True)


class ClassTallyAnswer(TallyAnswer):
    """Those of one class."""

    card_class = fields.String(required=True)


class SponsorTallyAnswer(Answer):
    """What a sponsor pays."""

    sponsor = fields.String(required=True)
    before_fen = fields.Integer(required=True)
    after_fen = fields.Integer(required=True)


class UnpricedAnswer(Answer):
    """Taps that the tariff cannot price."""

    missing = fields.String(required=True, metadata={"description": "place of the missing rule"})
    taps = fields.Integer(required=True)


class ChangeAnswer(Answer):
    """A tap that would cost something else."""

    record_id = fields.Integer(required=True)
    at = fields.String(required=True)
    line = fields.Integer(required=True)
    card_class = fields.String(required=True)
    before_fen = fields.Integer(required=True)
    after_fen = fields.Integer(required=True)
    before = fields.Dict(required=True, metadata={"description": "why it cost that"})
    after = fields.Dict(required=True, metadata={"description": "why it would cost that"})


class SimulationAnswer(Answer):
    """What a tariff would have made of past taps."""

    version = WholeNumber(1, MAX_TARIFF_VERSION, required=True)
    first = fields.String(required=True)
    until = fields.String(required=True)
    full_rules = Flag(required=True, metadata={"description": "rules over a card's history were applied"})
    taps = fields.Integer(required=True)
    complete = Flag(required=True, metadata={"description": "false: there were more taps than a preview looks at"})
    total = fields.Nested(TallyAnswer, required=True)
    lines = fields.List(fields.Nested(LineTallyAnswer), required=True)
    classes = fields.List(fields.Nested(ClassTallyAnswer), required=True)
    sponsors = fields.List(fields.Nested(SponsorTallyAnswer), required=True)
    unpriced = fields.List(fields.Nested(UnpricedAnswer), required=True)
    largest = fields.List(fields.Nested(ChangeAnswer), required=True)


class TariffPreviewAnswer(Answer):
    """A tariff beside the one in force, and tried on past taps."""

    object = Kind("tariff_preview")
    compared_with = fields.Integer(
        required=True, allow_none=True, metadata={"description": "the version in force; null: there is none"}
    )
    differences = fields.List(fields.Nested(DifferenceAnswer), required=True)
    simulation = fields.Nested(SimulationAnswer, required=True)


@dataclass(frozen=True, slots=True)
class RollbackWanted:
    """An earlier tariff to be brought back."""

    effective_from: datetime | None = None


class RollbackRequest(Request):
    """Propose to bring the rules of an earlier version back, under the next number."""

    into = RollbackWanted

    effective_from = Instant(
        load_default=None,
        allow_none=True,
        metadata={"description": "in the second in which it is agreed to, if not given"},
    )


@dataclass(frozen=True, slots=True)
class WithdrawalWanted:
    """A tariff to be withdrawn before its time."""

    reason: str = ""


class WithdrawalRequest(Request):
    """Propose that a version whose time has not come never takes effect."""

    into = WithdrawalWanted

    reason = Text(MAX_REASON_CHARACTERS, least=0, load_default="")


class TariffVersionAnswer(Answer):
    """A tariff in the list of versions."""

    object = Kind("tariff_version")
    version = WholeNumber(1, MAX_TARIFF_VERSION, required=True)
    name = fields.String(required=True)
    state = fields.String(required=True, metadata={"description": "waiting, in_force, past or withdrawn"})
    effective_from = Instant(required=True)
    published_at = Instant(required=True)
    approval_id = Id("apr", required=True)
    proposed_by = fields.String(required=True)
    approved_by = fields.String(required=True)
    restores = fields.Integer(
        required=True, allow_none=True, metadata={"description": "the earlier version that it brought back"}
    )
    withdrawn_at = Instant(required=True, allow_none=True)
    digest = fields.String(required=True)
    document = fields.Dict(required=True)
