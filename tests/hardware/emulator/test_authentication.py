"""Keys, challenges and the PIN at the chip's door."""

from dataclasses import replace

import pytest

from hardware.card import crypto, pin, profile
from hardware.card.channel import send
from hardware.card.purse import (
    external_authenticate,
    get_challenge,
    internal_authenticate,
    select_application,
    select_file,
    verify_pin,
)
from hardware.emulator import ChipOptions, EmulatedCard, blank_card
from tests.hardware.emulator.make_cards import CHIP_SERIAL, KEYS, PIN, counting_random
from tests.hardware.emulator.transactions import answer, apdu, begin_purchase, card_in_field, sw

AMK = KEYS.key("application_control", chip_serial=CHIP_SERIAL)
IAK = KEYS.key("internal", chip_serial=CHIP_SERIAL)
DPUK = KEYS.key("pin_unblock", chip_serial=CHIP_SERIAL)
DRPK = KEYS.key("pin_reload", chip_serial=CHIP_SERIAL)
NAME_FILE = "00B0960037"  # EF16: name and id number, readable after the PIN only


@pytest.fixture
def card() -> EmulatedCard:
    """A personalised card, its purse selected."""
    return card_in_field()


def authenticate(card: EmulatedCard, key: bytes) -> str:
    challenge = send(card, get_challenge(8))
    return sw(card, external_authenticate(crypto.external_authenticate_cryptogram(key, challenge)))


def test_transport_key_regression_set() -> None:
    """The first contact with a blank (own regression set): challenge 1122334455667788, answer E7091996FC0C2DE6."""
    transport_key = bytes.fromhex("A4064BD0707F6529BE53B37853C3BD19")
    blank = EmulatedCard(
        blank_card(bytes.fromhex("0000000011223344"), transport_key), lambda _length: bytes.fromhex("1122334455667788")
    )
    assert answer(blank, "0084000008").data.hex() == "1122334455667788"
    assert sw(blank, "00820000 08 E7091996FC0C2DE6") == "9000"


def test_challenge_is_four_or_eight_bytes(card: EmulatedCard) -> None:
    """Other lengths are refused, and two challenges are never the same."""
    assert [len(answer(card, get_challenge(length)).data) for length in (4, 8)] == [4, 8]
    assert send(card, get_challenge(8)) != send(card, get_challenge(8))
    assert sw(card, "0084000006") == "6700"
    assert sw(card, "00840000") == "6700"
    assert sw(card, "0084000108") == "6A86"
    assert sw(card, "00840000 01 00 08") == "6700"


def test_challenge_serves_one_command(card: EmulatedCard) -> None:
    """A cryptogram for an old challenge, for none, or for one that another command used up is refused with 6984."""
    cryptogram = crypto.external_authenticate_cryptogram(AMK, send(card, get_challenge(8)))
    answer(card, "805C000204")
    assert sw(card, external_authenticate(cryptogram)) == "6984"
    cryptogram = crypto.external_authenticate_cryptogram(AMK, send(card, get_challenge(8)))
    assert sw(card, external_authenticate(cryptogram)) == "9000"
    assert sw(card, external_authenticate(cryptogram)) == "6984"
    send(card, get_challenge(4))
    assert sw(card, external_authenticate(cryptogram)) == "6984"


def test_three_wrong_cryptograms_block_the_key(card: EmulatedCard) -> None:
    """A desk with the wrong key hears the tries left, then 6983 even with the right key; a right one in time resets them."""
    assert authenticate(card, bytes(16)) == "63C2"
    assert authenticate(card, AMK) == "9000"
    assert [authenticate(card, bytes(16)) for _ in range(4)] == ["63C2", "63C1", "63C0", "6983"]
    assert authenticate(card, AMK) == "6983"
    card.reset()
    send(card, select_application(profile.PURSE_AID))
    assert authenticate(card, AMK) == "6983"


def test_social_security_form_of_authentication(card: EmulatedCard) -> None:
    """Sixteen bytes, DES under the encrypted challenge and the X it was made over, open the same door."""
    challenge = send(card, get_challenge(8))
    data = crypto.ssse_external_authenticate_data(AMK, challenge, bytes.fromhex("1122334455667788"))
    assert sw(card, external_authenticate(data)) == "9000"
    challenge = send(card, get_challenge(8))
    data = crypto.ssse_external_authenticate_data(bytes(16), challenge, bytes.fromhex("1122334455667788"))
    assert sw(card, external_authenticate(data)) == "63C2"


