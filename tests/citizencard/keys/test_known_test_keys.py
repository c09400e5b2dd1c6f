"""Keys that everybody knows."""

from citizencard.keys.known_test_keys import WELL_KNOWN_CHECK_VALUES
from citizencard.keys.secret import KeyAlgorithm, SecretKey
from tests.citizencard.keys.make_vault import REGRESSION_MASTERS


def test_regression_masters_and_published_keys_are_known() -> None:
    """Each key of our own documents and of the manuals is on the list, so that none of them ever guards a city's money."""
    published = [
        *REGRESSION_MASTERS.values(),
        bytes(range(0x40, 0x50)),  # default key of GlobalPlatform cards
        bytes.fromhex("11223344556677888877665544332211"),  # published teaching vector of a load
        bytes(16),
        b"\xff" * 16,
    ]
    for key in published:
        assert SecretKey(KeyAlgorithm.TRIPLE_DES, key).check_value in WELL_KNOWN_CHECK_VALUES
    for algorithm in (KeyAlgorithm.AES_256, KeyAlgorithm.HMAC_SHA_256):
        assert SecretKey(algorithm, bytes(32)).check_value in WELL_KNOWN_CHECK_VALUES


def test_list_refuses_hardly_any_good_key() -> None:
    """The list is so short that a random key is on it by chance once in ten thousand times at most."""
    assert len(WELL_KNOWN_CHECK_VALUES) < 2**24 / 10_000
