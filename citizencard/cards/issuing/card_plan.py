"""The stages of a citizen card: transport key replaced, purse application, social-security application, and the opening of the proof."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from citizencard.cards.classes import card_class
from citizencard.cards.issuing.proof import begin_proof
from citizencard.cards.issuing.stages import Before, Stage, Writer, make_directory
from citizencard.cards.issuing.writing import AGAIN
from citizencard.cards.models import Card
from citizencard.cards.numbering import CITY, ISSUER, PROVINCE
from citizencard.cards.reader_jobs import Move
from citizencard.keys.hsm import KeyRole
from citizencard.people.registry import PersonalData
from citizencard.social_security.flow import SocialSecurityCardData
from hardware.card.administration import erase_directory
from hardware.card.files import (
    CARDHOLDER_NAME_BYTES,
    CardholderData,
    ManagementData,
    PublicApplicationData,
    chip_text,
)
from hardware.card.profile import (
    CARD_CONTROL,
    CARDHOLDER_SFI,
    MANAGEMENT_SFI,
    MASTER_FID,
    PUBLIC_DATA_SFI,
    SSSE_ISSUER_SFI,
    SSSE_PERSON_SFI,
    CardProfile,
)
from hardware.card.purse import select_file
from hardware.card.social_security import NAME_BYTES, IssuerRecords, PersonRecords

RECORDS: Final = 7
"""Records in each of EF05 and EF06."""

INSTITUTION: Final = "330200000001"
"""Who initialises our cards, as the bureau registered it."""

_UPDATE: Final = KeyRole.SOCIAL_SECURITY


@dataclass(frozen=True, slots=True)
class CardPlan:
    """What is written to one card.

    Args:
        writer: asks the vault on behalf of this chip.
        card: its row, detached.
        holder: fetches the holder in clear; called only for the commands that carry the holder's data.
        social: fetches the holder's place in social security, likewise; None if there is none, then the card has no such application.
        profile: the files and keys.
    """

    writer: Writer
    card: Card
    holder: Callable[[], PersonalData] = field(repr=False)
    social: Callable[[], SocialSecurityCardData] | None = field(repr=False)
    profile: CardProfile = field(default_factory=CardProfile)

    @property
    def chip_serial(self) -> bytes:
        """See `Plan`."""
        return self.writer.holder.chip_serial

    def stages(self, mode: str) -> Sequence[Stage]:
        """See `Plan`."""
        master = (select_file(MASTER_FID),)
        control = KeyRole.CARD_CONTROL
        if mode == AGAIN:
            return (
                self.writer.authenticate(control, master, "card control key found"),
                *self._purse((erase_directory(),)),
                *self._social_security(),
            )
        return (
            self.writer.authenticate(KeyRole.TRANSPORT, master),
            self.writer.write_key(CARD_CONTROL, replace=True),
            self.writer.authenticate(control, tick="transport key replaced"),
            *self._purse(()),
            *self._social_security(),
        )

    def proof(self) -> Move:
        """See `Plan`."""
        return begin_proof()

    def _purse(self, before: Before) -> Sequence[Stage]:
        writer, profile, maintenance = self.writer, self.profile, KeyRole.APPLICATION_MAINTENANCE
        made = make_directory(profile.purse_directory, profile.purse_files)
        pin = profile.pin_record(card_class(self.card.card_class).initial_pin)
        return (
            writer.write_key(profile.purse_control, (*before, *made)),
            writer.authenticate(KeyRole.APPLICATION_CONTROL),
            *(writer.write_key(slot) for slot in profile.purse_keys),
            writer.write_pin(pin, KeyRole.APPLICATION_CONTROL),
            writer.write_binary(PUBLIC_DATA_SFI, self._public_data, maintenance),
            writer.write_binary(CARDHOLDER_SFI, self._cardholder, maintenance),
            writer.write_binary(MANAGEMENT_SFI, self._management, maintenance),
        )

    def _social_security(self) -> Sequence[Stage]:
        if self.social is None:
            return ()
        writer, profile = self.writer, self.profile
        made = make_directory(profile.social_directory, profile.social_files)
        pin = profile.pin_record(card_class(self.card.card_class).initial_pin)
        key, *more = profile.social_keys
        return (
            writer.authenticate(KeyRole.CARD_CONTROL, (select_file(MASTER_FID),), "purse application written"),
            writer.write_key(key, made),
            *(writer.write_key(slot) for slot in more),
            writer.write_pin(pin, KeyRole.CARD_CONTROL),
            *(
                writer.write_record(SSSE_ISSUER_SFI, number, partial(self._issuer_record, number), _UPDATE)
                for number in range(1, RECORDS + 1)
            ),
            *(
                writer.write_record(SSSE_PERSON_SFI, number, partial(self._person_record, number), _UPDATE)
                for number in range(1, RECORDS + 1)
            ),
        )

    def _public_data(self) -> bytes:
        return PublicApplicationData(ISSUER, self.card.serial, self.card.valid_from, self.card.valid_until).encode()

    def _cardholder(self) -> bytes:
        holder = self.holder()
        return CardholderData(chip_text(holder.name, CARDHOLDER_NAME_BYTES), holder.document_number).encode()

    def _management(self) -> bytes:
        return ManagementData(PROVINCE, CITY, self.card.card_class, self.card.valid_until).encode()

    def _issuer_record(self, number: int) -> bytes:
        card = self.card
        return IssuerRecords(
            card_id=card.ss_card_id or b"",
            card_number=card.ss_card_number or "",
            institution=INSTITUTION,
            issued=card.valid_from,
            expires=card.valid_until,
        ).encode()[number - 1]

    def _person_record(self, number: int) -> bytes:
        if self.social is None:
            raise ValueError("a holder without social security has no such record")
        social = self.social()
        return PersonRecords(
            social_number=social.number,
            name=chip_text(social.name, NAME_BYTES),
            sex=str(social.sex),
            born=social.birth_date,
            ethnic_group=social.nation,
        ).encode()[number - 1]
