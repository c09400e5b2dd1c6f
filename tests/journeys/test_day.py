"""The whole day of a city, off-line and on, on both databases."""

from citizencard.db import reading
from hardware.terminal.validator import Outcome
from tests.journeys.agreement import balances_of
from tests.journeys.world import World


def test_day(world: World) -> None:
    """Tbd."""
    adult = world.resident(loaded_fen=10_000)
    first = world.tap(world.bus1, adult)
    assert first.outcome is Outcome.ACCEPTED
    print(world.upload(world.bus1))
    print(world.differences())
    with reading(world.sessions) as session:
        print(balances_of(session))
    print(world.close_day())
