"""Our card profile: which files and keys a citizen card and a PSAM have, with every access byte (hardware/README.md).

Emulator, issuing code and terminals build on these values; a card maker gets them as a specification. Key roles are the
words that the key vault uses. The order of the tuples is the order of personalisation.
"""

from dataclasses import dataclass
from typing import Final

from hardware.card.administration import (
    DirectoryBody,
    FileBody,
    FileKind,
    KeyRecord,
    KeyType,
    create_file,
    write_key_header,
)
from hardware.card.apdu import CommandApdu
from hardware.card.dialect import OUR_CARD, Dialect, WriteKeyP1
from hardware.card.files import CARDHOLDER_BYTES, LOG_RECORD_BYTES, MANAGEMENT_BYTES, PUBLIC_DATA_BYTES
from hardware.card.purse import pack_pin

MASTER_FID: Final = 0x3F00
MASTER_NAME: Final = b"1PAY.SYS.DDF01"
KEY_FID: Final = 0x0000
PURSE_ADF_FID: Final = 0x1001
PURSE_AID: Final = bytes.fromhex("A000000632010105")
PURSE_FID: Final = 0x0002
PUBLIC_DATA_FID: Final = 0x0015
CARDHOLDER_FID: Final = 0x0016
MANAGEMENT_FID: Final = 0x0017
LOG_FID: Final = 0x0018
TRIP_FID: Final = 0x001E
SSSE_FID: Final = 0xDDF1
SSSE_AID: Final = bytes.fromhex("7378312E73682EC9E7BBE1B1A3D5CF")
SSSE_ISSUER_FID: Final = 0xEF05
SSSE_PERSON_FID: Final = 0xEF06
PSAM_ADF_FID: Final = 0x1001
PSAM_AID: Final = b"CITY.PSAM.01"
PSAM_PUBLIC_DATA_FID: Final = 0x0015
PSAM_TERMINAL_FID: Final = 0x0016
PSAM_APPLICATION_FID: Final = 0x0017

PUBLIC_DATA_SFI, CARDHOLDER_SFI, MANAGEMENT_SFI, LOG_SFI, TRIP_SFI = 0x15, 0x16, 0x17, 0x18, 0x1E
SSSE_ISSUER_SFI, SSSE_PERSON_SFI = 0x05, 0x06
PSAM_TERMINAL_SFI = 0x16

TRIP_RECORD_BYTES: Final = 48
TRIP_RECORDS: Final = 30
LOG_RECORDS: Final = 10
PSAM_PUBLIC_DATA_BYTES: Final = 14
PSAM_TERMINAL_BYTES: Final = 6
PSAM_APPLICATION_BYTES: Final = 25
PURSE_SIZE: Final = 0x0208

FREE: Final = 0xF0
"""Access byte XY is satisfied when Y ≤ state ≤ X of the current DF; X = 0 asks the master file for a state ≥ Y."""
VERIFIED: Final = 0xF1
MASTER_AUTHENTICATED: Final = 0x0A
KEY_REPLACEABLE: Final = 0x02
NEVER: Final = 0xEF

PIN_STATE: Final = 0x01
CONTROL_STATE: Final = 0xAA
THREE_TRIES: Final = 0x33
UNUSED: Final = 0xFF
KEY_INDEX: Final = 0x01
KEY_VERSION: Final = 0x01
ALGORITHM_3DES: Final = 0x00
PIN_KID: Final = 0x00
TAC_KID: Final = 0x00
INTERNAL_KID: Final = 0x01
CONTROL_KID: Final = 0x00
LINE_PROTECTION_KID: Final = 0x00


@dataclass(frozen=True, slots=True)
class FileSpec:
    """One file of the profile: its id and what CREATE FILE says about it."""

    fid: int
    body: DirectoryBody | FileBody

    @property
    def sfi(self) -> int:
        """Short file id: the low five bits."""
        return self.fid & 0x1F

    def command(self) -> CommandApdu:
        """CREATE FILE."""
        return create_file(self.fid, self.body)


