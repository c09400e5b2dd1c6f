"""Chips pulled out of the reader while they are made: started over, each is as good as any other, in the books as well.

Every point is tried by `bin/drill tear`; here are those where a chip has just changed hands from its maker's key to ours.
"""

import pytest

from tests.journeys.torn_chips import TornCard, TornModule, personalise_commands
from tests.journeys.torn_rides import PHASES
from tests.journeys.world import ADULT, LOADED_FEN, Tear, World

REPLACE_TRANSPORT_KEY = 4
"""SELECT, GET CHALLENGE, EXTERNAL AUTHENTICATE, GET CHALLENGE, WRITE KEY."""


def test_making_is_as_long_as_the_drill_believes(world: World) -> None:
    """A card takes three times as many commands as a module; both are counted, not assumed."""
    card, module = personalise_commands(world)
    assert (card, module) == (91, 31)


@pytest.mark.parametrize("phase", PHASES)
def test_chip_torn_while_it_changes_hands(world: World, phase: str) -> None:
    """Torn five times while the maker's key gives way to ours, a chip is neither lost nor locked, and its card loads and rides."""
    rider = world.resident(ADULT, LOADED_FEN)
    many = [Tear(REPLACE_TRANSPORT_KEY, phase)] * 5  # type: ignore[arg-type] # one of the three
    with world.undone():
        assert TornCard(world, many).play() == []
    with world.undone():
        assert TornModule(world, many).play(rider) == []
