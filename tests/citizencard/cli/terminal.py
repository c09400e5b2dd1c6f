"""A terminal of its own for a command that asks people: what is shown is kept, and what is typed without echo is not in it."""

import os
import pty
import select
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final

WAIT_S: Final = 90
CHUNK: Final = 4096
PRESSES: Final = 3
PRESS_AGAIN_S: Final = 5
LOOK_AGAIN_S: Final = 0.2


class Terminal:
    """A command at a pseudo-terminal.

    Args:
        environ: its settings.
        arguments: of `citizencard`.
    """

    def __init__(self, environ: Mapping[str, str], arguments: Sequence[str]) -> None:
        command = [sys.executable, "-m", "citizencard", *arguments]
        self._child, self._master = pty.fork()
        if self._child == 0:
            os.execve(sys.executable, command, {**environ, "TERM": "dumb"})  # noqa: S606 - the command under test, no shell
        self.shown = ""
        self._seen = 0

    def answer(self, prompt: str, text: str) -> None:
        """Wait for a prompt and type a line."""
        self.wait_for(prompt)
        # The colon's space comes when the echo is off; what was typed before is thrown away.
        self.wait_for(": ")
        os.write(self._master, text.encode() + b"\n")

    def wait_for(self, text: str) -> str:
        """Wait until this is shown; returns what was shown since the last time."""
        end = time.monotonic() + WAIT_S
        while text not in self.shown[self._seen :]:
            assert time.monotonic() < end, f"{text!r} was never shown, but: {self.shown}"
            assert self._read(), f"ended before {text!r}: {self.shown}"
        start = self._seen
        self._seen = self.shown.index(text, start) + len(text)
        return self.shown[start : self._seen]

    def interrupt(self) -> None:
        """Ctrl-C at a prompt, pressed again where nothing comes of it: a signal just before readline waits is heard with the next key."""
        self.wait_for(": ")
        for _ in range(PRESSES):
            os.write(self._master, b"\x03")
            end = time.monotonic() + PRESS_AGAIN_S
            while time.monotonic() < end:
                if select.select([self._master], [], [], LOOK_AGAIN_S)[0] and not self._read():
                    return

    def end(self) -> int:
        """Read to the end; returns the exit status."""
        while self._read():
            pass
        os.close(self._master)
        _, status = os.waitpid(self._child, 0)
        return os.waitstatus_to_exitcode(status)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], WAIT_S)
        if not ready:
            return False
        try:
            data = os.read(self._master, CHUNK)
        except OSError:
            # Linux's way of saying that the other side has closed.
            return False
        self.shown += data.decode(errors="replace").replace("\r\n", "\n")
        return bool(data)
