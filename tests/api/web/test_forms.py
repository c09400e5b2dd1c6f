"""Reading forms: strict, with a sentence at each field."""

from datetime import date
from typing import Any

import pytest
from flask import Flask

from api.pages.language import Language, say
from api.web.errors import FormKeyUnfit
from api.web.forms import Code, Digits, Filled, Form, new_form, read_form
from tests.api.web.sample import Opening, OpeningForm

KEY = "k" * 22


def read(fields: dict[str, object], form: type[Form] = OpeningForm, into: type = Opening) -> Filled[Any]:
    with Flask(__name__).test_request_context("/", method="POST", data={"once": KEY, "csrf": "x", **fields}):
        return read_form(form, into)


def test_form_becomes_a_frozen_value() -> None:
    """What was typed is what is booked: fen from yuan, days, boxes; white space at the ends is nobody's intention."""
    filled = read(
        {"name": " North ", "amount_fen": "1,234.5", "count": "3", "day": "2026-11-21", "note": "a\r\nb", "sure": "yes"}
    )
    assert filled.value == Opening("North", 123450, 3, date(2026, 11, 21), "a", "a\nb", sure=True)
    assert read({"name": "北", "amount_fen": "¥50"}).value == Opening("北", 5000)
    assert read({"name": "n", "amount_fen": "5000", "count": "", "note": "  "}).value == Opening("n", 500_000)


@pytest.mark.parametrize(
    ("field", "typed", "complaint"),
    [
        ("name", "", "form.required"),
        ("name", "   ", "form.required"),
        ("name", "123456789", "form.too_long"),
        ("name", "a\x00b", "form.characters"),
        ("name", "a\nb", "form.characters"),
        ("amount_fen", "abc", "form.amount"),
        ("amount_fen", "1.234", "form.amount"),
        ("amount_fen", "1e3", "form.amount"),
        ("amount_fen", "-5", "form.amount"),
        ("amount_fen", "12,34", "form.amount"),
        ("amount_fen", "１２", "form.amount"),
        ("amount_fen", "0.99", "form.amount.bounds"),
        ("amount_fen", "5000.01", "form.amount.bounds"),
        ("amount_fen", "9" * 40, "form.amount"),
        ("count", "0", "form.count"),
        ("count", "10", "form.count"),
        ("count", "1.5", "form.count"),
        ("day", "2026-02-30", "form.day"),
        ("day", "21.11.2026", "form.day"),
        ("kind", "c", "form.choice"),
        ("note", "x" * 21, "form.too_long"),
        ("sure", "maybe", "form.choice"),
    ],
)
def test_field_that_cannot_be_taken_says_why(field: str, typed: str, complaint: str) -> None:
    """Nothing is bent until it fits; each complaint is a sentence in both languages, and what was typed stays."""
    filled = read({"name": "n", "amount_fen": "50", field: typed})
    assert filled.value is None
    (found,) = filled.errors[field]
    assert found.key == complaint
    for language in Language:
        assert say(language, found.key, **found.values)
    assert filled.given[field] == typed.strip()
    assert filled.key == KEY


@pytest.mark.parametrize(
    "more", [{"role": "admin"}, {"name": ["a", "b"]}, {f"x{n}": "" for n in range(70)}, {"x": "y"}], ids=str
)
def test_form_that_is_not_ours_is_refused(more: dict[str, object]) -> None:
    """Fields that the page does not have, or has once, change nothing."""
    filled = read({"name": "n", "amount_fen": "50", **more})
    assert filled.value is None
    assert {one.key for one in filled.errors[""]} == {"form.unknown"}
    assert set(filled.given) <= {"name", "amount_fen"}


@pytest.mark.parametrize("key", ["", "short", "k" * 65, "k k" * 8, "'" * 20])
def test_form_without_its_number_is_refused(key: str) -> None:
    """A form that could be booked twice is not taken."""
    with pytest.raises(FormKeyUnfit):
        read({"name": "n", "amount_fen": "50", "once": key})


def test_codes_and_passwords_are_not_written_back() -> None:
    """What is secret leaves the server in no page."""

    class Secrets(Form):
        """A code and a number."""

        code = Code()
        number = Digits(3, 2)

    for typed, fault in (("12345", "form.code"), ("12345x", "form.code")):
        filled = read({"code": typed, "number": "1"}, Secrets, dict)
        assert filled.errors["code"][0].key == fault
        assert filled.errors["number"][0].key == "form.too_short"
        assert "code" not in filled.given
    assert read({"code": "123 456", "number": "x1"}, Secrets, dict).errors["number"][0].key == "form.digits"
    assert read({"code": "123 456", "number": "12"}, Secrets, dict).value == {"code": "123456", "number": "12"}


def test_new_form_has_a_number_of_its_own() -> None:
    """Two forms on two pages are two requests."""
    first, second = new_form(name="x"), new_form()
    assert first.key != second.key
    assert first.given == {"name": "x"}
    complained = first.but("name", "form.required")
    assert (complained.value, complained.key) == (None, first.key)
    assert "given" not in repr(first)
