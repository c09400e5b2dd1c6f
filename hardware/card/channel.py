"""The one interface behind which a card sits, and the exchange of a whole command over it."""

from enum import IntEnum
from typing import Final, Protocol

from hardware.card.apdu import MAX_LE, CommandApdu, ResponseApdu
from hardware.card.status import refusal
from hardware.card.tpdu import as_t0
from hardware.errors import MalformedCardData

MAX_ROUNDS: Final = 32
_MORE_DATA: Final = 0x61
_WRONG_LE: Final = 0x6C
_WARNING: Final = 0x62
_BYTE: Final = 0xFF


class CardChannel(Protocol):
    """A card that answers: a real one behind a reader, an emulated one, or a recording."""

    @property
    def atr(self) -> bytes:
        """The answer to reset of the card in the channel."""

    def transmit(self, command: CommandApdu) -> ResponseApdu:
        """Send one command and return the card's answer as it is.

        Raises:
            CardRemoved: no answer came; whether the command was carried out is unknown.
        """


class Transmission(IntEnum):
    """The protocol that carries the commands of a card with contacts."""

    T0 = 0
    T1 = 1


def exchange(channel: CardChannel, command: CommandApdu, transmission: Transmission = Transmission.T1) -> ResponseApdu:
    """Send a command and follow 61xx (GET RESPONSE) and 6Cxx (again with that Le) to its whole answer.

    T=1, contactless cards and readers that translate take a command as it is. Over bare T=0 (ISO 7816-3) a command with data has no
    Le, and a warning 62xx or 63xx to one that wants an answer is followed by GET RESPONSE for the data, whose status word it keeps.
    At most MAX_ROUNDS answers are fetched, so a faulty card cannot hold a terminal.

    Raises:
        CardRemoved: no answer came.
        MalformedCardData: the card did not come to an end within MAX_ROUNDS, or an extended command over T=0.
    """
    fetch_after_warning = transmission is Transmission.T0 and command.data and command.le is not None
    to_send = as_t0(command) if transmission is Transmission.T0 else command
    data, warning = b"", None
    for _ in range(MAX_ROUNDS):
        response = channel.transmit(to_send)
        kind, count = response.sw >> 8, response.sw & _BYTE
        if kind == _WRONG_LE:
            to_send = CommandApdu(to_send.cla, to_send.ins, to_send.p1, to_send.p2, to_send.data, count or MAX_LE)
            continue
        data += response.data
        if fetch_after_warning and response.warning and not data:
            fetch_after_warning, warning = False, response
            to_send = _get_response(MAX_LE)
            continue
        if kind != _MORE_DATA:
            return _with_warning(ResponseApdu(data, response.sw), warning)
        to_send = _get_response(count or MAX_LE)
    raise MalformedCardData("response", f"no end after {MAX_ROUNDS} rounds")


def send(channel: CardChannel, command: CommandApdu) -> bytes:
    """Exchange a command and return its data.

    Raises:
        CardRefused: any status word but 9000.
        CardRemoved: no answer came.
        MalformedCardData: the answer has no end.
    """
    response = exchange(channel, command)
    if not response.ok:
        raise refusal(command.ins, response.sw)
    return response.data


def _get_response(length: int) -> CommandApdu:
    return CommandApdu(0x00, 0xC0, 0x00, 0x00, le=length)


def _with_warning(response: ResponseApdu, warning: ResponseApdu | None) -> ResponseApdu:
    """The answer under the warning that came before it; a card with nothing more to say leaves the warning alone."""
    if warning is None:
        return response
    return ResponseApdu(response.data if response.ok else b"", warning.sw)


def send_through_warnings(channel: CardChannel, command: CommandApdu) -> bytes:
    """As `send`, but 62xx is no refusal: the FCI of a blocked application comes with 6283, a file's last bytes with 6282.

    Raises:
        CardRefused: any status word but 9000 and 62xx.
        CardRemoved: no answer came.
        MalformedCardData: the answer has no end.
    """
    response = exchange(channel, command)
    if not response.ok and response.sw >> 8 != _WARNING:
        raise refusal(command.ins, response.sw)
    return response.data
