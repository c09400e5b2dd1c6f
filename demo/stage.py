"""What every part of the day shares: the city, the counter, where the story is told, and the figures that it comes to."""

from dataclasses import dataclass, field

from demo.city import City
from demo.counter import Counter
from demo.telling import Story


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a day is played.

    Args:
        city: a founded city.
        story: where it is told.
        counter: the clerk at work.
        number: of the day, from 1.
        figures: name → fen or count; the names say what they are of.
    """

    city: City
    story: Story
    counter: Counter
    number: int
    figures: dict[str, int] = field(default_factory=dict)
