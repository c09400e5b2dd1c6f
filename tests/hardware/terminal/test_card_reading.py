"""What a terminal takes from a card before a ride."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from hardware.card.files import ManagementData, PublicApplicationData
from hardware.errors import CardRefused
from hardware.terminal.card_reading import CardFacts, read_card
from hardware.terminal.fares import Anchor
from tests.hardware.emulator.make_cards import ISSUER, SERIAL
from tests.hardware.terminal.rides import MORNING, Meddler, adult_card, bus, fresh

FACTS = CardFacts(
    PublicApplicationData(ISSUER, SERIAL, date(2026, 1, 1), date(2026, 12, 31)),
    ManagementData("3300", "3302", 0x02, date(2026, 8, 31)),
    None,
)


def test_a_new_card_has_no_anchor() -> None:
    """The first ride of a card is never a transfer."""
    facts = read_card(adult_card())
    assert (facts.holder, facts.anchor) == (ISSUER + SERIAL, None)
    assert facts.class_at(datetime(2030, 1, 1, tzinfo=UTC)) == 0x01


def test_a_class_ends_with_its_last_day() -> None:
    """A student pays as an adult from the day after, by the clock of the city."""
    assert FACTS.class_at(datetime(2026, 8, 31, 15, 59, tzinfo=UTC)) == 0x02
    assert FACTS.class_at(datetime(2026, 8, 31, 16, 0, tzinfo=UTC)) == 0x01
    without_end = replace(FACTS, management=replace(FACTS.management, class_valid_to=None))
    assert without_end.class_at(datetime(2099, 1, 1, tzinfo=UTC)) == 0x02


def test_a_card_is_valid_from_its_first_to_its_last_day() -> None:
    """Both days count, in Beijing."""
    assert not FACTS.is_valid_at(datetime(2025, 12, 31, 15, 59, tzinfo=UTC))
    assert FACTS.is_valid_at(datetime(2025, 12, 31, 16, 0, tzinfo=UTC))
    assert FACTS.is_valid_at(datetime(2026, 12, 31, 15, 59, tzinfo=UTC))
    assert not FACTS.is_valid_at(datetime(2026, 12, 31, 16, 0, tzinfo=UTC))


def test_what_is_no_purse_is_refused() -> None:
    """A PSAM, or another card, in the field is not taken for a citizen card."""
    with pytest.raises(CardRefused):
        read_card(fresh("psam"))


def test_a_trip_that_another_city_wrote_sets_no_anchor(tmp_path: Path) -> None:
    """A record in a form we do not know never makes a ride cheaper, and never stops the card."""
    card = adult_card()
    with bus(tmp_path / "outbox.sqlite") as line_1:
        line_1.tap(card)
    assert read_card(card).anchor == Anchor(1, MORNING)
    foreign = Meddler(card, ins=0xB2, flip=1)  # a terminal number of eight bytes
    assert read_card(foreign).anchor is None
