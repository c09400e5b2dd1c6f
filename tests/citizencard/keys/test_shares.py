"""Backup shares."""

import secrets
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from citizencard.keys.errors import CheckValueWrong, ShareMalformed, SharesDoNotFit
from citizencard.keys.secret import KeyAlgorithm, SecretKey
from citizencard.keys.shares import interpolate, join_key, multiply, parse_share, split, split_key

KEY = SecretKey(KeyAlgorithm.AES_256, bytes(range(32)))


def test_field_is_that_of_the_standard() -> None:
    """Another program brings the key back as well: products as printed in FIPS 197, section 4.2, and every byte has its inverse."""
    assert multiply(0x57, 0x83) == 0xC1
    assert multiply(0x57, 0x13) == 0xFE
    assert all(any(multiply(one, other) == 1 for other in range(256)) for one in range(1, 256))


def test_published_vectors() -> None:
    """Shares of others give their secrets: draft-mcgrew-tss-03 section 9, and the 3-of-5 vector of bc-shamir (secret at x = 255)."""
    points = [(1, bytes.fromhex("B9FA07E185")), (2, bytes.fromhex("F5409B4511"))]
    assert interpolate(points) == b"test\0"
    shares = {
        0: "00112233445566778899aabbccddeeff",
        1: "d43099fe444807c46921a4f33a2a798b",
        2: "d9ad4e3bec2e1a7485698823abf05d36",
    }
    three = [(x, bytes.fromhex(value)) for x, value in shares.items()]
    assert interpolate(three, 255).hex() == "0ff784df000c4380a5ed683f7e6e3dcf"


@settings(max_examples=20, deadline=None)
@given(secret=st.binary(min_size=1, max_size=8), threshold=st.integers(2, 5), more=st.integers(0, 3))
def test_any_m_bring_it_back(secret: bytes, threshold: int, more: int) -> None:
    """Whichever custodians come: as many as are needed bring the secret back."""
    points = split(secret, threshold, threshold + more)
    for chosen in combinations(points, threshold):
        assert interpolate(chosen) == secret


def test_fewer_than_m_tell_nothing() -> None:
    """One share fits every secret: for each byte there is a polynomial through it."""
    number, value = split(b"k", 2, 3)[0]
    fitting = {interpolate([(number, value), (9, bytes((other,)))]) for other in range(256)}
    assert len(fitting) == 256


def test_share_is_typed_again() -> None:
    """A custodian types his paper years later, with other spaces and in small letters, and each wrong digit is noticed."""
    made = split_key(KEY, 2, 3)
    for share in made:
        assert parse_share(share.to_text()) == share
        assert parse_share(share.to_text().lower().replace(" ", "-")) == share
    digits = made[0].to_text().replace(" ", "")
    for place in range(0, len(digits), 7):
        wrong = digits[:place] + ("0" if digits[place] != "0" else "1") + digits[place + 1 :]
        with pytest.raises(ShareMalformed):
            parse_share(wrong)
    for text in ("", "no hexadecimal", digits[:-2], digits + "00", "F" * len(digits)):
        with pytest.raises(ShareMalformed):
            parse_share(text)


def test_shares_that_do_not_belong_together() -> None:
    """Too few, one twice, of two splits, or one that was made up: the vault is told apart from rubbish."""
    one, two, three = split_key(KEY, 2, 3)
    assert join_key([three, one]).reveal() == KEY.reveal()
    assert join_key([one, two, three]).reveal() == KEY.reveal()
    for shares in ([], [one], [one, one], [one, split_key(KEY, 2, 3)[1]], [one, replace(two, threshold=3)]):
        with pytest.raises(SharesDoNotFit):
            join_key(shares)
    with pytest.raises(CheckValueWrong):
        join_key([one, replace(two, value=secrets.token_bytes(32))])


@pytest.mark.parametrize(("threshold", "count"), [(1, 3), (4, 3), (2, 17)])
def test_numbers_that_make_no_sense(threshold: int, count: int) -> None:
    """One share alone never opens the vault."""
    with pytest.raises(ValueError, match="AES-256"):
        split_key(KEY, threshold, count)
    with pytest.raises(ValueError, match="each point"):
        interpolate([(1, b"a"), (1, b"b")])


def test_share_is_not_shown() -> None:
    """A share in a log would be half of the vault."""
    share = split_key(KEY, 2, 2)[0]
    assert share.value.hex() not in repr(share)
    assert repr(share.value) not in repr(share)