def test_authentication_refuses_malformed_commands(card: EmulatedCard) -> None:
    """Lengths, parameters and keys that are not there."""
    send(card, get_challenge(8))
    assert sw(card, "00820000 07 00000000000000") == "6700"
    assert sw(card, "00820100 08 0000000000000000") == "6A86"
    assert sw(card, "00820005 08 0000000000000000") == "6A88"
    assert sw(card, "00880100 08 0000000000000000 08") == "6A86"
    assert sw(card, "00880001 07 00000000000000 08") == "6700"
    assert sw(card, "00880007 08 0000000000000000 08") == "6A88"


def test_card_proves_itself(card: EmulatedCard) -> None:
    """INTERNAL AUTHENTICATE encrypts the host's eight bytes under the card's own key."""
    question = bytes.fromhex("0123456789ABCDEF")
    told = send(card, internal_authenticate(question, profile.INTERNAL_KID))
    assert told == crypto.external_authenticate_cryptogram(IAK, question)


def test_tac_key_answers_no_questions(card: EmulatedCard) -> None:
    """The key that signs transactions signs nothing else: no host can collect its encryptions."""
    assert sw(card, internal_authenticate(bytes(8), profile.TAC_KID)) == "6982"


def test_pin_opens_personal_data(card: EmulatedCard) -> None:
    """Name and id number are readable after the right PIN, until the application is selected anew."""
    assert sw(card, NAME_FILE) == "6982"
    assert sw(card, verify_pin(PIN)) == "9000"
    assert sw(card, NAME_FILE) == "9000"
    send(card, select_application(profile.PURSE_AID))
    assert sw(card, NAME_FILE) == "6982"


def test_transaction_closes_what_the_pin_opened(card: EmulatedCard) -> None:
    """After a completed purchase the PIN must be given again; a begun one changes nothing."""
    assert sw(card, verify_pin(PIN)) == "9000"
    began = begin_purchase(card, 0)
    assert sw(card, NAME_FILE) == "9000"
    assert began.offline_seq == 0
    began = begin_purchase(card, 0)
    session_key = crypto.purchase_session_key(KEYS.key("purchase", chip_serial=CHIP_SERIAL), began.random, 0, 1)
    terminal = bytes.fromhex("330200000001")
    mac1 = crypto.purchase_mac1(session_key, 0, 9, terminal, bytes(4), bytes(3))
    assert sw(card, f"805401000F 00000001 00000000 000000 {mac1.hex()} 08") == "9000"
    assert sw(card, NAME_FILE) == "6982"


def test_wrong_pins_are_counted_over_resets(card: EmulatedCard) -> None:
    """63C2, 63C1, 63C0, then 6983: pulling the card out gives no new tries, the right PIN in time does."""
    assert sw(card, verify_pin("000000")) == "63C2"
    card.reset()
    send(card, select_application(profile.PURSE_AID))
    assert sw(card, verify_pin("000000")) == "63C1"
    assert sw(card, verify_pin(PIN)) == "9000"
    assert [sw(card, verify_pin("000000")) for _ in range(4)] == ["63C2", "63C1", "63C0", "6983"]
    assert sw(card, verify_pin(PIN)) == "6983"


def test_pin_refuses_malformed_commands(card: EmulatedCard) -> None:
    """A length that no PIN has costs no try; an unknown PIN is told."""
    assert sw(card, "00200000 01 12") == "6700"
    assert sw(card, "00200000") == "6700"
    assert sw(card, "00200100 03 123456") == "6A86"
    assert sw(card, "00200004 03 123456") == "6A88"
    assert sw(card, "00200000 03 123456 05") == "6C00"
    assert sw(card, verify_pin("000000")) == "63C2"


def test_holder_changes_his_pin(card: EmulatedCard) -> None:
    """The old PIN makes the new one; a wrong old one costs a try."""
    assert sw(card, pin.change_pin("000000", "654321")) == "63C2"
    assert sw(card, pin.change_pin(PIN, "654321")) == "9000"
    assert sw(card, verify_pin(PIN)) == "63C2"
    assert sw(card, verify_pin("654321")) == "9000"
    assert sw(card, "805E0100 06 654321123456") == "6A80"
    assert sw(card, "805E0100 05 654321 FF 12") == "6A80"
    assert sw(card, "805E0200 05 654321 FF 12") == "6A86"


