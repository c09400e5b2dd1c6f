"""Readers and cards as the real PC/SC service shows them, and a service that hangs."""

import signal
import threading

import pytest

from hardware.card.purse import get_challenge
from hardware.emulator import ChipOptions, EmulatedCard
from hardware.emulator.image import CardImage
from hardware.errors import CardRemoved, NoReader, ReaderBusy
from hardware.readers import process, reader, watch
from hardware.readers.errors import ReaderServiceDown, ReaderSilent
from hardware.readers.reader import PcscReader, list_readers, wait_for_card, wait_for_removal
from tests.hardware.emulator.make_cards import CHIP_SERIAL, load, personalised_card
from tests.reader.stack import VirtualReader


def test_card_is_waited_for(virtual_reader: VirtualReader) -> None:
    """A station that waits learns of the card when it comes, of its leaving when it goes, and gives up in time."""
    with pytest.raises(NoReader, match="no card came in time"):
        wait_for_card(timeout_s=1, command=virtual_reader.command)
    coming = threading.Thread(target=virtual_reader.insert, args=(personalised_card(None), 1))
    coming.start()
    assert wait_for_card("Virtual", 20, virtual_reader.command) == virtual_reader.name(1)
    coming.join()
    with pytest.raises(NoReader, match="not taken out in time"):
        wait_for_removal(timeout_s=0, command=virtual_reader.command)
    going = threading.Thread(target=virtual_reader.remove, args=(1,))
    going.start()
    wait_for_removal(timeout_s=20, command=virtual_reader.command)
    going.join()


def test_service_dies_while_a_card_is_waited_for(virtual_reader: VirtualReader) -> None:
    """The wait ends with the service, not with its deadline."""
    dying = threading.Timer(0.3, virtual_reader.service.kill)
    dying.start()
    with pytest.raises(ReaderServiceDown):
        wait_for_card(timeout_s=60, command=virtual_reader.command)
    dying.join()
    with pytest.raises(ReaderServiceDown, match="apt-get install pcscd"):
        list_readers(virtual_reader.command)


@pytest.mark.parametrize("transport", ["T=0", "T=1"])
def test_money_is_loaded_over_either_protocol(virtual_reader: VirtualReader, transport: str) -> None:
    """Commands with data both ways work on chips that answer at once and on those that let the answer be fetched."""
    options = ChipOptions(transport="T=0" if transport == "T=0" else "T=1")
    virtual_reader.insert(personalised_card(None, options=options))
    one = PcscReader(virtual_reader.name(), virtual_reader.command)
    assert len(load(one.connect(), 2_000)) == 4
    one.disconnect()


def test_card_is_held_by_one(virtual_reader: VirtualReader) -> None:
    """Nobody else talks to the card between two commands of a transaction; a new connection resets it."""
    virtual_reader.insert(personalised_card(None))
    one, other = PcscReader(command=virtual_reader.command), PcscReader(command=virtual_reader.command)
    first = one.connect()
    assert CHIP_SERIAL in first.atr
    with pytest.raises(ReaderBusy):
        other.connect()
    assert one.is_there()
    second = one.connect()
    assert second.transmit(get_challenge()).ok
    with pytest.raises(CardRemoved):
        first.transmit(get_challenge())
    one.disconnect()
    other.connect()
    other.disconnect()


def test_service_that_hangs(virtual_reader: VirtualReader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that is there and says nothing holds neither a command nor the next session."""
    for module, name in ((reader, "STATUS_TIMEOUT_S"), (reader, "CONNECT_TIMEOUT_S"), (watch, "MARGIN_S")):
        monkeypatch.setattr(module, name, 0.5)
    monkeypatch.setattr(process, "START_TIMEOUT_S", 1)
    virtual_reader.insert(personalised_card(None))
    one = PcscReader(command=virtual_reader.command, timeout_s=0.5)
    card = one.connect()
    virtual_reader.service.signal(signal.SIGSTOP)
    try:
        with pytest.raises(CardRemoved, match="no answer in time"):
            card.transmit(get_challenge())
        assert not one.is_there()
        with pytest.raises(ReaderSilent):
            one.connect()
    finally:
        virtual_reader.service.signal(signal.SIGCONT)


def test_removal_is_noticed(virtual_reader: VirtualReader) -> None:
    """A card that was pulled and put in again is another session: the old channel stays dead."""
    image: CardImage = personalised_card(None).image
    virtual_reader.insert(EmulatedCard(image))
    one = PcscReader(command=virtual_reader.command)
    card = one.connect()
    virtual_reader.remove()
    virtual_reader.insert(EmulatedCard(image))
    assert not one.is_there()
    with pytest.raises(CardRemoved):
        card.transmit(get_challenge())
    assert one.connect().transmit(get_challenge()).ok
    one.disconnect()
