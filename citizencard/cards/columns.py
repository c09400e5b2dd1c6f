"""The one column type of this context: card and chip serials, written as upper-case hexadecimal text."""

from typing import Any

from sqlalchemy import Dialect, String, TypeDecorator


class HexBytes(TypeDecorator[bytes]):
    """A fixed number of bytes, kept as upper-case hexadecimal text.

    Thousands of serials travel to the database in one JSON parameter, and JSON has no bytes; as text they meet the index on both databases.
    """

    impl = String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(2 * length)
        self.byte_length = length

    def __repr__(self) -> str:
        return f"HexBytes({self.byte_length})"

    def process_bind_param(self, value: bytes | None, dialect: Dialect) -> str | None:  # noqa: ARG002 # SQLAlchemy's signature
        """Write the bytes as text.

        Raises:
            ValueError: another length.
        """
        if value is None:
            return None
        if len(value) != self.byte_length:
            raise ValueError(f"{len(value)} bytes, must be {self.byte_length}")
        return value.hex().upper()

    def process_result_value(self, value: Any, dialect: Dialect) -> bytes | None:  # noqa: ANN401, ARG002 # SQLAlchemy's signature
        """Read the text back as bytes."""
        return None if value is None else bytes.fromhex(value)
