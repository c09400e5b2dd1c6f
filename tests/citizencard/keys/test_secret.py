"""Keys in memory."""

import copy
import pickle

import pytest

from citizencard.keys.secret import KeyAlgorithm, SecretKey


def test_key_shows_its_check_value_only() -> None:
    """People compare keys by check value; nothing else of a key is ever shown. DES of zeros: NBS test, key 0123456789ABCDEF."""
    key = SecretKey(KeyAlgorithm.TRIPLE_DES, bytes.fromhex("0123456789ABCDEF0123456789ABCDEF"))
    # Two equal halves make single DES, whose value for a block of zeros is published: D5D44FF720683D0D.
    assert key.check_value.hex().upper() == "D5D44F"
    assert repr(key) == str(key) == "SecretKey(3DES, check value D5D44F)"


def test_aes_check_value() -> None:
    """The check value of an AES key is that of FIPS 197's cipher over zeros.."""
    # AES-256 of a zero block under a zero key, published as DC95C078A2408989AD48A21492842087 (NIST GCM test case 13: H).
    assert SecretKey(KeyAlgorithm.AES_256, bytes(32)).check_value.hex().upper() == "DC95C0"


def test_key_does_not_leave_by_pickle_or_copy() -> None:
    """A key cannot be sent to another process or stored by accident."""
    key = SecretKey(KeyAlgorithm.HMAC_SHA_256, bytes(32))
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            leave(key)


@pytest.mark.parametrize("algorithm", list(KeyAlgorithm))
def test_key_has_its_length(algorithm: KeyAlgorithm) -> None:
    """A truncated key is refused; the message tells lengths, not bytes."""
    with pytest.raises(ValueError, match=r"has \d\d bytes, not 15") as refusal:
        SecretKey(algorithm, b"\xca\xfe" * 7 + b"\x01")
    assert "cafe" not in str(refusal.value).lower()
