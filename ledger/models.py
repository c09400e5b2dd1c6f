"""The ledger's tables, and the one metadata of the whole database with its naming convention."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from ledger.instants import Instant

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_N_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

BIGGEST_AMOUNT_FEN = 2**53
"""No transfer is larger: every JSON reader still holds the number exactly."""
LONGEST_CODE = 96
LONGEST_REFERENCE = 96
REVERSAL = "rev:"
LONGEST_STORED_REFERENCE = LONGEST_REFERENCE + len(REVERSAL)
LONGEST_KIND = 40
LONGEST_HOLD_REFERENCE = 80
"""Shorter than a transfer's, because a settlement is named by the hold and its number."""
FINGERPRINT_LENGTH = 64

_BigId = BigInteger().with_variant(Integer, "sqlite")
_NORMAL_SIDE_BALANCE = (
    "CASE WHEN type IN ('asset', 'expense') THEN posted_debits_fen - posted_credits_fen"
    " ELSE posted_credits_fen - posted_debits_fen END"
)


class AccountType(StrEnum):
    """What an account stands for. Assets and expenses grow by debits, the other three by credits."""

    ASSET = "asset"
    LIABILITY = "liability"
    INCOME = "income"
    EXPENSE = "expense"
    EQUITY = "equity"

    @property
    def grows_by_debit(self) -> bool:
        """Whether the normal side, on which the balance is shown, is the debit side."""
        return self in (AccountType.ASSET, AccountType.EXPENSE)

    def normal(self, debits_fen: int, credits_fen: int) -> int:
        """The balance in fen on the normal side."""
        return debits_fen - credits_fen if self.grows_by_debit else credits_fen - debits_fen


class AccountState(StrEnum):
    """open: anything goes · frozen: nothing may be spent, facts still post · closed: at zero, for ever."""

    OPEN = "open"
    FROZEN = "frozen"
    CLOSED = "closed"


class HoldState(StrEnum):
    """open: reserves · settled: all of it, or the last part · released: given back · expired: its time was over."""

    OPEN = "open"
    SETTLED = "settled"
    RELEASED = "released"
    EXPIRED = "expired"


class LedgerBase(DeclarativeBase):
    """The tables of the ledger, in the one metadata of the database."""

    metadata = metadata


