"""Cards pulled out of the reader while money is on its way to them."""

import pytest

from citizencard.cards.reader_jobs import TORN
from citizencard.purse.loads.flow import LOADED
from tests.journeys.torn_loads import AMOUNT_FEN, COMMANDS, CREDIT, RECOVERY_COMMANDS, Ending, TornLoad
from tests.journeys.torn_rides import tears
from tests.journeys.world import ADULT, ADULT_FEN, LOADED_FEN, Tear, World


@pytest.mark.parametrize("ending", Ending)
def test_load_torn_at_every_command_and_phase(world: World, ending: Ending) -> None:
    """Wherever the card was pulled out, the cash is on the chip or back in the holder's hand, once."""
    rider = world.resident(ADULT, LOADED_FEN)
    found = {}
    for tear in tears(COMMANDS):
        with world.undone():
            found[tear] = TornLoad(world, rider, tear, ending).play()
    assert {tear: words for tear, words in found.items() if words} == {}


@pytest.mark.parametrize("first", [Tear(CREDIT, "inside"), Tear(CREDIT, "after")], ids=str)
def test_recovery_torn_at_every_command_and_phase(world: World, first: Tear) -> None:
    """Pulled out once more while the card is asked what it has: asked again, it gives the same answer."""
    rider = world.resident(ADULT, LOADED_FEN)
    found = {}
    for again in tears(RECOVERY_COMMANDS):
        with world.undone():
            found[again] = TornLoad(world, rider, first, Ending.GIVEN_BACK, again).play()
    assert {tear: words for tear, words in found.items() if words} == {}


def test_a_load_has_as_many_commands_as_the_tears_above_cover(world: World) -> None:
    """If a load or its recovery gets longer, the tears above get more."""
    rider = world.resident(ADULT)
    load = world.till.request(rider.card, AMOUNT_FEN)
    station = world.till.station(rider.chip)
    assert station.run(world.till.load_order(load, rider.chip), world.now).done
    assert len(station.trace) == COMMANDS


def test_riding_on_money_that_is_not_proven(world: World) -> None:
    """An empty card is credited, torn out and goes riding: the shadow falls below zero, and still nobody's money is missing."""
    rider = world.resident(ADULT)
    load = world.till.request(rider.card, AMOUNT_FEN)
    station = world.till.station(rider.chip)
    rider.chip.tear(CREDIT, "after")
    assert station.run(world.till.load_order(load, rider.chip), world.now).outcome == TORN
    assert world.tap(world.bus1, rider).amount_fen == ADULT_FEN
    world.upload(world.bus1)
    money = world.till.money(rider.card)
    assert (money.purse, money.inload) == (-ADULT_FEN, AMOUNT_FEN)
    assert world.close_day().certificate.surplus_fen == 0
    assert world.till.recover(load, rider.chip).outcome == LOADED
    assert world.differences() == []
