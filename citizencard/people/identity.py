"""What a citizen's number (公民身份号码, GB 11643) says, and what may be shown of it."""

import re
import unicodedata
from datetime import date
from enum import StrEnum
from typing import Final

from stdnum import numdb
from stdnum.cn import ric
from stdnum.exceptions import InvalidChecksum, InvalidComponent, InvalidFormat, InvalidLength, ValidationError

from citizencard.people.errors import DocumentInvalid, NameUnfit, PhoneUnfit

MAX_AGE_YEARS: Final = 130
NAME_CHARS: Final = 30
PHONE_FORM: Final = re.compile(r"\+?[0-9]{5,20}")
SHOWN_EITHER_END: Final = 4
PHONE_SHOWN_FRONT: Final = 3


class DocumentType(StrEnum):
    """Kinds of identity document."""

    CN_ID = "cn_id"


class Sex(StrEnum):
    """Sex as the number tells it; the values are those of GB/T 2261.1 and of a social-security card."""

    MALE = "1"
    FEMALE = "2"


_FAULTS: Final[dict[type[ValidationError], str]] = {
    InvalidLength: "length",
    InvalidFormat: "format",
    InvalidChecksum: "check_digit",
}


def check_number(number: str, today: date) -> str:
    """The number in its one form: 18 characters, X in capitals.

    Checked are form, check digit, province and birth date (python-stdnum), and, since a check digit knows no calendar, that the birth
    date is not in the future and no more than 130 years ago. A number of the right form is not proof that the person exists.

    Raises:
        DocumentInvalid: `fault` names what is wrong: length, format, check_digit, birth_date_or_place, born_in_future, too_old.
    """
    compact: str = ric.compact(number)
    try:
        ric.validate(compact)
    except InvalidComponent:
        # The library also refuses a county founded after the birth: but numbers are given out since 1984, so everybody born before
        # carries a county of a later year. We ask for a known province and a date of the calendar.
        if not _has_birth_date(compact) or not _has_province(compact):
            raise DocumentInvalid("the number names no day or no province", fault="birth_date_or_place") from None
    except ValidationError as refusal:
        fault = _FAULTS.get(type(refusal), "format")
        raise DocumentInvalid("the number of the identity document cannot be right", fault=fault) from None
    born = birth_date(compact)
    if born > today:
        raise DocumentInvalid("the number says a birth date in the future", fault="born_in_future")
    if age_on(born, today) > MAX_AGE_YEARS:
        raise DocumentInvalid(f"the number says an age above {MAX_AGE_YEARS}", fault="too_old")
    return compact


def birth_date(number: str) -> date:
    """The birth date in a checked number."""
    return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


def sex(number: str) -> Sex:
    """The sex in a checked number: odd sequence numbers are men's."""
    return Sex.MALE if int(number[16]) % 2 else Sex.FEMALE


def age_on(birth: date, day: date) -> int:
    """Completed years of life (周岁) on a day. Somebody born on 29 February has the birthday on 1 March in other years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def check_name(name: str) -> str:
    """The name as it is stored: composed characters, no spaces around it.

    Raises:
        NameUnfit: empty, longer than 30 characters, or with control characters.
    """
    normal = unicodedata.normalize("NFC", name).strip()
    if not 1 <= len(normal) <= NAME_CHARS or any(unicodedata.category(char).startswith("C") for char in normal):
        raise NameUnfit(f"a name has 1 to {NAME_CHARS} characters and no control characters", max_chars=NAME_CHARS)
    return normal


def check_phone(phone: str | None) -> str | None:
    """The phone number without spaces and hyphens; nothing given stays nothing.

    Raises:
        PhoneUnfit: it is not 5 to 20 digits.
    """
    compact = re.sub(r"[ -]", "", phone or "")
    if not compact:
        return None
    if not PHONE_FORM.fullmatch(compact):
        raise PhoneUnfit("a phone number has 5 to 20 digits")
    return compact


def mask_number(number: str) -> str:
    """The first and last four characters, stars between: 3210**********1234."""
    hidden = max(len(number) - 2 * SHOWN_EITHER_END, 0)
    return number[:SHOWN_EITHER_END] + "*" * hidden + number[-SHOWN_EITHER_END:]


def mask_name(name: str) -> str:
    """The first character and stars: 张*, 欧**."""
    return name[:1] + "*" * max(len(name) - 1, 1)


def mask_phone(phone: str | None) -> str | None:
    """The first three and the last four digits: 138****8000."""
    if phone is None:
        return None
    hidden = max(len(phone) - PHONE_SHOWN_FRONT - SHOWN_EITHER_END, 0)
    if not hidden:
        return "*" * len(phone)
    return phone[:PHONE_SHOWN_FRONT] + "*" * hidden + phone[-SHOWN_EITHER_END:]


def _has_birth_date(number: str) -> bool:
    try:
        ric.get_birth_date(number)
    except InvalidComponent:
        return False
    return True


def _has_province(number: str) -> bool:
    return any("province" in properties for _, properties in numdb.get("cn/loc").info(number[:6]))