@dataclass(frozen=True, slots=True)
class KeySlot:
    """One key of the profile without its value.

    Args:
        role: the vault's word for the key; `under` that of the key that protects its WRITE KEY.
        key_type, kid: type and number on the card.
        use, change: access bytes.
        fourth, fifth: version and algorithm, or next state and error counter.
    """

    role: str
    under: str
    key_type: KeyType
    kid: int
    use: int = FREE
    change: int = KEY_REPLACEABLE
    fourth: int = KEY_VERSION
    fifth: int = ALGORITHM_3DES

    def record(self, value: bytes) -> KeyRecord:
        """The record with its secret value."""
        return KeyRecord(self.key_type, self.use, self.change, self.fourth, self.fifth, value)

    def header(self, *, replace: bool = False, form: WriteKeyP1 = OUR_CARD.write_key_p1) -> bytes:
        """P1 and P2 of the WRITE KEY that adds the key, or replaces the one that is there in the card's form."""
        return write_key_header(self.key_type, self.kid, replace=replace, form=form)


def _control(role: str, under: str) -> KeySlot:
    return KeySlot(role, under, KeyType.EXTERNAL_AUTHENTICATION, CONTROL_KID, FREE, FREE, CONTROL_STATE, THREE_TRIES)


def _counted(role: str, under: str, key_type: KeyType) -> KeySlot:
    """A key whose wrong uses are counted; its number is that of the PIN or files that it serves."""
    return KeySlot(role, under, key_type, 0x00, fourth=UNUSED, fifth=THREE_TRIES)


def _directory(size: int, name: bytes, fci_sfi: int | None = None) -> DirectoryBody:
    return DirectoryBody(size, MASTER_AUTHENTICATED, MASTER_AUTHENTICATED, name, fci_sfi)


def _key_file(size: int) -> FileSpec:
    return FileSpec(KEY_FID, FileBody(FileKind.KEY, size, NEVER, MASTER_AUTHENTICATED))


def _binary(fid: int, size: int, read: int = FREE) -> FileSpec:
    return FileSpec(fid, FileBody(FileKind.BINARY, size, read, FREE, LINE_PROTECTION_KID))


def _cyclic(fid: int, count: int, length: int) -> FileSpec:
    return FileSpec(fid, FileBody.records(FileKind.CYCLIC, count, length, FREE, NEVER))


def _tlv_records(fid: int, size: int, read: int) -> FileSpec:
    return FileSpec(fid, FileBody(FileKind.VARIABLE, size, read, FREE, LINE_PROTECTION_KID))


CARD_CONTROL: Final = _control("card_control", "transport")
"""CMK: it replaces the transport key in the master file's key file, so its header is `header(replace=True)`."""


