"""Answers to SELECT beside that of a purse application (`tlv`): directories, elementary files (62), and any card's (ISO 7816-4)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self

from hardware.card.fixed import cut, unsigned
from hardware.card.tlv import (
    DIRECTORY_SFI,
    TAG_DIRECTORY_SFI,
    TAG_FCI,
    TAG_NAME,
    TAG_PROPRIETARY,
    TAG_PUBLIC_DATA,
    TAG_VERSION,
    Tlv,
    build,
    parse,
    value_of,
)
from hardware.errors import MalformedCardData

TAG_FCP: Final = 0x62
TAG_DESCRIPTOR: Final = 0x82
TAG_FILE_ID: Final = 0x83


@dataclass(frozen=True, slots=True)
class DirectoryInformation:
    """What SELECT of a master file or payment directory answers: `6F { 84 name, A5 { 88 SFI } }`.

    Args:
        name: the directory's name.
        sfi: short id of its directory file.
    """

    name: bytes
    sfi: int = DIRECTORY_SFI

    def encode(self) -> bytes:
        """The answer to SELECT.

        Raises:
            MalformedCardData: the short id does not fit in a byte.
        """
        inner = Tlv(TAG_DIRECTORY_SFI, unsigned("FCI", "SFI", self.sfi, 1)).encode()
        return Tlv(TAG_FCI, Tlv(TAG_NAME, self.name).encode() + Tlv(TAG_PROPRIETARY, inner).encode()).encode()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the answer to SELECT; data objects that are not ours are passed over.

        Raises:
            MalformedCardData: not an FCI of a directory.
        """
        outer = parse(value_of(parse(data), TAG_FCI))
        inner = parse(value_of(outer, TAG_PROPRIETARY))
        return cls(value_of(outer, TAG_NAME), cut("FCI", value_of(inner, TAG_DIRECTORY_SFI), 1)[0][0])


@dataclass(frozen=True, slots=True)
class FileControlParameters:
    """What SELECT of an elementary file answers on cards that answer anything: `62 { 82 type 1, 83 fid 2 }`.

    Args:
        descriptor: the file descriptor byte, as the card has it.
        fid: 2-byte file id.
    """

    descriptor: int
    fid: int

    def encode(self) -> bytes:
        """The answer to SELECT, 9 bytes.

        Raises:
            MalformedCardData: a value that does not fit in its field.
        """
        parts = (
            Tlv(TAG_DESCRIPTOR, unsigned("FCP", "descriptor", self.descriptor, 1)),
            Tlv(TAG_FILE_ID, unsigned("FCP", "file id", self.fid, 2)),
        )
        return Tlv(TAG_FCP, build(parts)).encode()

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the answer to SELECT; a longer descriptor is read by its first byte, other data objects are passed over.

        Raises:
            MalformedCardData: not such a template.
        """
        objects = parse(value_of(parse(data), TAG_FCP))
        descriptor = cut("FCP", value_of(objects, TAG_DESCRIPTOR)[:1], 1)[0]
        return cls(descriptor[0], int.from_bytes(cut("FCP", value_of(objects, TAG_FILE_ID), 2)[0]))


@dataclass(frozen=True, slots=True)
class SelectedFile:
    """What any card's answer to SELECT tells, for reading cards that are not ours: what is not there is empty.

    Args:
        name: tag 84. public_data: tag 9F0C. version: tag 9F08. fid: tag 83, None when not told.
    """

    name: bytes = b""
    public_data: bytes = b""
    version: bytes = b""
    fid: int | None = None

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read the answer of any card; an empty answer tells nothing.

        Raises:
            MalformedCardData: it is not made of data objects.
        """
        if not data:
            return cls()
        objects = parse(data)
        outer = [inner for each in objects if each.tag in {TAG_FCI, TAG_FCP} for inner in parse(each.value)]
        inner = [each for part in outer if part.tag == TAG_PROPRIETARY for each in _objects_or_none(part.value)]
        fid = _first(outer, TAG_FILE_ID)
        return cls(
            name=_first(outer, TAG_NAME),
            public_data=_first(inner, TAG_PUBLIC_DATA),
            version=_first(inner, TAG_VERSION),
            fid=int.from_bytes(fid) if fid else None,
        )


def _first(objects: Sequence[Tlv], tag: int) -> bytes:
    return next((each.value for each in objects if each.tag == tag), b"")


def _objects_or_none(data: bytes) -> list[Tlv]:
    """Some makers put bytes of their own, which are no data objects, into the proprietary part."""
    try:
        return parse(data)
    except MalformedCardData:
        return []
