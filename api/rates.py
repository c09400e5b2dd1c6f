"""How much one terminal may ask, so that a broken or stolen one slows nobody else.

Token buckets, one for each terminal and kind of route, in the memory of each worker process: with two workers a terminal that uses both
gets twice as much. Whether a request may go on is asked before its body is parsed, its signature verified or the database asked.

Only a request whose signature was verified takes from a bucket. Otherwise anybody who knows a terminal's number, which is written on every
slip, could use up its bucket and shut it out. For the same reason a bucket exists only after a verified request: strangers fill no memory.
Requests with bad signatures are counted apart, and told in the log: they are answered 401, as ever, since a genuine device that is told to
wait would never learn that its key is wrong.
"""

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from flask import current_app

EXTENSION: Final = "citizencard_rates"
MAX_BUCKETS: Final = 100_000
"""Buckets that are remembered in a process; beyond, those that have filled up again are forgotten, and then the oldest."""
COST_BYTES: Final = 65_536
"""An upload costs one token, and one more for each whole 64 KiB of its body."""
OWNED_S: Final = 60.0
"""So long after its last verified request a key id is taken for the same terminal's. A number may be bound to another device meanwhile, and
the one before, which goes on under its own id, must not use up the share of the new one."""
TELL_BAD_EVERY: Final = 100
"""Bad signatures under one key id between two words in the log."""
MAX_DOUBTED: Final = 10_000
"""Key ids whose bad signatures are counted; beyond, counting begins anew."""


class RateClass(StrEnum):
    """Kinds of routes that are counted apart: who fetches lists too often can still sell."""

    ON_LINE = "on_line"
    UPLOADS = "uploads"
    LISTS = "lists"


@dataclass(frozen=True, slots=True)
class Rate:
    """How many tokens come in a second, and how many a bucket holds."""

    a_second: float
    burst: float


RATES: Final[Mapping[RateClass, Rate]] = MappingProxyType(
    {
        RateClass.ON_LINE: Rate(50, 200),
        RateClass.UPLOADS: Rate(20, 400),
        RateClass.LISTS: Rate(10, 100),
    }
)
"""A gate lets a person through in a second; a depot brings a day's files at once, which is 20 x 64 KiB or some 13,000 records a second."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    at_s: float


class Rates:
    """The buckets of one process.

    Args:
        clock: seconds that only rise.
        rates: of each kind of route.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, rates: Mapping[RateClass, Rate] = RATES) -> None:
        self._clock = clock
        self._rates = rates
        self._lock = threading.Lock()
        self._buckets: dict[tuple[str, RateClass], _Bucket] = {}
        self._owners: dict[str, tuple[str, float]] = {}
        self._bad: dict[str, int] = {}

    def wait_s(self, key_id: str, kind: RateClass) -> int:
        """Whole seconds after which one who signs under this key id may ask again; 0: now. Takes nothing."""
        with self._lock:
            owner, seen_s = self._owners.get(key_id, ("", 0.0))
            bucket = self._buckets.get((owner, kind))
            if bucket is None or self._clock() - seen_s > OWNED_S:
                return 0
            rate = self._rates[kind]
            self._refill(bucket, rate)
            return 0 if bucket.tokens >= 1 else math.ceil((1 - bucket.tokens) / rate.a_second)

    def took(self, key_id: str, terminal_id: str, kind: RateClass, body_bytes: int = 0) -> None:
        """A verified request has come: it costs its terminal a token, a long upload several. Late ones may leave a bucket in debt.

        Args:
            key_id: that it was signed under: the terminal's number, or its id.
            terminal_id: whose it is. Both names share one bucket.
            kind: of the route.
            body_bytes: length of the body, as announced.
        """
        rate = self._rates[kind]
        cost = 1 + (body_bytes // COST_BYTES if kind is RateClass.UPLOADS else 0)
        with self._lock:
            self._owners[key_id] = (terminal_id, self._clock())
            bucket = self._buckets.get((terminal_id, kind))
            if bucket is None:
                self._make_room()
                bucket = self._buckets[terminal_id, kind] = _Bucket(rate.burst, self._clock())
            self._refill(bucket, rate)
            bucket.tokens -= cost

    def doubted(self, key_id: str) -> int:
        """A request under this key id was signed wrongly; how many that makes, whenever somebody should hear of it, else 0."""
        with self._lock:
            if key_id not in self._bad and len(self._bad) >= MAX_DOUBTED:
                self._bad.clear()
            count = self._bad[key_id] = self._bad.get(key_id, 0) + 1
        return count if count % TELL_BAD_EVERY == 0 else 0

    def _refill(self, bucket: _Bucket, rate: Rate) -> None:
        at_s = self._clock()
        bucket.tokens = min(rate.burst, bucket.tokens + max(0.0, at_s - bucket.at_s) * rate.a_second)
        bucket.at_s = at_s

    def _make_room(self) -> None:
        if len(self._buckets) < MAX_BUCKETS:
            return
        for (terminal_id, kind), bucket in list(self._buckets.items()):
            self._refill(bucket, self._rates[kind])
            if bucket.tokens >= self._rates[kind].burst:
                del self._buckets[terminal_id, kind]
        while len(self._buckets) >= MAX_BUCKETS:
            del self._buckets[next(iter(self._buckets))]
        left = {terminal_id for terminal_id, _ in self._buckets}
        self._owners = {key_id: owner for key_id, owner in self._owners.items() if owner[0] in left}


def rates() -> Rates:
    """The buckets of the present application."""
    found = current_app.extensions.setdefault(EXTENSION, Rates())
    if not isinstance(found, Rates):
        raise TypeError(EXTENSION)
    return found


def rate_class(method: str, *, uploads: bool) -> RateClass:
    """What kind a terminal's route is: whatever is only read is a list; of the rest, those that take uploads."""
    if method in ("GET", "HEAD"):
        return RateClass.LISTS
    return RateClass.UPLOADS if uploads else RateClass.ON_LINE
