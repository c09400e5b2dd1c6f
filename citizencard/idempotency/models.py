"""The keys of requests already answered or being worked on."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.db import Base, BigId, Json, UtcDateTime

SCOPE_CHARS = 200
KEY_CHARS = 255


class IdempotencyKey(Base):
    """A caller's key for one request.

    Either answered (`status` and `answer`), or in progress under a lease (`lease_until`, `lease_token`): the second form is for flows
    of several transactions. The answer holds ids and states, no personal data.
    """

    __tablename__ = "idempotency_key"
    __table_args__ = (
        UniqueConstraint("scope", "key"),
        CheckConstraint("(status IS NULL) <> (lease_until IS NULL)", name="answered_or_leased"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    scope: Mapped[str] = mapped_column(String(SCOPE_CHARS))
    key: Mapped[str] = mapped_column(String(KEY_CHARS))
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None] = mapped_column()
    answer: Mapped[dict[str, Any] | None] = mapped_column(Json)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    lease_token: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
