"""BER-TLV as cards use it (ISO 7816-4, definite lengths) and the answer to SELECT, the file control information (FCI)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from hardware.errors import MalformedCardData

MAX_ELEMENTS: Final = 64
MAX_TAG_BYTES: Final = 3
MAX_DEPTH: Final = 8
TAG_FCI: Final = 0x6F
TAG_NAME: Final = 0x84
TAG_PROPRIETARY: Final = 0xA5
TAG_DIRECTORY_SFI: Final = 0x88
TAG_VERSION: Final = 0x9F08
TAG_PUBLIC_DATA: Final = 0x9F0C
DIRECTORY_SFI: Final = 0x01
APPLICATION_VERSION: Final = 0x02
_CONSTRUCTED: Final = 0x20
_MORE_TAG_BYTES: Final = 0x1F
_LONG_LENGTH: Final = 0x80
_BYTE_LENGTH, _WORD_LENGTH = 0x81, 0x82


@dataclass(frozen=True, slots=True)
class Tlv:
    """One data object: a tag of 1 to 3 bytes and its value, at most 65,535 bytes."""

    tag: int
    value: bytes

    def encode(self) -> bytes:
        """Tag, shortest length form, value.

        Raises:
            MalformedCardData: a tag that BER does not know, or a value that is too long.
        """
        tag = self.tag.to_bytes(max(1, (self.tag.bit_length() + 7) // 8))
        if _tag_length(tag) != len(tag):
            raise MalformedCardData("TLV", f"no such tag: {self.tag:X}")
        length = len(self.value)
        if length < _LONG_LENGTH:
            return tag + bytes((length,)) + self.value
        if length < 1 << 8:
            return tag + bytes((_BYTE_LENGTH, length)) + self.value
        if length >= 1 << 16:
            raise MalformedCardData("TLV", f"{length} bytes in one value")
        return tag + bytes((_WORD_LENGTH,)) + length.to_bytes(2) + self.value


def _tag_length(data: bytes) -> int:
    """How many bytes the tag at the start of `data` has; 0 when it is none or not complete."""
    if not data or data[0] == 0:
        return 0
    if data[0] & _MORE_TAG_BYTES != _MORE_TAG_BYTES:
        return 1
    for length in range(2, min(MAX_TAG_BYTES, len(data)) + 1):
        if not data[length - 1] & 0x80:
            return length
    return 0


def _length_field(data: bytes) -> tuple[int, int]:
    """Length of the value and number of bytes that say so, at the start of `data`.

    Raises:
        MalformedCardData: missing, indefinite, longer than two bytes, or not in its shortest form.
    """
    first = data[:1]
    if not first:
        raise MalformedCardData("TLV", "ends before a length")
    if first[0] < _LONG_LENGTH:
        return first[0], 1
    size = {_BYTE_LENGTH: 1, _WORD_LENGTH: 2}.get(first[0], 0)
    length = int.from_bytes(data[1 : 1 + size])
    shortest = _LONG_LENGTH if size == 1 else 1 << 8
    if not size or len(data) < 1 + size or length < shortest:
        raise MalformedCardData("TLV", "a length that is incomplete, indefinite or not in its shortest form")
    return length, 1 + size


def parse(data: bytes) -> list[Tlv]:
    """Read consecutive data objects, all of the data.

    Raises:
        MalformedCardData: bytes that are no data object, a value cut short, or more than MAX_ELEMENTS objects.
    """
    found: list[Tlv] = []
    while data:
        if len(found) == MAX_ELEMENTS:
            raise MalformedCardData("TLV", f"more than {MAX_ELEMENTS} data objects")
        tag_length = _tag_length(data)
        if not tag_length:
            raise MalformedCardData("TLV", "bytes that are no tag")
        length, size = _length_field(data[tag_length:])
        start = tag_length + size
        if len(data) < start + length:
            raise MalformedCardData("TLV", f"a value of {length} bytes is cut short")
        found.append(Tlv(int.from_bytes(data[:tag_length]), data[start : start + length]))
        data = data[start + length :]
    return found


def build(objects: Sequence[Tlv]) -> bytes:
    """The data objects one after the other."""
    return b"".join(element.encode() for element in objects)


def value_of(objects: Sequence[Tlv], tag: int) -> bytes:
    """Value of the first data object with this tag.

    Raises:
        MalformedCardData: there is none.
    """
    for element in objects:
        if element.tag == tag:
            return element.value
    raise MalformedCardData("TLV", f"no data object {tag:X}")


@dataclass(frozen=True, slots=True)
class FileControlInformation:
    """What SELECT of a purse application answers: `6F { 84 name, A5 { 9F08 version, 9F0C EF15 } }`.

    Args:
        name: the application's name (AID).
        public_data: the bytes of EF15; empty before personalisation.
        version: the application's version, normally one byte.
    """

    name: bytes
    public_data: bytes
    version: bytes = bytes((APPLICATION_VERSION,))

    def encode(self) -> bytes:
        """The answer to SELECT."""
        inner = build([Tlv(TAG_VERSION, self.version), Tlv(TAG_PUBLIC_DATA, self.public_data)])
        return Tlv(TAG_FCI, build([Tlv(TAG_NAME, self.name), Tlv(TAG_PROPRIETARY, inner)])).encode()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the answer to SELECT; data objects that are not ours are passed over.

        Raises:
            MalformedCardData: not an FCI of a purse application.
        """
        outer = parse(value_of(parse(data), TAG_FCI))
        inner = parse(value_of(outer, TAG_PROPRIETARY))
        return cls(value_of(outer, TAG_NAME), value_of(inner, TAG_PUBLIC_DATA), value_of(inner, TAG_VERSION))


