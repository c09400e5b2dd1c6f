"""Access bytes and the security state they ask for."""

import pytest

from hardware.card.apdu import CommandApdu
from hardware.emulator import blank_card
from hardware.emulator.state import Chip, Refused, WrongLe, answer, require_le, require_length, require_parameters
from tests.hardware.emulator.make_cards import CHIP_SERIAL


@pytest.fixture
def chip() -> Chip:
    """A blank under power."""
    return Chip(blank_card(CHIP_SERIAL, bytes(16)), bytes)


@pytest.mark.parametrize(
    ("permission", "states"),
    [
        (0xF0, range(16)),
        (0xF1, range(1, 16)),
        (0xEF, ()),
        (0xA5, range(5, 11)),
        (0x55, (5,)),
        (0xAA, (10,)),
    ],
)
def test_access_byte_is_a_range_of_states(chip: Chip, permission: int, states: range | tuple[int, ...]) -> None:
    """XY: at least Y, at most X; F0 is free and EF is never."""
    allowed = []
    for state in range(16):
        chip.reach_state(state)
        if chip.allows(permission):
            allowed.append(state)
    assert allowed == list(states)


def test_zero_in_front_asks_the_master_file(chip: Chip) -> None:
    """0Y looks at the master file's state, from inside an application too."""
    chip.ram.path = [chip.image.master_file, chip.image.master_file]
    chip.reach_state(0x0F)
    assert not chip.allows(0x0A)
    chip.ram.master_state = 0x0A
    assert chip.allows(0x0A)
    with pytest.raises(Refused, match="6982"):
        chip.require(0x0B)


def test_entering_an_application_forgets_its_state(chip: Chip) -> None:
    """The state of an application starts at zero each time it is selected, the master file's only when itself is."""
    root = chip.image.master_file
    chip.reach_state(0x0A)
    chip.enter([root, root])
    chip.reach_state(0x05)
    chip.enter([root, root])
    assert (chip.state(), chip.ram.master_state) == (0, 0x0A)
    chip.enter([root])
    assert chip.state() == 0


def test_lengths_and_parameters() -> None:
    """What every handler asks first."""
    command = CommandApdu(0, 0x84, 1, 2, b"abc", 5)
    require_length(command, 3)
    require_le(command, 5)
    require_parameters(command, 1, 2)
    with pytest.raises(Refused, match="6700"):
        require_length(command, 2)
    with pytest.raises(Refused, match="6A86"):
        require_parameters(command, 0, 2)
    with pytest.raises(WrongLe) as wrong:
        answer(command, b"1234")
    assert wrong.value.length == 4
    assert answer(CommandApdu(0, 0x84, 0, 0, le=256), b"1234").data == b"1234"
