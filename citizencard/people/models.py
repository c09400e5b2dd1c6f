"""People."""

from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from citizencard.db import Base, UtcDateTime


class Person(Base):
    """A resident.

    Number, name and phone are AES-GCM ciphertexts bound to this table, column and row id; `document_index` is the keyed hash that finds
    a number again and keeps a person from being registered twice. Birth date and sex are in the number and kept nowhere else.
    """

    __tablename__ = "person"
    __table_args__ = (CheckConstraint("document_type IN ('cn_id')", name="document_type"),)

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    document_type: Mapped[str] = mapped_column(String(16))
    document_number: Mapped[bytes] = mapped_column(LargeBinary)
    document_index: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    name: Mapped[bytes] = mapped_column(LargeBinary)
    phone: Mapped[bytes | None] = mapped_column(LargeBinary)
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def __repr__(self) -> str:
        return f"Person({self.id!r})"
