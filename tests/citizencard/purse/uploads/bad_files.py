"""Batch files that are wrong in one way each, and what the published protocol says about them.

Every file but the one fault is right: count, total, digest and signature are made anew where the fault is not in them.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from citizencard.purse.uploads.batches import MAX_RECORDS
from citizencard.purse.uploads.records import PurchaseRecord
from tests.citizencard.purse.uploads.make_records import (
    City,
    Device,
    TestCard,
    a_card,
    file_of,
    seal,
    signed,
    tap,
    unsealed,
)

KEEP: Final = "keep"
DROP: Final = "drop"
TOO_LATE: Final = timedelta(days=31)
BODY_LIMIT_BYTES: Final = 8 * 2**20
HEADER, RECORD, TRAILER = 64, 96, 112


@dataclass(frozen=True, slots=True)
class Bad:
    """A bad file and its documented answer.

    Args:
        what: what is wrong, in the words of the page.
        make: the bytes, of two taps at most.
        status: of the answer.
        says: the problem's code, or verdict and reason of the first record.
        must: what the device must do.
        late: how much later than its taps it comes.
        is_kept: the server keeps the bytes.
    """

    what: str
    make: Callable[["Ground"], bytes]
    status: int
    says: str
    must: str
    late: timedelta = timedelta(0)
    is_kept: bool = True


@dataclass(frozen=True, slots=True)
class Ground:
    """What bad files are made from.

    Args:
        city: its first bus, its cards.
        now: when the taps were.
    """

    city: City
    now: datetime

    @property
    def bus(self) -> Device:
        """Whose file it is."""
        return self.city.bus1

    def taps(self) -> list[PurchaseRecord]:
        """Two genuine taps, new ones each time."""
        return [
            tap(self.bus, self.city.adult, self.now - timedelta(minutes=9), 180),
            tap(self.bus, self.city.senior, self.now, 0),
        ]

    def good(self) -> bytes:
        """A file without a fault."""
        return file_of(self.bus, self.taps())


def _cut(end: int) -> Callable[[Ground], bytes]:
    return lambda ground: ground.good()[:end]


def _changed(at: int, value: bytes) -> Callable[[Ground], bytes]:
    """Other bytes at a place, counted from the end if below zero; digest and signature are right again."""

    def make(ground: Ground) -> bytes:
        content = ground.good()[:-96]
        start = at % len(content)
        return seal(content[:start] + value + content[start + len(value) :], ground.bus.key)

    return make


def _record(**fields: Any) -> Callable[[Ground], bytes]:  # fields of a record
    """A tap in which a field says something else; the TAC is the card's for what the record then says."""

    def make(ground: Ground) -> bytes:
        first, second = ground.taps()
        changed = replace(first, **fields)
        if "tac" not in fields:
            changed = signed(changed, ground.city.adult, ground.bus.number)
        return file_of(ground.bus, [changed, second])

    return make


def _tap_of(card: Callable[[City], TestCard], ahead: timedelta) -> Callable[[Ground], bytes]:
    return lambda ground: file_of(ground.bus, [tap(ground.bus, card(ground.city), ground.now + ahead, 180)])


def _flipped(at: int) -> Callable[[Ground], bytes]:
    """One bit changed after digest and signature were made."""

    def make(ground: Ground) -> bytes:
        raw = bytearray(ground.good())
        raw[at] ^= 1
        return bytes(raw)

    return make


def _signed_by_another(ground: Ground) -> bytes:
    return seal(unsealed(ground.bus, [record.encode() for record in ground.taps()]), ground.city.bus2.key)


def _of_another(ground: Ground) -> bytes:
    """The sender signs a file that says it is the other bus's."""
    return file_of(replace(ground.city.bus2, key=ground.bus.key), ground.taps())


def _too_many(ground: Ground) -> bytes:
    raws = [ground.taps()[0].encode()] * (MAX_RECORDS + 1)
    return seal(unsealed(ground.bus, raws), ground.bus.key)


def _without_signature(ground: Ground) -> bytes:
    return ground.good()[:-64] + bytes(64)


def _wrong_digest(ground: Ground) -> bytes:
    content = ground.good()[:-96] + bytes(32)
    return content + ground.bus.key.sign(content)


LENGTH: Final = "file_length_wrong"
MALFORMED: Final = "rejected malformed"


