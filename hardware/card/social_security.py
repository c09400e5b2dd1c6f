"""The social-security application (SSSE): its numbers, and the records of EF05 and EF06 (LD/T 32).

A record is `tag 1 ‖ length 1 ‖ value` of fixed length; decimal values (cn) are filled up with F on the right, text (an) with
zeros. Fields that the card does not hold are empty strings.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Final, Self

from hardware.card.bcd import bcd_day, day_from_bcd
from hardware.card.crypto import ZERO_IV, challenge_iv, retail_mac
from hardware.card.dialect import OUR_CARD, CardIdIv
from hardware.card.fixed import cut, require
from hardware.card.text import decode_text, encode_text
from hardware.errors import MalformedCardData

CARD_ID_BYTES: Final = 16
CARD_ID_BODY_BYTES: Final = 12
REGION_DIGITS: Final = 6
SCHEME: Final = bytes.fromhex("D156000005")
CARD_NUMBER_WEIGHTS: Final = (3, 7, 9, 10, 5, 8, 4, 2)
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

TAG_CARD_ID, TAG_CATEGORY, TAG_VERSION, TAG_INSTITUTION, TAG_ISSUED, TAG_EXPIRES, TAG_NUMBER = range(0x01, 0x08)
TAG_SOCIAL_NUMBER, TAG_NAME, TAG_NAME_MORE, TAG_SEX, TAG_ETHNIC, TAG_BIRTHPLACE, TAG_BIRTH = (
    0x08, 0x09, 0x4E, 0x0A, 0x0B, 0x0C, 0x0D,
)  # fmt: skip
INSTITUTION_BYTES: Final = 12
NAME_BYTES: Final = 30
ISSUER_TAGS: Final = tuple(range(0x01, 0x08))
PERSON_TAGS: Final = (
    TAG_SOCIAL_NUMBER, TAG_NAME, TAG_NAME_MORE, TAG_SEX, TAG_ETHNIC, TAG_BIRTHPLACE, TAG_BIRTH,
)  # fmt: skip
"""Order of the records in EF06: record 1 is 08, record 3 is 4E."""


def encode_record(tag: int, value: bytes) -> bytes:
    """One record as it is written.

    Raises:
        MalformedCardData: tag or length does not fit in one byte.
    """
    if tag not in range(1, 0x100) or len(value) > 0xFD:  # noqa: PLR2004 - a record of 255 bytes holds 253
        raise MalformedCardData("SSSE record", "tag or length out of range")
    return bytes((tag, len(value))) + value


def decode_record(data: bytes, tag: int) -> bytes:
    """The value of a record that must have this tag.

    Raises:
        MalformedCardData: another tag, or a length that does not fit.
    """
    if len(data) < 2 or data[0] != tag or data[1] != len(data) - 2:  # noqa: PLR2004 - tag and length
        raise MalformedCardData("SSSE record", f"is not a whole record {tag:02X}")
    return data[2:]


def encode_digits(what: str, digits: str, length: int) -> bytes:
    """Decimal digits (cn), filled up with F on the right.

    Raises:
        MalformedCardData: not digits, or too many.
    """
    if (digits and not (digits.isascii() and digits.isdigit())) or len(digits) > 2 * length:
        raise MalformedCardData(what, f"must be at most {2 * length} digits")
    return bytes.fromhex(digits.ljust(2 * length, "F"))


def decode_digits(what: str, data: bytes) -> str:
    """Read decimal digits up to the filling.

    Raises:
        MalformedCardData: something that is neither digit nor filling.
    """
    digits = data.hex().rstrip("f")
    if digits and not digits.isdecimal():
        raise MalformedCardData(what, "holds a half byte that is no digit")
    return digits


def card_number_check(first8: str) -> str:
    """Check character of a social-security card number (卡号): weights 3 7 9 10 5 8 4 2, modulo 11, as in GB 11714.

    Raises:
        MalformedCardData: not 8 characters of 0–9 and A–Z.
    """
    if len(first8) != len(CARD_NUMBER_WEIGHTS) or any(character not in _ALPHABET for character in first8):
        raise MalformedCardData("social-security card number", "must start with 8 characters 0-9 A-Z")
    total = sum(
        _ALPHABET.index(character) * weight for character, weight in zip(first8, CARD_NUMBER_WEIGHTS, strict=True)
    )
    return "0123456789X"[-total % 11]


def is_card_number(number: str) -> bool:
    """Whether a text is a social-security card number whose check character is right."""
    try:
        return card_number_check(number[:-1]) == number[-1:]
    except MalformedCardData:
        return False


def card_id_body(region: str, chip_serial: bytes) -> bytes:
    """First 12 bytes of the card id (卡识别码): region 3 BCD ‖ D156000005 ‖ last 4 bytes of the chip serial.

    Raises:
        MalformedCardData: the region is not 6 digits or the chip serial not 4 or 8 bytes.
    """
    if len(region) != REGION_DIGITS or not (region.isascii() and region.isdigit()) or len(chip_serial) not in {4, 8}:
        raise MalformedCardData("card id", "needs a region of 6 digits and a chip serial of 4 or 8 bytes")
    return bytes.fromhex(region) + SCHEME + chip_serial[-4:]


def card_id_mac(irk16: bytes, body12: bytes, rule: CardIdIv = OUR_CARD.card_id_iv, challenge4: bytes = b"") -> bytes:
    """Last 4 bytes of the card id: retail MAC over the first 12 under IRK.

    Args:
        irk16: the key.
        body12: `card_id_body`.
        rule: its initial value, on which public sources disagree: zeros (hardware/README.md, decision 10), or the challenge and zeros.
        challenge4: of the card; the rule of zeros looks at none.

    Raises:
        MalformedCardData: the body is not 12 bytes.
        ValueError: a key or a challenge of another length.
    """
    iv = ZERO_IV if rule is CardIdIv.ZEROS else challenge_iv(challenge4)
    return retail_mac(irk16, require("card id", "body", body12, CARD_ID_BODY_BYTES), iv)


def social_second_factor(city: str) -> bytes:
    """Second diversification factor of a social-security card: the six digits of the city and `sx`, as 8 ASCII characters.

    Raises:
        MalformedCardData: not 6 digits.
    """
    if len(city) != REGION_DIGITS or not (city.isascii() and city.isdigit()):
        raise MalformedCardData("city", f"must be {REGION_DIGITS} digits")
    return city.encode() + b"sx"


@dataclass(frozen=True, slots=True)
class IssuerRecords:
    """EF05: what the issuer says about the card. Readable without a PIN.

    Args:
        card_id: 16 bytes, `card_id_body` and its MAC.
        card_number: 9 characters with a right check character.
        institution: who initialised the card, up to 24 digits.
        issued, expires: days.
        category: one character; "1" here.
        version: of the card specification, 4 characters.
    """

    card_id: bytes
    card_number: str
    institution: str
    issued: date
    expires: date
    category: str = "1"
    version: str = "3.00"

    def encode(self) -> tuple[bytes, ...]:
        """The seven records, tags 01 to 07.

        Raises:
            MalformedCardData: a field of the wrong form; a card number whose check character is wrong.
        """
        what = "SSSE EF05"
        if not is_card_number(self.card_number):
            raise MalformedCardData(what, "the card number does not check")
        values = (
            require(what, "card id", self.card_id, CARD_ID_BYTES),
            encode_text(what, "category", self.category, 1),
            encode_text(what, "version", self.version, 4),
            encode_digits(what, self.institution, INSTITUTION_BYTES),
            bcd_day(self.issued),
            bcd_day(self.expires),
            encode_text(what, "card number", self.card_number, 9),
        )
        return tuple(encode_record(tag, value) for tag, value in zip(ISSUER_TAGS, values, strict=True))

    @classmethod
    def decode(cls, records: tuple[bytes, ...]) -> Self:
        """Read the seven records.

        Raises:
            MalformedCardData: not these records, or a field of the wrong form.
        """
        what = "SSSE EF05"
        card_id, category, version, institution, issued, expires, number = _values(
            what, records, ISSUER_TAGS, (CARD_ID_BYTES, 1, 4, INSTITUTION_BYTES, 4, 4, 9)
        )
        read = cls(
            card_id=card_id,
            card_number=decode_text(what, "card number", number),
            institution=decode_digits(what, institution),
            issued=day_from_bcd(issued),
            expires=day_from_bcd(expires),
            category=decode_text(what, "category", category),
            version=decode_text(what, "version", version),
        )
        if not is_card_number(read.card_number):
            raise MalformedCardData(what, "the card number does not check")
        return read


@dataclass(frozen=True, slots=True)
class PersonRecords:
    """EF06: whom the card belongs to. Nothing of the person appears in its repr.

    Args:
        social_number: social-security number, 18 characters (GB 11643).
        name: at most 30 bytes in GB 18030; name_more: what did not fit.
        sex: "1" male, "2" female, "9" not said.
        ethnic_group: 2 digits (GB/T 3304), or empty; birthplace: 6 digits region code, or empty.
        born: day of birth.
    """

    social_number: str = field(repr=False)
    name: str = field(repr=False)
    sex: str = field(repr=False)
    born: date = field(repr=False)
    ethnic_group: str = field(default="", repr=False)
    birthplace: str = field(default="", repr=False)
    name_more: str = field(default="", repr=False)

    def encode(self) -> tuple[bytes, ...]:
        """The seven records, tags 08 09 4E 0A 0B 0C 0D.

        Raises:
            MalformedCardData: a field of the wrong form; no content is in the message.
        """
        what = "SSSE EF06"
        if self.sex not in {"1", "2", "9"}:
            raise MalformedCardData(what, "sex must be 1, 2 or 9")
        values = (
            encode_text(what, "social-security number", self.social_number, 18),
            encode_text(what, "name", self.name, NAME_BYTES),
            encode_text(what, "more of the name", self.name_more, NAME_BYTES),
            encode_text(what, "sex", self.sex, 1),
            encode_digits(what, self.ethnic_group, 1),
            encode_digits(what, self.birthplace, 3),
            bcd_day(self.born),
        )
        return tuple(encode_record(tag, value) for tag, value in zip(PERSON_TAGS, values, strict=True))

    @classmethod
    def decode(cls, records: tuple[bytes, ...]) -> Self:
        """Read the seven records.

        Raises:
            MalformedCardData: not these records, or a field of the wrong form.
        """
        what = "SSSE EF06"
        number, name, more, sex, ethnic, birthplace, born = _values(
            what, records, PERSON_TAGS, (18, NAME_BYTES, NAME_BYTES, 1, 1, 3, 4)
        )
        return cls(
            social_number=decode_text(what, "social-security number", number),
            name=decode_text(what, "name", name),
            sex=decode_text(what, "sex", sex),
            born=day_from_bcd(born),
            ethnic_group=decode_digits(what, ethnic),
            birthplace=decode_digits(what, birthplace),
            name_more=decode_text(what, "more of the name", more),
        )


def _values(
    what: str, records: tuple[bytes, ...], tags: tuple[int, ...], lengths: tuple[int, ...]
) -> tuple[bytes, ...]:
    if len(records) != len(tags):
        raise MalformedCardData(what, f"{len(records)} records, must be {len(tags)}")
    values = b"".join(decode_record(record, tag) for record, tag in zip(records, tags, strict=True))
    return cut(what, values, *lengths)
