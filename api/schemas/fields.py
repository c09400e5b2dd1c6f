"""Fields that are strict: what is not exactly of the form is refused, never bent."""

import re
from datetime import date, datetime
from typing import Any, Final

from marshmallow import ValidationError, fields
from marshmallow.validate import Length

from api.instants import rfc3339

MAX_SAFE_INTEGER: Final = 2**53
"""JSON numbers beyond this lose digits in other people's programs (RFC 8259 §6)."""
MAX_ID_CHARACTERS: Final = 64
ID: Final = re.compile(r"[a-z]{2,8}_[0-9a-z]{1,40}")
KIOSK_LOAD_ID: Final = re.compile(r"[0-9]{12}\.[0-9]{1,10}\.[0-9]{1,10}")
"""Terminal number, batch and trace."""
DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class WholeNumber(fields.Field[int]):
    """A whole number in bounds. 5 and 5.0 are; 5.5, "5", true and what JSON cannot carry exactly are not."""

    def __init__(self, minimum: int, maximum: int, **more: Any) -> None:  # noqa: ANN401 # the library's options
        self.minimum, self.maximum = minimum, min(maximum, MAX_SAFE_INTEGER)
        more.setdefault("metadata", {})
        more["metadata"] |= {"type": "integer", "minimum": self.minimum, "maximum": self.maximum}
        super().__init__(**more)

    def _deserialize(self, value: object, attr: str | None, data: Any, **_: Any) -> int:  # noqa: ANN401, ARG002 # the library's signature
        # JSON has one kind of number: 5.0 is 5. `is_integer` is false for infinities and for what is not a number.
        number = int(value) if isinstance(value, float) and value.is_integer() else value
        if isinstance(number, bool) or not isinstance(number, int) or abs(number) > MAX_SAFE_INTEGER:
            raise ValidationError("must be a whole number")
        if not self.minimum <= number <= self.maximum:
            raise ValidationError(f"must be {self.minimum} to {self.maximum}")
        return number

    def _serialize(self, value: int | None, attr: str | None, obj: object, **_: Any) -> int | None:  # noqa: ANN401, ARG002 # the library's signature
        return value


class MinorUnits(WholeNumber):
    """An amount in fen."""

    def __init__(self, minimum: int = 0, **more: Any) -> None:  # noqa: ANN401 # the library's options
        more.setdefault("metadata", {})
        more["metadata"] |= {"description": "fen"}
        super().__init__(minimum, MAX_SAFE_INTEGER, **more)


class Parameter(WholeNumber):
    """A whole number in an address, where everything is text."""

    def _deserialize(self, value: object, attr: str | None, data: Any, **more: Any) -> int:  # noqa: ANN401 # the library's signature
        if not isinstance(value, str) or not re.fullmatch(r"\d{1,16}", value, re.ASCII):
            raise ValidationError("must be a whole number")
        return super()._deserialize(int(value), attr, data, **more)


class Flag(fields.Field[bool]):
    """true or false, and nothing that merely looks like it."""

    def __init__(self, **more: Any) -> None:  # noqa: ANN401 # the library's options
        more.setdefault("metadata", {})
        more["metadata"] |= {"type": "boolean"}
        super().__init__(**more)

    def _deserialize(self, value: object, attr: str | None, data: Any, **_: Any) -> bool:  # noqa: ANN401, ARG002 # the library's signature
        if not isinstance(value, bool):
            raise ValidationError("must be true or false")
        return value


