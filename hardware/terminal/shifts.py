"""What a terminal and the server say to each other around a shift: sign-in, heartbeat, gaps, sign-out. Shapes only."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Self, TypeVar

from hardware.errors import UplinkUnavailable

MAX_NUMBER: Final = 2**32 - 1
MAX_ENTRIES: Final = 1_000
"""Of a list in an answer; what is beyond comes with the next answer."""
FETCHABLE: Final = ("parameters", "hotlist", "issuers")

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Upcoming:
    """Parameters that take effect later."""

    version: int
    effective_from: datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """Sequences of a module, both included: which the server misses, or for which no debit was made.

    Args:
        terminal_number: 6 bytes.
        first, last: sequences.
    """

    terminal_number: bytes
    first: int
    last: int

    def as_json(self) -> dict[str, object]:
        """As it is sent."""
        return {"terminal_number": self.terminal_number.hex().upper(), "first": self.first, "last": self.last}


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions that a terminal works with, or that are in force; 0 for none."""

    parameters: int = 0
    hotlist: int = 0
    issuers: int = 0

    def as_json(self) -> dict[str, object]:
        """As they are sent."""
        return {
            "parameter_version": self.parameters,
            "hotlist_version": self.hotlist,
            "issuer_version": self.issuers,
        }


@dataclass(frozen=True, slots=True)
class SignIn:
    """What the server says at sign-in.

    Args:
        batch: the next batch has at least this number; it names the shift.
        parameter_version, hotlist_version, issuer_version: what is in force; fetch when it differs from what the device holds.
        server_time: aware.
        upcoming: parameters that can be fetched ahead of their time.
        gaps: what the server misses of this device's modules.
    """

    batch: int
    parameter_version: int
    hotlist_version: int
    server_time: datetime
    issuer_version: int = 0
    upcoming: tuple[Upcoming, ...] = ()
    gaps: tuple[Gap, ...] = ()

    @classmethod
    def parse(cls, document: dict[str, object]) -> Self:
        """Read the answer. What only newer servers say may be missing.

        Raises:
            UplinkUnavailable: it is not what a server of ours answers.
        """
        try:
            return cls(
                batch=_number(document["batch"]),
                parameter_version=_number(document["parameter_version"]),
                hotlist_version=_number(document["hotlist_version"]),
                server_time=_time(document["server_time"]),
                issuer_version=_number(document.get("issuer_version", 0)),
                upcoming=_each(document, "upcoming", _upcoming),
                gaps=_each(document, "gaps", _gap),
            )
        except (KeyError, TypeError, ValueError):
            raise UplinkUnavailable("the answer to the sign-in cannot be read") from None

    @property
    def versions(self) -> Versions:
        """What is in force."""
        return Versions(self.parameter_version, self.hotlist_version, self.issuer_version)


@dataclass(frozen=True, slots=True)
class Orders:
    """What the server answers to a heartbeat.

    Args:
        fetch: which of `parameters`, `hotlist`, `issuers` are not the ones in force.
        versions: what is in force.
        upcoming: parameters that can be fetched ahead of their time.
        gaps: what the server misses.
        upload_now: send what waits.
        rotate_key: the device's key is old.
        heartbeat_every_s: when the next word is expected.
        server_time: aware.
    """

    fetch: tuple[str, ...]
    versions: Versions
    upcoming: tuple[Upcoming, ...]
    gaps: tuple[Gap, ...]
    upload_now: bool
    rotate_key: bool
    heartbeat_every_s: int
    server_time: datetime

    @classmethod
    def parse(cls, document: dict[str, object]) -> Self:
        """Read the answer.

        Raises:
            UplinkUnavailable: it is not what a server of ours answers.
        """
        try:
            return cls(
                fetch=_each(document, "fetch", _fetchable),
                versions=Versions(
                    _number(document["parameter_version"]),
                    _number(document["hotlist_version"]),
                    _number(document["issuer_version"]),
                ),
                upcoming=_each(document, "upcoming", _upcoming),
                gaps=_each(document, "gaps", _gap),
                upload_now=document["upload_now"] is True,
                rotate_key=document["rotate_key"] is True,
                heartbeat_every_s=_number(document["heartbeat_every_s"]),
                server_time=_time(document["server_time"]),
            )
        except (KeyError, TypeError, ValueError):
            raise UplinkUnavailable("the answer to the heartbeat cannot be read") from None


