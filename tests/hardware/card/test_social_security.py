"""The social-security application: numbers and records."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from hardware.card import crypto
from hardware.card import social_security as sse
from hardware.card.dialect import CardIdIv
from hardware.errors import MalformedCardData
from tests.vectors import card_samples, identifiers

days = st.dates(min_value=date(1900, 1, 1))
digits = st.text("0123456789", max_size=24)
numbers = st.text("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ", min_size=8, max_size=8).map(
    lambda first8: first8 + sse.card_number_check(first8)
)
names = st.text("张三丰阿布都热合曼·abc", max_size=15)


@pytest.mark.parametrize("number", identifiers.CITIZEN_NUMBERS)
def test_citizen_numbers_check(number: str) -> None:
    """The samples of GB 11643 are right and one wrong digit is found, by the library that the product uses."""
    assert ric.calc_check_digit(number) == number[17]  # not is_valid: its list of regions has no dissolved counties
    for place in range(17):
        wrong = number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
        assert ric.calc_check_digit(wrong) != number[17]


def test_company_codes_check() -> None:
    """The sample of GB 32100 is right, and one wrong digit is found."""
    assert uscc.is_valid(identifiers.COMPANY_CODE)
    assert not uscc.is_valid(identifiers.COMPANY_CODE[:-1] + "4")


def test_card_numbers_check() -> None:
    """A social-security card number with one wrong character is found (constructed value)."""
    assert sse.card_number_check("A1234567") == "4"
    assert sse.is_card_number(identifiers.SOCIAL_CARD_NUMBER)
    for wrong in ("A12345675", "A12345664", "a12345674", "A1234567", "A123456744", ""):
        assert not sse.is_card_number(wrong)


def test_card_numbers_use_every_check_character() -> None:
    """The check character may be X (10) and 0 (11), as in GB 11714."""
    found = {sse.card_number_check(f"{number:08}") for number in range(40)}
    assert found == set("0123456789X")


def test_card_id_names_region_chip_and_certificate() -> None:
    """The card id begins with the region and ends with a MAC that only the issuer can make."""
    body = sse.card_id_body("330200", bytes.fromhex("0000000011223344"))
    assert body == bytes.fromhex("330200 D156000005 11223344")
    assert sse.card_id_mac(bytes(16), body) == crypto.retail_mac(bytes(16), body)
    with pytest.raises(MalformedCardData):
        sse.card_id_body("33020", bytes(8))
    with pytest.raises(MalformedCardData):
        sse.card_id_body("330200", bytes(7))


def test_records_of_the_field_are_read() -> None:
    """Records of a real social-security card are understood."""
    card_id = sse.decode_record(card_samples.SOCIAL_CARD_ID_RECORD, sse.TAG_CARD_ID)
    assert len(card_id) == sse.CARD_ID_BYTES
    assert card_id[3:8] == sse.SCHEME
    assert sse.decode_record(card_samples.SOCIAL_VERSION_RECORD, sse.TAG_VERSION) == b"3.00"


issuers = st.builds(
    sse.IssuerRecords,
    st.binary(min_size=16, max_size=16),
    numbers,
    digits,
    days,
    days,
    st.sampled_from(["1", "2"]),
    st.sampled_from(["1.00", "2.00", "3.00"]),
)
persons = st.builds(
    sse.PersonRecords,
    st.sampled_from(identifiers.CITIZEN_NUMBERS),
    names.filter(lambda name: len(name.encode("gb18030")) <= sse.NAME_BYTES),
    st.sampled_from(["1", "2", "9"]),
    days,
    st.sampled_from(["", "01", "56"]),
    st.sampled_from(["", "330203"]),
    names.filter(lambda name: len(name.encode("gb18030")) <= sse.NAME_BYTES),
)


@given(issuers)
def test_issuer_records_survive(value: sse.IssuerRecords) -> None:
    """EF05 says what the issuer wrote."""
    records = value.encode()
    assert [record[0] for record in records] == [1, 2, 3, 4, 5, 6, 7]
    assert sse.IssuerRecords.decode(records) == value


@given(persons)
def test_person_records_survive(value: sse.PersonRecords) -> None:
    """EF06 says whom the card belongs to, and nothing of it is shown in a log."""
    records = value.encode()
    assert [record[0] for record in records] == [0x08, 0x09, 0x4E, 0x0A, 0x0B, 0x0C, 0x0D]
    assert sse.PersonRecords.decode(records) == value
    assert value.social_number not in repr(value)
    assert str(value.born.year) not in repr(value)


ISSUER = sse.IssuerRecords(bytes(16), "A12345674", "330200000001", date(2026, 1, 1), date(2036, 1, 1))
PERSON = sse.PersonRecords("11010519491231002X", "张三", "2", date(1949, 12, 31))


@pytest.mark.parametrize(
    "call",
    [
        lambda: replace(ISSUER, card_number="A12345675").encode(),
        lambda: replace(ISSUER, card_id=bytes(15)).encode(),
        lambda: replace(ISSUER, institution="1" * 25).encode(),
        lambda: replace(ISSUER, institution="12x").encode(),
        lambda: replace(ISSUER, version="3.000").encode(),
        lambda: sse.IssuerRecords.decode(ISSUER.encode()[:-1]),
        lambda: sse.IssuerRecords.decode(ISSUER.encode()[::-1]),
        lambda: sse.IssuerRecords.decode((*ISSUER.encode()[:-1], sse.encode_record(7, b"A12345675"))),
        lambda: sse.IssuerRecords.decode((*ISSUER.encode()[:-1], sse.encode_record(7, b"A1234567"))),
        lambda: replace(PERSON, sex="3").encode(),
        lambda: replace(PERSON, name="很" * 16).encode(),
        lambda: replace(PERSON, social_number="1" * 19).encode(),
        lambda: replace(PERSON, ethnic_group="011").encode(),
        lambda: sse.PersonRecords.decode(()),
        lambda: sse.decode_record(b"\x01\x02a", 1),
        lambda: sse.decode_record(b"\x01", 1),
        lambda: sse.encode_record(0, b""),
        lambda: sse.encode_record(1, bytes(254)),
        lambda: sse.decode_digits("x", b"\x1f\x11"),
    ],
)
def test_malformed_is_refused(call: object) -> None:
    """No record is half written, and a number that does not check is on no card."""
    assert callable(call)
    with pytest.raises(MalformedCardData):
        call()


def test_the_mac_of_a_card_id_begins_where_the_dialect_says() -> None:
    """From zeros, or from a challenge of 4 bytes and zeros: two sources, two values."""
    key, body = bytes(range(16)), sse.card_id_body("330200", bytes(8))
    assert sse.card_id_mac(key, body) == crypto.retail_mac(key, body)
    assert sse.card_id_mac(key, body, CardIdIv.ZEROS, b"rand") == sse.card_id_mac(key, body)
    assert sse.card_id_mac(key, body, CardIdIv.CHALLENGE, b"rand") == crypto.retail_mac(key, body, b"rand" + bytes(4))
    with pytest.raises(ValueError, match="challenge"):
        sse.card_id_mac(key, body, CardIdIv.CHALLENGE)


def test_the_second_factor_names_the_city() -> None:
    """371700 gives the factor that public notes show."""
    assert sse.social_second_factor("371700") == bytes.fromhex("3337313730307378")
    with pytest.raises(MalformedCardData):
        sse.social_second_factor("3717")
