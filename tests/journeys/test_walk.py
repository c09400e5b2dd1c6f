"""Anything may happen in a city, in any order: at the end of the day every fen is where the books say."""

import random

import pytest

from tests.journeys.walk import Walk
from tests.journeys.world import World

STEPS = 60


@pytest.mark.parametrize("seed", [1, 2])
def test_a_walk_by_chance_adds_up(world: World, seed: int) -> None:
    """Loads, rides, tears, restarts, uploads, a loss and closed days: chips and shadows differ by the open items and nothing else."""
    assert Walk(world, random.Random(seed)).go(STEPS) == []
