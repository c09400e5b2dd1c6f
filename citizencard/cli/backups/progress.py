"""What an operator sees while a backup is made or restored, if somebody is looking: steps, and how far each is."""

import sys
from typing import TextIO

HUNDRED = 100


class Progress:
    """Lines on a terminal; silent where the stream is a file or a timer's log.

    Args:
        stream: where to write; the error output if not given.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_watched = self._stream.isatty()

    def step(self, text: str) -> None:
        """The next step begins."""
        if self._is_watched:
            self._stream.write(f"{text} …\n")
            self._stream.flush()

    def share(self, done: int, total: int) -> None:
        """So much of the step is done."""
        if self._is_watched and total > 0:
            end = "\n" if done >= total else "\r"
            self._stream.write(f"  {done * HUNDRED // total:>3} %{end}")
            self._stream.flush()
