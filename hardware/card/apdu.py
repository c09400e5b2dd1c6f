"""Command and response APDUs as values and bytes: the four short cases of ISO 7816-4.

Extended lengths are not used by the purse and are refused. A `repr` never shows data that may hold a PIN, a key or personal
data, so an APDU may stand in a log or in a failed assertion.
"""

from dataclasses import dataclass
from typing import Final, Self

from hardware.errors import MalformedCardData

MAX_DATA_BYTES: Final = 255
MAX_LE: Final = 256
MAX_RESPONSE_BYTES: Final = 256
HEADER_BYTES: Final = 4
SW_BYTES: Final = 2
SW_OK: Final = 0x9000

# Instructions whose data is public: file names, amounts, terminal numbers, cryptograms that are used once. The data of every
# other one is masked: VERIFY 20, UNBLOCK 24, CHANGE/RELOAD PIN 5E, WRITE KEY D4, and the updates D6, DC, E2, which carry names.
_SHOWN_INS: Final = frozenset(
    {0x50, 0x52, 0x54, 0x5A, 0x5C, 0x70, 0x72, 0x82, 0x84, 0x88, 0xA4, 0xB0, 0xB2, 0xC0, 0xE0}
)


@dataclass(frozen=True, slots=True, repr=False)
class CommandApdu:
    """A command to a card.

    Args:
        cla, ins, p1, p2: the header, one byte each.
        data: 0 to 255 bytes.
        le: how many bytes are expected, 1 to 256 (256 travels as 00); None when no Le byte is sent.

    Raises:
        ValueError: a value outside these bounds (our own mistake, not the card's).
    """

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    le: int | None = None

    def __post_init__(self) -> None:
        """Hold the bounds."""
        for name in ("cla", "ins", "p1", "p2"):
            if getattr(self, name) not in range(0x100):
                message = f"{name} must be one byte"
                raise ValueError(message)
        if len(self.data) > MAX_DATA_BYTES:
            message = f"data has {len(self.data)} bytes, at most {MAX_DATA_BYTES}"
            raise ValueError(message)
        if self.le is not None and not 1 <= self.le <= MAX_LE:
            message = "le must be 1 to 256 (256 travels as 00), or None for no Le byte"
            raise ValueError(message)

    def header(self) -> bytes:
        """CLA INS P1 P2."""
        return bytes((self.cla, self.ins, self.p1, self.p2))

    def to_bytes(self) -> bytes:
        """The command as it travels: header, Lc and data if there is data, Le if one was asked for."""
        lc = bytes((len(self.data),)) if self.data else b""
        le = b"" if self.le is None else bytes((self.le % MAX_LE,))
        return self.header() + lc + self.data + le

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Read a command of any of the four short cases.

        Raises:
            MalformedCardData: shorter than a header, or Lc and length do not fit (extended lengths among them).
        """
        if len(raw) < HEADER_BYTES:
            raise MalformedCardData("command APDU", f"{len(raw)} bytes, a header has {HEADER_BYTES}")
        cla, ins, p1, p2 = raw[:HEADER_BYTES]
        body = raw[HEADER_BYTES:]
        if not body:
            return cls(cla, ins, p1, p2)
        if len(body) == 1:
            return cls(cla, ins, p1, p2, le=body[0] or MAX_LE)
        lc, rest = body[0], body[1:]
        if lc and len(rest) == lc:
            return cls(cla, ins, p1, p2, rest)
        if lc and len(rest) == lc + 1:
            return cls(cla, ins, p1, p2, rest[:lc], rest[lc] or MAX_LE)
        raise MalformedCardData("command APDU", f"Lc {lc:02X} but {len(rest)} bytes follow")

    def __repr__(self) -> str:
        """Header, length and expected length; the data only where it is public."""
        data = ""
        if self.data:
            data = f" {self.data.hex().upper()}" if self.ins in _SHOWN_INS else f" <{len(self.data)} bytes>"
        return f"CommandApdu({self.header().hex().upper()}{data}{'' if self.le is None else f' Le {self.le}'})"


@dataclass(frozen=True, slots=True, repr=False)
class ResponseApdu:
    """A card's answer.

    Args:
        data: 0 to 256 bytes.
        sw: the status word, 0x0000 to 0xFFFF.

    Raises:
        ValueError: a value outside these bounds.
    """

    data: bytes = b""
    sw: int = SW_OK

    def __post_init__(self) -> None:
        """Hold the bounds. `exchange` may join several answers, so the data of a value may be longer than one answer."""
        if not 0 <= self.sw < 1 << 16:
            message = "sw must be two bytes"
            raise ValueError(message)

    @property
    def ok(self) -> bool:
        """The command was carried out (9000)."""
        return self.sw == SW_OK

    def to_bytes(self) -> bytes:
        """Data and status word as they travel."""
        return self.data + self.sw.to_bytes(2)

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Read an answer.

        Raises:
            MalformedCardData: no status word, or more than 256 bytes before it.
        """
        if not SW_BYTES <= len(raw) <= MAX_RESPONSE_BYTES + SW_BYTES:
            raise MalformedCardData("response APDU", f"{len(raw)} bytes, must be 2 to {MAX_RESPONSE_BYTES + SW_BYTES}")
        return cls(raw[:-SW_BYTES], int.from_bytes(raw[-SW_BYTES:]))

    def __repr__(self) -> str:
        """Status word and length: an answer does not know whether it holds a name or an ID number."""
        return f"ResponseApdu({self.sw:04X}{f' <{len(self.data)} bytes>' if self.data else ''})"
