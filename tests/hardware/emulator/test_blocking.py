"""Blocking and unblocking an application, and the end of a card."""

from hardware.card import profile, protection
from hardware.card.channel import send
from hardware.card.purse import get_challenge, select_application, select_file
from hardware.emulator import EmulatedCard
from tests.hardware.emulator.make_cards import CHIP_SERIAL, KEYS
from tests.hardware.emulator.transactions import answer, balance, card_in_field, initialize_purchase, pay, sw

DAMK = KEYS.key("application_maintenance", chip_serial=CHIP_SERIAL)


def ordered(card: EmulatedCard, header: str, key: bytes = DAMK) -> str:
    return sw(card, protection.protect(bytes.fromhex(header), b"", key, send(card, get_challenge(4))))


def test_own_regression_value_of_application_block() -> None:
    """APP BLOCK of our own regression set: DAMK 90…9F, challenge 11223344, MAC 1CA84CCD."""
    card = card_in_field(random=lambda length: bytes.fromhex("11223344")[:length])
    keys = card.image.master_file.directories[profile.PURSE_ADF_FID].keys
    damk = keys[0x36, 0]
    keys[0x36, 0] = type(damk)(0x36, 0, damk.use, damk.change, damk.version, damk.algorithm, bytes(range(0x90, 0xA0)))
    send(card, get_challenge(4))
    assert sw(card, "841E0000 04 1CA84CCD") == "9000"


def test_blocked_application_shows_itself_and_pays_nothing() -> None:
    """A blocked purse can be read and proves its last transaction, but takes no purchase until it is unblocked."""
    card = card_in_field(balance_fen=1_000)
    pay(card, 100)
    assert ordered(card, "841E0000") == "9000"
    assert sw(card, initialize_purchase(100)) == "6A81"
    card.reset()
    selected = answer(card, select_application(profile.PURSE_AID))
    assert selected.sw == 0x6283
    assert selected.data[:2].hex() == "6f31"
    assert balance(card) == 900
    assert sw(card, "00B0950000") == "9000"
    assert sw(card, "805A0009020001 08") == "9000"
    assert sw(card, initialize_purchase(100)) == "6A81"
    assert ordered(card, "84180000") == "9000"
    assert sw(card, initialize_purchase(100)) == "9000"
    assert ordered(card, "84180000") == "6985"


def test_wrong_unblocking_ends_in_a_lock() -> None:
    """Whoever unblocks without the key locks the application for good with the third try (9303)."""
    card = card_in_field()
    assert ordered(card, "841E0000") == "9000"
    assert [ordered(card, "84180000", bytes(16)) for _ in range(3)] == ["6988", "6988", "9303"]
    assert ordered(card, "84180000") == "9303"
    card.reset()
    assert sw(card, select_application(profile.PURSE_AID)) == "6A81"
    assert sw(card, select_application(profile.SSSE_AID)) == "9000"


def test_permanent_block_stays() -> None:
    """P2 01 locks the application for good; the other application of the card still works."""
    card = card_in_field(balance_fen=100)
    assert ordered(card, "841E0001") == "9000"
    assert sw(card, initialize_purchase(1)) == "9303"
    assert ordered(card, "84180000") == "9303"
    card.reset()
    assert sw(card, select_application(profile.PURSE_AID)) == "6A81"


def test_blocked_card_answers_nothing_but_no() -> None:
    """After CARD BLOCK every command is refused for ever, SELECT included."""
    card = card_in_field(balance_fen=100)
    assert ordered(card, "84160000") == "9000"
    card.reset()
    assert sw(card, select_file(profile.MASTER_FID)) == "6A81"
    assert sw(card, "0084000008") == "6A81"


def test_orders_must_be_authentic() -> None:
    """Blocking needs the MAC, a challenge and right parameters; otherwise the purse goes on working."""
    card = card_in_field(balance_fen=100)
    assert ordered(card, "841E0000", bytes(16)) == "6988"
    assert sw(card, "841E0000 04 00000000") == "6984"
    assert sw(card, "841E0000 05 0000000000") == "6700"
    assert ordered(card, "841E0002") == "6A86"
    assert ordered(card, "841E0100") == "6A86"
    assert ordered(card, "84160001") == "6A86"
    assert sw(card, initialize_purchase(1)) == "9000"
