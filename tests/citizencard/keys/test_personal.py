"""Personal data at rest."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from citizencard.keys import personal
from citizencard.keys.errors import CiphertextInvalid
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
