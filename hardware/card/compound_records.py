"""Records that a CAPP purchase (复合消费) carries beside the trip: EF19's records by identifier, and EF1A of some cities."""

from dataclasses import dataclass
from typing import Final, Self

from hardware.card.fixed import require
from hardware.errors import MalformedCardData

MAX_CONTENT_BYTES: Final = 253
CITY_TRANSIT_BYTES: Final = 0x78
TOLL_IDENTIFIERS: Final = (0xAA, 0xB1, 0xB2, 0xB3, 0xB4, 0xB5, 0xC1, 0xC2, 0xD1, 0xD2)
"""Identifiers that toll cards use in EF19."""


@dataclass(frozen=True, slots=True)
class CompoundRecord:
    """A record of EF19: identifier 1 ‖ length 1 ‖ content. `80 DC AA C8 2B AA 29 00 …` replaces the record AA.

    Args:
        identifier: 01 to FE.
        content: up to 253 bytes; on toll cards the first is a lock flag.
    """

    identifier: int
    content: bytes

    def encode(self) -> bytes:
        """The record.

        Raises:
            MalformedCardData: another identifier, or too much content.
        """
        if not 0 < self.identifier < 0xFF or len(self.content) > MAX_CONTENT_BYTES:  # noqa: PLR2004 - 00 and FF are erased memory
            raise MalformedCardData("EF19 record", "identifier or length out of range")
        return bytes((self.identifier, len(self.content))) + self.content

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a record; zeros that fill a record of fixed length up are not part of it and are refused.

        Raises:
            MalformedCardData: no identifier, or a length that does not fit.
        """
        if len(data) < 2 or data[0] in {0, 0xFF} or data[1] != len(data) - 2 or data[1] > MAX_CONTENT_BYTES:  # noqa: PLR2004 - identifier and length
            raise MalformedCardData("EF19 record", "is not a whole record")
        return cls(data[0], data[2:])


@dataclass(frozen=True, slots=True)
class CityTransitRecord:
    """A record of EF1A as one city writes it, 120 bytes; what is in it is that city's own and is kept as it is."""

    content: bytes

    def encode(self) -> bytes:
        """The 120 bytes.

        Raises:
            MalformedCardData: another length.
        """
        return require("EF1A record", "content", self.content, CITY_TRANSIT_BYTES)

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the 120 bytes.

        Raises:
            MalformedCardData: another length.
        """
        return cls(require("EF1A record", "content", data, CITY_TRANSIT_BYTES))
