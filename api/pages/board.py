"""Figures that many people watch at once, read from the database once for all of them.

The home page is open to everybody and asks every two seconds. However many ask, and however long the answer takes in a city of
millions, the database spends at most a tenth of its time on it.
"""

import threading
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

Figures = TypeVar("Figures")

FRESH_S: Final = 1.0
REST: Final = 9
"""After a reading the database has this many times as long off."""


class Kept(Generic[Figures]):
    """The last answer to one question, asked again when it has aged.

    While one request asks, the others get the answer before; only the very first wait.

    Args:
        ask: the question.
        ticking: seconds that only rise.
    """

    def __init__(self, ask: Callable[[], Figures], ticking: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._ticking = ticking
        self._asking = threading.Lock()
        self._answers: list[Figures] = []
        self._fresh_until = 0.0

    def get(self) -> Figures:
        """The answer, at most as old as the rule says. What the question raises is passed on, and it is asked again next time."""
        if self._answers and self._ticking() < self._fresh_until:
            return self._answers[0]
        if not self._asking.acquire(blocking=not self._answers):
            return self._answers[0]
        try:
            begun = self._ticking()
            if not self._answers or begun >= self._fresh_until:
                self._answers = [self._ask()]
                ended = self._ticking()
                self._fresh_until = ended + max(FRESH_S, REST * (ended - begun))
            return self._answers[0]
        finally:
            self._asking.release()
