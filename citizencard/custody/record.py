"""The printed record of a ceremony: what was done, by whom, with which check values; for the custodians to sign, and signed by the city.

Text and not a picture of it: it is read on paper, compared line by line, and verified without this program (Ed25519 over all lines before
the signature; the key is the one that signs the heads of the seals).
"""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from citizencard.clock import BEIJING
from citizencard.keys.record_signing import RECORD_TITLE, record_is_signed

SIGNATURE_LINE: Final = "signature (Ed25519) "
MAX_RECORD_CHARS: Final = 64 * 1024


class Signer(Protocol):
    """What is asked of the keeper."""

    def sign_record(self, message: bytes) -> bytes:
        """Sign a record, 64 bytes."""
        ...

    def head_signing_key(self) -> bytes:
        """The public key, 32 bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Record:
    """What a record says. It holds check values and names, never a key, component or share.

    Args:
        title: what was done, such as `key ceremony`.
        at: when it ended.
        realm: of the keys.
        city: four digits.
        lines: name and value, in order.
        people: who was there: person id, and the part played.
    """

    title: str
    at: datetime
    realm: str
    city: str
    lines: tuple[tuple[str, str], ...]
    people: tuple[tuple[str, str], ...] = field(default=())


def signed(record: Record, signer: Signer) -> str:
    """The record as text, with the city's signature and a line for each custodian's pen.

    Raises:
        ValueError: a value with a line break, which could pretend to be another line.
    """
    lines = [
        ("record of", record.title),
        ("ended", record.at.astimezone(BEIJING).isoformat(timespec="seconds")),
        ("realm", record.realm),
        ("city", record.city),
        *record.lines,
        *((part, person) for person, part in record.people),
        ("signing key", signer.head_signing_key().hex()),
    ]
    if any("\n" in text or "\r" in text for line in lines for text in line):
        message = "a line of a record is one line"
        raise ValueError(message)
    width = max(len(name) for name, _ in lines)
    body = RECORD_TITLE.decode() + "".join(f"{name:<{width}}  {value}\n" for name, value in lines)
    signature = signer.sign_record(body.encode()).hex()
    pens = "".join(f"\n\n{person:<40} ______________________________" for person, _ in record.people)
    return f"{body}{SIGNATURE_LINE}{signature}\n{pens}\n"


def is_genuine(text: str, public_key: bytes) -> bool:
    """Whether a record is as the city signed it; what stands below the signature is for pens and not looked at."""
    body, found, rest = text[:MAX_RECORD_CHARS].partition(SIGNATURE_LINE)
    if not found:
        return False
    try:
        signature = bytes.fromhex(rest.split("\n", 1)[0])
    except ValueError:
        return False
    return record_is_signed(public_key, body.encode(), signature)


def record_hash(text: str) -> bytes:
    """SHA-256 of the whole record, 32 bytes, as the journal keeps it."""
    return hashlib.sha256(text.encode()).digest()
