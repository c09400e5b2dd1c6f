"""Reading forms strictly: what was typed becomes a frozen value, or stays on the page with a sentence at each field that is wrong."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, Generic, TypeVar

from flask import request
from marshmallow import RAISE, Schema, ValidationError, fields

from api.pages.formats import yuan
from api.web.errors import FormKeyUnfit
from api.web.guard import TOKEN_FIELD

KEY_FIELD: Final = "once"
KEY_BYTES: Final = 16
KEY: Final = re.compile(r"[A-Za-z0-9_-]{16,64}")
MAX_FIELDS: Final = 64
MAX_AMOUNT_FEN: Final = 99_999_999_999
AMOUNT: Final = re.compile(r"¥?(\d{1,9}|\d{1,3}(?:,\d{3}){1,2})(?:\.(\d{1,2}))?", re.ASCII)
DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029\ufffd]")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Complaint:
    """What is wrong with a field: a text of the catalogue and its values."""

    key: str
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Filled(Generic[T]):
    """A form as it came, or as it is shown for the first time.

    Args:
        value: what it says; None when a field cannot be taken, and on a new form.
        given: what was typed, to be shown again; never passwords or codes.
        errors: complaints by the name of the field.
        key: the form's own number: the same form sent twice is carried out once.
    """

    value: T | None
    given: Mapping[str, str] = field(default_factory=dict, repr=False)
    errors: Mapping[str, tuple[Complaint, ...]] = field(default_factory=dict)
    key: str = ""

    def but(self, name: str, key: str, **values: str | int) -> "Filled[T]":
        """The same form with one more complaint, found by a rule of the page."""
        return Filled(None, self.given, {**self.errors, name: (Complaint(key, values),)}, self.key)


class Form(Schema):
    """The fields of a form; unknown ones are refused. What is left empty counts as not given."""

    class Meta:
        """Options of the library."""

        unknown = RAISE


def new_form(**given: str) -> Filled[Any]:
    """A form that nobody has filled in yet, with what is known beforehand."""
    return Filled(None, given, {}, secrets.token_urlsafe(KEY_BYTES))


def read_form(form: type[Form], into: type[T]) -> Filled[T]:
    """Read the present request's form.

    Args:
        form: its fields.
        into: the frozen dataclass that they make; same names.

    Raises:
        FormKeyUnfit: the hidden number is missing or not one of ours.
    """
    schema = form()
    key = request.form.get(KEY_FIELD, "")
    if not KEY.fullmatch(key):
        raise FormKeyUnfit("the form's number is missing")
    raw = {name: values for name, values in request.form.lists() if name not in (TOKEN_FIELD, KEY_FIELD)}
    errors: dict[str, tuple[Complaint, ...]] = {}
    if len(raw) > MAX_FIELDS or any(len(values) > 1 for values in raw.values()):
        errors[""] = (Complaint("form.unknown"),)
    typed = {name: values[0].strip() for name, values in raw.items()}
    hidden = {name for name, known in schema.fields.items() if isinstance(known, Secret)}
    given = {name: value for name, value in typed.items() if name in schema.fields and name not in hidden}
    whole = {name: raw[name][0] if name in hidden else value for name, value in typed.items()}
    try:
        loaded = schema.load({name: value for name, value in whole.items() if value != ""})
    except ValidationError as error:
        found = error.messages_dict
        errors |= {
            name if name in schema.fields else "": _complaints(name in schema.fields, found[name]) for name in found
        }
        loaded = {}
    return Filled(None if errors else into(**loaded), given, errors, key)


def _complaints(known: bool, messages: object) -> tuple[Complaint, ...]:  # noqa: FBT001 # private
    if not known:
        return (Complaint("form.unknown"),)
    listed = messages if isinstance(messages, list) else [messages]
    return tuple(one if isinstance(one, Complaint) else Complaint("form.required") for one in listed)


def refuse(key: str, **values: str | int) -> ValidationError:
    """The error that a field of a form raises."""
    return ValidationError([Complaint(key, values)])


class _Typed(fields.Field[Any]):
    """A field of a form: required unless it has a `load_default`."""

    def __init__(self, **more: Any) -> None:  # noqa: ANN401 # the library's options
        more.setdefault("required", "load_default" not in more)
        super().__init__(**more)

    def _deserialize(self, value: object, attr: str | None, data: Any, **_: Any) -> object:  # noqa: ANN401, ARG002 # the library's signature
        if not isinstance(value, str) or CONTROL.search(value):
            raise refuse("form.characters")
        return self.read(value)

    def read(self, text: str) -> object:
        """What the text says."""
        return text


class Line(_Typed):
    """One line of text, white space at its ends removed.

    Args:
        most, least: bounds of its length in characters.
    """

    def __init__(self, most: int, least: int = 1, **more: Any) -> None:  # noqa: ANN401 # the library's options
        self.most, self.least = most, least
        super().__init__(**more)

    def read(self, text: str) -> object:
        """The text."""
        if "\n" in text or "\r" in text:
            raise refuse("form.characters")
        return self.bounded(text)

    def bounded(self, text: str) -> str:
        """The text, if it is neither too short nor too long."""
        if len(text) > self.most:
            raise refuse("form.too_long", n=self.most)
        if len(text) < self.least:
            raise refuse("form.too_short", n=self.least)
        return text


class Lines(Line):
    """Text of several lines, with one kind of line end."""

    def read(self, text: str) -> object:
        """The text."""
        return self.bounded(text.replace("\r\n", "\n"))


class Secret(Line):
    """A password or a code: taken as it is typed, and never shown again."""


class Digits(Line):
    """Digits, such as a one-time code or a customer number."""

    def read(self, text: str) -> object:
        """The digits."""
        if not (text.isascii() and text.isdigit()):
            raise refuse("form.digits")
        return self.bounded(text)


class Code(Secret):
    """A one-time code of six digits; spaces that an authenticator shows between them are left out."""

    def __init__(self) -> None:
        super().__init__(6, 6)

    def read(self, text: str) -> object:
        """The digits."""
        digits = text.replace(" ", "")
        if not re.fullmatch(r"\d{6}", digits, re.ASCII):
            raise refuse("form.code")
        return digits


class Yuan(_Typed):
    """An amount in yuan such as 50, 7.5 or 1,234.50; makes whole fen."""

    def __init__(self, minimum_fen: int = 1, maximum_fen: int = MAX_AMOUNT_FEN, **more: Any) -> None:  # noqa: ANN401 # the library's options
        self.minimum_fen, self.maximum_fen = minimum_fen, maximum_fen
        super().__init__(**more)

    def read(self, text: str) -> object:
        """The amount in fen."""
        found = AMOUNT.fullmatch(text)
        if found is None:
            raise refuse("form.amount")
        amount_fen = int(found[1].replace(",", "")) * 100 + int((found[2] or "").ljust(2, "0"))
        if not self.minimum_fen <= amount_fen <= self.maximum_fen:
            raise refuse("form.amount.bounds", least=yuan(self.minimum_fen), most=yuan(self.maximum_fen))
        return amount_fen


class Count(_Typed):
    """A whole number in bounds."""

    def __init__(self, minimum: int, maximum: int, **more: Any) -> None:  # noqa: ANN401 # the library's options
        self.minimum, self.maximum = minimum, maximum
        super().__init__(**more)

    def read(self, text: str) -> object:
        """The number."""
        if not re.fullmatch(r"\d{1,12}", text, re.ASCII) or not self.minimum <= int(text) <= self.maximum:
            raise refuse("form.count", least=self.minimum, most=self.maximum)
        return int(text)


class Choice(_Typed):
    """One of some values."""

    def __init__(self, *choices: str, **more: Any) -> None:  # noqa: ANN401 # the library's options
        self.choices = frozenset(choices)
        super().__init__(**more)

    def read(self, text: str) -> object:
        """The value."""
        if text not in self.choices:
            raise refuse("form.choice")
        return text


class Tick(_Typed):
    """A box: ticked or left."""

    def __init__(self) -> None:
        super().__init__(load_default=False)

    def read(self, text: str) -> object:
        """Whether it is ticked."""
        if text != "yes":
            raise refuse("form.choice")
        return True


class Day(_Typed):
    """A calendar day, such as 2026-11-21."""

    def read(self, text: str) -> object:
        """The day."""
        try:
            if DAY.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        raise refuse("form.day")
