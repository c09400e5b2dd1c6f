"""The emulated reader: one slot, cards go in and out."""

from pathlib import Path

import pytest

from hardware.card import profile
from hardware.card.channel import send
from hardware.card.purse import select_file
from hardware.emulator import EmulatedReader, blank_card
from hardware.errors import CardImageInUse, CardImageInvalid, CardRemoved, NoReader, ReaderBusy
from tests.hardware.emulator.make_cards import CHIP_SERIAL


@pytest.fixture
def reader(tmp_path: Path) -> EmulatedReader:
    """A reader over a folder with two blanks."""
    for name in ("a.json", "b.json"):
        blank_card(CHIP_SERIAL, bytes(16)).save(tmp_path / name)
    return EmulatedReader(tmp_path)


def test_card_goes_in_and_out(reader: EmulatedReader) -> None:
    """A card works while it is in; taken out it is silent, and another one may follow."""
    card = reader.insert("a.json")
    assert reader.card is card
    assert send(card, select_file(profile.MASTER_FID))
    reader.remove()
    with pytest.raises(CardRemoved):
        send(card, select_file(profile.MASTER_FID))
    assert send(reader.insert("b.json"), select_file(profile.MASTER_FID))
    reader.remove()
    reader.remove()


def test_slot_takes_one_card(reader: EmulatedReader) -> None:
    """A second card does not fit."""
    reader.insert("a.json")
    with pytest.raises(ReaderBusy):
        reader.insert("b.json")


def test_empty_slot_has_no_card(reader: EmulatedReader) -> None:
    """Asking an empty reader, or one whose insertion failed, says so."""
    with pytest.raises(CardImageInvalid):
        reader.insert("none.json")
    with pytest.raises(NoReader):
        _ = reader.card
    assert "empty" in repr(reader)


def test_card_is_in_one_reader(reader: EmulatedReader, tmp_path: Path) -> None:
    """Two readers cannot hold the same card."""
    reader.insert("a.json")
    other = EmulatedReader(tmp_path)
    with pytest.raises(CardImageInUse):
        other.insert("a.json")
    reader.remove()
    other.insert(tmp_path / "a.json")