class Account(LedgerBase):
    """An account. Its code, type, family, currency and way of keeping the balance never change, and it is never deleted.

    `posted_debits_fen` and `posted_credits_fen` are the balance itself when the account is `locked`; when it is derived, they are the
    checkpoint up to transfer `folded_to`, and the balance is the checkpoint plus the transfers after it. `floor_fen` and `ceiling_fen` are
    on the normal side and need a locked account, because only a locked balance can be checked. `held_out_fen` and `held_in_fen` are what
    open holds may still take out of a locked account, and recharge it with.
    """

    __tablename__ = "ledger_account"
    __table_args__ = (
        CheckConstraint("type IN ('asset', 'liability', 'income', 'expense', 'equity')", name="type"),
        CheckConstraint("state IN ('open', 'frozen', 'closed')", name="state"),
        CheckConstraint("posted_debits_fen >= 0 AND posted_credits_fen >= 0", name="posted"),
        CheckConstraint("locked OR (floor_fen IS NULL AND ceiling_fen IS NULL)", name="limits_need_lock"),
        CheckConstraint(f"floor_fen IS NULL OR {_NORMAL_SIDE_BALANCE} >= floor_fen", name="floor"),
        CheckConstraint(
            "state <> 'closed' OR NOT locked OR posted_debits_fen = posted_credits_fen",
            name="closed_at_zero",
        ),
        CheckConstraint(
            f"held_out_fen >= 0 AND (floor_fen IS NULL OR {_NORMAL_SIDE_BALANCE} - held_out_fen >= floor_fen)",
            name="held_out",
        ),
        CheckConstraint(
            "held_in_fen >= 0 AND ((locked AND state <> 'closed') OR (held_in_fen = 0 AND held_out_fen = 0))",
            name="held_in",
        ),
        Index("ix_ledger_account_family_code", "family", "code"),
        # Room on each page, so that a balance is updated in place without touching an index.
        {"postgresql_with": {"fillfactor": 60}},
    )

    id: Mapped[int] = mapped_column(_BigId, Identity(always=True), primary_key=True)
    code: Mapped[str] = mapped_column(String(LONGEST_CODE), unique=True)
    type: Mapped[str] = mapped_column(String(9))
    family: Mapped[str] = mapped_column(String(LONGEST_CODE))
    currency: Mapped[str] = mapped_column(String(3))
    locked: Mapped[bool]
    floor_fen: Mapped[int | None] = mapped_column(BigInteger)
    ceiling_fen: Mapped[int | None] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(String(6), default=AccountState.OPEN.value, server_default="open")
    posted_debits_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    posted_credits_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    folded_to: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    held_out_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    held_in_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class PostedTransfer(LedgerBase):
    """A transfer in the books. The row is a fact: never changed, never removed, at most reversed by another one.

    Both accounts are kept as row ids: half the size of codes in the two indexes every balance is read by. Codes never change, and the
    fingerprint covers the codes, so that an exchanged account or a renamed one is found. There is no foreign key: the posting statement has
    looked the accounts up, nobody can delete one, and `prove()` checks it again.
    """

    __tablename__ = "ledger_transfer"
    __table_args__ = (
        CheckConstraint(f"amount_fen > 0 AND amount_fen <= {BIGGEST_AMOUNT_FEN}", name="amount"),
        CheckConstraint("debit_id <> credit_id", name="two_accounts"),
        CheckConstraint(f"length(fingerprint) = {FINGERPRINT_LENGTH}", name="fingerprint"),
        Index("ix_ledger_transfer_debit_id_id", "debit_id", "id"),
        Index("ix_ledger_transfer_credit_id_id", "credit_id", "id"),
        Index(
            "uq_ledger_transfer_reverses",
            "reverses",
            unique=True,
            postgresql_where=text("reverses IS NOT NULL"),
            sqlite_where=text("reverses IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},
    )

    # Without a sequence cache, or ids would not follow the barrier.
    id: Mapped[int] = mapped_column(_BigId, Identity(always=True, cache=1), primary_key=True)
    reference: Mapped[str] = mapped_column(String(LONGEST_STORED_REFERENCE), unique=True)
    debit_id: Mapped[int] = mapped_column(BigInteger)
    credit_id: Mapped[int] = mapped_column(BigInteger)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    kind: Mapped[str] = mapped_column(String(LONGEST_KIND))
    occurred_at: Mapped[datetime] = mapped_column(Instant)
    recorded_at: Mapped[datetime] = mapped_column(Instant)
    business_date: Mapped[date] = mapped_column(Date)
    journal: Mapped[str | None] = mapped_column(String(LONGEST_REFERENCE))
    fingerprint: Mapped[str] = mapped_column(String(FINGERPRINT_LENGTH))
    metadata_json: Mapped[str] = mapped_column("metadata", Text)
    reverses: Mapped[int | None] = mapped_column(BigInteger)


class LedgerDay(LedgerBase):
    """A business day. Exactly one is open; a closed one ends with transfer `cut_id`, and every transfer up to it is final.

    `transfers` and `total_fen` are counted after the close, without a lock; from then on a row that is missing from the day is noticed.
    `snapshots` is how many accounts moved in the day, once their sums as at its cut are kept.
    """

    __tablename__ = "ledger_day"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'closed')", name="state"),
        CheckConstraint(
            "(state = 'open') = (closed_at IS NULL) AND (closed_at IS NULL) = (cut_id IS NULL)", name="closed"
        ),
        Index(
            "uq_ledger_day_open",
            "state",
            unique=True,
            postgresql_where=text("state = 'open'"),
            sqlite_where=text("state = 'open'"),
        ),
    )

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    state: Mapped[str] = mapped_column(String(6))
    opened_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)
    cut_id: Mapped[int | None] = mapped_column(BigInteger)
    transfers: Mapped[int | None] = mapped_column(BigInteger)
    total_fen: Mapped[int | None] = mapped_column(BigInteger)
    snapshots: Mapped[int | None] = mapped_column(BigInteger)


