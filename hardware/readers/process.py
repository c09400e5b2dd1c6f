"""One conversation with the PC/SC service, held by a child process and bounded by a deadline."""

import contextlib
import json
import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from hardware.errors import CardRemoved, HardwareError, NoReader, ReaderBusy
from hardware.readers.errors import (
    CardMute,
    NoCard,
    ReaderFailed,
    ReaderGone,
    ReaderLibraryMissing,
    ReaderServiceDown,
    ReaderSilent,
    ResetByAnother,
    SeveralCards,
)

START_TIMEOUT_S: Final = 10  # a cold disk under the first import, on top of the first request's own time
END_TIMEOUT_S: Final = 2
MAX_ANSWER_BYTES: Final = 16_384
# -P: the child's own folder is not a place to import from.
CHILD: Final = (sys.executable, "-P", str(Path(__file__).with_name("pcsc.py")))

REFUSALS: Final[Mapping[str, type[HardwareError]]] = {
    "no_library": ReaderLibraryMissing,
    "no_service": ReaderServiceDown,
    "no_reader": NoReader,
    "no_card": NoCard,
    "several_cards": SeveralCards,
    "reader_gone": ReaderGone,
    "reader_busy": ReaderBusy,
    "card_removed": CardRemoved,
    "reset_by_another": ResetByAnother,
    "card_mute": CardMute,
    "reader_failed": ReaderFailed,
}


class ReaderProcess:
    """A child that speaks PC/SC. Not for two threads at once. After ReaderSilent or ReaderFailed it is dead.

    Args:
        command: the child's command line; a test gives one that misbehaves.
    """

    def __init__(self, command: Sequence[str] = CHILD) -> None:
        self._process = subprocess.Popen(  # noqa: S603 # our own file
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            process_group=0,  # Ctrl-C is for the caller, who ends the conversation in order
        )
        self._received = b""
        self._extra_s = START_TIMEOUT_S

    @property
    def alive(self) -> bool:
        """Whether it may still be asked."""
        return self._process.poll() is None

    def ask(self, request: Mapping[str, Any], timeout_s: float) -> dict[str, Any]:
        """Send a request and wait for its answer, no longer than `timeout_s`.

        Raises:
            ReaderSilent: no answer in time; the child was killed, and what the card did is unknown.
            ReaderFailed: the child died, or answered what it never says.
            HardwareError: what the service, the reader or the card refused.
        """
        deadline = time.monotonic() + timeout_s + self._extra_s
        with contextlib.suppress(OSError):  # one that died says why in what it has already written, or by its end
            self._stdin.write(json.dumps(request).encode() + b"\n")
            self._stdin.flush()
        answer = self._read(self._line(deadline))
        self._extra_s = 0
        if "refused" in answer:
            raise REFUSALS.get(str(answer["refused"]), ReaderFailed)(str(answer.get("because", "no reason given")))
        return answer

    def end(self) -> None:
        """Take the power from the card and end the child; one that hangs is killed. Harmless when it is dead."""
        with contextlib.suppress(OSError):
            self._stdin.write(b'{"do": "end"}\n')
            self._stdin.flush()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_TIMEOUT_S)
        self._kill()

    def _kill(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):  # what stood unsent in a pipe that nobody reads any more
                if pipe is not None:
                    pipe.close()

    @property
    def _stdin(self) -> Any:  # noqa: ANN401 # a pipe, as Popen was told
        if self._process.stdin is None or self._process.stdin.closed:
            raise BrokenPipeError
        return self._process.stdin

    def _line(self, deadline: float) -> bytes:
        """The next whole line."""
        pipe = self._process.stdout
        while b"\n" not in self._received:
            if pipe is None or pipe.closed:
                raise ReaderFailed("the conversation with the reader is over")
            ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
            part = os.read(pipe.fileno(), MAX_ANSWER_BYTES) if ready else b""
            if not part or len(self._received) > MAX_ANSWER_BYTES:
                self._kill()
                raise (
                    ReaderFailed("the reader's process ended")
                    if ready
                    else ReaderSilent("the reader gave no answer in time")
                )
            self._received += part
        line, _, self._received = self._received.partition(b"\n")
        return line

    def _read(self, line: bytes) -> dict[str, Any]:
        with contextlib.suppress(ValueError):
            answer = json.loads(line)
            if isinstance(answer, dict):
                return answer
        self._kill()
        raise ReaderFailed("the reader's process said nothing that can be read")
