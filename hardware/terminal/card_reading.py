"""What a terminal reads from a card before it does anything: who it is, which class it pays as, where a transfer counts from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hardware.card.bcd import BEIJING
from hardware.card.channel import CardChannel, exchange, send
from hardware.card.files import MANAGEMENT_BYTES, PUBLIC_DATA_BYTES, ManagementData, PublicApplicationData
from hardware.card.profile import MANAGEMENT_SFI, PUBLIC_DATA_SFI, PURSE_AID, TRIP_RECORD_BYTES, TRIP_SFI
from hardware.card.purse import read_binary, read_record, select_application
from hardware.card.status import StatusWord, refusal
from hardware.card.transit import TripRecord
from hardware.errors import MalformedCardData
from hardware.terminal.fares import Anchor

ADULT: Final = 0x01  # what a card pays as after the last day of its class


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a card says about itself.

    Args:
        public: EF15. management: EF17.
        anchor: from record 1 of EF1E; None when the newest tap set none, when there is none, or when another city wrote it.
    """

    public: PublicApplicationData
    management: ManagementData
    anchor: Anchor | None

    @property
    def holder(self) -> bytes:
        """Issuer and serial, 18 bytes."""
        return self.public.issuer + self.public.serial

    def class_at(self, at: datetime) -> int:
        """The class byte that the card pays as; an adult's after the last day of its own class."""
        end = self.management.class_valid_to
        if end is not None and at.astimezone(BEIJING).date() > end:
            return ADULT
        return self.management.card_class

    def is_valid_at(self, at: datetime) -> bool:
        """Whether the Beijing day lies within the card's validity."""
        return self.public.valid_from <= at.astimezone(BEIJING).date() <= self.public.valid_to


def read_card(card: CardChannel) -> CardFacts:
    """Select the purse and read it; the purse stays selected.

    Raises:
        CardRefused: there is no such purse, or it is blocked.
        MalformedCardData: a file is not of our profile.
        CardRemoved: the card left.
    """
    send(card, select_application(PURSE_AID))
    public = PublicApplicationData.decode(send(card, read_binary(PUBLIC_DATA_SFI, PUBLIC_DATA_BYTES)))
    management = ManagementData.decode(send(card, read_binary(MANAGEMENT_SFI, MANAGEMENT_BYTES)))
    return CardFacts(public, management, _anchor(card))


def _anchor(card: CardChannel) -> Anchor | None:
    command = read_record(TRIP_SFI, 1, TRIP_RECORD_BYTES)
    response = exchange(card, command)
    if response.sw == StatusWord.RECORD_NOT_FOUND:
        return None
    if not response.ok:
        raise refusal(command.ins, response.sw)
    try:
        anchor = TripRecord.decode(response.data).anchor
    except MalformedCardData:
        return None
    return None if anchor is None else Anchor(anchor.line, anchor.at)
