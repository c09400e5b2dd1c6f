"""Backup shares: a secret in n parts of which any m bring it back and fewer tell nothing (Shamir, over GF(256) byte by byte).

The field is that of AES (FIPS 197, x^8 + x^4 + x^3 + x + 1), the secret stands at x = 0, share number k is the polynomial at x = k: what
draft-mcgrew-tss-03 calls threshold secret sharing, whose vector is in the tests. No branch and no table look-up depends on a secret byte.
"""

import hashlib
import hmac
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from citizencard.keys.errors import CheckValueWrong, ShareMalformed, SharesDoNotFit
from citizencard.keys.secret import CHECK_VALUE_BYTES, KeyAlgorithm, SecretKey

MIN_THRESHOLD: Final = 2
MAX_SHARES: Final = 16
SET_BYTES: Final = 2
CHECKSUM_BYTES: Final = 4
GROUP_DIGITS: Final = 4
_REDUCTION: Final = 0x1B
_FORM: Final = 1
_HEAD_BYTES: Final = 4 + SET_BYTES + CHECK_VALUE_BYTES
_CHECKSUM_INFO: Final = b"citizencard share: checksum"


@dataclass(frozen=True, slots=True)
class Share:
    """One part of a split key.

    Args:
        set_id: 2 random bytes, the same in all shares of one split.
        threshold: how many bring the key back.
        count: how many there are.
        number: which one this is, from 1.
        check_value: of the key, 3 bytes.
        value: the share itself, as long as the key.
    """

    set_id: bytes
    threshold: int
    count: int
    number: int
    check_value: bytes
    value: bytes = field(repr=False)

    def to_text(self) -> str:
        """What is typed again one day: hexadecimal digits in groups of four, the last two groups a checksum."""
        raw = bytes((_FORM, self.threshold, self.count, self.number)) + self.set_id + self.check_value + self.value
        digits = (raw + _checksum(raw)).hex().upper()
        return " ".join(digits[start : start + GROUP_DIGITS] for start in range(0, len(digits), GROUP_DIGITS))


def parse_share(text: str) -> Share:
    """Read a share as somebody typed it: spaces, dashes and case do not matter.

    Raises:
        ShareMalformed: not a share, or a digit is wrong; says nothing of its content.
    """
    try:
        raw = bytes.fromhex("".join(text.split()).replace("-", ""))
    except ValueError:
        raise ShareMalformed("a share has hexadecimal digits only") from None
    if len(raw) != _HEAD_BYTES + KeyAlgorithm.AES_256.key_bytes + CHECKSUM_BYTES:
        raise ShareMalformed("the share is too short or too long: a group is missing or was typed twice")
    body, checksum = raw[:-CHECKSUM_BYTES], raw[-CHECKSUM_BYTES:]
    if not hmac.compare_digest(_checksum(body), checksum):
        raise ShareMalformed("the share's checksum does not fit: a digit is wrong")
    form, threshold, count, number = body[:4]
    if form != _FORM or not (MIN_THRESHOLD <= threshold <= count <= MAX_SHARES and 1 <= number <= count):
        raise ShareMalformed("the share is of another form")
    tail = body[4:]
    return Share(tail[:SET_BYTES], threshold, count, number, tail[SET_BYTES : _HEAD_BYTES - 4], body[_HEAD_BYTES:])


def split_key(
    key: SecretKey, threshold: int, count: int, random: Callable[[int], bytes] = os.urandom
) -> tuple[Share, ...]:
    """Split a key of 32 bytes into shares.

    Args:
        key: AES-256.
        threshold: how many bring it back, 2 or more.
        count: how many are made, at most 16.
        random: source of random bytes.

    Raises:
        ValueError: another key, or numbers that make no sense.
    """
    if key.algorithm is not KeyAlgorithm.AES_256 or not MIN_THRESHOLD <= threshold <= count <= MAX_SHARES:
        message = (
            f"an AES-256 key is split into at most {MAX_SHARES} shares, of which {MIN_THRESHOLD} or more are needed"
        )
        raise ValueError(message)
    set_id = random(SET_BYTES)
    points = split(key.reveal(), threshold, count, random)
    return tuple(Share(set_id, threshold, count, number, key.check_value, value) for number, value in points)


def join_key(shares: Sequence[Share]) -> SecretKey:
    """Bring a key back from its shares.

    Raises:
        SharesDoNotFit: too few, of two splits, or one share twice.
        CheckValueWrong: the result is not the key that was split.
    """
    if not shares or len({(one.set_id, one.threshold, one.count, one.check_value) for one in shares}) != 1:
        raise SharesDoNotFit("the shares are not of one set")
    if len({one.number for one in shares}) != len(shares):
        raise SharesDoNotFit("one share is not two")
    first = shares[0]
    if len(shares) < first.threshold:
        raise SharesDoNotFit(f"{first.threshold} shares are needed, {len(shares)} are there")
    key = SecretKey(KeyAlgorithm.AES_256, interpolate([(one.number, one.value) for one in shares[: first.threshold]]))
    if key.check_value != first.check_value:
        raise CheckValueWrong("the shares do not give the key that they are of")
    return key


def split(
    secret: bytes, threshold: int, count: int, random: Callable[[int], bytes] = os.urandom
) -> tuple[tuple[int, bytes], ...]:
    """The points (x, y) of one polynomial of degree threshold - 1 for each byte; x counts from 1."""
    coefficients = [secret, *(random(len(secret)) for _ in range(threshold - 1))]
    return tuple(
        (x, bytes(_value_at(x, column) for column in zip(*coefficients, strict=True))) for x in range(1, count + 1)
    )


def interpolate(points: Sequence[tuple[int, bytes]], at: int = 0) -> bytes:
    """The polynomial's value at one place, byte by byte (Lagrange).

    Raises:
        ValueError: two points of one place, or values of two lengths.
    """
    if len({x for x, _ in points}) != len(points):
        message = "each point is needed once"
        raise ValueError(message)
    weights = []
    for x, _ in points:
        weight = 1
        for other, _ in points:
            if other != x:
                weight = multiply(weight, multiply(at ^ other, _inverse(x ^ other)))
        weights.append(weight)
    columns = zip(*(value for _, value in points), strict=True)
    return bytes(_sum(multiply(weight, y) for weight, y in zip(weights, column, strict=True)) for column in columns)


def multiply(left: int, right: int) -> int:
    """Product of two bytes in the field of FIPS 197, always eight rounds without a branch."""
    product = 0
    for _ in range(8):
        product ^= left & -(right & 1)
        right >>= 1
        left = ((left << 1) & 0xFF) ^ (_REDUCTION & -(left >> 7))
    return product


def _inverse(byte: int) -> int:
    """The 254th power."""
    result = byte
    for _ in range(6):
        result = multiply(multiply(result, result), byte)
    return multiply(result, result)


def _value_at(x: int, coefficients: Sequence[int]) -> int:
    value = 0
    for coefficient in reversed(coefficients):
        value = multiply(value, x) ^ coefficient
    return value


def _sum(terms: Iterable[int]) -> int:
    total = 0
    for term in terms:
        total ^= term
    return total


def _checksum(body: bytes) -> bytes:
    return hashlib.sha256(_CHECKSUM_INFO + body).digest()[:CHECKSUM_BYTES]
