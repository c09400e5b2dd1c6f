"""What passes between a program and a card, in words: the command's name, its bytes unless they are secret, what the status word means.

A PIN, a key, a name never stands in a trace. Only commands that are known to carry none of these show their data; what a card answers is
shown only when the caller asks for it, because an answer may hold a number or a name.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.channel import CardChannel
from hardware.card.status import describe
from hardware.errors import CardRemoved

SECURE_MESSAGING: Final = 0x04  # the bit of CLA that says that a MAC follows


@dataclass(frozen=True, slots=True)
class _Known:
    """A command by its class and instruction.

    Args:
        name: the standard's name.
        open: whether its data holds neither PIN nor key nor name.
    """

    name: str
    open: bool = True


_ISO: Final[dict[int, _Known]] = {
    0x20: _Known("VERIFY", open=False),
    0x24: _Known("CHANGE REFERENCE DATA", open=False),
    0x2C: _Known("RESET RETRY COUNTER", open=False),
    0x70: _Known("MANAGE CHANNEL"),
    0x82: _Known("EXTERNAL AUTHENTICATE"),
    0x84: _Known("GET CHALLENGE"),
    0x88: _Known("INTERNAL AUTHENTICATE"),
    0xA4: _Known("SELECT"),
    0xB0: _Known("READ BINARY"),
    0xB2: _Known("READ RECORD"),
    0xC0: _Known("GET RESPONSE"),
    0xCA: _Known("GET DATA"),
    0xD6: _Known("UPDATE BINARY", open=False),
    0xDC: _Known("UPDATE RECORD", open=False),
    0xE2: _Known("APPEND RECORD", open=False),
}
_PURSE: Final[dict[int, _Known]] = {
    0x0E: _Known("ERASE DF"),
    0x16: _Known("CARD BLOCK"),
    0x18: _Known("APPLICATION UNBLOCK"),
    0x1A: _Known("INITIALIZE FOR DESCRYPT"),
    0x1E: _Known("APPLICATION BLOCK"),
    0x24: _Known("PIN UNBLOCK", open=False),
    0x50: _Known("INITIALIZE"),
    0x52: _Known("CREDIT FOR LOAD"),
    0x54: _Known("DEBIT"),
    0x58: _Known("UPDATE OVERDRAW LIMIT"),
    0x5A: _Known("GET TRANSACTION PROVE"),
    0x5C: _Known("GET BALANCE"),
    0x5E: _Known("CHANGE OR RELOAD PIN", open=False),
    0x70: _Known("INIT SAM FOR PURCHASE"),
    0x72: _Known("CREDIT SAM FOR PURCHASE"),
    0xCA: _Known("GET DATA"),
    0xD4: _Known("WRITE KEY", open=False),
    0xDC: _Known("UPDATE CAPP DATA CACHE"),
    0xE0: _Known("CREATE FILE"),
    0xFA: _Known("DES CRYPT", open=False),
}
_READER: Final[dict[int, _Known]] = {
    0x82: _Known("LOAD KEYS to the reader", open=False),
    0x86: _Known("GENERAL AUTHENTICATE by the reader"),
    0xB0: _Known("READ BINARY by the reader"),
    0xCA: _Known("GET UID or ATS from the reader"),
}
_FAMILIES: Final = {0x00: _ISO, 0x80: _PURSE, 0xFF: _READER}
_INITIALIZED: Final = {
    0x00: "INITIALIZE FOR LOAD",
    0x01: "INITIALIZE FOR PURCHASE",
    0x02: "INITIALIZE FOR CASH WITHDRAW",
    0x03: "INITIALIZE FOR CAPP PURCHASE",
    0x04: "INITIALIZE FOR UPDATE",
    0x05: "INITIALIZE FOR UNLOAD",
}
_DEBITED: Final = {0x01: "DEBIT FOR PURCHASE", 0x03: "DEBIT FOR UNLOAD"}
_PIN_CHANGED: Final = {0x00: "RELOAD PIN", 0x01: "CHANGE PIN"}
_BY_P1: Final = {0x50: _INITIALIZED, 0x54: _DEBITED, 0x5E: _PIN_CHANGED}
_PURSE_CLASS: Final = 0x80


def name_of(command: CommandApdu) -> str:
    """The standard's name of a command, or `command 8x xx` for one that has none here."""
    found = _known(command)
    if found is None:
        return f"command {command.cla:02X} {command.ins:02X}"
    by_p1 = _BY_P1.get(command.ins, {}) if command.cla & _PURSE_CLASS else {}
    return by_p1.get(command.p1, found.name)


def is_open(command: CommandApdu) -> bool:
    """Whether a command's data may be shown and kept: it is known to hold neither PIN nor key nor name, or there is none."""
    found = _known(command)
    return not command.data or (found is not None and found.open)


def written(command: CommandApdu) -> str:
    """The bytes of a command in hexadecimal; of one that is not open only header, Lc and the number of bytes."""
    if is_open(command):
        return command.to_bytes().hex().upper()
    return f"{command.header().hex().upper()}{len(command.data):02X} <{len(command.data)} bytes masked>"


def answered(response: ResponseApdu, *, show: bool) -> str:
    """A response in hexadecimal with the meaning of its status word; the data only if it is to be shown."""
    data = response.data.hex().upper() if show else f"<{len(response.data)} bytes>"
    return f"{data + ' ' if response.data else ''}{response.sw:04X} {describe(response.sw)}"


class TracedCard:
    """A `CardChannel` around another one, which tells every command and answer to somebody.

    Args:
        card: the channel that is traced.
        say: takes one line at a time.
        show: whether the data of answers is shown; secret commands are masked anyhow.
        reset: how the card is reset, if it can be.
    """

    def __init__(
        self,
        card: CardChannel,
        say: Callable[[str], None],
        *,
        show: bool = False,
        reset: Callable[[], bytes] | None = None,
    ) -> None:
        self._card = card
        self._reset = reset
        self._say = say
        self._show = show
        say(f"ATR {card.atr.hex().upper() if show else f'<{len(card.atr)} bytes>'}")

    @property
    def atr(self) -> bytes:
        """Of the traced card."""
        return self._card.atr

    def reset(self) -> bytes:
        """Reset the card. Returns the ATR.

        Raises:
            CardRemoved: it did not come back, or cannot be reset from here.
        """
        if self._reset is None:
            raise CardRemoved("this card cannot be reset")
        self._say("reset")
        return self._reset()

    def transmit(self, command: CommandApdu) -> ResponseApdu:
        """Pass a command on.

        Raises:
            CardRemoved: no answer came; that is told too.
        """
        self._say(f"> {written(command)}  {name_of(command)}")
        try:
            response = self._card.transmit(command)
        except CardRemoved as error:
            self._say(f"< no answer: {error}")
            raise
        self._say(f"< {answered(response, show=self._show)}")
        return response


def _known(command: CommandApdu) -> _Known | None:
    """The protected form of a command (CLA x4) is the same command."""
    protected = command.cla & ~SECURE_MESSAGING if command.cla != max(_FAMILIES) else command.cla
    return _FAMILIES.get(protected, {}).get(command.ins)