@dataclass(frozen=True, slots=True)
class Condition:
    """How a terminal is, for a heartbeat.

    Args:
        records_waiting: taps without a verdict.
        oldest_waiting_at: time of the oldest, None when there is none.
        device_time: its own clock, without the difference that it keeps.
        free_kb: room left for records, KiB.
        faults: what is broken, at most 200 characters.
    """

    records_waiting: int
    oldest_waiting_at: datetime | None
    device_time: datetime
    free_kb: int
    faults: str = ""

    def as_json(self) -> dict[str, object]:
        """As it is sent."""
        oldest = self.oldest_waiting_at
        return {
            "records_waiting": self.records_waiting,
            "oldest_waiting_at": None if oldest is None else oldest.astimezone(UTC).isoformat(),
            "device_time": self.device_time.astimezone(UTC).isoformat(),
            "free_kb": self.free_kb,
            "faults": self.faults,
        }


@dataclass(frozen=True, slots=True)
class ShiftTotals:
    """What a terminal made in a shift: purchases, with or without verdict.

    Args:
        batch: the number that its sign-in gave.
        first_sequence, last_sequence: of its module, both included; both 0 when nothing was made.
        records: how many.
        amount_fen: their sum.
    """

    batch: int
    first_sequence: int
    last_sequence: int
    records: int
    amount_fen: int

    def as_json(self) -> dict[str, object]:
        """As they are sent."""
        return {
            "batch": self.batch,
            "first_sequence": self.first_sequence,
            "last_sequence": self.last_sequence,
            "records": self.records,
            "amount_fen": self.amount_fen,
        }


@dataclass(frozen=True, slots=True)
class SignOut:
    """What the server has of a shift.

    Args:
        agrees: the totals are equal; otherwise `missing` is sent, and the totals again.
        records, amount_fen: what has arrived.
        missing: first and last sequence of what has not.
    """

    agrees: bool
    records: int
    amount_fen: int
    missing: tuple[tuple[int, int], ...]

    @classmethod
    def parse(cls, document: dict[str, object]) -> Self:
        """Read the answer.

        Raises:
            UplinkUnavailable: it is not what a server of ours answers.
        """
        try:
            missing = _each(document, "missing", lambda one: (_number(_of(one, "first")), _number(_of(one, "last"))))
            amount_fen = document["amount_fen"]
            if not isinstance(amount_fen, int) or not isinstance(document["agrees"], bool):
                raise TypeError("agrees")  # noqa: TRY301 # read as any other fault of the answer
            return cls(document["agrees"], _number(document["records"]), amount_fen, missing)
        except (KeyError, TypeError, ValueError):
            raise UplinkUnavailable("the answer to the sign-out cannot be read") from None


def instant(text: object) -> datetime | None:
    """An instant with its offset, RFC 3339; None for anything else."""
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo is not None else None


def _time(text: object) -> datetime:
    found = instant(text)
    if found is None:
        raise ValueError("no instant")
    return found


def _number(value: object) -> int:
    if type(value) is not int or not 0 <= value <= MAX_NUMBER:
        raise ValueError("no number")
    return value


def _each(document: dict[str, object], name: str, read: Callable[[object], Read]) -> tuple[Read, ...]:
    entries = document.get(name, [])
    if not isinstance(entries, list):
        raise TypeError(name)
    return tuple(read(entry) for entry in entries[:MAX_ENTRIES])


def _of(entry: object, name: str) -> object:
    if not isinstance(entry, dict):
        raise TypeError(name)
    return entry[name]


def _upcoming(entry: object) -> Upcoming:
    return Upcoming(_number(_of(entry, "version")), _time(_of(entry, "effective_from")))


def _gap(entry: object) -> Gap:
    number = bytes.fromhex(str(_of(entry, "terminal_number")))
    return Gap(number, _number(_of(entry, "first")), _number(_of(entry, "last")))


def _fetchable(entry: object) -> str:
    if entry not in FETCHABLE:
        raise ValueError("unknown list")
    return str(entry)
