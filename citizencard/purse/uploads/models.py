"""What was uploaded, what was said about it, and what a person should look at."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Integer, LargeBinary, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.cards.columns import HexBytes
from citizencard.db import Base, BigId, Json, UtcDateTime

HAS_TAC: Final = "identity IS NOT NULL"
"""The record's TAC is good."""


class Verdict(StrEnum):
    """What is said about a record; `duplicate` repeats one of the others and has no row of its own."""

    ACCEPTED = "accepted"
    SUSPICIOUS = "suspicious"
    REJECTED = "rejected"
    DUPLICATE = "duplicate"


class Reason(StrEnum):
    """Why a record is rejected or suspicious."""

    MALFORMED = "malformed"
    FOREIGN_ISSUER = "foreign_issuer"
    UNKNOWN_CARD = "unknown_card"
    UNKNOWN_KEY_VERSION = "unknown_key_version"
    BAD_TAC = "bad_tac"
    UNREGISTERED_PSAM = "unregistered_psam"
    UNBOUND_PSAM = "unbound_psam"
    DATE_OUT_OF_RANGE = "date_out_of_range"
    CARD_NOT_IN_USE = "card_not_in_use"
    HOTLISTED = "hotlisted"
    MODULE_HOTLISTED = "module_hotlisted"
    OVER_LIMIT = "over_limit"


class FindingKind(StrEnum):
    """What a person should look at. Those of the upload have no effect on money; the others are made when days are closed."""

    PRICE_DIFFERENCE = "price_difference"
    NO_PRICE = "no_price"
    IMPOSSIBLE_BASE = "impossible_base"
    UNKNOWN_TARIFF = "unknown_tariff"
    LINE_DIFFERS = "line_differs"
    UNCONFIRMED_PURCHASE = "unconfirmed_purchase"

    SEQUENCE_REUSED = "sequence_reused"
    SEQUENCE_GAP = "sequence_gap"
    SEQUENCE_DISORDER = "sequence_disorder"
    CLAIMS_DIFFER = "claims_differ"
    SILENT_TERMINAL = "silent_terminal"
    COUNTER_FORK = "counter_fork"
    COUNTER_ROLLBACK = "counter_rollback"
    OVER_GUARANTEE = "over_guarantee"
    IMPOSSIBLE_TRAVEL = "impossible_travel"
    OVER_DAY_LIMIT = "over_day_limit"
    RERATED = "rerated"
    HOLDER_BEARS = "hotlisted_holder_bears"
    MERCHANT_BEARS = "hotlisted_merchant_bears"
    COMPANY_BEARS = "hotlisted_company_bears"


AT_UPLOAD: Final = (
    FindingKind.PRICE_DIFFERENCE,
    FindingKind.NO_PRICE,
    FindingKind.IMPOSSIBLE_BASE,
    FindingKind.UNKNOWN_TARIFF,
    FindingKind.LINE_DIFFERS,
    FindingKind.UNCONFIRMED_PURCHASE,
)
"""What is said with the first verdict, and repeated with it; the other kinds come when days are closed, and go."""


