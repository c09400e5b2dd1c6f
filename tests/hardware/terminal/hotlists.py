"""Hotlists for tests, put together byte by byte from the published layout, with no line of the product."""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field

HEADER = struct.Struct(">4sBBHI2sHIIIIIIHHI")


@dataclass(frozen=True)
class Wanted:
    """What a download is to say; `cards` is the whole list after applying."""

    version: int
    cards: Sequence[int]
    base: int = 0
    added: Sequence[int] = ()
    removed: Sequence[int] = ()
    ranges: Sequence[tuple[int, int]] = ()
    modules: Sequence[bytes] = ()
    city: bytes = field(default=bytes.fromhex("3302"))


def gaps(numbers: Sequence[int]) -> bytes:
    packed, before = b"", 0
    for number in numbers:
        gap, before = number - before, number
        while gap >= 128:
            packed += bytes([gap % 128 + 128])
            gap //= 128
        packed += bytes([gap])
    return packed


def sealed(head: bytes, body: bytes) -> bytes:
    return head + body + hashlib.sha256(head + body).digest()


def download(wanted: Wanted) -> bytes:
    ranges = b"".join(struct.pack(">QQ", *one) for one in wanted.ranges)
    blocks = ranges + b"".join(wanted.modules)
    counts = struct.pack(">IHH", len(wanted.cards), len(wanted.ranges), len(wanted.modules))
    cards = b"".join(number.to_bytes(8, "big") for number in wanted.cards)
    digest = hashlib.sha256(b"CCH1" + wanted.city + counts + cards + blocks).digest()
    added = wanted.added if wanted.base else wanted.cards
    body = gaps(added) + gaps(wanted.removed) + blocks + digest
    head = HEADER.pack(
        b"CCH1",
        1,
        0,
        48,
        48 + len(body) + 32,
        wanted.city,
        0,
        wanted.version,
        wanted.base,
        848_563_200,
        len(wanted.cards),
        len(added),
        len(wanted.removed),
        len(wanted.ranges),
        len(wanted.modules),
        0,
    )
    return sealed(head, body)


def full(version: int, *serials: bytes) -> bytes:
    """A full list of these cards."""
    return download(Wanted(version, sorted(int(serial.hex()[8:-1]) for serial in serials)))
