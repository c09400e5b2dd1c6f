"""The card profile: what hardware/README.md promises to card makers is what the code does."""

from pathlib import Path

import pytest

from hardware.card import profile
from hardware.card.administration import DirectoryBody, FileBody, FileKind, KeyRecord, KeyType
from hardware.card.files import MANAGEMENT_BYTES, ManagementData
from tests.vectors import key_writing_regression as v

CARD = profile.CardProfile()
PSAM = profile.PsamProfile()
ALL_FILES = (
    CARD.purse_directory, *CARD.purse_files, CARD.social_directory, *CARD.social_files,
    *PSAM.master_files, PSAM.directory, *PSAM.files,
)  # fmt: skip
ALL_KEYS = (
    profile.CARD_CONTROL, CARD.purse_control, *CARD.purse_keys, *CARD.social_keys,
    profile.PSAM_CONTROL, *PSAM.master_keys, PSAM.control, *PSAM.keys,
)  # fmt: skip
README = Path(profile.__file__).parent.parent / "README.md"


@pytest.mark.parametrize("spec", ALL_FILES, ids=lambda spec: f"{spec.fid:04X}")
def test_every_file_of_the_profile_is_documented_to_the_byte(spec: profile.FileSpec) -> None:
    """A card maker builds the file from the table, byte for byte."""
    assert f"`80E0{spec.fid:04X}{len(spec.body.encode()):02X} {spec.body.encode().hex().upper()}`" in README.read_text()


@pytest.mark.parametrize("slot", ALL_KEYS, ids=lambda slot: f"{slot.role}-{slot.under}")
def test_every_key_of_the_profile_is_documented_to_the_byte(slot: profile.KeySlot) -> None:
    """A card maker knows every key's number and rules from the table."""
    header = slot.record(bytes(16)).encode()[:5].hex(" ").upper()
    assert f"| `{slot.role}` | {slot.key_type:02X}/{slot.kid:02X} | `{header}` | `{slot.under}` |" in README.read_text()


def test_keys_of_the_regression_set_fit_the_profile() -> None:
    """CMK and DLK are written with the headers of our own regression set."""
    control = profile.CARD_CONTROL
    assert control.record(v.CMK).encode() == v.CMK_RECORD_HEADER + v.CMK
    assert control.header(replace=True) == v.WRITE_CMK[2:4]
    load = next(slot for slot in CARD.purse_keys if slot.role == "load")
    assert load.record(v.DLK).encode() == v.DLK_RECORD_HEADER + v.DLK
    assert load.header() == v.WRITE_DLK[2:4]
    assert CARD.purse_control.header() == bytes.fromhex("0100")


def test_no_two_keys_of_a_directory_share_a_place() -> None:
    """No key overwrites another."""
    groups = (
        (CARD.purse_control, *CARD.purse_keys),
        CARD.social_keys,
        (profile.PSAM_CONTROL, *PSAM.master_keys),
        (PSAM.control, *PSAM.keys),
    )
    for group in groups:
        places = [(slot.key_type, slot.kid) for slot in group]
        assert len(set(places)) == len(places)
    assert (KeyType.PIN, profile.PIN_KID) not in [(slot.key_type, slot.kid) for slot in ALL_KEYS]


def test_files_fit_in_their_directory() -> None:
    """Every file of an application fits in the space reserved for it, with 16 bytes of header each."""
    for directory, files in (
        (CARD.purse_directory, CARD.purse_files),
        (CARD.social_directory, CARD.social_files),
        (PSAM.directory, PSAM.files),
    ):
        assert isinstance(directory.body, DirectoryBody)
        assert sum(16 + _space(spec.body) for spec in files) <= directory.body.size
        assert files[0].fid == profile.KEY_FID


def _space(body: DirectoryBody | FileBody) -> int:
    if isinstance(body, FileBody) and body.kind in {FileKind.CYCLIC, FileKind.FIXED}:
        return body.record_count * body.record_bytes
    return body.size


def test_a_stranger_reads_no_name() -> None:
    """Name and id number are readable only after the PIN; a city that must have them free says so."""
    for chosen, expected in ((CARD, profile.VERIFIED), (profile.CardProfile(person_needs_pin=False), profile.FREE)):
        private = [
            spec.body.read
            for spec in (*chosen.purse_files, *chosen.social_files)
            if spec.fid in {profile.CARDHOLDER_FID, profile.SSSE_PERSON_FID} and isinstance(spec.body, FileBody)
        ]
        assert private == [expected, expected]


def test_a_city_may_want_the_pin_for_loading() -> None:
    """The option is one byte of the load key."""
    for needs_pin, use in ((False, profile.FREE), (True, profile.VERIFIED)):
        keys = profile.CardProfile(load_needs_pin=needs_pin).purse_keys
        assert [slot.use for slot in keys if slot.role == "load"] == [use]


def test_the_tac_key_answers_no_challenge() -> None:
    """INTERNAL AUTHENTICATE cannot be made to speak with the key that signs transactions."""
    by_role = {slot.role: slot for slot in CARD.purse_keys}
    assert by_role["tac"].use == profile.NEVER
    assert by_role["tac"].kid != by_role["internal"].kid


def test_pin_record_has_its_bytes() -> None:
    """The initial PIN is written with three tries and gives state 1."""
    assert profile.CardProfile.pin_record("123456") == bytes.fromhex("3AF0EF0133123456")
    assert KeyRecord.decode(profile.CardProfile.pin_record("1234")).key_type is KeyType.PIN


def test_short_ids_are_those_of_the_files() -> None:
    """A terminal that reads by short id reads the right file."""
    sfis = {spec.fid: spec.sfi for spec in ALL_FILES}
    assert sfis[profile.TRIP_FID] == profile.TRIP_SFI
    assert sfis[profile.LOG_FID] == profile.LOG_SFI
    assert sfis[profile.PUBLIC_DATA_FID] == profile.PUBLIC_DATA_SFI
    assert sfis[profile.SSSE_ISSUER_FID] == profile.SSSE_ISSUER_SFI
    assert sfis[profile.SSSE_PERSON_FID] == profile.SSSE_PERSON_SFI
    assert len(ManagementData("3300", "3302", 1).encode()) == MANAGEMENT_BYTES
