"""The emulated slot, and how a step's commands run."""

from pathlib import Path

import pytest

from hardware.agent.messages import Step
from hardware.agent.reader import SLOT_FILE, EmulatedSlot, run_commands
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.emulator import EmulatedCard, blank_card
from hardware.emulator.image import CardImage
from hardware.errors import CardImageInUse, CardImageInvalid, CardRemoved, NoReader
from tests.hardware.emulator.make_cards import CHIP_SERIAL


@pytest.fixture
def slot(tmp_path: Path) -> EmulatedSlot:
    for name in ("a.json", "b.json"):
        blank_card(CHIP_SERIAL, bytes(16)).save(tmp_path / name)
    return EmulatedSlot(tmp_path)


def test_cards_are_put_in_by_another_process(slot: EmulatedSlot, tmp_path: Path) -> None:
    """What another process puts in is connected; taken out or changed, the card is gone and its image free."""
    with pytest.raises(NoReader):
        slot.connect()
    other = EmulatedSlot(tmp_path)
    other.put_in("a.json")
    slot.connect()
    assert slot.is_there()
    with pytest.raises(CardImageInUse):
        EmulatedCard(CardImage.load(tmp_path / "a.json"))
    other.put_in("b.json")
    assert not slot.is_there()
    EmulatedCard(CardImage.load(tmp_path / "a.json")).remove()
    slot.connect()
    other.take_out()
    other.take_out()
    with pytest.raises(NoReader):
        slot.connect()
    assert "empty" in repr(slot)


@pytest.mark.parametrize("name", ["", "none.json", "../a.json", "/etc/passwd", ".", SLOT_FILE])
def test_only_images_of_the_folder_go_in(slot: EmulatedSlot, name: str) -> None:
    """A name that leads elsewhere is refused, and the slot keeps what it had."""
    slot.put_in("a.json")
    with pytest.raises(CardImageInvalid):
        slot.put_in(name)
    slot.connect()
    slot.disconnect()


def test_slot_file_that_leads_elsewhere_is_an_empty_slot(slot: EmulatedSlot, tmp_path: Path) -> None:
    """Whoever writes the slot's file by hand gets no further than the folder either."""
    (tmp_path / SLOT_FILE).write_text("../a.json")
    with pytest.raises(NoReader):
        slot.connect()


class Endless:
    """A faulty card: there is always more to fetch."""

    atr = b"\x3b\x00"

    def __init__(self) -> None:
        self.sent = 0

    def transmit(self, command: CommandApdu) -> ResponseApdu:
        del command
        self.sent += 1
        if self.sent > 1_000:
            raise CardRemoved
        return ResponseApdu(b"\x00", 0x6101)


def test_endless_card_is_torn() -> None:
    """A card that never comes to an end does not hold the desk."""
    card = Endless()
    step = Step("a", "s", 1, (CommandApdu(0, 0x84, 0, 0, le=8),), ((0x9000,),), 1, b"")
    assert run_commands(card, step) == ((), True)
    assert card.sent < 100
