"""Ready-made cards in memory: purse card, social-security card, dual card and security module, for readers and simulations.

The files are those of the card profile, made by the chip's own CREATE FILE; keys and contents are put in directly, as in a factory. Our
product is made by commands alone and has the first two applications of the dual card: a City Union application needs keys that the
national centre gives out, so a city adds it when it has them. `save(path)` makes a file of an image; without it nothing is written.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from hardware.card.administration import DirectoryBody, FileBody, FileKind
from hardware.card.files import LOG_RECORD_BYTES, PUBLIC_DATA_BYTES, PublicApplicationData
from hardware.card.profile import (
    FREE,
    KEY_FID,
    LINE_PROTECTION_KID,
    LOG_FID,
    LOG_RECORDS,
    LOG_SFI,
    MANAGEMENT_FID,
    MASTER_AUTHENTICATED,
    NEVER,
    PIN_KID,
    PSAM_APPLICATION_FID,
    PSAM_PUBLIC_DATA_FID,
    PSAM_TERMINAL_FID,
    PUBLIC_DATA_FID,
    PUBLIC_DATA_SFI,
    PURSE_FID,
    PURSE_SIZE,
    SSSE_AID,
    SSSE_FID,
    SSSE_ISSUER_FID,
    SSSE_PERSON_FID,
    CardProfile,
    FileSpec,
    KeySlot,
    PsamProfile,
)
from hardware.card.psam import PsamApplicationData, PsamPublicData
from hardware.emulator import personalise
from hardware.emulator.blanks import blank_card, blank_psam
from hardware.emulator.file_system import DedicatedFile
from hardware.emulator.image import CardImage
from hardware.emulator.image_format import ChipOptions
from hardware.emulator.state import Chip

CITY_UNION_FID: Final = 0x1002
CITY_UNION_AID: Final = bytes.fromhex("A00000000386980701")
MEDICAL_FID: Final = 0xDF04
MEDICAL_AID: Final = bytes.fromhex("D15600000503")
MEDICAL_ACCOUNT_FIDS: Final = (0x0011, 0x0012, 0x0013)
SOCIAL_BYTES: Final = 0x0800  # of the product, and DF04
MASTER_STATE: Final = MASTER_AUTHENTICATED

Keys = Callable[[str], bytes]
Contents = Mapping[int, bytes | tuple[bytes, ...]]


@dataclass(frozen=True, slots=True)
class CardMaking:
    """What goes into one card.

    Args:
        chip_serial: 8 bytes.
        keys: the 16-byte key of a role of the card profile, for this card; `transport` too, which stays in the master file.
        pin: 4 to 12 digits.
        public: EF15 of the purse applications.
        management: EF17 of the purse application, 60 bytes.
        issuer_records, person_records: EF05 and EF06 of the social-security application.
        profile: which card.
        options: how the chip behaves.
    """

    chip_serial: bytes
    keys: Keys = field(repr=False)
    pin: str = field(repr=False)
    public: PublicApplicationData
    management: bytes
    issuer_records: tuple[bytes, ...] = ()
    person_records: tuple[bytes, ...] = field(default=(), repr=False)
    profile: CardProfile = field(default_factory=CardProfile)
    options: ChipOptions = field(default_factory=ChipOptions)


@dataclass(frozen=True, slots=True)
class PsamMaking:
    """What goes into one security module.

    Args:
        chip_serial: 8 bytes.
        keys: the 16-byte key of a role of the PSAM profile.
        public: its serial.
        terminal: the 6-byte terminal number.
        application: key index, issuer and validity.
        options: how the chip behaves.
    """

    chip_serial: bytes
    keys: Keys = field(repr=False)
    public: PsamPublicData
    terminal: bytes
    application: PsamApplicationData
    options: ChipOptions = field(default_factory=ChipOptions)


def purse_card(making: CardMaking) -> CardImage:
    """A single card: the purse application (T-Union) alone.

    Raises:
        Refused: a key or a file that the chip does not take.
    """
    chip = _blank(making)
    _add_purse(chip, making)
    return chip.image


def social_card(making: CardMaking) -> CardImage:
    """A social-security card: EF05, EF06, and in DF04 the medical account; errors as `purse_card`."""
    chip = _blank(making)
    _add_social_security(chip, making)
    return chip.image


def dual_card(making: CardMaking) -> CardImage:
    """All on one chip: T-Union and City Union purses, social security with DF04; errors as `purse_card`."""
    chip = _blank(making)
    _add_purse(chip, making)
    _add_city_union(chip, making)
    _add_social_security(chip, making)
    return chip.image


def security_module(making: PsamMaking) -> CardImage:
    """A PSAM with its purchase application; errors as `purse_card`."""
    image = blank_psam(making.chip_serial, making.keys("transport"), making.options)
    chip, what = _opened(image), PsamProfile()
    _put_keys(chip, (*what.master_keys,), making.keys)
    contents: Contents = {PSAM_PUBLIC_DATA_FID: making.public.encode(), PSAM_TERMINAL_FID: making.terminal}
    _put_files(chip, what.master_files, contents)
    _add_directory(chip, what.directory)
    _put_files(chip, what.files, {PSAM_APPLICATION_FID: making.application.encode()})
    _put_keys(chip, (what.control, *what.keys), making.keys)
    return image


def _blank(making: CardMaking) -> Chip:
    return _opened(blank_card(making.chip_serial, making.keys("transport"), making.options))


def _opened(image: CardImage) -> Chip:
    """The chip as its factory has it: the master file's control key counts as shown."""
    chip = Chip(image, os.urandom)
    chip.ram.master_state = MASTER_STATE
    return chip


