"""The registry of merchants and lines."""

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from citizencard.merchants.errors import LineNumberTaken, MerchantDetailsInvalid, UnknownLine, UnknownMerchant
from citizencard.merchants.registry import (
    NewLine,
    line_by_number,
    lines_by_number,
    list_lines,
    list_merchants,
    merchant_by_id,
    merchants_by_id,
    register_line,
    register_merchant,
)


def test_merchants_and_lines_are_found_again(session: Session, now: datetime) -> None:
    """A bus company and its lines stay where they were registered, page by page."""
    bus = register_merchant(session, " City Bus ", "bus", now=now)
    park = register_merchant(session, "Car park", "parking", now=now)
    for number in (26, 1, 65_535):
        register_line(session, NewLine(number, bus.id, f"Line {number}", 200), now=now)
    assert merchant_by_id(session, bus.id).name == "City Bus"
    assert line_by_number(session, 26).base_fare_fen == 200
    pages = [list_lines(session, merchant_id=bus.id, limit=2)]
    pages.append(list_lines(session, merchant_id=bus.id, after=pages[0][-1].number, limit=2))
    assert [[line.number for line in page] for page in pages] == [[1, 26], [65_535]]
    assert list_lines(session, merchant_id=park.id) == []
    first = list_merchants(session, limit=1)
    assert {first[0].id, list_merchants(session, after=first[0].id)[0].id} == {bus.id, park.id}
    assert lines_by_number(session, [26, 27]).keys() == {26}
    assert merchants_by_id(session, [park.id, "mer_none"]).keys() == {park.id}


@pytest.mark.parametrize(
    ("number", "name", "base_fare_fen"), [(0, "Line", 200), (65_536, "Line", 200), (1, " ", 200), (1, "Line", -1)]
)
def test_line_that_no_card_can_carry_is_refused(
    session: Session, now: datetime, number: int, name: str, base_fare_fen: int
) -> None:
    """Two bytes on the card hold the line, and a fare is never negative: all faults are named at once."""
    bus = register_merchant(session, "City Bus", "bus", now=now)
    with pytest.raises(MerchantDetailsInvalid) as caught:
        register_line(session, NewLine(number, bus.id, name, base_fare_fen), now=now)
    assert len(caught.value.public_fields()["faults"]) == 1  # type: ignore[arg-type] # a list


def test_a_line_number_is_given_once(session: Session, now: datetime) -> None:
    """Two lines with one number would be priced and paid as one."""
    bus = register_merchant(session, "City Bus", "bus", now=now)
    register_line(session, NewLine(1, bus.id, "Line 1", 200), now=now)
    with pytest.raises(LineNumberTaken):
        register_line(session, NewLine(1, bus.id, "Line 1 again", 100), now=now)


def test_unknown_ones_are_refused(session: Session, now: datetime) -> None:
    """Nobody is paid who is not registered."""
    with pytest.raises(MerchantDetailsInvalid, match=r"name must have.*kind must be"):
        register_merchant(session, "", "casino", now=now)
    with pytest.raises(UnknownMerchant):
        register_line(session, NewLine(1, "mer_none", "Line 1", 200), now=now)
    with pytest.raises(UnknownLine):
        line_by_number(session, 1)
