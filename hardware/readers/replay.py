"""A session with a card as a file, and the file as a card: what was seen once at a counter can be looked at anywhere.

A recording is JSON lines: `{"recording": 1, "atr": …}`, then for each step `{"command": …, "response": …}`, or
`{"command": …, "lost": reason}` for an answer that never came, or `{"reset": atr}`. The data of a command that may hold a PIN, a key or a
name is not kept: `{"command": header, "masked": number of bytes, …}`. Answers are kept whole, so the file is its owner's only (mode 0600).
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TextIO, TypeVar

from hardware.card.apdu import MAX_RESPONSE_BYTES, SW_BYTES, CommandApdu, ResponseApdu
from hardware.card.channel import CardChannel
from hardware.errors import CardRemoved, MalformedCardData
from hardware.readers.errors import RecordingDiffers, RecordingInvalid
from hardware.readers.trace import is_open, name_of, written

FORMAT: Final = 1
MAX_STEPS: Final = 10_000
MAX_LINE_CHARACTERS: Final = 4_096
MAX_ATR_BYTES: Final = 33
MAX_MASKED_BYTES: Final = 255
MAX_REASON_CHARACTERS: Final = 200
FILE_MODE: Final = 0o600
HEADER_BYTES: Final = 4
MAX_COMMAND_BYTES: Final = HEADER_BYTES + 1 + 255 + 1

Parsed = TypeVar("Parsed")


class RecordedCard:
    """A `CardChannel` around another one, which writes every step to a new file; a context that closes it.

    Args:
        card: the channel that is recorded.
        path: the file; there must be none of this name.
        reset: how the card is reset, if it can be.

    Raises:
        RecordingInvalid: the file is there already, or cannot be written.
    """

    def __init__(self, card: CardChannel, path: Path, reset: Callable[[], bytes] | None = None) -> None:
        self._card = card
        self._path = path
        self._reset = reset
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
        except OSError as error:
            raise RecordingInvalid(path, error.strerror or "cannot be written") from None
        self._file: TextIO = os.fdopen(descriptor, "w", encoding="ascii")
        self._steps = 0
        self._write({"recording": FORMAT, "atr": _hex(card.atr)})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    @property
    def atr(self) -> bytes:
        """Of the recorded card."""
        return self._card.atr

    @property
    def steps(self) -> int:
        """How many steps were written."""
        return self._steps

    def transmit(self, command: CommandApdu) -> ResponseApdu:
        """Pass a command on, and write both sides down.

        Raises:
            CardRemoved: no answer came; that is a step too.
            RecordingInvalid: the recording is full, or the file cannot be written.
        """
        step = _command_step(command)
        try:
            response = self._card.transmit(command)
        except CardRemoved as error:
            self._step({**step, "lost": str(error)[:MAX_REASON_CHARACTERS]})
            raise
        self._step({**step, "response": _hex(response.to_bytes())})
        return response

    def reset(self) -> bytes:
        """Reset the card, as a step. Returns the ATR.

        Raises:
            CardRemoved: the card did not come back.
        """
        atr = self._card.atr if self._reset is None else self._reset()
        self._step({"reset": _hex(atr)})
        return atr

    def _step(self, step: dict[str, Any]) -> None:
        if self._steps == MAX_STEPS:
            raise RecordingInvalid(self._path, f"more than {MAX_STEPS} steps")
        self._steps += 1
        self._write(step)

    def _write(self, line: dict[str, Any]) -> None:
        try:
            self._file.write(json.dumps(line) + "\n")
            self._file.flush()
        except OSError as error:
            raise RecordingInvalid(self._path, error.strerror or "cannot be written") from None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a recording.

    Args:
        command: zeros stand for data that was not kept; None for a reset.
        response: what came; None for an answer that was lost, and for a reset.
        atr: after a reset.
        lost: why no answer came.
    """

    command: CommandApdu | None = None
    response: ResponseApdu | None = None
    atr: bytes = b""
    lost: str = ""


