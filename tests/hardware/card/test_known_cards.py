"""Where cards of other cities have their numbers and days."""

from datetime import date

import pytest

from hardware.card import known_cards
from hardware.card.dialect import CityUnionNumber
from hardware.card.known_cards import KNOWN_CARDS, KnownCard
from hardware.card.tlv import FileControlInformation
from hardware.errors import MalformedCardData
from tests.vectors import card_samples

BY_SLUG = {card.slug: card for card in KNOWN_CARDS}
EF15 = FileControlInformation.decode(card_samples.TUNION_FCI).public_data


def number_of(card: KnownCard, data: bytes) -> str:
    assert card.number is not None
    return card.number.decode(data)


def test_a_real_t_union_card_is_read() -> None:
    """The sample of a card in the field gives the number printed on it and its days."""
    card = BY_SLUG["t_union"]
    assert number_of(card, EF15) == card_samples.TUNION_PRINTED_NUMBER
    assert card.days is not None
    assert card.days.decode(EF15) == (date(2019, 8, 6), date(2040, 12, 31))


def test_each_citys_number_is_read_its_own_way() -> None:
    """Shenzhen counts from the lowest byte, Beijing writes digits, Wuhan has a file of its own."""
    place = bytes(16) + bytes.fromhex("01020304") + bytes(12)
    assert number_of(BY_SLUG["shenzhen"], place) == str(0x04030201)
    assert number_of(BY_SLUG["beijing"], bytes.fromhex("1000751012345678")) == "1000751012345678"
    assert number_of(BY_SLUG["wuhan"], bytes.fromhex("0102030A0B")) == "0102030A0B"
    assert number_of(BY_SLUG["lingnan"], bytes(11) + bytes.fromhex("5100112233")) == "5100112233"


def test_the_rules_of_city_union() -> None:
    """Three rules are known, and Shanghai has its own whatever rule is chosen."""
    other = bytes.fromhex("0000 4000") + bytes(8) + bytes.fromhex("0102030405060708") + bytes(10)
    assert known_cards.city_code(other) == "4000"
    assert known_cards.city_union_number(other) == "0102030405060708"
    assert known_cards.city_union_number(other, CityUnionNumber.LITTLE_ENDIAN_16) == str(0x08070605)
    assert known_cards.city_union_number(other, CityUnionNumber.BIG_ENDIAN_16) == str(0x05060708)
    shanghai = bytes.fromhex("0000 2000") + other[4:]
    assert known_cards.city_union_number(shanghai, CityUnionNumber.LITTLE_ENDIAN_16) == str(0x05060708)


def test_what_is_too_short_is_refused() -> None:
    """A card that answers half of a file has no number, not a wrong one."""
    for card in KNOWN_CARDS:
        if card.number is not None:
            with pytest.raises(MalformedCardData):
                card.number.decode(b"")
    with pytest.raises(MalformedCardData):
        known_cards.digits_after_first(b"\x10")


def test_every_row_can_be_asked() -> None:
    """Each card of the table has a name of its own and commands that build."""
    assert len(BY_SLUG) == len(KNOWN_CARDS)
    for card in KNOWN_CARDS:
        assert card.chinese
        for step in card.select:
            assert step.command().ins == 0xA4
