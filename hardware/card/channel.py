"""The one interface behind which a card sits, and the exchange of a whole command over it."""

from typing import Final, Protocol

from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.status import refusal
from hardware.errors import MalformedCardData

MAX_ROUNDS: Final = 32
_MORE_DATA: Final = 0x61
_WRONG_LE: Final = 0x6C
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


def exchange(channel: CardChannel, command: CommandApdu) -> ResponseApdu:
    """Send a command and follow 61xx (GET RESPONSE) and 6Cxx (again with that Le) to its whole answer.

    At most MAX_ROUNDS answers are fetched, so a faulty card cannot hold a terminal.

    Raises:
        CardRemoved: no answer came.
        MalformedCardData: the card did not come to an end within MAX_ROUNDS.
    """
    data = b""
    for _ in range(MAX_ROUNDS):
        response = channel.transmit(command)
        kind, count = response.sw >> 8, response.sw & _BYTE
        if kind == _WRONG_LE:
            command = CommandApdu(command.cla, command.ins, command.p1, command.p2, command.data, count or 256)
            continue
        data += response.data
        if kind != _MORE_DATA:
            return ResponseApdu(data, response.sw)
        command = CommandApdu(0x00, 0xC0, 0x00, 0x00, le=count or 256)
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
