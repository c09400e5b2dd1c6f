"""The tables of what each role may do on a chip."""

import pytest

from citizencard.keys import card_commands
from citizencard.keys.derivation import CARD_ROLES, PSAM_ROLES
from citizencard.keys.errors import KeyRoleRefused
from citizencard.keys.hsm import KeyRole
from hardware.card.profile import CARD_CONTROL, PSAM_CONTROL, CardProfile, PsamProfile
from hardware.card.protection import protect

CARD, PSAM = CardProfile(), PsamProfile()
CARD_SLOTS = (CARD_CONTROL, CARD.purse_control, *CARD.purse_keys, *CARD.social_keys)
PSAM_SLOTS = (PSAM_CONTROL, PSAM.control, *PSAM.master_keys, *PSAM.keys)


def test_profile_and_tables_name_the_same_keys() -> None:
    """Every key that our cards and PSAMs have can be written, under the key that the profile names, and no other exists."""
    assert {slot.role for slot in (*CARD_SLOTS, *PSAM_SLOTS)} == set(card_commands.WRITTEN_UNDER)
    for slot in (*CARD_SLOTS, *PSAM_SLOTS):
        card_commands.check_writable(KeyRole(slot.role), KeyRole(slot.under))
    fuel_only = {KeyRole.GREY_UNLOCK}
    assert {slot.role for slot in CARD_SLOTS} == CARD_ROLES - {KeyRole.TRANSPORT} - fuel_only
    assert {slot.role for slot in PSAM_SLOTS} == PSAM_ROLES - {KeyRole.TRANSPORT}


def test_records_are_those_of_the_profile() -> None:
    """A card finds type, rights, version and tries where it expects them; the heads are those of hardware/README.md."""
    key = bytes(range(16))
    assert card_commands.key_record(KeyRole.CARD_CONTROL, 1, key).hex() == "39f0f0aa33" + key.hex()
    assert card_commands.key_record(KeyRole.LOAD, 1, key).hex() == "3ff0020100" + key.hex()
    assert card_commands.key_record(KeyRole.PSAM_PURCHASE, 5, key)[3] == 5
    for role in (KeyRole.PERSONAL_DATA, KeyRole.BLIND_INDEX, KeyRole.CARD_IDENTITY, KeyRole.TRANSPORT):
        with pytest.raises(KeyRoleRefused):
            card_commands.key_record(role, 1, key)


def test_application_block_is_the_documented_command() -> None:
    """The block order to a lost card is the known one (own regression value: 1CA84CCD under 90…9F)."""
    damk = bytes(range(0x90, 0xA0))
    card_commands.check_protects(b"\x84\x1e\x00\x00", b"", KeyRole.APPLICATION_MAINTENANCE)
    command = protect(b"\x84\x1e\x00\x00", b"", damk, bytes.fromhex("11223344"))
    assert command.to_bytes().hex().upper() == "841E0000041CA84CCD"


@pytest.mark.parametrize("length", [0, 3, 5, 7, 16])
def test_challenges_have_four_or_eight_bytes(length: int) -> None:
    """A challenge of another length is our own mistake; a guessed padding would give a MAC that the card refuses and counts."""
    with pytest.raises(ValueError, match="4 or 8 bytes"):
        card_commands.check_challenge(bytes(length))
