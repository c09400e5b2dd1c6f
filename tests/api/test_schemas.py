"""Shapes are strict: what is not exactly of the form is refused, never bent into it."""

import importlib
import json
import pkgutil
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError

from api import schemas
from api.schemas.examples import EXAMPLES
from api.schemas.fields import MAX_SAFE_INTEGER, Day, Flag, Hex, Id, Instant, MinorUnits, Parameter, WholeNumber
from api.schemas.shape import Page, PageQuery, Request

for _module in pkgutil.iter_modules(schemas.__path__, "api.schemas."):
    importlib.import_module(_module.name)


def requests_of(kind: type[Schema]) -> list[type[Schema]]:
    return [one for below in kind.__subclasses__() for one in (below, *requests_of(below))]


@pytest.mark.parametrize("value", [0, 5, 5.0, 123_456_789, MAX_SAFE_INTEGER])
def test_whole_fen_are_taken(value: float) -> None:
    """Five yuan are five yuan, also when a client writes 500.0."""
    assert MinorUnits().deserialize(value) == value
    assert type(MinorUnits().deserialize(value)) is int


@pytest.mark.parametrize(
    "value",
    [
        5.5,
        "5",
        "\uff15",
        True,
        False,
        None,
        [],
        {},
        -1,
        MAX_SAFE_INTEGER + 2,
        1.15e18,
        float("nan"),
        float("inf"),
        -0.5,
        0.1 + 0.2,
    ],
)
def test_what_is_no_amount_is_refused(value: object) -> None:
    """Nobody is charged for half a fen, for a text, for `true`, or for a number that lost its last digits on the way."""
    with pytest.raises(ValidationError):
        MinorUnits().deserialize(value)


@given(st.one_of(st.floats(), st.text(), st.booleans(), st.integers(), st.none(), st.lists(st.integers())))
def test_amount_is_a_whole_number_in_bounds_or_refused(value: object) -> None:
    """Whatever is sent as an amount: it is taken as exactly the whole number it is, or refused."""
    try:
        taken = MinorUnits(minimum=1).deserialize(value)
    except ValidationError:
        return
    assert type(taken) is int
    assert taken == value
    assert 1 <= taken <= MAX_SAFE_INTEGER


@pytest.mark.parametrize("value", [0, 11, "3", 2.5])
def test_bounds_are_held(value: object) -> None:
    """A number out of its bounds is refused where it is entered."""
    with pytest.raises(ValidationError):
        WholeNumber(1, 10).deserialize(value)


@pytest.mark.parametrize("value", ["", "-1", "1.0", "１", "1 ", "101", "9" * 20, 5])
def test_parameter_is_plain_digits(value: object) -> None:
    """Digits of other scripts, signs and blanks are no page size."""
    with pytest.raises(ValidationError):
        Parameter(1, 100).deserialize(value)


@pytest.mark.parametrize("value", ["true", 1, 0, None, "on"])
def test_flag_is_true_or_false(value: object) -> None:
    """`torn: "false"` must not be taken for a card that was torn."""
    with pytest.raises(ValidationError):
        Flag().deserialize(value)


@pytest.mark.parametrize("value", ["A1B", "A1B2C3", "A1 B", "0xA1", "A1B2\n", 161, None, "Ａ1B2"])
def test_bytes_have_exactly_their_length(value: object) -> None:
    """A serial with a digit too few is not another card's serial."""
    with pytest.raises(ValidationError):
        Hex(2).deserialize(value)


def test_bytes_travel_in_upper_case() -> None:
    """One card has one serial in all answers, however it was typed."""
    assert Hex(2).deserialize("a1B2") == b"\xa1\xb2"
    assert Hex(2).serialize("x", {"x": b"\xa1\xb2"}) == "A1B2"
    assert Hex(1, 3).deserialize("a1b2c3") == b"\xa1\xb2\xc3"


@pytest.mark.parametrize(
    "value", ["2026-11-21T08:30:00", "2026-11-21", "yesterday", 1_795_000_000, "2026-13-01T00:00:00Z"]
)
def test_instant_has_its_offset(value: object) -> None:
    """Half past eight is another moment in Beijing than in London."""
    with pytest.raises(ValidationError):
        Instant().deserialize(value)


def test_instant_is_read_with_offset_and_written_in_utc() -> None:
    """The same moment, whoever writes it."""
    read = Instant().deserialize("2026-11-21T08:30:00+08:00")
    assert read == datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
    assert read.utcoffset() == timedelta(hours=8)
    assert Instant().serialize("x", {"x": read}) == "2026-11-21T00:30:00Z"


@pytest.mark.parametrize("value", ["20261121", "2026-11-31", "21.11.2026", "2026-11-21T00:00:00", None, 20_261_121])
def test_day_is_written_in_one_way(value: object) -> None:
    """A business day has one name."""
    with pytest.raises(ValidationError):
        Day().deserialize(value)
    assert Day().deserialize("2026-11-21") == date(2026, 11, 21)


@pytest.mark.parametrize("value", ["", "card", "card_", "CARD_1", "card_1\n", "card_1/..", "card_" + "1" * 41, 1])
def test_id_has_its_form(value: object) -> None:
    """Nothing that is no id comes near a look-up."""
    with pytest.raises(ValidationError):
        Id().deserialize(value)


@pytest.mark.parametrize("kind", requests_of(Request), ids=lambda kind: kind.__name__)
def test_request_refuses_what_it_does_not_know(kind: type[Schema]) -> None:
    """A misspelt field is told, not ignored."""
    with pytest.raises(ValidationError) as refused:
        kind().load({**dict(EXAMPLES.get(kind.__name__, {})), "no_such_field": 1})
    messages: Any = refused.value.messages
    assert "no_such_field" in messages


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_example_is_taken(name: str) -> None:
    """Every example of the documentation has the right shape, and ends as a frozen value."""
    (kind,) = (one for one in requests_of(Request) if one.__name__ == name)
    value = kind().load(json.loads(json.dumps(EXAMPLES[name])))
    assert value.__class__.__dataclass_params__.frozen
    assert not any(secret in repr(value) for secret in ("passphrase", "11010519491231002X", "654321"))


def test_page_tells_whether_there_is_more() -> None:
    """Whoever reads a list knows when he has seen all of it."""
    assert Page.cut([1, 2, 3], 2) == Page((1, 2), has_more=True)
    assert Page.cut([1, 2], 2) == Page((1, 2), has_more=False)
    assert PageQuery().load({}).limit == 10
    with pytest.raises(ValidationError):
        PageQuery().load({"limit": "101"})
