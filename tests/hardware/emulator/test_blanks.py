"""Blanks: what a maker delivers and what not."""

import pytest

from hardware.card import crypto
from hardware.card.atr import chip_serial_of
from hardware.emulator import ChipOptions, EmulatedCard, blank_card, blank_psam
from tests.hardware.emulator.make_cards import CHIP_SERIAL, KEYS
from tests.hardware.emulator.transactions import answer, sw

KT = bytes.fromhex("A4064BD0707F6529BE53B37853C3BD19")


def test_blank_has_a_master_file_and_one_key() -> None:
    """Nothing of the city is on a blank, and the transport key opens it."""
    card = EmulatedCard(blank_card(CHIP_SERIAL, KT))
    root = card.image.master_file
    assert (root.files, root.directories, list(root.keys)) == ({}, {}, [(0x39, 0)])
    assert sw(card, "00A4000002 3F00") == "9000"
    challenge = answer(card, "0084000008").data
    cryptogram = crypto.external_authenticate_cryptogram(KT, challenge)
    assert sw(card, "00820000 08" + cryptogram.hex()) == "9000"


def test_own_regression_value_of_the_transport_key() -> None:
    """KT of our own regression set is the batch master A0…AF diversified by the chip serial."""
    assert KEYS.key("transport", chip_serial=CHIP_SERIAL) == KT


def test_serial_is_in_the_atr() -> None:
    """Card and PSAM show their chip serial in the last eight historical bytes of the ATR, whatever protocol it offers."""
    for make in (blank_card, blank_psam):
        image = make(CHIP_SERIAL, KT)
        assert chip_serial_of(image.atr) == image.chip_serial == CHIP_SERIAL
        assert image.atr.hex().upper() == "3BED000001" + "4343415244" + CHIP_SERIAL.hex().upper() + "FF"
        contacts = make(CHIP_SERIAL, KT, ChipOptions(transport="T=0"))
        assert contacts.atr.hex().upper() == "3B6D0000" + "4343415244" + CHIP_SERIAL.hex().upper()
    assert (blank_card(CHIP_SERIAL, KT).kind, blank_psam(CHIP_SERIAL, KT).kind) == ("card", "psam")


@pytest.mark.parametrize(("serial", "key"), [(bytes(7), KT), (CHIP_SERIAL, KT[:8])])
def test_lengths_are_held(serial: bytes, key: bytes) -> None:
    """A wrong serial or key is our own mistake and stops at once."""
    with pytest.raises(ValueError, match="8 bytes"):
        blank_card(serial, key)


def test_random_numbers_are_the_systems_by_default() -> None:
    """Without an injected source two cards give different challenges."""
    first, second = (answer(EmulatedCard(blank_card(CHIP_SERIAL, KT)), "0084000008").data for _ in range(2))
    assert first != second
