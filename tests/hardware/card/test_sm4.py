"""SM4 against the standard's examples, and the rules that cards lay over it."""

from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import ECB
from hypothesis import given
from hypothesis import strategies as st

from hardware.card import sm4
from hardware.errors import MalformedCardData
from tests.vectors import sm4_standard as v

KEY = bytes(range(16))
FACTOR = bytes.fromhex("3302000000000001")


def test_sm4_is_the_standards() -> None:
    """Every card with the national cipher computes the same block, once and a million times."""
    assert sm4.encrypt(v.KEY, v.PLAINTEXT) == v.CIPHERTEXT
    assert sm4.decrypt(v.KEY, v.CIPHERTEXT) == v.PLAINTEXT
    one_by_one = ECB()  # noqa: S305 - the standard's example is block by block
    update, block = Cipher(SM4(v.KEY), one_by_one).encryptor().update, v.PLAINTEXT
    for _ in range(1_000_000):
        block = update(block)
    assert block == v.MILLIONTH


def test_keys_are_derived_in_one_block() -> None:
    """A card's key is the factor and its complement under the city's key, level by level."""
    derived = sm4.diversify(KEY, FACTOR)
    assert sm4.decrypt(KEY, derived) == FACTOR + bytes(255 - byte for byte in FACTOR)
    assert sm4.diversify_chain(KEY, [FACTOR, FACTOR]) == sm4.diversify(derived, FACTOR)
    assert sm4.diversify_chain(KEY, []) == KEY


def test_a_command_mac_begins_at_the_challenge() -> None:
    """A MAC that was good once is not good again: the challenge, filled up with zeros, is its initial value."""
    header, data = bytes.fromhex("04D6950007"), b"new"
    padded = (header + data + b"\x80").ljust(16, b"\x00")
    chained = bytes(a ^ b for a, b in zip(padded, b"\x11\x22\x33\x44" + bytes(12), strict=True))
    assert sm4.command_mac(KEY, header, data, b"\x11\x22\x33\x44") == sm4.encrypt(KEY, chained)[:4]
    assert (
        len({sm4.command_mac(KEY, header, data, challenge) for challenge in (bytes(4), b"\x01" * 8, b"\x02" * 16)}) == 3
    )


def test_a_mac_covers_every_block() -> None:
    """Text of more than one block is chained, and padding always adds something."""
    assert sm4.mac(KEY, bytes(16)) != sm4.mac(KEY, bytes(17))
    first = sm4.encrypt(KEY, bytes(16))
    second = sm4.encrypt(KEY, bytes(a ^ b for a, b in zip(first, b"\x80" + bytes(15), strict=True)))
    assert sm4.mac(KEY, bytes(16), length=16) == second


@given(st.binary(max_size=255))
def test_encrypted_data_comes_out_as_it_went_in(data: bytes) -> None:
    """What the vault encrypts for a card, the card reads."""
    assert sm4.decrypt_from_host(KEY, sm4.encrypt_for_card(KEY, data)) == data


def test_a_wrong_key_or_length_is_refused() -> None:
    """Rubbish on a card is a refusal, our own mistake an error that stops at once."""
    sent = sm4.encrypt_for_card(KEY, b"secret")
    for key, data in ((bytes(16), sent), (KEY, b""), (KEY, sent[:-1])):
        with pytest.raises(MalformedCardData):
            sm4.decrypt_from_host(key, data)
    mistakes: tuple[Callable[[], object], ...] = (
        lambda: sm4.encrypt(bytes(8), bytes(16)),
        lambda: sm4.diversify(KEY, bytes(7)),
        lambda: sm4.challenge_iv(bytes(5)),
        lambda: sm4.command_mac(KEY, bytes(5), b"x", bytes(4)),
        lambda: sm4.encrypt_for_card(KEY, bytes(256)),
    )
    for mistake in mistakes:
        with pytest.raises(ValueError, match=r"must have|must be|at most"):
            mistake()
    assert sm4.check_value(KEY) == sm4.encrypt(KEY, bytes(16))[:3]