class Hex(fields.Field[bytes]):
    """Bytes as upper-case hexadecimal digits; lower case is read too.

    Args:
        least, most: bounds of the length in bytes.
    """

    def __init__(self, least: int, most: int | None = None, **more: Any) -> None:  # noqa: ANN401 # the library's options
        self.least, self.most = least, least if most is None else most
        more.setdefault("metadata", {})
        more["metadata"] |= {
            "type": "string",
            "pattern": f"^([0-9A-Fa-f]{{2}}){{{self.least},{self.most}}}$",
        }
        super().__init__(**more)

    def _deserialize(self, value: object, attr: str | None, data: Any, **_: Any) -> bytes:  # noqa: ANN401, ARG002 # the library's signature
        if not isinstance(value, str) or not re.fullmatch(r"(?:[0-9A-Fa-f]{2})*", value):
            raise ValidationError("must be hexadecimal digits, two for each byte")
        if not self.least <= len(value) // 2 <= self.most:
            wanted = f"{self.least}" if self.least == self.most else f"{self.least} to {self.most}"
            raise ValidationError(f"must have {wanted} bytes")
        return bytes.fromhex(value)

    def _serialize(self, value: bytes | None, attr: str | None, obj: object, **_: Any) -> str | None:  # noqa: ANN401, ARG002 # the library's signature
        return None if value is None else value.hex().upper()


class Instant(fields.Field[datetime]):
    """An instant, RFC 3339; in requests with its offset, in answers in UTC."""

    def __init__(self, **more: Any) -> None:  # noqa: ANN401 # the library's options
        more.setdefault("metadata", {})
        more["metadata"] |= {"type": "string", "format": "date-time"}
        super().__init__(**more)

    def _deserialize(self, value: object, attr: str | None, data: Any, **_: Any) -> datetime:  # noqa: ANN401, ARG002 # the library's signature
        try:
            instant = datetime.fromisoformat(value) if isinstance(value, str) else None
        except ValueError:
            instant = None
        if instant is None or instant.tzinfo is None:
            raise ValidationError("must be a time with its offset, such as 2026-11-21T08:30:00+08:00")
        return instant

    def _serialize(self, value: datetime | None, attr: str | None, obj: object, **_: Any) -> str | None:  # noqa: ANN401, ARG002 # the library's signature
        return None if value is None else rfc3339(value)


class Day(fields.Field[date]):
    """A calendar day, such as 2026-11-21."""

    def __init__(self, **more: Any) -> None:  # noqa: ANN401 # the library's options
        more.setdefault("metadata", {})
        more["metadata"] |= {"type": "string", "format": "date"}
        super().__init__(**more)

    def _deserialize(self, value: object, attr: str | None, data: Any, **_: Any) -> date:  # noqa: ANN401, ARG002 # the library's signature
        try:
            if isinstance(value, str) and DAY.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        raise ValidationError("must be a day, such as 2026-11-21")

    def _serialize(self, value: date | None, attr: str | None, obj: object, **_: Any) -> str | None:  # noqa: ANN401, ARG002 # the library's signature
        return None if value is None else value.isoformat()


class Text(fields.String):
    """A text of bounded length."""

    def __init__(self, most: int, least: int = 1, **more: Any) -> None:  # noqa: ANN401 # the library's options
        super().__init__(validate=Length(least, most), **more)


class Id(fields.String):
    """A prefixed id, such as `card_…`."""

    def __init__(self, prefix: str | None = None, **more: Any) -> None:  # noqa: ANN401 # the library's options
        more.setdefault("metadata", {})
        more["metadata"] |= {"pattern": f"^{ID.pattern}$", "examples": [f"{prefix or 'card'}_7h2k9mwp4r8t3v6x1y5z"]}
        super().__init__(validate=_is_id, **more)


class SubjectId(fields.String):
    """Id of what a reader job is about: a prefixed one, or that of a load which was begun at a kiosk."""

    def __init__(self, **more: Any) -> None:  # noqa: ANN401 # the library's options
        more.setdefault("metadata", {})
        more["metadata"] |= {"pattern": f"^({ID.pattern}|{KIOSK_LOAD_ID.pattern})$"}
        super().__init__(validate=_is_subject_id, **more)


class Kind(fields.Constant[str]):
    """The name of the kind of thing that an answer is."""

    def __init__(self, name: str) -> None:
        super().__init__(name, metadata={"type": "string", "const": name})


def _is_subject_id(text: str) -> None:
    if not KIOSK_LOAD_ID.fullmatch(text):
        _is_id(text)


def _is_id(text: str) -> None:
    if not ID.fullmatch(text):
        raise ValidationError("must be an id")