@dataclass(frozen=True, slots=True)
class CardProfile:
    """A citizen card: purse application and social-security application.

    Args:
        load_needs_pin: whether INITIALIZE FOR LOAD and FOR UNLOAD want the PIN (the use byte of both keys is F1 then).
        person_needs_pin: whether name and id number (EF16, EF06) can be read only after VERIFY.
        key_version: version that the purse keys carry.
        dialect: how the card answers where public sources are silent.
    """

    load_needs_pin: bool = False
    person_needs_pin: bool = True
    key_version: int = KEY_VERSION
    dialect: Dialect = OUR_CARD

    @property
    def purse_directory(self) -> FileSpec:
        """The purse ADF, created in the master file under CMK."""
        return FileSpec(PURSE_ADF_FID, _directory(0x1000, PURSE_AID, PUBLIC_DATA_SFI))

    @property
    def purse_files(self) -> tuple[FileSpec, ...]:
        """The files in the purse ADF."""
        purse = FileBody(FileKind.PURSE, PURSE_SIZE, FREE, NEVER, log_sfi=LOG_SFI)
        return (
            _key_file(0x0200),
            _binary(PUBLIC_DATA_FID, PUBLIC_DATA_BYTES),
            _binary(CARDHOLDER_FID, CARDHOLDER_BYTES, self._person_access),
            _binary(MANAGEMENT_FID, MANAGEMENT_BYTES),
            _cyclic(LOG_FID, LOG_RECORDS, LOG_RECORD_BYTES),
            _cyclic(TRIP_FID, TRIP_RECORDS, TRIP_RECORD_BYTES),
            FileSpec(PURSE_FID, purse),
        )

    @property
    def purse_control(self) -> KeySlot:
        """AMK, the first key in the purse ADF, written under CMK."""
        return _control("application_control", "card_control")

    @property
    def purse_keys(self) -> tuple[KeySlot, ...]:
        """The other keys of the purse ADF, written under AMK after it was authenticated."""
        under, version = "application_control", self.key_version
        load_use = VERIFIED if self.load_needs_pin else FREE
        return (
            KeySlot("purchase", under, KeyType.PURCHASE, KEY_INDEX, fourth=version),
            KeySlot("load", under, KeyType.LOAD, KEY_INDEX, load_use, fourth=version),
            KeySlot("unload", under, KeyType.UNLOAD, KEY_INDEX, load_use, fourth=version),
            KeySlot("overdraft", under, KeyType.OVERDRAFT, KEY_INDEX, fourth=version),
            KeySlot("tac", under, KeyType.INTERNAL, TAC_KID, NEVER, fourth=version),
            KeySlot("internal", under, KeyType.INTERNAL, INTERNAL_KID, fourth=version),
            _counted("application_maintenance", under, KeyType.LINE_PROTECTION),
            _counted("pin_unblock", under, KeyType.PIN_UNBLOCK),
            _counted("pin_reload", under, KeyType.PIN_RELOAD),
        )

    @property
    def social_directory(self) -> FileSpec:
        """The social-security DDF, created in the master file under CMK."""
        return FileSpec(SSSE_FID, _directory(0x0400, SSSE_AID))

    @property
    def social_files(self) -> tuple[FileSpec, ...]:
        """The files in the social-security DDF: records `tag length value`."""
        return (
            _key_file(0x0060),
            _tlv_records(SSSE_ISSUER_FID, 0x0060, FREE),
            _tlv_records(SSSE_PERSON_FID, 0x00A0, self._person_access),
        )

    @property
    def social_keys(self) -> tuple[KeySlot, ...]:
        """The update key of the social-security DDF; it has no control key of its own, so CMK protects the writing."""
        return (_counted("social_security", "card_control", KeyType.LINE_PROTECTION),)

    @staticmethod
    def pin_record(digits: str) -> bytes:
        """Plain PIN record `3A F0 EF 01 33 ‖ PIN`: written by 84 D4 01 00, in each application that has a PIN. A secret.

        Raises:
            MalformedCardData: not 4 to 12 digits.
        """
        return KeyRecord(KeyType.PIN, FREE, NEVER, PIN_STATE, THREE_TRIES, pack_pin(digits)).encode()

    @property
    def _person_access(self) -> int:
        return VERIFIED if self.person_needs_pin else FREE


PSAM_CONTROL: Final = _control("psam_control", "transport")
"""The PSAM's CMK: it replaces the transport key, header as for CARD_CONTROL."""


@dataclass(frozen=True, slots=True)
class PsamProfile:
    """A PSAM: serial and terminal number in the master file, one purchase application.

    Args:
        key_version: version of the purchase root key.
        dialect: number of factors of 8070, when the sequence counts.
    """

    key_version: int = KEY_VERSION
    dialect: Dialect = OUR_CARD

    @property
    def master_keys(self) -> tuple[KeySlot, ...]:
        """Keys of the master file beside the control key, written under it."""
        return (_counted("psam_maintenance", "psam_control", KeyType.LINE_PROTECTION),)

    @property
    def master_files(self) -> tuple[FileSpec, ...]:
        """Files of the master file: EF15 serial, EF16 terminal number."""
        return (
            _binary(PSAM_PUBLIC_DATA_FID, PSAM_PUBLIC_DATA_BYTES),
            _binary(PSAM_TERMINAL_FID, PSAM_TERMINAL_BYTES),
        )

    @property
    def directory(self) -> FileSpec:
        """The purchase application."""
        return FileSpec(PSAM_ADF_FID, _directory(0x0200, PSAM_AID))

    @property
    def files(self) -> tuple[FileSpec, ...]:
        """Files of the purchase application; the terminal sequence is inside the operating system and in no file."""
        return (_key_file(0x0080), _binary(PSAM_APPLICATION_FID, PSAM_APPLICATION_BYTES))

    @property
    def control(self) -> KeySlot:
        """The application's control key, written under the PSAM's CMK."""
        return _control("psam_application_control", "psam_control")

    @property
    def keys(self) -> tuple[KeySlot, ...]:
        """Keys of the purchase application, written under its control key: the purchase root and the maintenance key."""
        under = "psam_application_control"
        return (
            KeySlot("psam_purchase", under, KeyType.PURCHASE, KEY_INDEX, fourth=self.key_version),
            _counted("psam_maintenance", under, KeyType.LINE_PROTECTION),
        )
