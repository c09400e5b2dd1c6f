"""Readers and cards that come and go, watched across everything that PC/SC services do to those who watch them.

A service that dies, is restarted or hangs ends other programs' watches for good. Here it is one more event: the conversation is given up,
another one is tried every so often, and what is different afterwards is told like any other change. A card that was taken out and put in
again between two looks is noticed by the service's own count of events.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Literal, Self

from hardware.errors import HardwareError
from hardware.readers.errors import ReaderLibraryMissing
from hardware.readers.process import CHILD, ReaderProcess

RETRY_S: Final = 0.25
MARGIN_S: Final = 3

What = Literal["service_lost", "service_back", "reader_added", "reader_removed", "card_inserted", "card_removed"]


@dataclass(frozen=True, slots=True)
class ReaderState:
    """A reader at one moment.

    Args:
        name: as the service calls it.
        card: whether a card is in it; mute: one that does not speak.
        atr: the card's answer to reset; empty without a card that speaks.
        events: the service's count of what happened in the reader.
        in_use: whether a program is connected to the card.
    """

    name: str
    card: bool
    mute: bool = False
    atr: bytes = b""
    events: int = 0
    in_use: bool = False


@dataclass(frozen=True, slots=True)
class ReaderEvent:
    """Something that happened.

    Args:
        what: `service_lost` and `service_back` say that nothing could be seen in between; the others name a reader.
        reader: its name; empty for events of the service.
        atr: of an inserted card; empty when it is mute.
        detail: why the service was lost.
    """

    what: What
    reader: str = ""
    atr: bytes = b""
    detail: str = ""


Observer = Callable[[ReaderEvent], None]


class ReaderWatch:
    """A watch; a context that ends its child process. Not for two threads at once, but `stop()` may come from any.

    Args:
        observers: called with every event, in order, by the thread that waits.
        command: the child process's command line.
    """

    def __init__(self, observers: Sequence[Observer] = (), command: Sequence[str] = CHILD) -> None:
        self._observers = tuple(observers)
        self._command = command
        self._process: ReaderProcess | None = None
        self._known: dict[str, ReaderState] = {}
        self._lost = False
        self._stopped = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def readers(self) -> tuple[ReaderState, ...]:
        """What was seen last; nothing while the service is lost."""
        return tuple(self._known.values())

    def wait(self, timeout_s: float) -> tuple[ReaderEvent, ...]:
        """Wait until something happens. The first call tells at once what is there already.

        Returns:
            The events in order; none when nothing happened within `timeout_s` seconds.

        Raises:
            ReaderLibraryMissing: this installation can never see a reader.
        """
        deadline = time.monotonic() + timeout_s
        while not self._stopped.is_set():
            events = self._look(deadline)
            for event in events:
                for observer in self._observers:
                    observer(event)
            left = deadline - time.monotonic()
            if events or left <= 0:
                return events
            if self._lost:
                self._stopped.wait(min(RETRY_S, left))
        return ()

    def run(self, slice_s: float = 60) -> None:
        """Tell the observers until `stop()`."""
        while not self._stopped.is_set():
            self.wait(slice_s)

    def run_for(self, seconds: float) -> None:
        """Tell the observers so long, or until `stop()`."""
        deadline = time.monotonic() + seconds
        left = seconds
        while left >= 0 and not self._stopped.is_set():
            self.wait(left)
            left = deadline - time.monotonic()

    def stop(self) -> None:
        """End `run()` at its next event, or when its present slice of waiting is over."""
        self._stopped.set()

    def close(self) -> None:
        """End the conversation; harmless without one."""
        process, self._process = self._process, None
        if process is not None:
            process.end()

    def _look(self, deadline: float) -> tuple[ReaderEvent, ...]:
        try:
            seen = self._ask(deadline)
        except ReaderLibraryMissing:
            self.close()
            raise
        except HardwareError as error:
            return self._lose(str(error))
        back = (ReaderEvent("service_back"),) if self._lost else ()
        self._lost = False
        known, self._known = self._known, {state.name: state for state in seen}
        return (*back, *changes(known, self._known))

    def _ask(self, deadline: float) -> list[ReaderState]:
        """What is in the readers, as soon as it is otherwise than known."""
        if self._process is None:
            self._process = ReaderProcess(self._command)
            left_s = 0.0  # a new conversation tells at once what it sees
        else:
            left_s = max(0.0, deadline - time.monotonic())
        answer = self._process.ask({"do": "watch", "ms": round(left_s * 1_000)}, left_s + MARGIN_S)
        return [_state(reader) for reader in answer["readers"]]

    def _lose(self, why: str) -> tuple[ReaderEvent, ...]:
        self.close()
        gone = changes(self._known, {})
        self._known = {}
        if self._lost:
            return ()
        self._lost = True
        return (*gone, ReaderEvent("service_lost", detail=why))


def look(command: Sequence[str] = CHILD) -> tuple[ReaderState, ...]:
    """What is in the readers now.

    Raises:
        ReaderLibraryMissing, ReaderServiceDown, ReaderSilent, ReaderFailed: nobody knows.
    """
    process = ReaderProcess(command)
    try:
        answer = process.ask({"do": "watch", "ms": 0}, MARGIN_S)
    finally:
        process.end()
    return tuple(_state(reader) for reader in answer["readers"])


def changes(before: Mapping[str, ReaderState], after: Mapping[str, ReaderState]) -> tuple[ReaderEvent, ...]:
    """What must have happened between two looks; what left is told before what came."""
    events: list[ReaderEvent] = []
    for name, old in before.items():
        new = after.get(name)
        if old.card and (new is None or not new.card or _another_card(old, new)):
            events.append(ReaderEvent("card_removed", name))
        if new is None:
            events.append(ReaderEvent("reader_removed", name))
    for name, new in after.items():
        known = before.get(name)
        if known is None:
            events.append(ReaderEvent("reader_added", name))
        if new.card and (known is None or not known.card or _another_card(known, new)):
            events.append(ReaderEvent("card_inserted", name, new.atr))
    return tuple(events)


def _another_card(old: ReaderState, new: ReaderState) -> bool:
    """Whether the card left and came between two looks: at least two events."""
    return new.events - old.events >= 2 or (not old.mute and not new.mute and old.atr != new.atr)  # noqa: PLR2004 # out, in


def _state(reader: Mapping[str, Any]) -> ReaderState:
    return ReaderState(
        name=str(reader["name"]),
        card=bool(reader["card"]),
        mute=bool(reader["mute"]),
        atr=bytes.fromhex(str(reader["atr"])),
        events=int(reader["events"]),
        in_use=bool(reader["in_use"]),
    )
