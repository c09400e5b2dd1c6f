"""TACs of many records at once: a city uploads millions of taps a day, and the cost is in the calls, not in DES.

Per key version all cards of a batch are diversified in one ECB call from the city's key, wherever that key stands. A large batch is then
computed as a whole (`hardware.card.des_many`), a small one by one CBC call for each record.

What is made from the city's key is zeroed after use where it stands in an array. Two things are beyond that: the answer of a key that stays
elsewhere comes as `bytes`, and so do the few keys of a small batch; they are freed at the end of the question.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC

from citizencard.keys.derivation import CARD_FACTOR_BYTES
from citizencard.keys.hsm import ALGORITHM_3DES, TacQuestion
from hardware.card import crypto

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CHUNK: Final = 131_072
"""Records handled together: bounds the memory of one question, and what a token gets in one call (16 bytes a card)."""
MANY: Final = 1_500
"""From so many records of one key version and length on, computing them together is faster; measured by `bin/bench cards`."""
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
        by_version: dict[int, list[int]] = {version: [] for version in city_keys}
        for position, question in enumerate(questions[start : start + CHUNK], start):
            if question.algorithm == ALGORITHM_3DES and question.key_version in by_version:
                by_version[question.key_version].append(position)
        for version, positions in by_version.items():
            if positions:
                answer = _answer_one_by_one if len(positions) < MANY else _answer_together
                answer(city_keys[version], questions, positions, answers)
    return answers


def _answer_one_by_one(
    city_key: CityKey, questions: Sequence[TacQuestion], positions: list[int], answers: list[bool]
) -> None:
    """Judge the records at these positions, all under one key version."""
    ciphers = _tac_ciphers(city_key, {questions[position].card_serial[-CARD_FACTOR_BYTES:] for position in positions})
    for position in positions:
        question = questions[position]
        answers[position] = _is_good(ciphers[question.card_serial[-CARD_FACTOR_BYTES:]], question)


def _is_good(cipher: Cipher[CBC], question: TacQuestion) -> bool:
    data = question.tac_input
    # Padding method 2 of ISO 9797-1: 80, then zeros to the block; a load's 24 bytes get a block of their own.
    padded = data + b"\x80" + bytes(-(len(data) + 1) % 8)
    return hmac.compare_digest(cipher.encryptor().update(padded)[-8:-4], question.tac)


def _tac_ciphers(city_key: CityKey, card_factors: set[bytes]) -> dict[bytes, Cipher[CBC]]:
    """A cipher under the folded TAC key of each card."""
    factors = list(card_factors)
    count = len(factors)
    joined = b"".join(factors)
    # F and its complement side by side: take all factors as one number, invert it, and interleave by slices of 8 bytes.
    inverted = (int.from_bytes(joined) ^ ((1 << (8 * len(joined))) - 1)).to_bytes(len(joined))
    inputs = b"".join(joined[start : start + 8] + inverted[start : start + 8] for start in range(0, len(joined), 8))
    keys = int.from_bytes(_encrypted(city_key, inputs))
    # DTK left xor right for all cards: the number shifted by half a key over itself leaves it in the right halves.
    folded = (keys ^ (keys >> 64)).to_bytes(16 * count)
    return {factor: _tac_cipher(folded[16 * place + 8 : 16 * place + 16]) for place, factor in enumerate(factors)}


def _tac_cipher(tac_key8: bytes) -> Cipher[CBC]:
    """Single DES as triple DES with three equal keys, CBC from zero."""
    return Cipher(TripleDES(tac_key8 * 3), _ZERO_IV)


def _encrypted(city_key: CityKey, blocks: bytes) -> bytes:
    return crypto.triple_des_encrypt(city_key, blocks) if isinstance(city_key, bytes) else city_key(blocks)


def _answer_together(
    city_key: CityKey, questions: Sequence[TacQuestion], positions: list[int], answers: list[bool]
) -> None:
    """As `_answer_one_by_one`, for many records."""
    chosen = [questions[position] for position in positions]
    verdicts = _verdicts(city_key, chosen)
    for position, verdict in zip(positions, verdicts, strict=True):
        answers[position] = verdict


def _verdicts(city_key: CityKey, chosen: list[TacQuestion]) -> list[bool]:
    # Loaded with the first large batch: most programs that ask about keys never see one, and NumPy takes time to load.
    import numpy as np  # noqa: PLC0415

    serials = np.frombuffer(b"".join([question.card_serial for question in chosen]), np.uint8)
    factors = np.ascontiguousarray(serials.reshape(len(chosen), -1)[:, -CARD_FACTOR_BYTES:])
    cards, card_of = np.unique(factors.view(np.uint64).reshape(-1), return_inverse=True)
    tac_keys = _tac_keys(city_key, cards)
    lengths = np.array([len(question.tac_input) for question in chosen])
    verdicts = np.zeros(len(chosen), np.bool_)
    try:
        for length in np.unique(lengths):
            at = np.flatnonzero(lengths == length)
            alike = chosen if len(at) == len(chosen) else [chosen[place] for place in at.tolist()]
            verdicts[at] = _verdicts_of_length(int(length), alike, tac_keys, card_of[at])
    finally:
        tac_keys.fill(0)
    answers: list[bool] = verdicts.tolist()
    return answers


def _verdicts_of_length(
    length: int, chosen: list[TacQuestion], tac_keys: NDArray[np.uint8], card_of: NDArray[np.intp]
) -> NDArray[np.bool_] | list[bool]:
    """Judge records whose signed part has this length; `card_of` says which of the keys is each record's."""
    if len(chosen) < MANY:
        return [
            _is_good(_tac_cipher(tac_keys[card].tobytes()), question)
            for card, question in zip(card_of, chosen, strict=True)
        ]
    import numpy as np  # noqa: PLC0415 # see above

    from hardware.card import des_many  # noqa: PLC0415 # it loads NumPy

    signed = np.frombuffer(b"".join([question.tac_input for question in chosen]), np.uint8)
    padded = np.zeros((len(chosen), length + 8 - length % 8), np.uint8)
    padded[:, :length] = signed.reshape(len(chosen), length)
    padded[:, length] = 0x80
    tacs = np.frombuffer(b"".join([question.tac for question in chosen]), np.uint8).reshape(len(chosen), -1)
    keys = tac_keys[card_of]
    try:
        return des_many.macs_match(keys, padded, tacs)
    finally:
        keys.fill(0)


def _tac_keys(city_key: CityKey, cards: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """The folded TAC key of each card, shape (cards, 8), from one ECB call; the cards are given by their factors."""
    import numpy as np  # noqa: PLC0415 # see above

    # F and its complement side by side.
    blocks = np.stack((cards, ~cards), axis=1)
    halves = np.frombuffer(_encrypted(city_key, blocks.tobytes()), np.uint64).reshape(len(cards), 2)
    return np.bitwise_xor(halves[:, 0], halves[:, 1]).view(np.uint8).reshape(len(cards), 8)