def application_fci(name: bytes, public_data: bytes) -> bytes:
    """The answer to SELECT of a purse application; without public data an application that has none."""
    if public_data:
        return FileControlInformation(name, public_data).encode()
    return Tlv(TAG_FCI, Tlv(TAG_NAME, name).encode() + Tlv(TAG_PROPRIETARY, b"").encode()).encode()


def directory_fci(name: bytes) -> bytes:
    """The answer to SELECT of the master file: `6F { 84 name, A5 { 88 01 } }`."""
    inner = Tlv(TAG_DIRECTORY_SFI, bytes((DIRECTORY_SFI,))).encode()
    return Tlv(TAG_FCI, Tlv(TAG_NAME, name).encode() + Tlv(TAG_PROPRIETARY, inner).encode()).encode()


@dataclass(frozen=True, slots=True)
class Node:
    """A data object with what is in it: `value` of a primitive one, `children` of a constructed one."""

    tag: int
    value: bytes = b""
    children: tuple["Node", ...] = ()

    @property
    def constructed(self) -> bool:
        """Whether the tag says that data objects are in it."""
        return _is_constructed(self.tag)

    def encode(self) -> bytes:
        """The object as it travels.

        Raises:
            MalformedCardData: as `Tlv.encode`; or a primitive object with children, a constructed one with a value of its own.
        """
        if self.value if self.constructed else self.children:
            raise MalformedCardData("TLV", f"object {self.tag:X} cannot hold this")
        inner = b"".join(child.encode() for child in self.children)
        return Tlv(self.tag, inner if self.constructed else self.value).encode()


def _is_constructed(tag: int) -> bool:
    length = max(1, (tag.bit_length() + 7) // 8)
    return bool(tag.to_bytes(length)[0] & _CONSTRUCTED)


def parse_tree(data: bytes, depth: int = MAX_DEPTH) -> tuple[Node, ...]:
    """Read data objects and what is in them, at most `depth` levels deep.

    Raises:
        MalformedCardData: as `parse`, on any level, or deeper than that.
    """
    if not depth:
        raise MalformedCardData("TLV", "data objects are nested too deeply")
    return tuple(
        Node(element.tag, children=parse_tree(element.value, depth - 1))
        if _is_constructed(element.tag)
        else Node(element.tag, element.value)
        for element in parse(data)
    )
