"""Social-security links and their history."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.db import Base, BigId, Json, UtcDateTime

LINKED = "linked"
TRANSFER_OUT_PENDING = "transfer_out_pending"
UNLINKED = "unlinked"


class SocialSecurityLink(Base):
    """A resident's place in social security: one row a person, whatever happens to the cards.

    The social-security number (社会保障号码) is the citizen's number; it and the nation (民族) are ciphertexts bound to this row.
    `insurances` gives the state of each of the five insurances (五险).
    """

    __tablename__ = "social_security_link"
    __table_args__ = (CheckConstraint("status IN ('linked', 'transfer_out_pending', 'unlinked')", name="status"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), unique=True)
    number: Mapped[bytes] = mapped_column(LargeBinary)
    number_index: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    nation: Mapped[bytes] = mapped_column(LargeBinary)
    region_code: Mapped[str] = mapped_column(String(6))
    status: Mapped[str] = mapped_column(String(24))
    insurances: Mapped[dict[str, str]] = mapped_column(Json)
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"SocialSecurityLink({self.id!r}, status={self.status!r})"


class SocialSecurityEvent(Base):
    """One step in the history of a link; never changed."""

    __tablename__ = "social_security_event"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    link_id: Mapped[str] = mapped_column(ForeignKey("social_security_link.id"), index=True)
    event: Mapped[str] = mapped_column(String(24))
    region_code: Mapped[str] = mapped_column(String(6))
    insurances: Mapped[dict[str, str]] = mapped_column(Json)
    actor_id: Mapped[str] = mapped_column(String(64))
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
