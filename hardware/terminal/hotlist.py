"""The hotlist as a terminal holds it: cards that this device refuses. A device whose list is old takes the card; the host decides."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final, Self

from hardware.errors import MalformedCardData

MAX_SERIALS: Final = 300_000  # what catalogues of bus validators print
SERIAL_BYTES: Final = 10


@dataclass(frozen=True, slots=True)
class Hotlist:
    """A version of the hotlist.

    Args:
        version: rising; goes into every batch, so that the host knows what this device could know.
        serials: application serials of the cards on it, 10 bytes each.
    """

    version: int = 0
    serials: AbstractSet[bytes] = field(default_factory=frozenset)

    @classmethod
    def parse(cls, document: object) -> Self:
        """Read the JSON document `{"version": n, "serials": ["03103302…", …]}`.

        Raises:
            MalformedCardData: it is not one, or it is longer than this device can hold.
        """
        version = document.get("version") if isinstance(document, dict) else None
        serials = document.get("serials") if isinstance(document, dict) else None
        if type(version) is not int or not 0 <= version < 2**32:
            raise MalformedCardData("hotlist", "version must be a number")
        if not isinstance(serials, list) or len(serials) > MAX_SERIALS:
            raise MalformedCardData("hotlist", f"serials must be a list of at most {MAX_SERIALS}")
        return cls(version, frozenset(_serial(text) for text in serials))


def _serial(text: object) -> bytes:
    try:
        serial = bytes.fromhex(str(text))
    except ValueError:
        serial = b""
    if len(serial) != SERIAL_BYTES:
        raise MalformedCardData("hotlist", f"a serial must be {2 * SERIAL_BYTES} digits")
    return serial
