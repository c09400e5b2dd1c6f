"""A card reader over PC/SC as the agent and the commands use it: every call ends in time, with a result or with one clear sentence."""

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Literal

from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.channel import CardChannel
from hardware.errors import CardRemoved, HardwareError
from hardware.readers.process import CHILD, ReaderProcess

LIST_TIMEOUT_S: Final = 5
CONNECT_TIMEOUT_S: Final = 10
TRANSMIT_TIMEOUT_S: Final = 10
STATUS_TIMEOUT_S: Final = 3
WAIT_MARGIN_S: Final = 3


def list_readers(command: Sequence[str] = CHILD) -> list[str]:
    """Names of the readers that are plugged in; at most 32.

    Raises:
        ReaderLibraryMissing, ReaderServiceDown, ReaderSilent, ReaderFailed: nobody knows.
    """
    with _conversation(command) as process:
        return [str(name) for name in process.ask({"do": "list"}, LIST_TIMEOUT_S)["readers"]]


def wait_for_card(reader: str = "", timeout_s: int = 60, command: Sequence[str] = CHILD) -> str:
    """Wait until a card is in a reader whose name begins with `reader`; also for a reader that is yet to be plugged in.

    Returns:
        The reader's name.

    Raises:
        NoReader: no card came within `timeout_s` seconds.
        ReaderLibraryMissing, ReaderServiceDown, ReaderSilent, ReaderFailed: nobody knows.
    """
    with _conversation(command) as process:
        request = {"do": "wait", "reader": reader, "seconds": timeout_s, "card": True}
        return str(process.ask(request, timeout_s + WAIT_MARGIN_S)["readers"][0])


def wait_for_removal(reader: str = "", timeout_s: int = 60, command: Sequence[str] = CHILD) -> None:
    """Wait until no card is in any reader whose name begins with `reader`.

    Raises:
        NoReader: a card was still there after `timeout_s` seconds.
        ReaderLibraryMissing, ReaderServiceDown, ReaderSilent, ReaderFailed: nobody knows.
    """
    with _conversation(command) as process:
        request = {"do": "wait", "reader": reader, "seconds": timeout_s, "card": False}
        process.ask(request, timeout_s + WAIT_MARGIN_S)


class PcscCard:
    """A card in a PC/SC reader, held by nobody else; a `CardChannel`.

    Args:
        process: the conversation with the card.
        atr: the answer to reset.
    """

    def __init__(self, process: ReaderProcess, atr: bytes) -> None:
        self._process = process
        self._atr = atr

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return self._atr

    def transmit(self, command: CommandApdu) -> ResponseApdu:
        """Send one command.

        Raises:
            CardRemoved: no answer came within TRANSMIT_TIMEOUT_S: the card was pulled, the reader unplugged, the service died or hangs;
                whether the command was carried out is unknown.
            MalformedCardData: what came is not an answer.
        """
        try:
            answer = self._process.ask({"do": "transmit", "apdu": command.to_bytes().hex()}, TRANSMIT_TIMEOUT_S)
        except CardRemoved:
            raise
        except HardwareError as error:
            raise CardRemoved(str(error)) from None
        response = bytes.fromhex(str(answer["response"]))
        if not response:  # some drivers report a card that left in this way
            raise CardRemoved
        return ResponseApdu.from_bytes(response)


class PcscReader:
    """The reader whose name begins with `wanted`, or with an empty one any reader: the one that has a card in it.

    Each connection is a child process of its own: what the service did to an earlier one is forgotten with it, so a service that was
    restarted or a reader that was plugged in again is simply there at the next `connect()`.

    Args:
        wanted: the beginning of the reader's name.
        command: the child process's command line.
    """

    realm: Literal["unproven"] = "unproven"

    def __init__(self, wanted: str = "", command: Sequence[str] = CHILD) -> None:
        self._wanted = wanted
        self._command = command
        self._process: ReaderProcess | None = None
        self._name = wanted or "PC/SC reader"

    def __repr__(self) -> str:
        return f"PcscReader({self._name}, {'connected' if self._process else 'not connected'})"

    @property
    def name(self) -> str:
        """The name of the reader that was connected last."""
        return self._name

    def connect(self) -> CardChannel:
        """Reset the card and keep it for oneself; a connection made before is dead.

        Raises:
            NoReader: no such reader, no card in it, or cards in several.
            ReaderBusy: another program holds the card.
            CardMute: the card does not speak.
            ReaderLibraryMissing, ReaderServiceDown, ReaderSilent, ReaderFailed: the reader cannot be used.
        """
        self.disconnect()
        process = ReaderProcess(self._command)
        try:
            answer: dict[str, Any] = process.ask({"do": "connect", "reader": self._wanted}, CONNECT_TIMEOUT_S)
        except HardwareError:
            process.end()
            raise
        self._process, self._name = process, str(answer["reader"])
        return PcscCard(process, bytes.fromhex(answer["atr"]))

    def is_there(self) -> bool:
        """Whether the connected card is still in the reader and under power; one that is gone is let go of."""
        if self._process is None:
            return False
        with contextlib.suppress(HardwareError):
            self._process.ask({"do": "status"}, STATUS_TIMEOUT_S)
            return True
        self.disconnect()
        return False

    def disconnect(self) -> None:
        """Take the power from the card and let others have the reader; harmless without a connection."""
        process, self._process = self._process, None
        if process is not None:
            process.end()


@contextmanager
def _conversation(command: Sequence[str]) -> Iterator[ReaderProcess]:
    process = ReaderProcess(command)
    try:
        yield process
    finally:
        process.end()
