"""The slot with the terminal's security module: it makes MAC1 for a debit and checks the card's MAC2.

Its refusals are the terminal's own trouble and never the passenger's, so they are errors of their own here.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hardware.card.apdu import CommandApdu
from hardware.card.channel import CardChannel, exchange
from hardware.card.profile import (
    MASTER_FID,
    PSAM_ADF_FID,
    PSAM_PUBLIC_DATA_BYTES,
    PSAM_TERMINAL_BYTES,
    PSAM_TERMINAL_SFI,
    PUBLIC_DATA_SFI,
)
from hardware.card.psam import (
    CreditSamForPurchase,
    InitSamForPurchase,
    PsamPublicData,
    PurchaseAuthorization,
    terminal_number,
)
from hardware.card.purse import read_binary, select_file
from hardware.card.status import StatusWord, describe
from hardware.errors import CardRemoved, PsamRefused
from hardware.terminal.errors import PsamAbsent, PsamMismatch


@dataclass(frozen=True, slots=True)
class PsamIdentity:
    """Who the module says it is.

    Args:
        serial: 10 bytes.
        terminal_number: 6 bytes BCD.
    """

    serial: bytes
    terminal_number: bytes


class PsamSlot:
    """The security module of one terminal.

    Args:
        channel: the module.
    """

    def __init__(self, channel: CardChannel) -> None:
        self._channel = channel
        self._open_sequence: int | None = None

    def power_up(self, expected: PsamIdentity) -> None:
        """Read who the module is and make it ready for purchases.

        Raises:
            PsamMismatch: it is not the expected one: a moved module must not work under another terminal's number.
            PsamRefused, PsamAbsent: it does not answer as it should.
        """
        self._open_sequence = None
        self._send(select_file(MASTER_FID))
        public = PsamPublicData.decode(self._send(read_binary(PUBLIC_DATA_SFI, PSAM_PUBLIC_DATA_BYTES)))
        number = terminal_number(self._send(read_binary(PSAM_TERMINAL_SFI, PSAM_TERMINAL_BYTES)))
        if public.serial != expected.serial:
            raise PsamMismatch("serial number")
        if number != expected.terminal_number:
            raise PsamMismatch("terminal number")
        self._send(select_file(PSAM_ADF_FID))

    def authorise(self, purchase: InitSamForPurchase) -> PurchaseAuthorization:
        """Get the next terminal sequence and MAC1 for a debit.

        Raises:
            PsamRefused, PsamAbsent: it does not answer as it should.
        """
        self._open_sequence = None
        authorization = InitSamForPurchase.parse(self._send(purchase.command()))
        self._open_sequence = authorization.terminal_seq
        return authorization

    def confirms(self, terminal_sequence: int, mac2: bytes) -> bool | None:
        """Whether the card's MAC2 is right; None when the module no longer remembers that debit (another card came in between).

        Raises:
            PsamRefused, PsamAbsent: it does not answer as it should.
        """
        if self._open_sequence != terminal_sequence:
            return None
        self._open_sequence = None
        command = CreditSamForPurchase(mac2).command()
        with _own_trouble():
            response = exchange(self._channel, command)
        if not response.ok and response.sw != StatusWord.MAC_INVALID:
            raise PsamRefused(command.ins, response.sw, describe(response.sw))
        return response.ok

    def _send(self, command: CommandApdu) -> bytes:
        with _own_trouble():
            response = exchange(self._channel, command)
        if not response.ok:
            raise PsamRefused(command.ins, response.sw, describe(response.sw))
        return response.data


@contextmanager
def _own_trouble() -> Iterator[None]:
    try:
        yield
    except CardRemoved:
        raise PsamAbsent("the security module gives no answer") from None