class ReplayedCard:
    """A recording as a `CardChannel`: it answers exactly the recorded commands in the recorded order.

    Args:
        atr: at the beginning.
        steps: what happened.
    """

    def __init__(self, atr: bytes, steps: tuple[Step, ...]) -> None:
        self._atr = atr
        self._steps = steps
        self._done = 0

    def __repr__(self) -> str:
        return f"ReplayedCard({self._done} of {len(self._steps)} steps)"

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a recording.

        Raises:
            RecordingInvalid: not there, too long, or not a recording; the reason names the line, never its content.
        """
        try:
            with path.open(encoding="ascii") as file:
                lines = _lines(file)
        except OSError as error:
            raise RecordingInvalid(path, error.strerror or "cannot be read") from None
        except UnicodeDecodeError:
            raise RecordingInvalid(path, "not text") from None
        if not lines or len(lines) > MAX_STEPS + 1:
            raise RecordingInvalid(path, f"more than {MAX_STEPS} steps" if lines else "empty")
        atr = _parsed(path, 1, lines[0], _first)
        steps = [_parsed(path, number, line, _read_step) for number, line in enumerate(lines[1:], start=2)]
        return cls(atr, tuple(steps))

    @property
    def atr(self) -> bytes:
        """The answer to the last reset."""
        return self._atr

    @property
    def steps(self) -> tuple[Step, ...]:
        """All of them."""
        return self._steps

    def transmit(self, command: CommandApdu) -> ResponseApdu:
        """The recorded answer, if this is the recorded command; masked data must only have the recorded length.

        Raises:
            RecordingDiffers: another command was recorded here, or none.
            CardRemoved: the recorded answer was lost.
        """
        came = f"{written(command)} ({name_of(command)})"
        step = self._next(came)
        if step.command is None:
            raise RecordingDiffers(self._done, f"a reset was recorded, and {came} came")
        if _command_step(step.command) != _command_step(command):
            raise RecordingDiffers(self._done, f"{written(step.command)} was recorded, and {came} came")
        if step.response is None:
            raise CardRemoved(step.lost)
        return step.response

    def reset(self) -> bytes:
        """The recorded reset. Returns the ATR.

        Raises:
            RecordingDiffers: no reset was recorded here.
        """
        step = self._next("a reset")
        if step.command is not None:
            raise RecordingDiffers(self._done, f"{written(step.command)} was recorded, and a reset came")
        self._atr = step.atr
        return step.atr

    def _next(self, came: str) -> Step:
        if self._done == len(self._steps):
            raise RecordingDiffers(self._done + 1, f"the recording ends here, and {came} came")
        self._done += 1
        return self._steps[self._done - 1]


def _command_step(command: CommandApdu) -> dict[str, Any]:
    if is_open(command):
        return {"command": _hex(command.to_bytes())}
    return {"command": _hex(command.header()), "masked": len(command.data)}


def _lines(file: TextIO) -> list[str]:
    """The lines, none longer than a step can be; one that is longer is cut and so is no JSON."""
    lines: list[str] = []
    while len(lines) < MAX_STEPS + 2 and (line := file.readline(MAX_LINE_CHARACTERS)):
        lines.append(line)
    return lines


def _parsed(path: Path, number: int, line: str, read: Callable[[str], Parsed]) -> Parsed:
    try:
        return read(line)
    except (ValueError, KeyError, TypeError, MalformedCardData, RecursionError):
        raise RecordingInvalid(path, f"line {number} is not a line of a recording") from None


def _first(line: str) -> bytes:
    table = json.loads(line)
    if table["recording"] != FORMAT:
        raise ValueError("an unknown format")
    return _bytes(table["atr"], MAX_ATR_BYTES)


def _read_step(line: str) -> Step:
    table = json.loads(line)
    if "reset" in table:
        return Step(atr=_bytes(table["reset"], MAX_ATR_BYTES))
    command = _command(table)
    if "lost" in table:
        return Step(command, lost=str(table["lost"])[:MAX_REASON_CHARACTERS])
    return Step(command, ResponseApdu.from_bytes(_bytes(table["response"], MAX_RESPONSE_BYTES + SW_BYTES)))


def _command(table: dict[str, Any]) -> CommandApdu:
    if "masked" not in table:
        return CommandApdu.from_bytes(_bytes(table["command"], MAX_COMMAND_BYTES))
    header = CommandApdu.from_bytes(_bytes(table["command"], HEADER_BYTES))
    command = replace(header, data=bytes(min(int(table["masked"]), MAX_MASKED_BYTES)))
    if is_open(command):
        raise ValueError("data of this command is kept")
    return command


def _bytes(value: object, limit: int) -> bytes:
    if not isinstance(value, str) or len(value) > 2 * limit:
        raise ValueError("not so many bytes")
    return bytes.fromhex(value)


def _hex(value: bytes) -> str:
    return value.hex().upper()
