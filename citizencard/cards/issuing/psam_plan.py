"""The stages of a PSAM: transport key replaced, serial and terminal number, the purchase application with the root key."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from citizencard.cards.issuing.psam_proof import begin_proof
from citizencard.cards.issuing.stages import FILE_EXISTS, Before, Stage, Writer, make_directory
from citizencard.cards.issuing.writing import AGAIN
from citizencard.cards.models import PsamOrder
from citizencard.cards.numbering import ISSUER
from citizencard.cards.reader_jobs import Move
from citizencard.keys.hsm import KeyRole
from hardware.card.administration import erase_directory
from hardware.card.profile import (
    KEY_INDEX,
    MASTER_FID,
    PSAM_APPLICATION_FID,
    PSAM_CONTROL,
    PSAM_TERMINAL_SFI,
    PUBLIC_DATA_SFI,
    PsamProfile,
)
from hardware.card.psam import PsamApplicationData, PsamPublicData
from hardware.card.purse import select_file

ALREADY_THERE = frozenset({FILE_EXISTS})
"""ERASE leaves the master file's keys: one that we wrote before the card was torn has the same value."""

APPLICATION_SFI = PSAM_APPLICATION_FID & 0x1F
VALIDITY_YEARS = 20
MAX_OTHER_VERSIONS = 2


@dataclass(frozen=True, slots=True)
class PsamPlan:
    """What is written to one PSAM.

    Args:
        writer: asks the vault on behalf of this chip.
        order: its row, detached.
        today: first day of validity.
        profile: the files and keys.
        other_versions: of the purchase root, for cards of other versions that are in use; the newest two are written.
    """

    writer: Writer
    order: PsamOrder
    today: date
    profile: PsamProfile = field(default_factory=PsamProfile)
    other_versions: tuple[int, ...] = ()

    @property
    def chip_serial(self) -> bytes:
        """See `Plan`."""
        return self.writer.holder.chip_serial

    def stages(self, mode: str) -> Sequence[Stage]:
        """See `Plan`."""
        master = (select_file(MASTER_FID),)
        control = KeyRole.PSAM_CONTROL
        if mode == AGAIN:
            return (
                self.writer.authenticate(control, master, "control key found"),
                *self._master((erase_directory(),)),
                *self._application(),
            )
        return (
            self.writer.authenticate(KeyRole.TRANSPORT, master),
            self.writer.write_key(PSAM_CONTROL, replace=True),
            self.writer.authenticate(control, tick="transport key replaced"),
            *self._master(()),
            *self._application(),
        )

    def proof(self) -> Move:
        """See `Plan`."""
        return begin_proof()

    def _master(self, before: Before) -> Sequence[Stage]:
        key, *more = self.profile.master_keys
        files = tuple(file.command() for file in self.profile.master_files)
        under = KeyRole.PSAM_MAINTENANCE
        return (
            self.writer.write_key(key, (*before, *files), tolerated=ALREADY_THERE),
            *(self.writer.write_key(slot, tolerated=ALREADY_THERE) for slot in more),
            self.writer.write_binary(PUBLIC_DATA_SFI, PsamPublicData(self.order.serial).encode, under),
            self.writer.write_binary(PSAM_TERMINAL_SFI, lambda: self.order.terminal_number, under),
        )

    def _application(self) -> Sequence[Stage]:
        made = make_directory(self.profile.directory, self.profile.files)
        return (
            self.writer.write_key(self.profile.control, made),
            self.writer.authenticate(KeyRole.PSAM_APPLICATION_CONTROL),
            *(self.writer.write_key(slot) for slot in self.profile.keys),
            *self._other_roots(),
            self.writer.write_binary(APPLICATION_SFI, self._application_data().encode, KeyRole.PSAM_MAINTENANCE),
        )

    def _other_roots(self) -> Sequence[Stage]:
        """The purchase roots of other versions, numbered on from the first: a terminal serves old cards and new ones."""
        own = next(slot for slot in self.profile.keys if slot.role == KeyRole.PSAM_PURCHASE)
        stages: list[Stage] = []
        for place, version in enumerate(reversed(self.other_versions[-MAX_OTHER_VERSIONS:]), start=1):
            writer = replace(self.writer, holder=replace(self.writer.holder, purchase_version=version))
            stages.append(writer.write_key(replace(own, kid=own.kid + place, fourth=version)))
        return stages

    def _application_data(self) -> PsamApplicationData:
        last = date(self.today.year + VALIDITY_YEARS, 12, 31)
        return PsamApplicationData(KEY_INDEX, ISSUER, ISSUER, self.today, last)
