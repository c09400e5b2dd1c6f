"""The card's side of the virtual reader's protocol, byte for byte, and that it never stays behind."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hardware.card.purse import get_challenge
from hardware.emulator import EmulatedCard, blank_card
from hardware.emulator.vpcd import VpcdSlot, connect, serve
from hardware.errors import CardRemoved, NoReader, ReaderBusy
from tests.hardware.emulator.make_cards import CHIP_SERIAL

CHALLENGE = get_challenge(4).to_bytes()
END_S = 10


class Driver:
    """What vpcd does: it listens, takes the card's connection, and sends framed messages."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listening.getsockname()[1]

    def accept(self) -> None:
        self.card, _ = self.listening.accept()
        self.card.settimeout(END_S)

    def send(self, message: bytes) -> None:
        self.card.sendall(len(message).to_bytes(2) + message)

    def ask(self, message: bytes) -> bytes:
        self.send(message)
        return self.receive()

    def receive(self) -> bytes:
        length = self.card.recv(2, socket.MSG_WAITALL)
        return self.card.recv(int.from_bytes(length), socket.MSG_WAITALL) if length else b""


@contextmanager
def inserted(card: EmulatedCard) -> Iterator[tuple[Driver, VpcdSlot]]:
    driver = Driver()
    slot = VpcdSlot(driver.port)
    with driver.listening:
        slot.insert(card)
        driver.accept()
        with driver.card:
            yield driver, slot
        slot.remove()


@pytest.fixture
def card() -> EmulatedCard:
    return EmulatedCard(blank_card(CHIP_SERIAL, bytes(16)))


def test_controls_and_commands(card: EmulatedCard) -> None:
    """Power and reset are not answered, the ATR and each command are."""
    with inserted(card) as (driver, slot):
        assert driver.ask(b"\x04") == card.atr
        driver.send(b"\x01")
        answer = driver.ask(CHALLENGE)
        assert (len(answer), answer[-2:]) == (6, b"\x90\x00")
        driver.send(b"\x02")
        assert driver.ask(b"\x04") == card.atr
        assert driver.ask(b"\x00\x84") == b"\x67\x00", "half a command"
        assert driver.ask(bytes(60_000)) == b"\x67\x00", "longer than any"
        assert repr(slot).startswith("VpcdSlot(")


def test_without_power_the_card_is_gone(card: EmulatedCard) -> None:
    """A command after power-off is a command to no card: the connection ends instead of an answer."""
    with inserted(card) as (driver, slot):
        driver.send(b"\x00")
        assert driver.ask(CHALLENGE) == b""
        assert slot.wait_until_gone(END_S)


def test_tear_pulls_the_card(card: EmulatedCard) -> None:
    """A planned power cut is seen by the reader as a card that was pulled."""
    with inserted(card) as (driver, slot):
        driver.send(b"\x01")
        assert driver.ask(CHALLENGE)
        assert not slot.wait_until_gone(0)
        card.tear(0, "after")
        assert driver.ask(CHALLENGE) == b""
        assert slot.wait_until_gone(END_S)


def test_removal_ends_it(card: EmulatedCard) -> None:
    """Pulling needs no consent of the reader, frees the card, and may be done twice."""
    with inserted(card) as (driver, slot):
        with pytest.raises(ReaderBusy):
            slot.insert(card)
        slot.remove()
        slot.remove()
        assert driver.receive() == b""
        with pytest.raises(CardRemoved):
            card.reset()
        assert slot.wait_until_gone(0)


@pytest.mark.parametrize("sent", [b"", b"\x00", b"\x00\x00", b"\x00\x05\x00"])
def test_service_leaves_in_the_middle(card: EmulatedCard, sent: bytes) -> None:
    """A service that dies between or inside messages is an end like any other."""
    ours, theirs = socket.create_server(("127.0.0.1", 0)), socket.socket()
    with ours:
        theirs.connect(ours.getsockname())
        connection, _ = ours.accept()
    theirs.sendall(sent)
    theirs.close()
    assert serve(card, connection) == "closed"


def test_service_that_starts_is_waited_for(card: EmulatedCard) -> None:
    """A card may be ready before its reader; without a reader it says so in time."""
    with pytest.raises(NoReader, match="no virtual reader listens on"):
        connect(1, timeout_s=0.05)
    reserved = socket.socket()
    reserved.bind(("127.0.0.1", 0))
    thread = threading.Timer(0.05, reserved.listen)
    thread.start()
    with connect(reserved.getsockname()[1], timeout_s=END_S):
        thread.join()
    reserved.close()
    card.remove()
