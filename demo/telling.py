"""How the demo tells its story: numbered steps, one figure a line, aligned like a slip."""

import sys
import time
import unicodedata
from datetime import datetime
from typing import TextIO
from zoneinfo import ZoneInfo

WIDTH = 78
LABEL_WIDTH = 52
BEIJING = ZoneInfo("Asia/Shanghai")


class Story:
    """Prints what happens in the city, step by step.

    Args:
        out: where to print.
    """

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._step = 0
        self._began = time.monotonic()

    def title(self, text: str) -> None:
        """Head of the story."""
        self._line(f"\n{text}\n{'═' * WIDTH}")

    def step(self, text: str) -> None:
        """Begin the next thing that happens."""
        self._step += 1
        self._line(f"\n{self._step:>2}. {text}")

    def fact(self, label: str, value: str = "") -> None:
        """One line under the step: what, and how much."""
        gap = max(1, LABEL_WIDTH - _columns(label))
        self._line(f"    {label}{' ' * gap}{value}".rstrip())

    def end(self, *, proved: bool) -> None:
        """The last line, which says whether the books are proved."""
        verdict = "the books are proved" if proved else "THE BOOKS ARE NOT PROVED"
        self._line(f"\n{'═' * WIDTH}\nThe day is over: {verdict}. {time.monotonic() - self._began:.1f} s\n")

    def _line(self, text: str) -> None:
        self._out.write(text + "\n")
        self._out.flush()


def yuan(fen: int) -> str:
    """An amount as people write it, `¥1,234.50`; the sign stands before the yuan."""
    return f"{'-' if fen < 0 else ''}¥{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


def typed(fen: int) -> str:
    """An amount as it is typed into a form, `1234.50`."""
    return f"{fen // 100}.{fen % 100:02d}"


def clock(instant: datetime) -> str:
    """The time of day in the city, Beijing time, wherever the machine stands."""
    return f"{instant.astimezone(BEIJING):%H:%M:%S}"


def _columns(text: str) -> int:
    """How wide a text is on a terminal: Chinese characters take two columns."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