def _add_purse(chip: Chip, making: CardMaking) -> None:
    what = making.profile
    contents = {PUBLIC_DATA_FID: making.public.encode(), MANAGEMENT_FID: making.management}
    _add_application(chip, making, what.purse_directory, what.purse_files, contents)
    _put_keys(chip, (what.purse_control, *what.purse_keys), making.keys)


def _add_city_union(chip: Chip, making: CardMaking) -> None:
    """City Union (CJ/T 166): a purse and a log of its own beside the T-Union ones, the card's keys in both."""
    body = DirectoryBody(0x0400, MASTER_AUTHENTICATED, MASTER_AUTHENTICATED, CITY_UNION_AID, PUBLIC_DATA_SFI)
    files = (
        _key_file(0x0200),
        FileSpec(PUBLIC_DATA_FID, FileBody(FileKind.BINARY, PUBLIC_DATA_BYTES, FREE, FREE, LINE_PROTECTION_KID)),
        FileSpec(LOG_FID, FileBody.records(FileKind.CYCLIC, LOG_RECORDS, LOG_RECORD_BYTES, FREE, NEVER)),
        FileSpec(PURSE_FID, FileBody(FileKind.PURSE, PURSE_SIZE, FREE, NEVER, log_sfi=LOG_SFI)),
    )
    contents = {PUBLIC_DATA_FID: making.public.encode()}
    _add_application(chip, making, FileSpec(CITY_UNION_FID, body), files, contents)
    _put_keys(chip, (making.profile.purse_control, *making.profile.purse_keys), making.keys)


def _add_social_security(chip: Chip, making: CardMaking) -> None:
    what = making.profile
    whole = DirectoryBody(SOCIAL_BYTES, MASTER_AUTHENTICATED, MASTER_AUTHENTICATED, SSSE_AID)
    contents = {SSSE_ISSUER_FID: making.issuer_records, SSSE_PERSON_FID: making.person_records}
    _add_application(chip, making, FileSpec(SSSE_FID, whole), what.social_files, contents)
    _put_keys(chip, what.social_keys, making.keys)
    medical = DirectoryBody(0x0300, MASTER_AUTHENTICATED, MASTER_AUTHENTICATED, MEDICAL_AID)
    accounts = (
        FileSpec(fid, FileBody(FileKind.PURSE, PURSE_SIZE, FREE, NEVER, log_sfi=LOG_SFI))
        for fid in MEDICAL_ACCOUNT_FIDS
    )
    log = FileSpec(LOG_FID, FileBody.records(FileKind.CYCLIC, LOG_RECORDS, LOG_RECORD_BYTES, FREE, NEVER))
    _add_application(chip, making, FileSpec(MEDICAL_FID, medical), (_key_file(0x0100), log, *accounts), {})
    slots = [slot for slot in what.purse_keys if slot.role in {"load", "tac"}]
    _put_keys(chip, tuple(slots), making.keys)


def _key_file(size: int) -> FileSpec:
    return FileSpec(KEY_FID, FileBody(FileKind.KEY, size, NEVER, MASTER_AUTHENTICATED))


def _add_application(
    chip: Chip, making: CardMaking, directory: FileSpec, files: tuple[FileSpec, ...], contents: Contents
) -> None:
    """A directory with its files and the PIN. A directory inside another is made while that one is current."""
    if directory.fid != MEDICAL_FID:
        chip.enter([chip.image.master_file])
        chip.ram.master_state = MASTER_STATE
    _add_directory(chip, directory)
    _put_files(chip, files, contents)
    pin = personalise.key_from_record(making.profile.pin_record(making.pin), PIN_KID)
    chip.directory.keys[pin.kind, pin.identifier] = pin


def _add_directory(chip: Chip, directory: FileSpec) -> None:
    _create(chip, directory)
    chip.enter([*chip.ram.path, chip.directory.directories[directory.fid]])


def _create(chip: Chip, spec: FileSpec) -> None:
    personalise.create_file(chip, spec.command())
    chip.commit()


def _put_files(chip: Chip, files: tuple[FileSpec, ...], contents: Contents) -> None:
    for spec in files:
        _create(chip, spec)
        content = contents.get(spec.fid)
        if isinstance(content, bytes):
            _replace(chip.directory, spec.fid, content)
        elif content:
            for record in content:
                file = chip.directory.files[spec.fid]
                chip.directory.files[spec.fid] = file.with_new_record(record)


def _replace(directory: DedicatedFile, fid: int, content: bytes) -> None:
    directory.files[fid] = directory.files[fid].with_content(0, content)


def _put_keys(chip: Chip, slots: tuple[KeySlot, ...], keys: Keys) -> None:
    for slot in slots:
        key = personalise.key_from_record(slot.record(keys(slot.role)).encode(), slot.kid)
        chip.directory.keys[key.kind, key.identifier] = key
