"""Personal data at rest."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citizencard.keys import personal
from citizencard.keys.errors import CiphertextInvalid, NormalisationRefused
from citizencard.keys.hsm import FieldContext, KeyRole
from citizencard.keys.secret import KeyAlgorithm, SecretKey
from citizencard.keys.vault import SoftwareVault

KEY = SecretKey(KeyAlgorithm.AES_256, bytes(range(32)))
PLACE = FieldContext("person", "name", "per_1")


@given(st.text(max_size=200).filter(lambda text: not any("\ud800" <= char <= "\udfff" for char in text)))
def test_reads_back(text: str) -> None:
    """Whatever people are called, their name comes back as it was."""
    assert personal.decrypt(KEY, PLACE, personal.encrypt(KEY, 1, PLACE, text)) == text


@pytest.mark.parametrize(
    "place",
    [
        FieldContext("person", "name", "per_2"),
        FieldContext("person", "phone", "per_1"),
        FieldContext("staff", "name", "per_1"),
    ],
)
def test_value_stays_in_its_place(place: FieldContext) -> None:
    """Nobody with access to the database puts one person's data into another's row or column."""
    with pytest.raises(CiphertextInvalid) as refusal:
        personal.decrypt(KEY, place, personal.encrypt(KEY, 1, PLACE, "张伟"))
    assert "张" not in str(refusal.value)


def test_every_byte_is_protected() -> None:
    """A value with any byte changed, its key version among them, or cut short, is refused and not shown."""
    value = personal.encrypt(KEY, 1, PLACE, "13800138000")
    for place in range(len(value)):
        changed = value[:place] + bytes((value[place] ^ 1,)) + value[place + 1 :]
        with pytest.raises(CiphertextInvalid):
            personal.decrypt(KEY, PLACE, changed)
    for length in (0, 1, 28):
        with pytest.raises(CiphertextInvalid):
            personal.version_of(value[:length])


def test_vault_names_an_unknown_key_version(vault: SoftwareVault) -> None:
    """A value under a key that this vault never had (another city's backup, say) is refused as such."""
    value = vault.encrypt(PLACE, "张伟")
    with pytest.raises(CiphertextInvalid, match="version 9"):
        vault.decrypt(PLACE, b"\x09" + value[1:])


def test_values_are_bounded() -> None:
    """A field that encrypts names does not store files."""
    with pytest.raises(ValueError, match="65536"):
        personal.encrypt(KEY, 1, PLACE, "x" * 65_537)


def test_fingerprint_is_keyed_and_of_its_field() -> None:
    """The look-up value is the documented HMAC, differs by field and by key, and cannot be enumerated without the key."""
    key = SecretKey(KeyAlgorithm.HMAC_SHA_256, bytes(range(32)))
    index = personal.blind_index(key, 1, "document", "11010519491231002X")
    assert index == b"\x01" + hmac.digest(bytes(range(32)), b"document\x0011010519491231002X", "sha256")
    assert index != personal.blind_index(key, 1, "phone", "11010519491231002X")
    other = SecretKey(KeyAlgorithm.HMAC_SHA_256, bytes(range(1, 33)))
    assert index[1:] != personal.blind_index(other, 1, "document", "11010519491231002X")[1:]
    for field in ("", "doc\0ument"):
        with pytest.raises(ValueError, match="zero characters"):
            personal.blind_index(key, 1, field, "1")


def test_rotated_fingerprint_names_its_version(vault: SoftwareVault) -> None:
    """After rotation old and new fingerprints are told apart by their first byte."""
    before = vault.blind_index("document", "1")
    vault.add_version(KeyRole.BLIND_INDEX)
    after = vault.blind_index("document", "1")
    assert (before[0], after[0]) == (1, 2)
    assert before[1:] != after[1:]


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("11010519491231002x", "11010519491231002X"),
        (" 110105 19491231 002Ｘ ", "11010519491231002X"),
        ("Ｅ１２３４５６７８", "E12345678"),
        ("h-12345678(01)", "H1234567801"),
    ],
)
def test_one_document_has_one_form(written: str, normal: str) -> None:
    """A person is found however the clerk's input method wrote the number: full-width, spaces, small x."""
    assert personal.normalise_document(written) == normal
    assert personal.normalise_document(normal) == normal


@pytest.mark.parametrize("written", ["", "123", "12345;DROP", "张三12345", "1" * 33])
def test_no_document(written: str) -> None:
    """What cannot be a document number is refused, and the refusal does not repeat it."""
    with pytest.raises(NormalisationRefused) as refusal:
        personal.normalise_document(written)
    assert not written or written not in str(refusal.value)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("138 0013 8000", "+8613800138000"),
        ("+86-138-0013-8000", "+8613800138000"),
        ("0086 13800138000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("(0591) 8765-4321", "+8659187654321"),
        ("+852 2123 4567", "+85221234567"),
    ],
)
def test_one_phone_has_one_form(written: str, normal: str) -> None:
    """A phone is found however it was written, mobile, landline or from abroad."""
    assert personal.normalise_phone(written) == normal
    assert personal.normalise_phone(normal) == normal


@pytest.mark.parametrize("written", ["", "12345", "23800138000", "+", "1380013800a"])
def test_no_phone(written: str) -> None:
    """Half a phone number finds nobody: it is refused."""
    with pytest.raises(NormalisationRefused):
        personal.normalise_phone(written)
