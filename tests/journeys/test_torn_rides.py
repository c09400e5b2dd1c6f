"""Passengers who pull their card away, wherever in the ride: it is paid once or not at all, and everybody knows it."""

import pytest

from tests.journeys.torn_rides import Ending, TornRide, ride_commands, tears
from tests.journeys.world import ADULT, LOADED_FEN, SENIOR, World

EVERYWHERE = frozenset({Ending.COMES_BACK, Ending.NEVER})
"""Endings that are tried for every command here; the others for the last two, where they can differ. The drill tries all for all."""


@pytest.mark.parametrize("ending", Ending)
def test_ride_torn_at_every_command_and_phase(world: World, ending: Ending) -> None:
    """Wherever the card was torn and whatever becomes of it, chip, validator, shadow and books agree to the fen."""
    rider = world.resident(ADULT, LOADED_FEN)
    commands = ride_commands(world, rider)
    assert commands == 7, "a ride has got longer: so must the drill"
    chosen = tears(commands) if ending in EVERYWHERE else tears(commands)[-6:]
    found = {}
    for tear in chosen:
        with world.undone():
            found[tear] = TornRide(world, rider, tear, ending, commands - 1).play()
    assert {tear: words for tear, words in found.items() if words} == {}


def test_free_ride_torn_at_debit(world: World) -> None:
    """A ride that costs nothing is torn like any other: no money, but a ride that is known once."""
    rider = world.resident(SENIOR)
    commands = ride_commands(world, rider)
    for ending in Ending:
        with world.undone():
            assert TornRide(world, rider, tears(commands)[-1], ending, commands - 1).play() == []