class PlacedHold(LedgerBase):
    """A hold: up to `amount_fen` are reserved until `expires_at`; `settled_fen` of it has been posted. What is not settled is the rest.

    Its terms never change and it never goes; it ends once. Whoever changes it has the locked accounts of the hold under lock.
    """

    __tablename__ = "ledger_hold"
    __table_args__ = (
        CheckConstraint(f"amount_fen > 0 AND amount_fen <= {BIGGEST_AMOUNT_FEN}", name="amount"),
        CheckConstraint("debit_id <> credit_id", name="two_accounts"),
        CheckConstraint(f"length(fingerprint) = {FINGERPRINT_LENGTH}", name="fingerprint"),
        CheckConstraint("expires_at > placed_at", name="expiry"),
        CheckConstraint("state IN ('open', 'settled', 'released', 'expired')", name="state"),
        CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended"),
        CheckConstraint(
            "settled_fen >= 0 AND settled_fen <= amount_fen AND (state <> 'open' OR settled_fen < amount_fen)"
            " AND (state <> 'settled' OR settled_fen > 0)",
            name="settled",
        ),
        *(
            Index(
                f"ix_ledger_hold_open_{column}",
                column,
                postgresql_where=text("state = 'open'"),
                sqlite_where=text("state = 'open'"),
            )
            for column in ("debit_id", "credit_id", "expires_at")
        ),
    )

    id: Mapped[int] = mapped_column(_BigId, Identity(always=True), primary_key=True)
    reference: Mapped[str] = mapped_column(String(LONGEST_HOLD_REFERENCE), unique=True)
    debit_id: Mapped[int] = mapped_column(BigInteger)
    credit_id: Mapped[int] = mapped_column(BigInteger)
    amount_fen: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    kind: Mapped[str] = mapped_column(String(LONGEST_KIND))
    recharge: Mapped[bool]
    occurred_at: Mapped[datetime] = mapped_column(Instant)
    placed_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant)
    fingerprint: Mapped[str] = mapped_column(String(FINGERPRINT_LENGTH))
    metadata_json: Mapped[str] = mapped_column("metadata", Text)
    state: Mapped[str] = mapped_column(String(8), default=HoldState.OPEN.value, server_default="open")
    settled_fen: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    ended_at: Mapped[datetime | None] = mapped_column(Instant)


class HoldSettlement(LedgerBase):
    """Which transfer settled which part of a hold. A fact: never changed, never removed."""

    __tablename__ = "ledger_hold_settlement"

    id: Mapped[int] = mapped_column(_BigId, Identity(always=True), primary_key=True)
    hold_id: Mapped[int] = mapped_column(BigInteger, index=True)
    transfer_id: Mapped[int] = mapped_column(BigInteger, unique=True)


class Cut(LedgerBase):
    """An instant at which nobody was posting: every transfer up to `cut_id` is final, and every later one came after. A fact."""

    __tablename__ = "ledger_cut"

    id: Mapped[int] = mapped_column(_BigId, Identity(always=True), primary_key=True)
    drawn_at: Mapped[datetime] = mapped_column(Instant, index=True)
    cut_id: Mapped[int] = mapped_column(BigInteger)


class Fold(LedgerBase):
    """The derived accounts' checkpoints hold every transfer up to `folded_to`. A fact."""

    __tablename__ = "ledger_fold"

    id: Mapped[int] = mapped_column(_BigId, Identity(always=True), primary_key=True)
    folded_at: Mapped[datetime] = mapped_column(Instant)
    folded_to: Mapped[int] = mapped_column(BigInteger, unique=True)


class Snapshot(LedgerBase):
    """All that an account was ever debited and credited, as at the cut of a day in which it moved. A fact."""

    __tablename__ = "ledger_snapshot"

    account_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(Date, primary_key=True)
    debits_fen: Mapped[int] = mapped_column(BigInteger)
    credits_fen: Mapped[int] = mapped_column(BigInteger)


class Seal(LedgerBase):
    """A link of the chain over the transfers from `first_id` to `last_id`. A fact; see `ledger/seals.py` for its bytes."""

    __tablename__ = "ledger_seal"
    __table_args__ = (
        CheckConstraint("first_id <= last_id", name="span"),
        CheckConstraint("length(digests) = transfers * 24", name="digests"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    first_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    last_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    transfers: Mapped[int] = mapped_column(BigInteger)
    previous: Mapped[str] = mapped_column(String(FINGERPRINT_LENGTH))
    rows_hash: Mapped[str] = mapped_column(String(FINGERPRINT_LENGTH))
    digests: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[str] = mapped_column(String(FINGERPRINT_LENGTH))
    sealed_at: Mapped[datetime] = mapped_column(Instant)


class Stop(LedgerBase):
    """A time in which no money moves, because the books could not be proved. At most one is on; it is released once, by somebody."""

    __tablename__ = "ledger_stop"
    __table_args__ = (
        CheckConstraint("state IN ('stopped', 'released')", name="state"),
        CheckConstraint(
            "(state = 'stopped') = (released_at IS NULL) AND (released_at IS NULL) = (released_by IS NULL)"
            " AND (released_at IS NULL) = (reason IS NULL)",
            name="released",
        ),
        Index(
            "uq_ledger_stop_on",
            "state",
            unique=True,
            postgresql_where=text("state = 'stopped'"),
            sqlite_where=text("state = 'stopped'"),
        ),
    )

    id: Mapped[int] = mapped_column(_BigId, Identity(always=True), primary_key=True)
    state: Mapped[str] = mapped_column(String(8), default="stopped", server_default="stopped")
    stopped_at: Mapped[datetime] = mapped_column(Instant)
    cause: Mapped[str] = mapped_column(Text)
    released_at: Mapped[datetime | None] = mapped_column(Instant)
    released_by: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str | None] = mapped_column(Text)
