"""The list of other cities' issuers as a terminal holds it."""

from dataclasses import dataclass
from typing import Final, Self

from hardware.errors import MalformedCardData

MAX_ISSUERS: Final = 1_000
ISSUER_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class IssuerList:
    """A version of the list; the empty one is version 0.

    Args:
        version: rising.
        names: of cities' issuers, by the 8 bytes of EF15 of their cards.
    """

    version: int
    names: dict[bytes, str]

    @classmethod
    def parse(cls, document: object) -> Self:
        """Read the JSON document `{"version": n, "issuers": [{"issuer", "city", "name"}, …]}`.

        Raises:
            MalformedCardData: it is not one, or it is longer than this device can hold.
        """
        version = document.get("version") if isinstance(document, dict) else None
        entries = document.get("issuers") if isinstance(document, dict) else None
        if type(version) is not int or not 0 <= version < 2**32:
            raise MalformedCardData("issuers", "version must be a number")
        if not isinstance(entries, list) or len(entries) > MAX_ISSUERS:
            raise MalformedCardData("issuers", f"issuers must be a list of at most {MAX_ISSUERS}")
        return cls(version, dict(_entry(entry) for entry in entries))


def _entry(entry: object) -> tuple[bytes, str]:
    if not isinstance(entry, dict):
        raise MalformedCardData("issuers", "an entry must be an object")
    try:
        issuer = bytes.fromhex(str(entry.get("issuer")))
    except ValueError:
        issuer = b""
    if len(issuer) != ISSUER_BYTES:
        raise MalformedCardData("issuers", f"an issuer must be {2 * ISSUER_BYTES} digits")
    return issuer, str(entry.get("name", ""))
