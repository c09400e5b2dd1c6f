"""A card reader over PC/SC as the agent and the commands use it: every call ends in time, with a result or with one clear sentence."""

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Literal

from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.channel import CardChannel
from hardware.errors import CardRemoved, HardwareError, NoReader, ReaderBusy
from hardware.readers.errors import ReaderGone, ReaderSilent, ResetByAnother
from hardware.readers.process import CHILD, ReaderProcess
from hardware.readers.watch import look

LIST_TIMEOUT_S: Final = 5
CONNECT_TIMEOUT_S: Final = 10
TRANSMIT_TIMEOUT_S: Final = 10
STATUS_TIMEOUT_S: Final = 3
HOLD_TIMEOUT_S: Final = 10
HOLD_TRIES: Final = 3
WAIT_MARGIN_S: Final = 3
KEPT: Final = "another program keeps the card for itself"


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
        NoCard: no card came within `timeout_s` seconds.
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
    """A card in a PC/SC reader; a `CardChannel`. Not for two threads at once.

    A card that is held exclusively is nobody else's from `connect()` to the end. A shared one is held by a transaction, also to the end
    unless `release()` gives the others a turn.

    Args:
        process: the conversation with the card.
        answer: what the connection answered.
        timeout_s: how long one command may take.
    """

    def __init__(self, process: ReaderProcess, answer: dict[str, Any], timeout_s: float = TRANSMIT_TIMEOUT_S) -> None:
        self._process = process
        self._timeout_s = timeout_s
        self._read(answer)

    @property
    def atr(self) -> bytes:
        """The answer to the last reset."""
        return self._atr

    @property
    def protocol(self) -> str:
        """`T=0` or `T=1`: what the card offers first in its ATR, and the reader can do."""
        return self._protocol

    def transmit(self, command: CommandApdu) -> ResponseApdu:
        """Send one command.

        Raises:
            ResetByAnother: another program reset the card, the command was not sent; it comes again until `resume()`.
            CardRemoved: no answer came in time: the card was pulled, the reader unplugged (ReaderGone), the service died or hangs;
                whether the command was carried out is unknown.
            ReaderBusy: another program has its turn at a card that is shared and released; the command was not sent.
            MalformedCardData: what came is not an answer.
        """
        answer = self._ask({"do": "transmit", "apdu": command.to_bytes().hex()}, self._timeout_s)
        response = bytes.fromhex(str(answer["response"]))
        if not response:  # some drivers report a card that left in this way
            raise CardRemoved
        return ResponseApdu.from_bytes(response)

    def reset(self, *, cold: bool = True) -> bytes:
        """Reset the card, with its power taken away for a moment or without. Returns the ATR.

        Raises:
            CardRemoved: it did not come back.
        """
        self._read(self._ask({"do": "reset", "cold": cold}, CONNECT_TIMEOUT_S))
        return self._atr

    def resume(self) -> bytes:
        """After ResetByAnother: go on with a card that has forgotten everything, in the same conversation. Returns the ATR.

        A caller that only reads selects its application again; one that was in a purse transaction asks the card what became of it
        (GET TRANSACTION PROVE) before it does anything else.

        Raises:
            CardRemoved: the card is gone.
        """
        self._read(self._ask({"do": "resume"}, CONNECT_TIMEOUT_S))
        return self._atr

    def hold(self) -> None:
        """Begin the transaction that keeps others from a shared card.

        Raises:
            ReaderBusy: another program did not end its own in time; this conversation is over.
            ResetByAnother: the card was reset since it was released.
            CardRemoved: the card is gone.
        """
        try:
            self._process.ask({"do": "hold"}, HOLD_TIMEOUT_S)
        except ReaderSilent:
            raise ReaderBusy(KEPT) from None

    def release(self) -> None:
        """End the transaction: others may use the card, and reset it, until `hold()`."""
        self._ask({"do": "release"}, STATUS_TIMEOUT_S)

    def _ask(self, request: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        try:
            return self._process.ask(request, timeout_s)
        except (CardRemoved, ReaderBusy):
            raise
        except HardwareError as error:
            raise CardRemoved(str(error)) from None

    def _read(self, answer: dict[str, Any]) -> None:
        self._atr = bytes.fromhex(str(answer["atr"]))
        self._protocol = str(answer.get("protocol", ""))


class PcscReader:
    """The reader whose name begins with `wanted`, or with an empty one any reader: the one that has a card in it.

    Each connection is a child process of its own: what the service did to an earlier one is forgotten with it, so a service that was
    restarted or a reader that was plugged in again is simply there at the next `connect()`.

    Args:
        wanted: the beginning of the reader's name.
        command: the child process's command line.
        shared: beside other programs, held by a transaction, instead of exclusively; the card is not reset at the beginning then.
        timeout_s: how long one command to the card may take.
    """

    realm: Literal["unproven"] = "unproven"

    def __init__(
        self,
        wanted: str = "",
        command: Sequence[str] = CHILD,
        *,
        shared: bool = False,
        timeout_s: float = TRANSMIT_TIMEOUT_S,
    ) -> None:
        self._wanted = wanted
        self._command = command
        self._shared = shared
        self._timeout_s = timeout_s
        self._process: ReaderProcess | None = None
        self._name = wanted or "PC/SC reader"

    def __repr__(self) -> str:
        return f"PcscReader({self._name}, {'connected' if self._process else 'not connected'})"

    @property
    def name(self) -> str:
        """The name of the reader that was connected last."""
        return self._name

    def connect(self) -> CardChannel:
        """As `open()`, for callers to whom a reader without a card and no reader are one: NoReader.

        Raises:
            NoReader: no such reader, no card in it, or cards in several.
            HardwareError: as `open()`.
        """
        try:
            return self.open()
        except (NoReader, ReaderGone) as error:
            raise NoReader(str(error)) from None

    def open(self) -> PcscCard:
        """Reset the card and keep it for oneself, or take a turn at a shared one; a connection made before is dead.

        Raises:
            NoReader: no such reader; NoCard, SeveralCards: no card in it, or cards in several.
            ReaderBusy: another program holds the card.
            CardMute: the card does not speak.
            CardRemoved, ReaderGone: it left in this moment.
            ReaderLibraryMissing, ReaderServiceDown, ReaderSilent, ReaderFailed: the reader cannot be used.
        """
        self.disconnect()
        process = ReaderProcess(self._command)
        request = {"do": "connect", "reader": self._wanted, "shared": self._shared}
        try:
            answer = process.ask(request, CONNECT_TIMEOUT_S)
            card = PcscCard(process, answer, self._timeout_s)
            if self._shared:
                _hold_anew(card)
        except ReaderSilent:
            if self._in_use():  # the service lets one who connects wait for the end of another one's transaction
                raise ReaderBusy(KEPT) from None
            raise
        except HardwareError:
            process.end()
            raise
        self._process, self._name = process, str(answer["reader"])
        return card

    def _in_use(self) -> bool:
        """Whether the service is well, and says that a program is connected to a card in such a reader."""
        with contextlib.suppress(HardwareError):
            return any(state.in_use for state in look(self._command) if state.name.startswith(self._wanted))
        return False

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
        """Take the power from the card, leave a shared one as it is, and let others have the reader; harmless without a connection."""
        process, self._process = self._process, None
        if process is not None:
            process.end()


def _hold_anew(card: PcscCard) -> None:
    """Hold a card that nothing was begun on yet, however often others reset it meanwhile (within reason)."""
    for _ in range(HOLD_TRIES):
        try:
            card.hold()
        except ResetByAnother:
            card.resume()
        else:
            return
    raise ReaderBusy("other programs reset the card again and again")


@contextmanager
def _conversation(command: Sequence[str]) -> Iterator[ReaderProcess]:
    process = ReaderProcess(command)
    try:
        yield process
    finally:
        process.end()
