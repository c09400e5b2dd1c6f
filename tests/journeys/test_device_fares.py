"""What the validator takes is what the server reckons, for every tariff that can be published.

The two share no code: the server's engine reads the tariff document, the device only the table that was compiled from it and sent.
"""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from citizencard.tariffs import document as server_document
from citizencard.tariffs import engine
from citizencard.tariffs.errors import ClassNotInTariff, LineNotInTariff
from hardware.terminal import fares
from hardware.terminal.errors import UnknownCardClass, UnknownLine

BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
LINES = (1, 2, 26, 255, 256, 65_535)
CLASSES = ("00", "01", "03", "7F", "FF")
NOT_LISTED = "not listed"
MAX_FEN = 100_000
DAY_S = 24 * 3600

Priced = tuple[int, int, bool] | str


@st.composite
def tariffs(draw: st.DrawFn) -> dict[str, Any]:
    """A tariff document without mistakes: bounds and odd fractions more often than chance would have them."""
    fen = st.one_of(st.integers(0, MAX_FEN), st.sampled_from((0, 1, 199, 200, 333, MAX_FEN)))
    denominators = st.one_of(st.integers(1, 1_000_000), st.sampled_from((1, 2, 3, 7, 10, 1_000_000)))

    def share() -> dict[str, Any]:
        denominator = draw(denominators)
        entry = {"name": draw(st.text(min_size=1, max_size=9).filter(str.strip)), "denominator": denominator}
        sponsor = draw(st.none() | st.just("transport_bureau"))
        return {**entry, "numerator": draw(st.integers(0, denominator)), **({"sponsor": sponsor} if sponsor else {})}

    rule = st.fixed_dictionaries(
        {
            "window_s": st.integers(0, DAY_S) | st.sampled_from((0, 1, 3600, DAY_S)),
            "window_inclusive": st.booleans(),
            "anchor": st.just("previous"),
            "same_line": st.booleans(),
            "reduce_fen": fen,
            "order": st.just("discount_then_reduce"),
            "max_count": st.just(1),
        }
    )
    lines = draw(st.lists(st.sampled_from(LINES), min_size=1, unique=True))
    classes = draw(st.lists(st.sampled_from(CLASSES), min_size=1, unique=True))
    return {
        "format": 1,
        "version": draw(st.integers(1, 2**32 - 1)),
        "effective_from": BEGINNING.isoformat(),
        "rounding": "half_up",
        "transfer": draw(st.none() | rule),
        "lines": {str(line): {"base_fen": draw(fen)} for line in lines},
        "classes": {byte: share() for byte in classes},
    }


@st.composite
def taps(draw: st.DrawFn) -> tuple[dict[str, Any], int, int, datetime, fares.Anchor | None]:
    """A tariff and a tap under it; anchors lie at, just inside and just outside the window, in any time zone."""
    tariff = draw(tariffs())
    window_s = tariff["transfer"]["window_s"] if tariff["transfer"] else 3600
    at = BEGINNING + timedelta(seconds=draw(st.integers(0, 10**9)))
    age_s = draw(st.sampled_from((-1, 0, 1, window_s - 1, window_s, window_s + 1)) | st.integers(-DAY_S, 2 * DAY_S))
    zone = timezone(timedelta(minutes=draw(st.integers(-720, 840))))
    anchor = fares.Anchor(draw(st.sampled_from(LINES)), (at - timedelta(seconds=age_s)).astimezone(zone))
    card_class = int(draw(st.sampled_from(CLASSES)), 16)
    return tariff, draw(st.sampled_from(LINES)), card_class, at, draw(st.none() | st.just(anchor))


def on_server(tariff: dict[str, Any], line: int, card_class: int, at: datetime, anchor: fares.Anchor | None) -> Priced:
    """Base, price, and whether it was a transfer, as the server reckons."""
    carried = None if anchor is None else engine.Anchor(anchor.line, anchor.at)
    try:
        found = engine.price(server_document.read(tariff), engine.Ride(line, card_class, at, carried))
    except (LineNotInTariff, ClassNotInTariff) as error:
        return f"{NOT_LISTED}: {'line' if isinstance(error, LineNotInTariff) else 'class'}"
    return found.base_fen, found.price_fen, found.transferred


def on_device(tariff: dict[str, Any], line: int, card_class: int, at: datetime, anchor: fares.Anchor | None) -> Priced:
    """The same as the device reckons, from what travels to it."""
    table = fares.DeviceTable.parse(json.loads(json.dumps(engine.compile_device_table(tariff))))
    assert table.version == tariff["version"]
    try:
        found = fares.price(table, line, card_class, anchor, at)
    except (UnknownLine, UnknownCardClass) as error:
        return f"{NOT_LISTED}: {'line' if isinstance(error, UnknownLine) else 'class'}"
    return found.base_fen, found.price_fen, found.transferred


HALVES: dict[str, Any] = {
    "format": 1,
    "version": 1,
    "effective_from": BEGINNING.isoformat(),
    "rounding": "half_up",
    "transfer": None,
    "lines": {"1": {"base_fen": 5}},
    "classes": {"01": {"name": "half", "numerator": 1, "denominator": 2}},
}


@settings(max_examples=1_000, deadline=None)
@given(taps())
@example((HALVES, 1, 1, BEGINNING, None))
def test_device_and_server_ask_the_same_price(
    tap: tuple[dict[str, Any], int, int, datetime, fares.Anchor | None],
) -> None:
    """Whatever tariff is published, no passenger pays another fare at the door than the server would have asked."""
    tariff, line, card_class, at, anchor = tap
    assert server_document.check(tariff) == []
    priced = on_server(tariff, line, card_class, at, anchor)
    assert on_device(tariff, line, card_class, at, anchor) == priced
    if not isinstance(priced, str):
        base_fen, price_fen, transferred = priced
        assert 0 <= price_fen <= base_fen
        assert not (transferred and (anchor is None or tariff["transfer"] is None))


def test_half_a_fen_is_rounded_up_by_both() -> None:
    """5 fen at a half are 2.5: both take 3."""
    assert on_server(HALVES, 1, 1, BEGINNING, None) == on_device(HALVES, 1, 1, BEGINNING, None) == (5, 3, False)