def test_issuer_reloads_a_forgotten_pin(card: EmulatedCard) -> None:
    """With the reload key's MAC a blocked PIN is replaced and has its tries again; a wrong MAC changes nothing."""
    for _ in range(3):
        answer(card, verify_pin("000000"))
    mac = pin.reload_pin_mac(DRPK, "654321")
    assert sw(card, pin.reload_pin("654321", bytes(4))) == "6988"
    assert sw(card, verify_pin(PIN)) == "6983"
    assert sw(card, pin.reload_pin("654321", mac)) == "9000"
    assert sw(card, verify_pin("654321")) == "9000"
    assert sw(card, "805E0000 05 1234567890") == "6700"
    for _ in range(3):
        assert sw(card, pin.reload_pin("111111", bytes(4))) == "6988"
    assert sw(card, pin.reload_pin("654321", mac)) == "6983"


def test_issuer_unblocks_the_known_pin(card: EmulatedCard) -> None:
    """PIN UNBLOCK gives the tries back to the PIN that is stored; it cannot set another, and needs a fresh challenge."""
    for _ in range(3):
        answer(card, verify_pin("000000"))
    assert sw(card, pin.unblock_pin(PIN, DPUK, bytes(4))) == "6984"
    assert sw(card, pin.unblock_pin("654321", DPUK, send(card, get_challenge(4)))) == "6A80"
    assert sw(card, pin.unblock_pin(PIN, DPUK, send(card, get_challenge(8)))) == "9000"
    assert sw(card, verify_pin(PIN)) == "9000"
    assert sw(card, "84240100 0C 000000000000000000000000") == "6A86"
    assert sw(card, "84240000 04 00000000") == "6700"


def test_own_regression_values_of_the_pin_commands() -> None:
    """RELOAD PIN and PIN UNBLOCK of our own regression set are taken by a card with those keys."""
    card = card_in_field(random=counting_random(0x1122334400000000))
    keys = card.image.master_file.directories[profile.PURSE_ADF_FID].keys
    for kind, first in ((0x37, 0x80), (0x38, 0x70)):
        keys[kind, 0] = replace(keys[kind, 0], value=bytes(range(first, first + 16)))
    assert sw(card, "805E0000 07 123456 D6E200C1") == "9000"
    card._chip.random = lambda length: bytes.fromhex("1122334455667788")[:length]
    send(card, get_challenge(4))
    assert sw(card, "84240000 0C 2479F0AEF9A30BFF 9DE8C949") == "9000"
    send(card, get_challenge(8))
    assert sw(card, apdu("84240000 0C 2479F0AEF9A30BFF 7728BF88")) == "9000"


def test_master_file_has_its_own_security_state(card: EmulatedCard) -> None:
    """Being known to the master file lasts while applications are selected, and ends when it is selected again."""
    send(card, select_file(profile.MASTER_FID))
    cmk = KEYS.key("card_control", chip_serial=CHIP_SERIAL)
    assert authenticate(card, cmk) == "9000"
    send(card, select_application(profile.PURSE_AID))
    create = "80E000190728001EF0F0FFFF"
    assert sw(card, create) == "9000"
    send(card, select_file(profile.MASTER_FID))
    send(card, select_application(profile.PURSE_AID))
    assert sw(card, create) == "6982"


def test_pin_unblock_in_the_other_form() -> None:
    """Some makers name the PIN in P1; the two forms are not confused."""
    card = card_in_field(options=ChipOptions(pin_unblock_form="kid_in_p1"))
    directory = card.image.master_file.directories[profile.PURSE_ADF_FID]
    directory.keys[0x3A, 2] = replace(directory.keys[0x3A, 0], identifier=2, algorithm=0x30)
    dpuk = KEYS.key("pin_unblock", chip_serial=CHIP_SERIAL)
    form = ChipOptions(pin_unblock_form="kid_in_p1").dialect.pin_unblock_form
    assert sw(card, pin.verify_pin(PIN, 2)) == "6983"
    assert sw(card, pin.unblock_pin(PIN, dpuk, send(card, get_challenge(4)), 2)) == "6A86"
    assert sw(card, pin.unblock_pin(PIN, dpuk, send(card, get_challenge(4)), 2, form)) == "9000"
    assert sw(card, pin.verify_pin(PIN, 2)) == "9000"
