"""The security module as a cipher: it works with the keys that are meant for it, and with no other."""

import pytest

from hardware.card import crypto, pin, profile
from hardware.card.administration import KeyType
from hardware.card.channel import send
from hardware.card.files import card_factor
from hardware.card.psam_cipher import DesCrypt, InitForDescrypt, KeyPurpose, KeyUsage
from hardware.card.purse import external_authenticate, get_challenge, select_application
from hardware.emulator import EmulatedCard
from hardware.emulator.file_system import KeyRecord
from tests.hardware.emulator.make_cards import CHIP_SERIAL, CITY_FACTOR, KEYS, PIN, SERIAL
from tests.hardware.emulator.transactions import answer, card_in_field, psam_in_terminal, sw

ENCRYPTION_KEY = bytes(range(0x10, 0x20))
RELOAD_KEY = KEYS.masters["pin_reload"]
BUREAU_KEY = bytes(range(0x50, 0x60))
FACTORS = (card_factor(SERIAL), CITY_FACTOR)
TWO_BLOCKS = bytes(range(16))


def put(psam: EmulatedCard, kind: KeyType, number: int, version: int, value: bytes) -> None:
    keys = psam.image.master_file.directories[profile.PSAM_ADF_FID].keys
    keys[kind, number] = KeyRecord(kind, number, profile.FREE, profile.NEVER, version, 0xFF, value)


@pytest.fixture
def psam() -> EmulatedCard:
    """A PSAM with an encryption key (version 05), a reload root (number 02) and a bureau's key (number 07)."""
    made = psam_in_terminal()
    put(made, KeyType.INTERNAL, 4, 0x05, ENCRYPTION_KEY)
    put(made, KeyType.PIN_RELOAD, 2, 0xFF, RELOAD_KEY)
    put(made, KeyType.INTERNAL, 7, 0x07, BUREAU_KEY)
    return made


def chosen(psam: EmulatedCard, purpose: KeyPurpose, key: int, *factors: bytes, social: bool = False) -> str:
    return sw(psam, InitForDescrypt(KeyUsage(purpose, len(factors)), key, factors, social).command())


def test_encrypts_and_signs_with_a_derived_key(psam: EmulatedCard) -> None:
    """What the module answers is what the derived key says: blocks, MACs from zeros and from a value, and long data in parts."""
    derived = crypto.diversify_chain(ENCRYPTION_KEY, (CITY_FACTOR, FACTORS[0]))
    assert chosen(psam, KeyPurpose.MAC_AND_ENCRYPTION, 5, *FACTORS) == "9000"
    assert send(psam, DesCrypt(TWO_BLOCKS).command()) == crypto.triple_des_encrypt(derived, TWO_BLOCKS)
    assert send(psam, DesCrypt(TWO_BLOCKS, mac=True).command()) == crypto.mac_over_blocks(derived, TWO_BLOCKS)
    with_value = DesCrypt(TWO_BLOCKS, mac=True, initial=bytes(range(8)))
    assert send(psam, with_value.command()) == crypto.mac_over_blocks(derived, TWO_BLOCKS, bytes(range(8)))
    assert sw(psam, DesCrypt(TWO_BLOCKS, mac=True, more=True, initial=bytes(range(8))).command()) == "9000"
    whole = crypto.mac_over_blocks(derived, TWO_BLOCKS * 2, bytes(range(8)))
    assert send(psam, DesCrypt(TWO_BLOCKS, mac=True).command()) == whole


def test_module_reloads_a_pin(psam: EmulatedCard) -> None:
    """The reload root never leaves the module; the MAC that it makes sets a new PIN on the card."""
    card = card_in_field()
    assert chosen(psam, KeyPurpose.PIN_RELOAD, 2, *FACTORS) == "9000"
    mac = send(psam, DesCrypt(crypto.pad80(pin.pack_pin("654321")), mac=True).command())
    assert sw(card, pin.reload_pin("654321", mac)) == "9000"
    assert sw(card, pin.verify_pin("654321")) == "9000"
    assert sw(card, pin.verify_pin(PIN)) == "63C2"


def test_module_authenticates_to_a_social_security_card(psam: EmulatedCard) -> None:
    """BF DE with ATR, city and challenge, then 80 FA of X: the sixteen bytes open the card's door."""
    card = card_in_field()
    city = b"330200sx"
    on_card = crypto.diversify_chain(BUREAU_KEY, (CHIP_SERIAL, city))
    keys = card.image.master_file.directories[profile.PURSE_ADF_FID].keys
    keys[0x39, 4] = KeyRecord(0x39, 4, profile.FREE, profile.NEVER, 0x11, 0x33, on_card)
    challenge = send(card, get_challenge(8))
    assert chosen(psam, KeyPurpose.ENCRYPTION, 7, CHIP_SERIAL, city, challenge, social=True) == "9000"
    x = bytes.fromhex("1122334455667788")
    response = answer(psam, DesCrypt(x).command())
    assert sw(card, external_authenticate(response.data + x, 4)) == "9000"


def test_no_root_and_no_own_key_is_a_cipher(psam: EmulatedCard) -> None:
    """Purchase roots, control keys and the module's maintenance key encrypt nothing: MAC1 could be forged with them."""
    for purpose in (KeyPurpose.PURCHASE, KeyPurpose.CONTROL, KeyPurpose.MAINTENANCE):
        assert chosen(psam, purpose, 1, *FACTORS) == "6982"
    assert chosen(psam, KeyPurpose.CARD_MAINTENANCE, 0, *FACTORS) == "6982"
    assert chosen(psam, KeyPurpose.ENCRYPTION, 9) == "6A88"
    assert sw(psam, DesCrypt(TWO_BLOCKS).command()) == "6985"


def test_purpose_and_form_are_held(psam: EmulatedCard) -> None:
    """A signing key does not encrypt; half blocks, other bits, another number of factors and reserved usages are refused."""
    assert chosen(psam, KeyPurpose.PIN_RELOAD, 2, *FACTORS) == "9000"
    assert sw(psam, DesCrypt(TWO_BLOCKS).command()) == "6982"
    assert sw(psam, "80FA0100 07 00000000000000") == "6700"
    assert sw(psam, "80FA0800 08 0000000000000000") == "6A86"
    assert sw(psam, "801A2705") == "6700"
    assert sw(psam, "801A1F05") == "6A80"
    assert sw(psam, "801A2705 07 00000000000000") == "6700"
    assert chosen(psam, KeyPurpose.ENCRYPTION, 5) == "9000"
    assert sw(psam, DesCrypt(bytes(248), more=True).command()) == "9000"
    assert sw(psam, DesCrypt(TWO_BLOCKS).command()) == "6700"
    psam.reset()
    assert sw(psam, DesCrypt(TWO_BLOCKS).command()) == "6985"


def test_selecting_forgets_the_derived_key(psam: EmulatedCard) -> None:
    """SELECT ends what was chosen."""
    assert chosen(psam, KeyPurpose.ENCRYPTION, 5) == "9000"
    send(psam, select_application(profile.PSAM_AID))
    assert sw(psam, DesCrypt(TWO_BLOCKS).command()) == "6985"


def test_a_card_is_no_security_module() -> None:
    """A citizen card, whose reload and maintenance keys could be asked otherwise, does not know the commands."""
    card = card_in_field(balance_fen=100)
    for command in ("801A4405", "BFDE4405", "80FA0000 08 0000000000000000", "80720000 04 00000000"):
        assert sw(card, command) == "6D00"
