"""Cards over the air are told from cards on contacts, and named as the PC/SC Workgroup's part 3 names them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.errors import CardRemoved
from hardware.readers.contactless import ContactlessCard, ats, contactless_card, uid
from hardware.readers.errors import NotContactless
from tests.hardware.readers.scripted import ScriptedCard

# PC/SC part 3, 3.1.3.2.3: the worked examples for a MIFARE Classic 1K and for a card of type A without historical bytes.
MIFARE_1K = "3B8F8001804F0CA000000306030001000000006A"
TYPE_A = "3B80800101"


def test_storage_card_is_named() -> None:
    """A MIFARE card is told from a processor card: no command of a purse reaches it."""
    card = contactless_card(bytes.fromhex(MIFARE_1K))
    assert card is not None
    assert (card.kind, card.processor) == ("MIFARE Classic 1K (ISO 14443 A, part 3)", False)


def test_processor_cards() -> None:
    """Type A with and without historical bytes, type B with its eight."""
    assert contactless_card(bytes.fromhex(TYPE_A)) == ContactlessCard("ISO 14443-4 type A", True, b"")
    for count, kind in ((5, "ISO 14443-4 type A"), (8, "ISO 14443-4 type A or B")):
        body = bytes((0x80 | count, 0x80, 0x01)) + bytes(range(count))
        check = 0
        for byte in body:
            check ^= byte
        card = contactless_card(b"\x3b" + body + bytes((check,)))
        assert card == ContactlessCard(kind, True, bytes(range(count)))


@pytest.mark.parametrize(
    "atr", ["", "3B", "3B00", "3B6D000043434152440000000011223344", MIFARE_1K[:-2] + "6B", "3F80800101"]
)
def test_cards_on_contacts(atr: str) -> None:
    """Also an ATR whose check byte is wrong is not one that a contactless reader made."""
    assert contactless_card(bytes.fromhex(atr)) is None


@settings(max_examples=200)
@given(st.binary(max_size=33))
def test_any_atr(atr: bytes) -> None:
    """No ATR is too strange to be looked at."""
    card = contactless_card(atr)
    assert card is None or len(card.historical) == atr[1] & 0x0F


def test_identifier_and_answer_to_select() -> None:
    """The reader answers for the card; one that cannot says so in a sentence."""
    card = ScriptedCard(TYPE_A, {"FFCA000000": "04A1B2C39000", "FFCA010000": "6A81"})
    assert uid(card).hex().upper() == "04A1B2C3"
    with pytest.raises(NotContactless, match=r"no answer to select .6A81"):
        ats(card)
    with pytest.raises(CardRemoved):
        uid(ScriptedCard(TYPE_A, {"FFCA000000": None}))
