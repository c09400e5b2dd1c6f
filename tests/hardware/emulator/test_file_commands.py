"""Selecting, reading and writing files as readers in the field do."""

import pytest

from hardware.card import profile, protection, tlv
from hardware.card.channel import send
from hardware.card.files import ManagementData, PublicApplicationData
from hardware.card.purse import get_challenge, read_record, select_application, select_file, verify_pin
from hardware.card.social_security import IssuerRecords, PersonRecords
from hardware.emulator import EmulatedCard
from tests.hardware.emulator.make_cards import ADULT, CHIP_SERIAL, ISSUER, PIN, SERIAL, VALID_FROM, VALID_TO
from tests.hardware.emulator.test_blocking import DAMK
from tests.hardware.emulator.transactions import answer, begin_purchase, card_in_field, debit_command, pay, sw


@pytest.fixture
def card() -> EmulatedCard:
    """A personalised card with ten yuan, its purse selected."""
    return card_in_field(balance_fen=1_000)


def open_directory(card: EmulatedCard, *bodies: str) -> None:
    """Let the card's issuer create free files for a test: the master file counts as authenticated."""
    card._chip.ram.master_state = 0x0A
    for body in bodies:
        assert sw(card, body) == "9000"


def test_answer_to_select_carries_the_public_file(card: EmulatedCard) -> None:
    """SELECT answers the application's name and EF15, byte for byte (tag 9F0C)."""
    fci = tlv.FileControlInformation.decode(send(card, select_application(profile.PURSE_AID)))
    public = answer(card, "00B095001E").data
    assert (fci.name, fci.public_data) == (profile.PURSE_AID, public)
    assert PublicApplicationData.decode(public) == PublicApplicationData(ISSUER, SERIAL, VALID_FROM, VALID_TO)


def test_applications_are_found_by_name_and_by_identifier(card: EmulatedCard) -> None:
    """From anywhere by name; by identifier the master file, children, siblings and the parent."""
    assert sw(card, select_file(profile.SSSE_FID)) == "9000"
    assert sw(card, select_file(profile.PURSE_ADF_FID)) == "9000"
    assert sw(card, select_file(profile.MASTER_FID)) == "9000"
    assert sw(card, select_file(profile.PURSE_ADF_FID)) == "9000"
    assert sw(card, select_application(profile.SSSE_AID)) == "9000"
    assert sw(card, select_application(profile.MASTER_NAME)) == "9000"
    assert sw(card, "00A4000002 1234") == "6A82"
    assert sw(card, "00A4040005 A000000632") == "6A82"
    assert sw(card, "00A4000001 10") == "6700"
    assert sw(card, "00A4020002 0015") == "6A86"
    assert sw(card, "00A4000102 0015") == "6A86"


def test_failed_select_changes_nothing(card: EmulatedCard) -> None:
    """An unknown name leaves application and PIN state as they were."""
    assert sw(card, verify_pin(PIN)) == "9000"
    assert sw(card, "00A4040005 0102030405") == "6A82"
    assert sw(card, "00B0960037") == "9000"


def test_binary_file_is_read_whole_in_part_and_current(card: EmulatedCard) -> None:
    """By SFI and by SELECT; past the end 6B00, too long 6Cxx with what is there, Le 00 all."""
    assert len(answer(card, "00B0950000").data) == 30
    assert answer(card, "00B0950A0A").data == SERIAL
    assert answer(card, "00B0000A0A").data == SERIAL
    assert sw(card, "00B0951E01") == "6B00"
    assert sw(card, "00B095 19 20") == "6C05"
    assert sw(card, "00B0950001") == "9000"
    send(card, select_file(profile.MANAGEMENT_FID))
    assert answer(card, "00B0000004").data.hex() == "00000156"
    assert sw(card, "00B0980000") == "6981"
    assert sw(card, "00B08A0000") == "6A82"
    assert sw(card, "00B09500 01 00 00") == "6700"


def test_reading_needs_a_current_file(card: EmulatedCard) -> None:
    """After SELECT of an application no file is current."""
    send(card, select_application(profile.PURSE_AID))
    assert sw(card, "00B0000001") == "6986"
    assert sw(card, "00B2010400") == "6986"


def test_card_class_is_readable_without_pin(card: EmulatedCard) -> None:
    """A validator reads the class it must price by."""
    data = answer(card, "00B097003C").data
    assert ManagementData.decode(data).card_class == ADULT


def test_log_is_read_one_by_one_or_all_at_once(card: EmulatedCard) -> None:
    """Record by record, or with P2 low bits 101 as many whole 23-byte records as an answer holds."""
    for _ in range(10):
        pay(card, 1)
    single = [answer(card, read_record(profile.LOG_SFI, number, 23)).data for number in range(1, 11)]
    assert answer(card, "00B201C500").data == b"".join(single)
    assert answer(card, "00B209C500").data == b"".join(single[8:])
    assert answer(card, "00B201C52E").data == b"".join(single[:2])
    assert sw(card, "00B201C530") == "6C2E"
    assert sw(card, "00B20BC500") == "6A83"
    assert sw(card, "00B201C600") == "6A86"
    assert sw(card, "00B201AC00") == "6981"


