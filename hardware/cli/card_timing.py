"""How long a card takes through the real PC/SC service: for the bench, which prints it, and for tests, which hold it against a bound."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Final

from hardware.card.apdu import CommandApdu
from hardware.card.channel import CardChannel
from hardware.emulator.card import EmulatedCard
from hardware.emulator.pcscd import PrivatePcscd
from hardware.emulator.vpcd import VpcdSlot
from hardware.readers.process import CHILD
from hardware.readers.reader import PcscReader, wait_for_card

NOTICED_S: Final = 10
CHALLENGE: Final = CommandApdu(0x00, 0x84, 0x00, 0x00, le=8)


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds, one figure for each time that something was done, in order.

    Args:
        apdu_s: one command and its answer.
        tap_s: a whole tap.
    """

    apdu_s: tuple[float, ...]
    tap_s: tuple[float, ...]

    @property
    def apdu_median_s(self) -> float:
        """Of one command."""
        return median(self.apdu_s)

    @property
    def tap_median_s(self) -> float:
        """Of a tap."""
        return median(self.tap_s)


@contextmanager
def card_over_pcsc(card: EmulatedCard) -> Iterator[CardChannel]:
    """The card, put into the virtual reader of a PC/SC service of its own and connected to through pyscard.

    Raises:
        NoReader: pcscd or vpcd is not installed, or does not start; the sentence says what to do.
        HardwareError: the reader does not come up.
    """
    with PrivatePcscd() as service:
        command = ("env", *(f"{name}={value}" for name, value in service.environment.items()), *CHILD)
        slot = VpcdSlot(service.ports[0])
        slot.insert(card)
        reader = PcscReader(wait_for_card("", NOTICED_S, command), command)
        try:
            yield reader.open()
        finally:
            reader.disconnect()
            slot.remove()


def times(card: CardChannel, tap: Callable[[CardChannel], object], count: int) -> Timing:
    """Do both things `count` times: one command (GET CHALLENGE, the shortest that every card answers), and `tap`.

    Args:
        card: the channel, through whatever it goes.
        tap: the whole tap; for example `lambda card: validator.tap(card, next(instants))`.
        count: at least 1.
    """
    return Timing(
        apdu_s=tuple(_seconds(lambda: card.transmit(CHALLENGE)) for _ in range(count)),
        tap_s=tuple(_seconds(lambda: tap(card)) for _ in range(count)),
    )


def over_pcsc(card: EmulatedCard, tap: Callable[[CardChannel], object], count: int) -> Timing:
    """`times` of an emulated card through pcscd, vpcd and pyscard.

    Raises:
        NoReader: pcscd or vpcd is not installed, or does not start.
    """
    with card_over_pcsc(card) as channel:
        return times(channel, tap, count)


def _seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began
