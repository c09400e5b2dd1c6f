"""An emulated card in a virtual reader of the PC/SC service: the card's side of the protocol of vsmartcard's `vpcd` driver.

The driver listens; the card connects, and the connection is the card in the slot: closing it pulls the card out. Messages both ways are a
length (2 bytes, big-endian) and so many bytes. From the reader one byte is a control (00 power off, 01 power on, 02 reset, none of them
answered; 04 asks for the ATR), anything longer a command; a command is answered by its response.
"""

import contextlib
import socket
import threading
import time
from typing import Final, Literal

from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.status import StatusWord
from hardware.emulator.card import EmulatedCard
from hardware.errors import CardRemoved, MalformedCardData, NoReader, ReaderBusy

Ending = Literal["pulled", "closed"]

LOOPBACK: Final = "127.0.0.1"
DEFAULT_PORT: Final = 35_963  # of the first slot; the second listens on the next one
CONNECT_TIMEOUT_S: Final = 10
RETRY_S: Final = 0.02
MESSAGE_TIMEOUT_S: Final = 10  # for the rest of a message that has begun
LENGTH_BYTES: Final = 2

POWER_OFF: Final = b"\x00"
POWER_ON: Final = b"\x01"
RESET: Final = b"\x02"
GET_ATR: Final = b"\x04"


def connect(port: int = DEFAULT_PORT, host: str = LOOPBACK, timeout_s: float = CONNECT_TIMEOUT_S) -> socket.socket:
    """Reach for the slot; a service that is just starting is waited for.

    Raises:
        NoReader: nobody listened there in time.
    """
    deadline = time.monotonic() + timeout_s
    pause = threading.Event()
    while True:
        left = deadline - time.monotonic()
        try:
            return socket.create_connection((host, port), timeout=max(left, RETRY_S))
        except OSError:
            if left <= 0:
                raise NoReader(f"no virtual reader listens on {host}:{port}; start pcscd with vpcd") from None
        pause.wait(RETRY_S)


def serve(card: EmulatedCard, connection: socket.socket) -> Ending:
    """Be the card in the slot until one of the two sides leaves; the connection is closed then, and the card has no power.

    Returns:
        `pulled`: a planned tear took the card's power, so it left the reader; `closed`: the service ended, or the connection was shut
        down from here.
    """
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while (message := _receive(connection)) is not None:
                answer = _answer(card, message)
                if answer is not None:
                    connection.sendall(len(answer).to_bytes(LENGTH_BYTES) + answer)
        except CardRemoved:
            return "pulled"
        except OSError:
            return "closed"
        finally:
            card.power_off()
    return "closed"


class VpcdSlot:
    """One slot of a virtual reader, served by a thread: cards go in and out as into a reader on the desk.

    Args:
        port: where the slot's driver listens.
        host: on which machine.
    """

    def __init__(self, port: int = DEFAULT_PORT, host: str = LOOPBACK) -> None:
        self._address = (port, host)
        self._connection: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._card: EmulatedCard | None = None

    def __repr__(self) -> str:
        return f"VpcdSlot({self._address[0]}, {self._card or 'empty'})"

    def insert(self, card: EmulatedCard) -> None:
        """Put a card in; the service notices it at its next look, within half a second.

        Raises:
            ReaderBusy: a card is in the slot.
            NoReader: there is no such reader.
        """
        if self._thread is not None:
            raise ReaderBusy("a card is in the virtual reader")
        self._connection = connect(*self._address)
        self._card = card
        self._thread = threading.Thread(target=serve, args=(card, self._connection), daemon=True)
        self._thread.start()

    def remove(self) -> None:
        """Pull the card out, whatever it is doing, and free its image; harmless when the slot is empty."""
        if self._connection is not None:
            with contextlib.suppress(OSError):  # the other side may have left before
                self._connection.shutdown(socket.SHUT_RDWR)
        if self._thread is not None:
            self._thread.join()
        if self._card is not None:
            self._card.remove()
        self._connection = self._thread = self._card = None

    def wait_until_gone(self, timeout_s: float) -> bool:
        """Wait until the card has left by itself (a tear, or the service ended); False when it is still in after `timeout_s`."""
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()


def _answer(card: EmulatedCard, message: bytes) -> bytes | None:
    if message in {POWER_ON, RESET}:
        card.reset()
        return None
    if message == POWER_OFF:
        card.power_off()
        return None
    if message == GET_ATR:
        return card.atr
    try:
        command = CommandApdu.from_bytes(message)
    except MalformedCardData:
        return ResponseApdu(b"", StatusWord.WRONG_LENGTH).to_bytes()
    return card.transmit(command).to_bytes()


def _receive(connection: socket.socket) -> bytes | None:
    """The next message; None when the other side has closed the connection."""
    connection.settimeout(None)  # between messages the service may be silent for as long as it likes
    first = _exactly(connection, 1)
    connection.settimeout(MESSAGE_TIMEOUT_S)
    rest = _exactly(connection, LENGTH_BYTES - 1)
    return None if not first or not rest else _exactly(connection, int.from_bytes(first + rest)) or None


def _exactly(connection: socket.socket, count: int) -> bytes:
    """So many bytes; none when the connection ended before."""
    received = bytearray()
    while len(received) < count:
        # The driver writes length and body apart: without an acknowledgement at once it holds the body back for 40 ms. The kernel
        # forgets the wish after each segment.
        with contextlib.suppress(AttributeError):  # a system without the option is only slower
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        part = connection.recv(count - len(received))
        if not part:
            return b""
        received += part
    return bytes(received)
