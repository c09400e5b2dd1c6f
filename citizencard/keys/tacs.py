"""TACs of many records at once: a city uploads millions of taps a day, and the cost is in the calls, not in DES.

Per key version: all cards in one ECB call from the city's key, all TAC keys folded in one operation on a large number; then one CBC call
for each record.
"""

import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC

from citizencard.keys.derivation import CARD_FACTOR_BYTES
from citizencard.keys.hsm import ALGORITHM_3DES, TacQuestion
from hardware.card import crypto

CHUNK: Final = 65_536
"""Records handled together: bounds the memory of one question."""
CityKey = bytes | Callable[[bytes], bytes]
"""A key, or the call that encrypts whole blocks under one that stays where it is (triple DES, ECB)."""
_ZERO_IV: Final = CBC(bytes(8))


def tacs_are_valid(city_keys: Mapping[int, CityKey], questions: Sequence[TacQuestion]) -> list[bool]:
    """Say for each record whether its TAC is good.

    Args:
        city_keys: by key version: the TAC root diversified for the city, 16 bytes, or what encrypts whole blocks under it.
        questions: any number; an unknown key version or algorithm makes an answer False.
    """
    answers = [False] * len(questions)
    for start in range(0, len(questions), CHUNK):
        by_version: dict[int, list[int]] = {}
        for position in range(start, min(start + CHUNK, len(questions))):
            question = questions[position]
            if question.algorithm == ALGORITHM_3DES and question.key_version in city_keys:
                by_version.setdefault(question.key_version, []).append(position)
        for version, positions in by_version.items():
            _answer(city_keys[version], questions, positions, answers)
    return answers


def _answer(city_key: CityKey, questions: Sequence[TacQuestion], positions: list[int], answers: list[bool]) -> None:
    """Judge the records at these positions, all under one key version."""
    ciphers = _tac_ciphers(city_key, {questions[position].card_serial[-CARD_FACTOR_BYTES:] for position in positions})
    for position in positions:
        question = questions[position]
        data = question.tac_input
        # Padding method 2 of ISO 9797-1: 80, then zeros to the block; a load's 24 bytes get a block of their own.
        padded = data + b"\x80" + bytes(-(len(data) + 1) % 8)
        encryptor = ciphers[question.card_serial[-CARD_FACTOR_BYTES:]].encryptor()
        answers[position] = hmac.compare_digest(encryptor.update(padded)[-8:-4], question.tac)


def _tac_ciphers(city_key: CityKey, card_factors: set[bytes]) -> dict[bytes, Cipher[CBC]]:
    """A cipher under the folded TAC key of each card."""
    factors = list(card_factors)
    count = len(factors)
    joined = b"".join(factors)
    # F and its complement side by side: take all factors as one number, invert it, and interleave by slices of 8 bytes.
    inverted = (int.from_bytes(joined) ^ ((1 << (8 * len(joined))) - 1)).to_bytes(len(joined))
    inputs = b"".join(joined[start : start + 8] + inverted[start : start + 8] for start in range(0, len(joined), 8))
    encrypted = crypto.triple_des_encrypt(city_key, inputs) if isinstance(city_key, bytes) else city_key(inputs)
    keys = int.from_bytes(encrypted)
    # DTK left xor right for all cards: the number shifted by half a key over itself leaves it in the right halves.
    folded = (keys ^ (keys >> 64)).to_bytes(16 * count)
    return {
        factor: Cipher(TripleDES(folded[16 * place + 8 : 16 * place + 16] * 3), _ZERO_IV)
        for place, factor in enumerate(factors)
    }
