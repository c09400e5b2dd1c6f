"""What is on a social-security card (LD/T 32): its applications, the records of EF05 and EF06, and how any city's card is read.

`social_security` writes and reads our own card, field for field; this module reads the records of others one by one and passes
over what it does not know.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Self

from hardware.card.bcd import day_from_bcd
from hardware.card.fixed import unsigned
from hardware.card.iso import ReadRecord, RecordMode
from hardware.card.social_security import ISSUER_TAGS, PERSON_TAGS, decode_digits
from hardware.card.text import decode_text
from hardware.errors import MalformedCardData

_RID: Final = bytes.fromhex("D156000005")
SOCIAL_DDF: Final = bytes.fromhex("7378312E73682EC9E7BBE1B1A3D5CF")
"""`sx1.sh.社会保障`; cards of the SM and SSF33 algorithms have `sx2.sh.`."""
SOCIAL_DDF_SM: Final = b"sx2" + SOCIAL_DDF[3:]
PKI_APPLICATION: Final = b"PKI." + SOCIAL_DDF[7:]
CERTIFICATE_ADF: Final = b"SS.CERT.ADF1"
ISSUER_SFI, PERSON_SFI, FINGERPRINT_SFI, PHOTO_SFI = 0x05, 0x06, 0x07, 0x08
MEDICAL_BASE_SFI, MEDICAL_SETTLEMENT_SFI, MEDICAL_DETAILS_SFI, MEDICAL_SPECIAL_SFI = 0x05, 0x06, 0x08, 0x15
PUBLIC_KEY_SFI, CERTIFICATE_SFIS = 0x12, (0x18, 0x19)
INSURANCE_SFIS: Final = {
    0x05: "失业保险 unemployment",
    0x06: "劳动能力鉴定 ability to work",
    0x07: "养老保险 pension",
    0x15: "工伤保险 work injury",
    0x16: "生育保险 maternity",
}
"""Files of DF03."""


@dataclass(frozen=True, slots=True)
class SocialApplication:
    """One application under the social-security DDF: its file id, its name, and what it is for."""

    fid: int | None
    name: bytes
    title: str


APPLICATIONS: Final = (
    SocialApplication(0xDF01, _RID + b"\x00", "公共应用 public"),
    SocialApplication(0xDF02, _RID + b"\x01", "就业 employment"),
    SocialApplication(0xDF03, _RID + b"\x02", "社会保险 insurances"),
    SocialApplication(0xDF04, _RID + b"\x03", "医疗保险 medical"),
    SocialApplication(None, _RID + b"\x04", "人事人才 personnel"),
    SocialApplication(None, _RID + b"\x90", "PSAM"),
)


class Form(StrEnum):
    """How the value of a record is written."""

    BYTES = "bytes"
    DIGITS = "digits"
    """cn: decimal digits, filled up with F"""
    TEXT = "text"
    """an: GB 18030, filled up with zeros"""
    DAY = "day"
    """cn4: YYYYMMDD"""


@dataclass(frozen=True, slots=True)
class RecordField:
    """What a tag holds: a slug, its length in bytes, and how it is written."""

    slug: str
    length: int
    form: Form


FIELDS: Final = {
    0x01: RecordField("card_id", 16, Form.BYTES),
    0x02: RecordField("category", 1, Form.TEXT),
    0x03: RecordField("version", 4, Form.TEXT),
    0x04: RecordField("institution", 12, Form.DIGITS),
    0x05: RecordField("issued", 4, Form.DAY),
    0x06: RecordField("expires", 4, Form.DAY),
    0x07: RecordField("card_number", 9, Form.TEXT),
    0x08: RecordField("social_number", 18, Form.TEXT),
    0x09: RecordField("name", 30, Form.TEXT),
    0x4E: RecordField("name_more", 30, Form.TEXT),
    0x0A: RecordField("sex", 1, Form.TEXT),
    0x0B: RecordField("ethnic_group", 1, Form.DIGITS),
    0x0C: RecordField("birthplace", 3, Form.DIGITS),
    0x0D: RecordField("born", 4, Form.DAY),
}
"""Every tag of EF05 (01 to 07) and EF06 (08 to 0D and 4E)."""


@dataclass(frozen=True, slots=True)
class SocialRecord:
    """A record `tag 1 ‖ length 1 ‖ value` of EF05 or EF06. The value is not in its repr: it may be somebody's name.

    Args:
        tag: 01 to FF.
        value: up to 253 bytes.
    """

    tag: int
    value: bytes = field(repr=False)

    def encode(self) -> bytes:
        """The record.

        Raises:
            MalformedCardData: tag or length out of range.
        """
        if not self.tag or len(self.value) > 0xFD:  # noqa: PLR2004 - a record of 255 bytes holds 253
            raise MalformedCardData("SSSE record", "tag or length out of range")
        return unsigned("SSSE record", "tag", self.tag, 1) + bytes((len(self.value),)) + self.value

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read a record; zeros or F behind it, as cards with records of fixed length have them, are refused.

        Raises:
            MalformedCardData: a length that does not fit, or no tag.
        """
        if len(data) < 2 or not data[0] or data[1] != len(data) - 2 or data[1] > 0xFD:  # noqa: PLR2004 - tag and length
            raise MalformedCardData("SSSE record", "is not a whole record")
        return cls(data[0], data[2:])

    def shown(self) -> tuple[str, str]:
        """Slug and value as text: bytes in hexadecimal, days as 2027-11-30, an erased day as nothing.

        Raises:
            MalformedCardData: a tag that is not in the standard, or a value of another length or form.
        """
        known = FIELDS.get(self.tag)
        if known is None or len(self.value) != known.length:
            raise MalformedCardData("SSSE record", f"tag {self.tag:02X} with {len(self.value)} bytes")
        return known.slug, _text(known, self.value)


def _text(known: RecordField, value: bytes) -> str:
    if known.form is Form.BYTES:
        return value.hex().upper()
    if known.form is Form.DIGITS:
        return decode_digits(known.slug, value)
    if known.form is Form.TEXT:
        return decode_text("SSSE record", known.slug, value)
    erased = value in {bytes(len(value)), b"\xff" * len(value)}
    return "" if erased else day_from_bcd(value).isoformat()


def read_by_index(sfi: int | None, index: int) -> ReadRecord:
    """READ RECORD of the index-th record, 00 B2 idx 04 00 in the current file."""
    return ReadRecord(index, sfi)


def read_by_tag(sfi: int | None, tag: int) -> ReadRecord:
    """READ RECORD by tag, 00 B2 tag 00 len: the record's whole length is asked for.

    Raises:
        MalformedCardData: a tag that is not in the standard.
    """
    if tag not in FIELDS:
        raise MalformedCardData("SSSE record", f"no tag {tag:02X}")
    return ReadRecord(tag, sfi, FIELDS[tag].length + 2, RecordMode.BY_TAG)


def public_questions() -> tuple[ReadRecord, ...]:
    """EF05, record by record."""
    return tuple(read_by_index(ISSUER_SFI, index) for index in range(1, len(ISSUER_TAGS) + 1))


def person_questions() -> tuple[ReadRecord, ...]:
    """EF06, record by record; several provinces want the PIN first."""
    return tuple(read_by_index(PERSON_SFI, index) for index in range(1, len(PERSON_TAGS) + 1))
