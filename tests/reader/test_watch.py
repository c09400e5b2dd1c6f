"""A watch over a real PC/SC service: what comes and goes is told once and in order, whatever happens to the service."""

import signal

import pytest

from hardware.readers import watch
from hardware.readers.watch import ReaderEvent, ReaderWatch, look
from tests.hardware.emulator.make_cards import CHIP_SERIAL, personalised_card
from tests.reader.stack import VirtualReader

SEEN_S = 10


def words(events: list[ReaderEvent]) -> list[str]:
    return [f"{event.what} {event.reader}".strip() for event in events]


class Notebook:
    """An observer, and a watch that is read until something has been told."""

    def __init__(self, reader: VirtualReader) -> None:
        self.events: list[ReaderEvent] = []
        self.watch = ReaderWatch([self.events.append], reader.command)

    def until(self, what: str) -> list[str]:
        """Everything told up to `what`; the notebook is empty then."""
        while not any(event.what == what for event in self.events):
            assert self.watch.wait(SEEN_S), f"only {words(self.events)} within {SEEN_S} s, no {what}"
        told = words(self.events)
        self.events.clear()
        return told


def test_readers_and_cards_come_and_go_while_the_service_dies(virtual_reader: VirtualReader) -> None:
    """A station that watches learns of cards, of the death of pcscd, of its return, and of what is plugged in then."""
    one, other = virtual_reader.name(0), virtual_reader.name(1)
    notebook = Notebook(virtual_reader)
    with notebook.watch:
        assert notebook.until("reader_added") == [f"reader_added {one}", f"reader_added {other}"]
        virtual_reader.slots[1].insert(personalised_card(None))
        (event,) = notebook.watch.wait(SEEN_S)
        assert (event.what, event.reader) == ("card_inserted", other)
        assert CHIP_SERIAL in event.atr
        virtual_reader.service.kill()
        notebook.events.clear()
        gone = [f"card_removed {other}", f"reader_removed {one}", f"reader_removed {other}"]
        assert sorted(notebook.until("service_lost")) == sorted([*gone, "service_lost"])
        assert notebook.watch.readers() == ()
        virtual_reader.empty()
        virtual_reader.service.plug_in()
        virtual_reader.service.start()
        told = notebook.until("reader_added")
        assert told[:3] == ["service_back", f"reader_added {one}", f"reader_added {other}"]
        assert told[3:] == ["reader_added Second PCD 00 00", "reader_added Second PCD 00 01"]
        virtual_reader.slots[0].insert(personalised_card(None))
        assert notebook.until("card_inserted") == [f"card_inserted {one}"]
        virtual_reader.slots[0].remove()
        assert notebook.until("card_removed") == [f"card_removed {one}"]


def test_reader_is_unplugged(virtual_reader: VirtualReader) -> None:
    """A reader that is away after a restart is told as removed, and what is in the others as it is."""
    virtual_reader.service.stop()
    virtual_reader.service.plug_in()
    virtual_reader.service.start()
    assert len(look(virtual_reader.command)) == 4
    notebook = Notebook(virtual_reader)
    with notebook.watch:
        notebook.until("reader_added")
        virtual_reader.service.stop()
        virtual_reader.service.unplug()
        virtual_reader.service.start()
        notebook.until("service_back")
        assert [reader.name for reader in notebook.watch.readers()] == [virtual_reader.name(0), virtual_reader.name(1)]


def test_service_that_hangs_is_a_service_that_is_lost(
    virtual_reader: VirtualReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A watch does not wait for ever with a pcscd that waits for ever, and finds it again when it goes on."""
    monkeypatch.setattr(watch, "MARGIN_S", 0.3)
    notebook = Notebook(virtual_reader)
    with notebook.watch:
        notebook.until("reader_added")
        virtual_reader.service.signal(signal.SIGSTOP)
        try:
            notebook.watch.wait(0.2)  # what hangs is noticed when the time is over
            assert notebook.until("service_lost")[-1] == "service_lost"
        finally:
            virtual_reader.service.signal(signal.SIGCONT)
        assert notebook.until("reader_added")[0] == "service_back"
