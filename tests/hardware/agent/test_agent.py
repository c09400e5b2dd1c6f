"""The agent between its requests: an idle card is let go of, and one step at a time has the reader."""

import pytest

from hardware.agent.agent import Agent
from hardware.agent.errors import ForeignOrigin, SessionOver
from hardware.agent.messages import PairingRequest, Step
from hardware.card.apdu import CommandApdu
from hardware.emulator.card import EmulatedCard
from hardware.emulator.image import CardImage
from hardware.errors import CardImageInUse, NoReader
from tests.hardware.agent.workstation import Workstation


def free(desk: Workstation) -> bool:
    try:
        EmulatedCard(CardImage.load(desk.images / "a.json")).remove()
    except CardImageInUse:
        return False
    return True


def test_idle_session_frees_the_card(desk: Workstation) -> None:
    """A page that went away does not keep the card: after two minutes it is without power and free."""
    desk.agent.take(Step.read(desk.step()))
    desk.pass_time(120)
    desk.agent.look_after_reader()
    desk.agent.take(Step.read(desk.step(2)))
    assert not free(desk)
    desk.pass_time(121)
    desk.agent.look_after_reader()
    assert free(desk)
    with pytest.raises(SessionOver):
        desk.agent.take(Step.read(desk.step(3)))


def test_card_that_is_taken_out_is_freed(desk: Workstation) -> None:
    """Another program may use a card as soon as it is out of the reader."""
    desk.agent.take(Step.read(desk.step()))
    desk.slot.take_out()
    desk.agent.look_after_reader()
    assert free(desk)
    with pytest.raises(NoReader):
        _ = desk.slot.card


def test_origin_must_be_named_to_pair(unpaired: Workstation) -> None:
    """An agent started without an origin hears no page at all until it is paired."""
    agent = Agent(unpaired.folder, unpaired.slot, lambda: unpaired.now)
    assert agent.origin is None
    with pytest.raises(ForeignOrigin):
        agent.pair(PairingRequest.read(unpaired.offer(agent.code.shown())))


def test_new_session_resets_the_card(desk: Workstation) -> None:
    """What was selected or proven in one session is gone in the next."""
    balance: tuple[CommandApdu, ...] = (CommandApdu(0x80, 0x5C, 0, 2, le=4),)
    desk.agent.take(Step.read(desk.step()))
    same = desk.agent.take(Step.read(desk.step(2, balance)))
    new = desk.agent.take(Step.read(desk.step(1, balance, session="session_of_tests_02")))
    assert same["responses"][0].endswith("9000")
    assert not new["responses"][0].endswith("9000")
