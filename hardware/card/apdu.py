"""Command and response APDUs as values and bytes: the four cases of ISO 7816-4, short and extended.

The purse uses the short ones only; extended lengths are for cards with T=1 or without contacts. A `repr` never shows data that
may hold a PIN, a key or personal data, so an APDU may stand in a log or in a failed assertion.
"""

from dataclasses import dataclass
from typing import Final, Self

from hardware.errors import MalformedCardData

MAX_DATA_BYTES: Final = 255
MAX_LE: Final = 256
MAX_RESPONSE_BYTES: Final = 256
MAX_EXTENDED_DATA_BYTES: Final = 65_535
MAX_EXTENDED_LE: Final = 65_536
HEADER_BYTES: Final = 4
SW_BYTES: Final = 2
LENGTH_BYTES: Final = 2
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
        data: 0 to 255 bytes; extended up to 65,535.
        le: how many bytes are expected, 1 to 256 (256 travels as 00); None when no Le byte is sent; extended up to 65,536.
        extended: lengths travel in three bytes (and two) instead of one.

    Raises:
        ValueError: a value outside these bounds (our own mistake, not the card's).
    """

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    le: int | None = None
    extended: bool = False

    def __post_init__(self) -> None:
        """Hold the bounds."""
        for name in ("cla", "ins", "p1", "p2"):
            if getattr(self, name) not in range(0x100):
                message = f"{name} must be one byte"
                raise ValueError(message)
        max_data = MAX_EXTENDED_DATA_BYTES if self.extended else MAX_DATA_BYTES
        max_le = MAX_EXTENDED_LE if self.extended else MAX_LE
        if len(self.data) > max_data:
            message = f"data has {len(self.data)} bytes, at most {max_data}"
            raise ValueError(message)
        if self.le is not None and not 1 <= self.le <= max_le:
            message = f"le must be 1 to {max_le} ({max_le} travels as zeros), or None for no Le byte"
            raise ValueError(message)
        if self.extended and self.le is None and not self.data:
            raise ValueError("extended must be a command with data or with Le")

    @property
    def case(self) -> str:
        """Which case of ISO 7816-3 it is: `1`, `2S`, `3S`, `4S`, `2E`, `3E`, `4E`."""
        number = 1 + 2 * bool(self.data) + (self.le is not None)
        return "1" if number == 1 else f"{number}{'E' if self.extended else 'S'}"

    def header(self) -> bytes:
        """CLA INS P1 P2."""
        return bytes((self.cla, self.ins, self.p1, self.p2))

    def to_bytes(self) -> bytes:
        """The command as it travels: header, Lc and data if there is data, Le if one was asked for."""
        if self.extended:
            lc = b"\x00" + len(self.data).to_bytes(2) if self.data else b""
            le = b"" if self.le is None else (self.le % MAX_EXTENDED_LE).to_bytes(2)
            return self.header() + lc + self.data + (le if self.data else b"\x00" + le)
        lc = bytes((len(self.data),)) if self.data else b""
        le = b"" if self.le is None else bytes((self.le % MAX_LE,))
        return self.header() + lc + self.data + le

    @classmethod
    def from_bytes(cls, raw: bytes) -> Self:
        """Read a command of any case.

        Raises:
            MalformedCardData: shorter than a header, or Lc and length do not fit.
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
        if not lc:
            data, le = _extended_body(rest)
            return cls(cla, ins, p1, p2, data, le, extended=True)
        if len(rest) == lc:
            return cls(cla, ins, p1, p2, rest)
        if len(rest) == lc + 1:
            return cls(cla, ins, p1, p2, rest[:lc], rest[lc] or MAX_LE)
        raise MalformedCardData("command APDU", f"Lc {lc:02X} but {len(rest)} bytes follow")

    def __repr__(self) -> str:
        """Header, length and expected length; the data only where it is public."""
        data = ""
        if self.data:
            data = f" {self.data.hex().upper()}" if self.ins in _SHOWN_INS else f" <{len(self.data)} bytes>"
        return f"CommandApdu({self.header().hex().upper()}{data}{'' if self.le is None else f' Le {self.le}'})"


def _extended_body(rest: bytes) -> tuple[bytes, int | None]:
    """Data and Le of an extended command, from what follows its 00 byte."""
    number = int.from_bytes(rest[:2])
    if len(rest) == LENGTH_BYTES:
        return b"", number or MAX_EXTENDED_LE
    data, le = rest[LENGTH_BYTES : LENGTH_BYTES + number], rest[LENGTH_BYTES + number :]
    if len(rest) > LENGTH_BYTES and number and len(data) == number and len(le) in {0, LENGTH_BYTES}:
        return data, (int.from_bytes(le) or MAX_EXTENDED_LE) if le else None
    raise MalformedCardData("command APDU", f"extended Lc {number:04X} but {len(rest)} bytes follow")


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

    @property
    def warning(self) -> bool:
        """The command was carried out or not, with something to say about it (62xx, 63xx): data may have come with it."""
        return self.sw >> 8 in {0x62, 0x63}

    def to_bytes(self) -> bytes:
        """Data and status word as they travel."""
        return self.data + self.sw.to_bytes(2)

    @classmethod
    def from_bytes(cls, raw: bytes, *, extended: bool = False) -> Self:
        """Read an answer; to an extended command it may have up to 65,536 bytes of data.

        Raises:
            MalformedCardData: no status word, or more than 256 (65,536) bytes before it.
        """
        longest = (MAX_EXTENDED_LE if extended else MAX_RESPONSE_BYTES) + SW_BYTES
        if not SW_BYTES <= len(raw) <= longest:
            raise MalformedCardData("response APDU", f"{len(raw)} bytes, must be 2 to {longest}")
        return cls(raw[:-SW_BYTES], int.from_bytes(raw[-SW_BYTES:]))

    def __repr__(self) -> str:
        """Status word and length: an answer does not know whether it holds a name or an ID number."""
        return f"ResponseApdu({self.sw:04X}{f' <{len(self.data)} bytes>' if self.data else ''})"