class UploadBatch(Base):
    """An upload as it came, byte for byte, once: taken or refused, with the refusal's code. Kept five years."""

    __tablename__ = "upload_batch"
    __table_args__ = (
        CheckConstraint("form IN ('file', 'json')", name="form"),
        Index("uq_upload_batch_digest_outcome", "digest", "outcome", unique=True),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    digest: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(String(48))
    form: Mapped[str] = mapped_column(String(4))
    sender_id: Mapped[str] = mapped_column(String(32), ForeignKey("terminal.id"))
    raw: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class TapRecord(Base):
    """A record and its first verdict. Rows are facts.

    `digest` names the bytes, `identity` the tap; a rejected record, and one without a TAC, claims no identity. Line, merchant and class
    are the registry's as of the tap, never the record's own claims.
    """

    __tablename__ = "tap_record"
    __table_args__ = (
        CheckConstraint("verdict IN ('accepted', 'suspicious', 'rejected')", name="verdict"),
        CheckConstraint("verdict <> 'rejected' OR identity IS NULL", name="rejected_claims_nothing"),
        CheckConstraint("amount_fen >= 0 AND subsidy_fen >= 0", name="amounts"),
        CheckConstraint("verdict = 'accepted' OR subsidy_fen = 0", name="subsidy"),
        Index("ix_tap_record_card_serial_id", "card_serial", "id"),
        Index("ix_tap_record_terminal_number_terminal_sequence", "terminal_number", "terminal_sequence"),
        Index("ix_tap_record_tapped_at", "tapped_at"),
        Index(
            "ix_tap_record_card_serial_card_counter",
            "card_serial",
            "card_counter",
            postgresql_where=text(HAS_TAC),
            sqlite_where=text(HAS_TAC),
        ),
        Index(
            "ix_tap_record_card_serial_tapped_at",
            "card_serial",
            "tapped_at",
            postgresql_where=text(HAS_TAC),
            sqlite_where=text(HAS_TAC),
        ),
        Index(
            "ix_tap_record_suspicious",
            "id",
            postgresql_where=text("verdict = 'suspicious'"),
            sqlite_where=text("verdict = 'suspicious'"),
        ),
        Index(
            "ix_tap_record_bad_tac",
            "received_at",
            postgresql_where=text("reason = 'bad_tac'"),
            sqlite_where=text("reason = 'bad_tac'"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    identity: Mapped[str | None] = mapped_column(String(32), unique=True)
    batch_id: Mapped[int] = mapped_column(BigId, ForeignKey("upload_batch.id"))
    ordinal: Mapped[int] = mapped_column(Integer)
    kind: Mapped[int] = mapped_column(SmallInteger)
    verdict: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str | None] = mapped_column(String(32))
    terminal_number: Mapped[bytes] = mapped_column(HexBytes(6))
    terminal_sequence: Mapped[int] = mapped_column(BigInteger)
    card_serial: Mapped[bytes] = mapped_column(HexBytes(10))
    card_counter: Mapped[int] = mapped_column(Integer)
    card_id: Mapped[str | None] = mapped_column(String(32))
    card_class: Mapped[int | None] = mapped_column(SmallInteger)
    merchant_id: Mapped[str | None] = mapped_column(String(32))
    line: Mapped[int | None] = mapped_column(Integer)
    tac: Mapped[bytes] = mapped_column(HexBytes(4))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    balance_after_fen: Mapped[int] = mapped_column(BigInteger)
    subsidy_fen: Mapped[int] = mapped_column(BigInteger)
    tapped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    explanation: Mapped[dict[str, Any]] = mapped_column(Json)
    tariff_version: Mapped[int | None] = mapped_column(BigInteger)
    """By which the device says that it reckoned: a claim. None in records of before it was kept."""

    def __repr__(self) -> str:
        return f"TapRecord({self.id}, {self.verdict}, {self.reason}, {self.amount_fen} fen)"


class TapFinding(Base):
    """Something about a record that a person should look at, unless it was withdrawn: what came in later has explained it."""

    __tablename__ = "tap_finding"
    __table_args__ = (Index("uq_tap_finding_record_id_kind", "record_id", "kind", unique=True),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    record_id: Mapped[int] = mapped_column(BigId, ForeignKey("tap_record.id"))
    kind: Mapped[str] = mapped_column(String(32), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(Json)
    found_at: Mapped[datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LimitKind(StrEnum):
    """What a limit on bad TACs is of: a terminal number, or a card's serial."""

    TERMINAL = "terminal"
    CARD = "card"


class UploadLimit(Base):
    """So many bad TACs came on one day that nothing more of this terminal or card is judged, until a person releases it.

    `subject` is the terminal number or the serial as upper-case hexadecimal text, or the id of the device that sent records of a number
    that no device ever had; `cause_record_id` the bad record that reached the limit.
    """

    __tablename__ = "upload_limit"
    __table_args__ = (
        CheckConstraint("kind IN ('terminal', 'card')", name="kind"),
        CheckConstraint(
            "(released_at IS NULL) = (released_by IS NULL) AND (released_at IS NULL) = (reason IS NULL)", name="release"
        ),
        Index("ix_upload_limit_kind_subject", "kind", "subject"),
        Index(
            "uq_upload_limit_open",
            "kind",
            "subject",
            unique=True,
            postgresql_where=text("released_at IS NULL"),
            sqlite_where=text("released_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    subject: Mapped[str] = mapped_column(String(32))
    cause_record_id: Mapped[int] = mapped_column(BigId, ForeignKey("tap_record.id"))
    set_at: Mapped[datetime] = mapped_column(UtcDateTime)
    released_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    released_by: Mapped[str | None] = mapped_column(String(32))
    reason: Mapped[str | None] = mapped_column(String(200))


class RideToRate(Base):
    """An accepted ride under a tariff whose rules look at a card's history.

    It is rated when a day is closed, and again with each new ride of the card while rides of its time can still come in.
    """

    __tablename__ = "ride_to_rate"
    __table_args__ = (
        Index("ix_ride_to_rate_card_id_tapped_at", "card_id", "tapped_at"),
        Index(
            "ix_ride_to_rate_unrated",
            "card_id",
            postgresql_where=text("rated_on IS NULL"),
            sqlite_where=text("rated_on IS NULL"),
        ),
    )

    record_id: Mapped[int] = mapped_column(BigId, ForeignKey("tap_record.id"), primary_key=True, autoincrement=False)
    card_id: Mapped[str] = mapped_column(String(32))
    tapped_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    rated_on: Mapped[date | None] = mapped_column()
    """The business day at whose close it was rated first; None before."""


class CardHistory(Base):
    """What a card's rides come to, so that they need not be rated again each night.

    `state` is what the rides before `until` come to: no ride of that time can still come in. `rated_state` is what all rated rides come
    to, the last of them at `rated_until`: the next night goes on from there, unless an earlier ride has come in since.
    """

    __tablename__ = "card_history"

    card_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[dict[str, Any]] = mapped_column(Json)
    rated_until: Mapped[datetime] = mapped_column(UtcDateTime)
    rated_state: Mapped[dict[str, Any]] = mapped_column(Json)


class TapAdjustment(Base):
    """What a rule over a card's history gave back of a ride when a day was closed. Rows are facts: nothing is ever taken back.

    `number` counts what one rule gave for one ride: a ride that comes in late may give an earlier one more. `line` is the line of the
    explanation, with all that the rule gives by then.
    """

    __tablename__ = "tap_adjustment"
    __table_args__ = (
        CheckConstraint("amount_fen > 0 AND subsidy_fen BETWEEN 0 AND amount_fen", name="amounts"),
        CheckConstraint("(sponsor IS NULL) = (subsidy_fen = 0)", name="sponsor"),
        Index("uq_tap_adjustment_record_id_rule_number", "record_id", "rule", "number", unique=True),
        Index("ix_tap_adjustment_business_date", "business_date"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    record_id: Mapped[int] = mapped_column(BigId, ForeignKey("tap_record.id"))
    rule: Mapped[str] = mapped_column(String(96))
    number: Mapped[int] = mapped_column(Integer)
    business_date: Mapped[date] = mapped_column()
    merchant_id: Mapped[str] = mapped_column(String(32))
    card_id: Mapped[str] = mapped_column(String(32))
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    subsidy_fen: Mapped[int] = mapped_column(BigInteger)
    sponsor: Mapped[str | None] = mapped_column(String(60))
    reference: Mapped[str] = mapped_column(String(96), unique=True)
    line: Mapped[dict[str, Any]] = mapped_column(Json)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"TapAdjustment({self.reference}, {self.amount_fen} fen)"
