"""What must have happened between two looks at the readers; the real service is in tests/reader."""

import sys
import threading

import pytest

from hardware.readers import watch
from hardware.readers.errors import ReaderLibraryMissing
from hardware.readers.process import CHILD
from hardware.readers.watch import ReaderEvent, ReaderState, ReaderWatch, changes, look

EMPTY = ReaderState("A", card=False, events=2)
FULL = ReaderState("A", card=True, atr=b"\x3b\x00", events=3)


def told(before: ReaderState | None, after: ReaderState | None) -> list[str]:
    tables = [{} if state is None else {state.name: state} for state in (before, after)]
    return [event.what for event in changes(*tables)]


@pytest.mark.parametrize(
    ("before", "after", "events"),
    [
        (None, None, []),
        (EMPTY, EMPTY, []),
        (None, FULL, ["reader_added", "card_inserted"]),
        (FULL, None, ["card_removed", "reader_removed"]),
        (EMPTY, FULL, ["card_inserted"]),
        (FULL, EMPTY, ["card_removed"]),
        (FULL, ReaderState("A", card=True, atr=b"\x3b\x00", events=5), ["card_removed", "card_inserted"]),
        (FULL, ReaderState("A", card=True, atr=b"\x3b\x01", events=3), ["card_removed", "card_inserted"]),
        (FULL, ReaderState("A", card=True, atr=b"\x3b\x00", events=3, in_use=True), []),
        (EMPTY, ReaderState("A", card=True, mute=True, events=3), ["card_inserted"]),
        (ReaderState("A", card=True, mute=True, events=3), FULL, []),
    ],
)
def test_changes(before: ReaderState | None, after: ReaderState | None, events: list[str]) -> None:
    """Also a card that was swapped between two looks is a card that left and one that came."""
    assert told(before, after) == events


def child(*lines: str) -> tuple[str, ...]:
    """A child that gives these answers, one for each request, and then dies."""
    code = f"import sys\nfor line in {lines!r}:\n sys.stdin.readline(); print(line, flush=True)"
    return (sys.executable, "-c", code)


FOUND = '{"readers": [{"name": "A", "card": true, "mute": false, "in_use": false, "atr": "3b00", "events": 1}]}'
DOWN = '{"refused": "no_service", "because": "it does not run"}'


def test_observers_are_told_of_a_loss_and_the_return(monkeypatch: pytest.MonkeyPatch) -> None:
    """A conversation that dies is replaced, and everything that follows from it is told, once."""
    monkeypatch.setattr(watch, "RETRY_S", 0.01)
    events: list[ReaderEvent] = []
    with ReaderWatch([events.append], child(FOUND)) as watching:
        assert [event.what for event in watching.wait(20)] == ["reader_added", "card_inserted"]
        assert watching.readers() == (ReaderState("A", card=True, atr=b"\x3b\x00", events=1),)
        lost = watching.wait(20)
        assert [event.what for event in lost] == ["card_removed", "reader_removed", "service_lost"]
        assert lost[-1].detail == "the reader's process ended"
        back = watching.wait(20)
        assert [event.what for event in back] == ["service_back", "reader_added", "card_inserted"]
    assert len(events) == 8


def test_watch_of_a_service_that_is_not_there_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loss is told once, however often the service is looked for."""
    monkeypatch.setattr(watch, "RETRY_S", 0.01)
    events: list[ReaderEvent] = []
    with ReaderWatch([events.append], child(DOWN)) as watching:
        watching.run_for(0.3)
    assert [event.what for event in events] == ["service_lost"]
    assert events[0].detail == "it does not run"


def test_watch_is_stopped_from_another_thread() -> None:
    """A program that ends does not wait for a card."""
    watching = ReaderWatch([lambda _: watching.stop()], child(FOUND))
    running = threading.Thread(target=watching.run)
    running.start()
    running.join(20)
    assert not running.is_alive()
    assert watching.wait(20) == ()
    watching.close()


def test_installation_without_the_library_is_not_watched_for_ever() -> None:
    """What no waiting mends is said at once."""
    without = (sys.executable, "-S", *CHILD[1:])
    with ReaderWatch(command=without) as watching, pytest.raises(ReaderLibraryMissing):
        watching.wait(20)
    with pytest.raises(ReaderLibraryMissing):
        look(without)
