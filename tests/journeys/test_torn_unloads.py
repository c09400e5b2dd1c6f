"""Cards pulled out of the reader while money is on its way off them."""

import pytest

from tests.citizencard.purse.unloads.make_unloads import order, wish
from tests.journeys.torn_rides import tears
from tests.journeys.torn_unloads import AMOUNT_FEN, COMMANDS, RECOVERY_COMMANDS, Ending, TornUnload, commands_of
from tests.journeys.world import ADULT, LOADED_FEN, Tear, World


def test_unload_torn_at_every_command_and_phase(world: World) -> None:
    """Wherever the card was pulled out, the money is on the chip or the holder's, once; and what is paid in cash is on neither."""
    rider = world.resident(ADULT, LOADED_FEN)
    found = {}
    for ending in Ending:
        for tear in tears(commands_of(ending))[-4:]:
            with world.undone():
                found[ending, tear] = TornUnload(world, rider, tear, ending).play()
    assert {point: words for point, words in found.items() if words} == {}


@pytest.mark.parametrize("phase", ["inside", "after"])
def test_recovery_torn_at_every_command(world: World, phase: str) -> None:
    """Pulled out once more while the card is asked what it gave: asked again, it gives the same answer."""
    rider = world.resident(ADULT, LOADED_FEN)
    first = Tear(COMMANDS - 1, "after" if phase == "after" else "inside")
    found = {}
    for again in tears(RECOVERY_COMMANDS)[2::3]:
        with world.undone():
            found[again] = TornUnload(world, rider, first, Ending.UNLOADED, again).play()
    assert {tear: words for tear, words in found.items() if words} == {}


def test_an_unload_has_as_many_commands_as_the_tears_cover(world: World) -> None:
    """If an unload gets longer, the tears get more."""
    rider = world.resident(ADULT, LOADED_FEN)
    for wanted_fen, commands in ((AMOUNT_FEN, COMMANDS), (None, COMMANDS + 1)):
        unload = wish(world.till, rider.card, wanted_fen)
        station = world.till.station(rider.chip)
        assert station.run(order(unload, rider.chip), world.now).outcome == "unloaded"
        assert len(station.trace) == commands
