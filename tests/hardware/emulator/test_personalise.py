"""Making a card out of a blank: files, keys, and what the chip does not let a host do."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.card import crypto, profile, protection
from hardware.card.administration import DirectoryBody, FileBody, FileKind, KeyRecord, KeyType
from hardware.card.apdu import CommandApdu
from hardware.card.atr import chip_serial_of
from hardware.card.channel import send
from hardware.card.purse import external_authenticate, get_challenge, select_application, select_file
from hardware.emulator import ChipOptions, EmulatedCard, TearPhase, blank_card
from hardware.emulator.image_format import content_from_document, document_from_content
from hardware.errors import CardRemoved
from tests.hardware.emulator.make_cards import CHIP_SERIAL, KEYS, counting_random, personalised_card
from tests.hardware.emulator.transactions import answer, balance, card_in_field, sw, wake

KT = KEYS.key("transport", chip_serial=CHIP_SERIAL)
CMK = KEYS.key("card_control", chip_serial=CHIP_SERIAL)
AMK = KEYS.key("application_control", chip_serial=CHIP_SERIAL)


@pytest.fixture
def blank() -> EmulatedCard:
    """A blank as the maker delivers it, in the reader."""
    return EmulatedCard(blank_card(CHIP_SERIAL, KT), counting_random())


def authenticate(card: EmulatedCard, key: bytes) -> str:
    challenge = send(card, get_challenge(8))
    return sw(card, external_authenticate(crypto.external_authenticate_cryptogram(key, challenge)))


def write(card: EmulatedCard, header: str, record: bytes, under: bytes) -> str:
    challenge = send(card, get_challenge(4))
    return sw(card, protection.protect(bytes.fromhex(header), record, under, challenge, encrypt=True))


def control_record(key: bytes) -> bytes:
    return profile.CARD_CONTROL.record(key).encode()


def test_own_regression_set_of_key_loading() -> None:
    """The bytes of our own regression set turn the transport key into CMK and load DLK under AMK."""
    randoms = iter([bytes.fromhex("1122334455667788"), bytes.fromhex("11223344"), bytes(8), bytes.fromhex("11223344")])
    card = EmulatedCard(
        blank_card(CHIP_SERIAL, bytes.fromhex("A4064BD0707F6529BE53B37853C3BD19")), lambda _length: next(randoms)
    )
    send(card, get_challenge(8))
    assert sw(card, "00820000 08 E7091996FC0C2DE6") == "9000"
    send(card, get_challenge(4))
    assert sw(card, "84D439001CB3866A81742BE1068176555FC2ECBCD88F538D5E2C7F6E7D17DA8FE9") == "9000"
    assert card.image.master_file.keys[0x39, 0].value.hex().upper() == "CDCF4C3817FA5E9A05C0E8E64F29A1CE"
    send(card, get_challenge(8))
    cmk = bytes.fromhex("CDCF4C3817FA5E9A05C0E8E64F29A1CE")
    send(card, external_authenticate(crypto.external_authenticate_cryptogram(cmk, bytes(8))))
    amk = bytes.fromhex("23DA181C4AAB144BA88BC8C3E43EC0C1")
    keys = card.image.master_file.keys
    keys[0x39, 0] = type(keys[0x39, 0])(0x39, 0, 0xF0, 0xF0, 0xAA, 0x33, amk)
    send(card, get_challenge(4))
    assert sw(card, "84D401011C3327686DE0300C1732D68AC53FCEDA5402CCAA2A64532B4DE84039AE") == "9000"
    assert keys[0x3F, 1].value.hex().upper() == "51B303AD7C44EF348ADFDF6D4B11D160"


def test_plain_keys_are_never_taken(blank: EmulatedCard) -> None:
    """80 D4, a key in the clear, answers 6982 before and after authentication."""
    plain = "80D40101 15 3FF0020100" + "11" * 16
    assert sw(blank, plain) == "6982"
    assert authenticate(blank, KT) == "9000"
    assert sw(blank, plain) == "6982"
    assert (0x3F, 1) not in blank.image.master_file.keys


def test_chip_with_another_serial_fails_at_the_first_step(blank: EmulatedCard) -> None:
    """A false ATR gains nothing: the transport key of another chip does not open this one."""
    assert authenticate(blank, KEYS.key("transport", chip_serial=bytes(8))) == "63C2"
    assert sw(blank, profile.CardProfile().purse_directory.command()) == "6982"


def test_nothing_can_be_made_without_the_transport_key(blank: EmulatedCard) -> None:
    """Files, keys and erasure all need the control key."""
    assert sw(blank, "800E000000"[:8]) == "6982"
    assert sw(blank, profile.CardProfile().purse_directory.command()) == "6982"
    assert write(blank, "84D40101", KeyRecord(KeyType.LOAD, 0xF0, 2, 1, 0, bytes(16)).encode(), bytes(16)) == "6988"


def test_transport_key_is_replaced_once_and_gone(blank: EmulatedCard) -> None:
    """After the replacement only CMK opens the chip; a try with KT costs a try and no more."""
    assert authenticate(blank, KT) == "9000"
    assert write(blank, "84D43900", control_record(CMK), KT) == "9000"
    assert authenticate(blank, KT) == "63C2"
    assert authenticate(blank, CMK) == "9000"
    assert write(blank, "84D43900", control_record(bytes(16)), KT) == "6988"
    assert authenticate(blank, CMK) == "9000"


@pytest.mark.parametrize(("phase", "new"), [("before", False), ("inside", False), ("after", True)])
def test_torn_key_replacement_leaves_one_of_the_two_keys(blank: EmulatedCard, phase: TearPhase, new: bool) -> None:
    """After a cut the host tries CMK, then KT, once each, and one of them opens the chip."""
    assert authenticate(blank, KT) == "9000"
    blank.tear(after_apdus=1, phase=phase)
    with pytest.raises(CardRemoved):
        write(blank, "84D43900", control_record(CMK), KT)
    blank.reset()
    assert authenticate(blank, CMK) == ("9000" if new else "63C2")
    blank.reset()
    assert authenticate(blank, KT) == ("63C2" if new else "9000")


def test_write_key_tells_what_is_wrong() -> None:
    """MAC, challenge, form, parameters, presence and permission each have their answer."""
    card = card_in_field()
    assert authenticate(card, AMK) == "9000"
    record = KeyRecord(KeyType.LOAD, 0xF0, 0x02, 1, 0, bytes(16)).encode()
    assert sw(card, "84D40105 03 000000") == "6987"
    assert sw(card, "84D40105 04 00000000") == "6984"
    assert write(card, "84D40105", b"\x99" + record[1:], AMK) == "6A80"
    assert write(card, "84D40105", record[:-1], AMK) == "6A80"
    assert write(card, "84D43E05", record, AMK) == "6A86"
    assert write(card, "84D43F05", record, AMK) == "6A88"
    assert write(card, "84D40101", record, AMK) == "6982"  # adding needs the master file's control key
    assert write(card, "84D43F01", record, AMK) == "6982"  # so does replacing
    send(card, select_file(profile.MASTER_FID))
    assert authenticate(card, CMK) == "9000"
    send(card, select_application(profile.PURSE_AID))
    assert write(card, "84D40101", record, AMK) == "6A89"
    assert write(card, "84D43F01", record, AMK) == "9000"
    for kid in range(2, 13):
        last = write(card, f"84D401{kid:02X}", record, AMK)
    assert last == "6A84"


def test_some_makers_replace_a_key_by_01_as_well() -> None:
    """P1 01 then adds a key or replaces the one that is there, and its type is no P1; what a change needs stays the same."""
    card = card_in_field()
    card.image._content.options = ChipOptions(write_key_p1="01")
    record = KeyRecord(KeyType.LOAD, 0xF0, 0x02, 1, 0, bytes(16)).encode()
    assert authenticate(card, AMK) == "9000"
    assert write(card, "84D40101", record, AMK) == "6982"
    send(card, select_file(profile.MASTER_FID))
    assert authenticate(card, CMK) == "9000"
    send(card, select_application(profile.PURSE_AID))
    assert write(card, "84D43F01", record, AMK) == "6A86"
    assert write(card, "84D40101", record, AMK) == "9000"
    assert card.image.master_file.directories[profile.PURSE_ADF_FID].keys[0x3F, 1].value == bytes(16)
    assert write(card, "84D40102", record, AMK) == "9000"


def test_ciphertext_of_another_form_is_refused() -> None:
    """A right MAC over something that does not decrypt to a key record writes nothing."""
    card = card_in_field()
    for ciphertext in (bytes(8), bytes(24), bytes(7), b""):
        challenge = send(card, get_challenge(4))
        assert sw(card, protection.protect(bytes.fromhex("84D40105"), ciphertext, AMK, challenge)) == "6A80"


def test_first_key_of_an_application_comes_under_the_card_control_key(blank: EmulatedCard) -> None:
    """Until an application has its own control key, CMK protects what is written into it; afterwards only its own."""
    authenticate(blank, KT)
    write(blank, "84D43900", control_record(CMK), KT)
    authenticate(blank, CMK)
    what = profile.CardProfile()
    send(blank, what.purse_directory.command())
    send(blank, select_application(profile.PURSE_AID))
    assert write(blank, "84D40100", what.purse_control.record(AMK).encode(), CMK) == "6A82"  # no key file yet
    send(blank, what.purse_files[0].command())
    assert write(blank, "84D40100", what.purse_control.record(AMK).encode(), CMK) == "9000"
    record = what.purse_keys[0].record(bytes(16)).encode()
    assert write(blank, "84D40101", record, CMK) == "6988"
    assert write(blank, "84D40101", record, AMK) == "9000"


def test_files_have_unique_names_and_room() -> None:
    """Doubled identifiers, short identifiers and names, and files without room are refused; nothing is half made."""
    card = card_in_field()
    card._chip.ram.master_state = 0x0A
    files = card._chip.directory.files
    before = dict(files)
    assert sw(card, "80E00015 07 28001EF0F0FFFF") == "6A89"
    assert sw(card, "80E0EF15 07 28001EF0F0FFFF") == "6A89"
    assert sw(card, "80E01001 07 28001EF0F0FFFF") == "6A89"
    assert sw(card, "80E0000A 07 28F000F0F0FFFF") == "6A84"
    assert sw(card, "80E0000A 07 280000F0F0FFFF") == "6A80"
    assert sw(card, "80E0000A 07 2A0500F0F0FFFF") == "6A80"
    assert sw(card, "80E0000A 06 28001EF0F0FF") == "6A80"
    assert sw(card, "80E0000A 07 55001EF0F0FFFF") == "6A80"
    assert sw(card, "80E0000A 07 3F0020EF0AFFFF") == "6A80"
    assert sw(card, "80E00000 07 3F0020EF0AFFFF") == "6A89"
    assert sw(card, "80E00002 07 2F0208F0EFFF18") == "6A89"
    assert sw(card, "80E00001 07 2F0208F0EFFFFF") == "6A80"
    assert sw(card, "80E00003 07 2F0208F0EFFF18") == "6A80"
    assert sw(card, "80E02001 10 380100 0A0A FF FFFF A000000632010105") == "6A89"
    assert files == before
    assert sw(card, "80E02001 0D 380100 0A0A FF FFFF 4E45574552") == "9000"
    assert sw(card, "80E02001 0D 380100 0A0A FF FFFF 4E45574552") == "6A89"
    assert sw(card, "80E02002 0D 387000 0A0A FF FFFF 4E45574553") == "6A84"


def test_directories_end_at_the_third_level() -> None:
    """Master file, application, one directory below it: no deeper."""
    card = card_in_field()
    card._chip.ram.master_state = 0x0A
    assert sw(card, "80E02001 0D 380100 0A0A FF FFFF 4E45574552") == "9000"
    assert sw(card, select_file(0x2001)) == "9000"
    assert sw(card, "80E02002 0D 380010 0A0A FF FFFF 4E45574553") == "6A84"


def test_erased_card_can_be_made_again() -> None:
    """ERASE DF in the master file takes every application with it and keeps the control key, so issuing can restart."""
    card = personalised_card(None, balance_fen=100)
    assert sw(card, "800E0000") == "6982"
    assert sw(card, select_file(profile.MASTER_FID)) == "9000"
    assert authenticate(card, CMK) == "9000"
    assert sw(card, "800E0001") == "6A86"
    assert sw(card, "800E0000 01 00") == "6700"
    assert sw(card, "800E0000") == "9000"
    assert sw(card, select_application(profile.PURSE_AID)) == "6A82"
    assert authenticate(card, CMK) == "9000"
    assert sw(card, profile.CardProfile().purse_directory.command()) == "9000"


def test_erased_application_is_empty() -> None:
    """ERASE DF inside an application takes its files, purse and keys; it can be filled again."""
    card = card_in_field(balance_fen=100)
    card._chip.ram.master_state = 0x0A
    assert sw(card, "800E0000") == "9000"
    directory = card.image.master_file.directories[profile.PURSE_ADF_FID]
    assert (directory.files, directory.keys, directory.purses, directory.key_change) == ({}, {}, {}, None)
    assert sw(card, profile.CardProfile().purse_files[0].command()) == "9000"


def count_of_apdus() -> int:
    """How many commands a whole personalisation takes."""
    count = 0
    transmit = EmulatedCard.transmit

    def counting(card: EmulatedCard, command: CommandApdu) -> object:
        nonlocal count
        count += 1
        return transmit(card, command)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EmulatedCard, "transmit", counting)
        personalised_card(None)
    return count


def test_whole_profile_goes_through_the_chip() -> None:
    """Every file and key of the profile is there in the end, each key with what the city derives, the purse at zero."""
    card = card_in_field()
    assert balance(card) == 0
    what, purse = profile.CardProfile(), card.image.master_file.directories[profile.PURSE_ADF_FID]
    assert {spec.fid for spec in what.purse_files} - {profile.KEY_FID, profile.PURSE_FID} == set(purse.files)
    for slot in (what.purse_control, *what.purse_keys):
        assert purse.keys[slot.key_type, slot.kid].value == KEYS.key(slot.role, chip_serial=CHIP_SERIAL)
    assert count_of_apdus() > 60


@given(
    bodies=st.lists(
        st.tuples(
            st.integers(0, 0xFFFF),
            st.builds(
                FileBody,
                kind=st.sampled_from(FileKind),
                size=st.integers(0, 0xFFFF),
                read=st.just(0xF0),
                write=st.just(0xF0),
                protection_kid=st.none() | st.just(0),
                log_sfi=st.none() | st.integers(0, 31),
            )
            | st.just(profile.CardProfile().purse_directory.body),
            st.binary(min_size=1, max_size=60),
        ),
        max_size=12,
    )
)
@settings(max_examples=100, deadline=None)
def test_whatever_an_issuer_makes_can_be_stored_and_read(
    bodies: list[tuple[int, FileBody | DirectoryBody, bytes]],
) -> None:
    """No sequence of permitted commands makes an image that cannot be loaded again."""
    card = EmulatedCard(blank_card(CHIP_SERIAL, KT), counting_random())
    card._chip.ram.master_state = 0x0A
    for file_id, body, data in bodies:
        answer(card, CommandApdu(0x80, 0xE0, file_id >> 8, file_id & 0xFF, body.encode()))
        answer(card, CommandApdu(0x00, 0xD6, 0x80 | file_id & 0x1F, 0, data))
        answer(card, CommandApdu(0x00, 0xE2, 0, (file_id & 0x1F) << 3 | 4, data))
    document = document_from_content(card.image._content)
    assert document_from_content(content_from_document(document)) == document
    assert chip_serial_of(card.reset()) == CHIP_SERIAL


def test_personalised_card_wakes_up_working() -> None:
    """After power-up the purse is there for everybody."""
    card = card_in_field(balance_fen=100)
    wake(card)
    assert balance(card) == 100
