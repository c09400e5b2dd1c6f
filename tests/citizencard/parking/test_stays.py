"""Quotes: what a stay costs, and why, without changing anything."""

from datetime import timedelta

import pytest

from citizencard.db import reading
from citizencard.parking.errors import NoOpenStay, NotAGate, PassageInvalid
from citizencard.parking.stays import quote_stay
from citizencard.tariffs.errors import EventInvalid
from tests.citizencard.parking.make_parking import Lot
from tests.citizencard.purse.uploads.make_records import a_card


def test_quote_tells_amount_and_reason(lot: Lot) -> None:
    """The display shows what the stay costs and what that is made of."""
    entered = lot.enter()
    quoted = lot.quote(67)
    assert (quoted.stay_id, quoted.entered_at, quoted.left_at) == (entered.stay_id, lot.now, lot.after(67))
    assert (quoted.price.minor, quoted.tariff_version) == (700, 4)
    assert [(line.what, line.facts["minutes"], line.minor) for line in quoted.price.lines] == [
        ("first", 60, 500),
        ("steps", 7, 200),
    ]
    assert [quoted.sentences[language].count("¥7.00") for language in ("zh", "en")] == [1, 1]
    assert lot.quote(67) == quoted


def test_quotes_are_for_cars_inside(lot: Lot) -> None:
    """A card that is not inside, or not known, has no price; a till is no gate."""
    for card in (lot.adult, a_card(77)):
        with pytest.raises(NoOpenStay):
            lot.quote(1, card)
    lot.enter()
    with reading(lot.sessions) as session:
        with pytest.raises(NotAGate):
            quote_stay(session, lot.shop.city.bus1.terminal_id, lot.adult.serial, lot.now)
        with pytest.raises(PassageInvalid):
            quote_stay(session, lot.exit.terminal_id, b"", lot.now)
        with pytest.raises(EventInvalid):
            quote_stay(session, lot.exit.terminal_id, lot.adult.serial, lot.now + timedelta(days=3661))
