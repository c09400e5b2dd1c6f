"""What clearing goes by: tolerances of clocks, limits, what a contract allows. Parameters of a city, in one place."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from citizencard.cards.classes import CHIP_CEILING_FEN, CLASSES

CLOCKS_DIFFER: Final = timedelta(minutes=30)
"""Two terminals' clocks may differ by so much before a card's counter is said to run against time."""
CLOCK_SET_BACK: Final = timedelta(minutes=10)
"""A terminal's clock may be corrected by so much before its sequence is said to run against time."""
BETWEEN_MERCHANTS: Final = timedelta(seconds=60)
"""Nobody leaves one company's bus and boards another's in less."""
DAY_LIMIT_FEN: Final = CHIP_CEILING_FEN
"""More than a whole chip on one Beijing day is looked at."""
SPLIT_WINDOW: Final = timedelta(minutes=10)
"""Taps of one card at one merchant within this time count as one sale."""
OVERDRAFT_FEN: Final[Mapping[int, int]] = dict.fromkeys(CLASSES, 0)
"""By class: how far a chip may go below zero. In this city none may."""
SILENT_AFTER: Final = timedelta(hours=24)
"""A terminal without tap and heartbeat for so long, while others of its line work, is looked for."""
TRANSFERS_WITHIN: Final = timedelta(hours=2)
"""No tariff that we know has a longer transfer window; rides further apart are not held against each other."""
LIST_MAY_BE_OLD: Final = timedelta(hours=24)
"""So long after a newer hotlist was published may a terminal go on with the one before, by contract."""