def _bad_wholes() -> Iterator[Bad]:
    refused = (
        ("no byte at all", lambda _: b"", LENGTH),
        ("cut inside the header", _cut(HEADER - 1), LENGTH),
        ("cut after the header", _cut(HEADER), LENGTH),
        ("cut inside a record", _cut(HEADER + 50), LENGTH),
        ("cut between two records", _cut(HEADER + RECORD), LENGTH),
        ("cut before the trailer", _cut(HEADER + 2 * RECORD), LENGTH),
        ("cut inside the trailer", _cut(-50), LENGTH),
        ("the last byte is missing", _cut(-1), LENGTH),
        ("a byte too many", lambda ground: ground.good() + b"\0", LENGTH),
        ("the header's count is greater than the number of records", _changed(32, (3).to_bytes(4)), LENGTH),
        ("another magic", _changed(0, b"CCB2"), "file_magic_wrong"),
        ("layout 2", _changed(4, b"\2"), "file_layout_unknown"),
        ("size of the header is not 64", _changed(5, b"\x41"), "file_sizes_wrong"),
        ("size of a record is not 96", _changed(6, b"\x61"), "file_sizes_wrong"),
        ("size of the trailer is not 112", _changed(7, b"\x71"), "file_sizes_wrong"),
        ("terminal number is not BCD", _changed(8, b"\xaa"), "file_terminal_invalid"),
        ("PSAM serial is not BCD", _changed(14, b"\xaa"), "file_terminal_invalid"),
        ("time of creation is not BCD", _changed(52, b"\xff"), "file_created_invalid"),
        ("time of creation is 31 February", _changed(52, b"\x20\x26\x02\x31"), "file_created_invalid"),
        ("reserve of the header is not zero", _changed(63, b"\1"), "file_reserve_used"),
        ("reserve of the trailer is not zero", _changed(-1, b"\1"), "file_reserve_used"),
        ("the trailer's count differs", _changed(-16, (1).to_bytes(4)), "file_count_differs"),
        ("the header's sum differs", _changed(36, (181).to_bytes(8)), "file_total_differs"),
        ("the trailer's sum differs", _changed(-12, (181).to_bytes(8)), "file_total_differs"),
        ("an amount does not fit the sums", _changed(HEADER + 26, (181).to_bytes(4)), "file_total_differs"),
        ("digest of something else, signed", _wrong_digest, "file_digest_differs"),
        ("a bit of a record flipped afterwards", _flipped(100), "file_digest_differs"),
        ("signature of zeros", _without_signature, "file_signature_invalid"),
        ("a bit of the signature flipped", _flipped(-1), "file_signature_invalid"),
        ("signed by another terminal", _signed_by_another, "file_signature_invalid"),
        ("another terminal's number, signed by the sender", _of_another, "file_signature_invalid"),
    )
    yield from (Bad(what, make, 422, code, KEEP) for what, make, code in refused)
    yield Bad("more than 5,000 records", _too_many, 413, "too_many_records", KEEP)
    yield Bad(
        "more than 8 MiB", lambda _: bytes(BODY_LIMIT_BYTES + 1), 413, "request_entity_too_large", KEEP, is_kept=False
    )


def _bad_records() -> Iterator[Bad]:
    judged = (
        ("kind 9", _record(kind=9), MALFORMED),
        ("transaction type 07", _record(type=7), MALFORMED),
        ("card serial is not BCD", _record(card_serial=b"\xaa" * 10), MALFORMED),
        ("date is not BCD", _record(date=b"\x20\x26\x11\xaa"), MALFORMED),
        ("date is 31 February", _record(date=b"\x20\x26\x02\x31"), MALFORMED),
        ("time is 25:00:00", _record(time=b"\x25\0\0"), MALFORMED),
        ("a TAC in a record of kind 3", _record(kind=3), MALFORMED),
        ("line above 65,535", _record(line=65_536), MALFORMED),
        ("anchor line without a time", _record(anchor_line=2), MALFORMED),
        ("anchor time is not BCD", _record(anchor_line=2, anchor_time=b"\xff" * 7), MALFORMED),
        ("reserve of a record is not zero", _record(reserve=bytes(21) + b"\1"), MALFORMED),
        ("another city's issuer", _record(issuer=bytes.fromhex("01010001FFFFFFFF")), "rejected foreign_issuer"),
        ("a card that nobody issued", _record(card_serial=a_card(99).serial), "rejected unknown_card"),
        ("key version 2", _record(key_version=2), "rejected unknown_key_version"),
        ("algorithm 01", _record(algorithm=1), "rejected unknown_key_version"),
        ("a TAC of zeros", _record(tac=bytes(4)), "rejected bad_tac"),
        (
            "a good TAC, more than 10 minutes ahead",
            _tap_of(_adult, timedelta(minutes=11)),
            "suspicious date_out_of_range",
        ),
    )
    yield from (Bad(what, make, 200, says, DROP) for what, make, says in judged)
    too_old = _tap_of(_adult, timedelta(0))
    yield Bad("a good TAC, more than 30 days old", too_old, 200, "suspicious date_out_of_range", DROP, TOO_LATE)
    yield Bad(
        "a good TAC on a lost card", _tap_of(lambda city: city.lost, timedelta(0)), 200, "suspicious hotlisted", DROP
    )


def _adult(city: City) -> TestCard:
    return city.adult


BAD_FILES: Final = (*_bad_wholes(), *_bad_records())
