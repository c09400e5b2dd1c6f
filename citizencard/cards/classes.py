"""Card classes as data: what each class of card costs nobody to look up and everybody must agree on.

The code byte is the one on the chip (EF17), in the terminals' records and in the device table of the tariffs.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

from citizencard.cards.errors import ClassNotForPerson, UnknownCardClass

CHIP_CEILING_FEN: Final = 100_000
LOSS_WINDOW_MINUTES: Final = 0
"""In this city a loss takes effect at once, as the strictest schemes print it; others let the holder bear the first minutes or hours."""
OLDEST_AGE: Final = 150


@dataclass(frozen=True, slots=True)
class CardClass:
    """One class of cards.

    Args:
        code: byte on the chip.
        name: stable slug.
        title: what people call it.
        registered: bound to a person.
        lossable: can be reported lost.
        loss_window_minutes: from the report until the loss takes effect; taps in between are the holder's.
        ceiling_fen: the most that the chip may hold.
        validity_years: from personalisation.
        initial_pin: packed on the chip at personalisation; the holder changes it.
        minimum_age, maximum_age: whole years, both included.
    """

    code: int
    name: str
    title: str
    registered: bool
    lossable: bool
    loss_window_minutes: int
    ceiling_fen: int
    validity_years: int
    initial_pin: str
    minimum_age: int
    maximum_age: int

    def __repr__(self) -> str:
        return f"CardClass({self.code:02X} {self.name})"


def _registered(code: int, name: str, title: str, *, years: int, ages: tuple[int, int]) -> CardClass:
    return CardClass(
        code=code,
        name=name,
        title=title,
        registered=True,
        lossable=True,
        loss_window_minutes=LOSS_WINDOW_MINUTES,
        ceiling_fen=CHIP_CEILING_FEN,
        validity_years=years,
        initial_pin="123456",
        minimum_age=ages[0],
        maximum_age=ages[1],
    )


CLASSES: Final[dict[int, CardClass]] = {
    found.code: found
    for found in (
        _registered(0x01, "adult", "普通卡 adult", years=20, ages=(0, OLDEST_AGE)),
        _registered(0x02, "student", "学生卡 student", years=6, ages=(6, 25)),
        _registered(0x03, "senior70", "敬老卡 senior, 70 and over", years=20, ages=(70, OLDEST_AGE)),
        _registered(0x04, "care", "爱心卡 disabled persons and veterans", years=10, ages=(0, OLDEST_AGE)),
    )
}


def card_class(code: int) -> CardClass:
    """The class with this code byte.

    Raises:
        UnknownCardClass: there is none.
    """
    if code not in CLASSES:
        raise UnknownCardClass(f"no card class {code:02X}", card_class=code)
    return CLASSES[code]


def age_on(born: date, day: date) -> int:
    """Whole years of age on a day; who was born on 29 February is a year older on 1 March."""
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def check_age(chosen: CardClass, born: date, day: date) -> None:
    """Hold the class's age bounds on the day of the application.

    Raises:
        ClassNotForPerson: too young or too old; the birth date itself is not told.
    """
    if not chosen.minimum_age <= age_on(born, day) <= chosen.maximum_age:
        raise ClassNotForPerson(
            f"class {chosen.name} is for ages {chosen.minimum_age} to {chosen.maximum_age}",
            card_class=chosen.code,
            minimum_age=chosen.minimum_age,
            maximum_age=chosen.maximum_age,
        )


def expiry_of(chosen: CardClass, start: date) -> date:
    """Last day on which a card that starts on `start` is valid."""
    year = start.year + chosen.validity_years
    return start.replace(year=year, day=28) if (start.month, start.day) == (2, 29) else start.replace(year=year)