def test_social_security_records_by_number_and_by_tag(card: EmulatedCard) -> None:
    """The bureau's readers ask by number (P2 04) or by tag (P2 00); names only after the PIN."""
    send(card, select_application(profile.SSSE_AID))
    records = tuple(answer(card, read_record(profile.SSSE_ISSUER_SFI, number)).data for number in range(1, 8))
    issuer = IssuerRecords.decode(records)
    assert issuer.card_id[8:12] == CHIP_SERIAL[-4:]
    send(card, select_file(profile.SSSE_ISSUER_FID))
    assert answer(card, "00B2070000").data == records[6]
    assert answer(card, "00B2070400").data == records[6]
    assert sw(card, "00B2AA0000") == "6A83"
    assert sw(card, read_record(profile.SSSE_PERSON_SFI, 1)) == "6982"
    assert sw(card, verify_pin(PIN)) == "9000"
    person = PersonRecords.decode(
        tuple(answer(card, read_record(profile.SSSE_PERSON_SFI, number)).data for number in range(1, 8))
    )
    assert person.social_number == "11010519491231002X"


def test_log_and_trips_are_written_by_the_chip_only(card: EmulatedCard) -> None:
    """No host may write a transaction into the log or a trip outside a purchase."""
    assert sw(card, f"00DC01C4 17 {'00' * 23}") == "6982"
    assert sw(card, f"00E200F0 30 {'00' * 48}") == "6982"
    assert sw(card, f"00DC00F4 30 {'00' * 48}") == "6982"
    challenge = send(card, get_challenge(4))
    assert sw(card, protection.protect(bytes.fromhex("04DC01C4"), bytes(23), DAMK, challenge)) == "6982"


def test_free_files_are_written_without_a_mac(card: EmulatedCard) -> None:
    """A file that asks for nothing takes plain updates within its bounds."""
    open_directory(card, "80E0000A 07 280008F0F0FFFF")
    assert sw(card, "00D68A02 03 AABBCC") == "9000"
    assert answer(card, "00B08A0008").data.hex() == "0000aabbcc000000"
    assert sw(card, "00D68A06 03 AABBCC") == "6B00"
    assert sw(card, "00D60000 01 11") == "9000"
    assert answer(card, "00B08A0001").data.hex() == "11"
    assert sw(card, "00D69800 01 00") == "6981"


def test_fixed_records_fill_up(card: EmulatedCard) -> None:
    """Records of fixed length are appended until the file is full, and replaced one by one."""
    open_directory(card, "80E0000A 07 2A0203F0F0FFFF")
    assert sw(card, "00DC0254 03 020202") == "6A83"
    assert sw(card, "00DC0154 03 010101") == "9000"
    assert sw(card, "00E20054 03 020202") == "9000"
    assert sw(card, "00E20054 03 030303") == "6A84"
    assert sw(card, "00DC0154 03 111111") == "9000"
    assert sw(card, "00DC0154 02 1111") == "6700"
    assert sw(card, "00E20154 03 030303") == "6A86"
    assert answer(card, "00B2015500").data.hex() == "111111020202"


def test_variable_records_are_replaced_by_tag(card: EmulatedCard) -> None:
    """A record with the same first byte is replaced, another is added, and the bytes together have a limit."""
    open_directory(card, "80E0000A 07 2C000AF0F0FFFF")
    assert sw(card, "00DCAA50 03 AA0101") == "9000"
    assert sw(card, "00DCBB50 03 BB0102") == "9000"
    assert sw(card, "00DCAA50 05 AA03040506") == "9000"
    assert sw(card, "00DCBB50 06 BB0304050607") == "6A84"
    assert sw(card, "00E20054 03 CC0101") == "6A84"
    assert answer(card, "00B2AA5000").data.hex() == "aa03040506"
    assert answer(card, "00B2025400").data.hex() == "bb0102"


def test_cyclic_file_takes_its_newest_first(card: EmulatedCard) -> None:
    """Number 0 makes a new record 1; a number that is not there is refused."""
    open_directory(card, "80E0000A 07 2E0202F0F0FFFF")
    assert sw(card, "00DC0154 02 0001") == "9000"
    assert sw(card, "00DC0254 02 0002") == "6A83"
    assert sw(card, "00DC0054 02 0002") == "9000"
    assert sw(card, "00E20054 02 0003") == "9000"
    assert answer(card, "00B2015500").data.hex() == "00030002"


def test_compound_purchase_may_write_a_record_by_its_tag(card: EmulatedCard) -> None:
    """Toll and city applications name compound records by their first byte (80 DC AA C8)."""
    open_directory(card, "80E0000A 07 2C0020F0EFFFFF")
    began = begin_purchase(card, 0)
    assert sw(card, "80DCAA50 03 AA0101") == "9000"
    assert sw(card, debit_command(began, 0)) == "9000"
    began = begin_purchase(card, 0)
    assert sw(card, "80DCAA50 03 AA0102") == "9000"
    assert sw(card, debit_command(began, 0)) == "9000"
    assert answer(card, "00B2AA5000").data.hex() == "aa0102"
    assert sw(card, "00B2025400") == "6A83"
