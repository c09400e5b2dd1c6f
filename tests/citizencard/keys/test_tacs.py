"""Many TACs in one question."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from citizencard.keys import tacs
from citizencard.keys.hsm import TacQuestion
from hardware.card import crypto

CITY_KEYS = {1: bytes(range(16)), 2: bytes(range(16, 32))}


def _signed(card: int, version: int, tac_input: bytes) -> TacQuestion:
    serial = bytes.fromhex(f"03103302{card:012d}")
    key = crypto.fold_tac_key(crypto.diversify(CITY_KEYS[version], serial[2:]))
    return TacQuestion(serial, version, 0, tac_input, crypto.tac(key, tac_input))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 20),
            st.sampled_from([1, 2]),
            st.binary(min_size=22, max_size=22),
            st.booleans(),
            st.booleans(),
        ),
        max_size=40,
    )
)
def test_bulk_agrees_with_one_by_one(rows: list[tuple[int, int, bytes, bool, bool]]) -> None:
    """A tap gets the same verdict in a batch of any size and mix as alone, forged ones included, each in its place."""
    questions, expected = [], []
    for card, version, purchase, is_load, forged in rows:
        question = _signed(card, version, purchase + b"\x80\x00" if is_load else purchase)
        if forged:
            flipped = bytes((question.tac[0] ^ 1,)) + question.tac[1:]
            question = TacQuestion(question.card_serial, version, 0, question.tac_input, flipped)
        questions.append(question)
        expected.append(not forged)
    assert tacs.tacs_are_valid(CITY_KEYS, questions) == expected


def test_every_bit_counts() -> None:
    """Whatever bit of a record's signed part or TAC is changed, the record is refused."""
    good = _signed(7, 1, bytes(range(22)))
    changed = []
    for bit in range(22 * 8):
        data = (int.from_bytes(good.tac_input) ^ (1 << bit)).to_bytes(22)
        changed.append(TacQuestion(good.card_serial, 1, 0, data, good.tac))
    for bit in range(32):
        tac = (int.from_bytes(good.tac) ^ (1 << bit)).to_bytes(4)
        changed.append(TacQuestion(good.card_serial, 1, 0, good.tac_input, tac))
    assert not any(tacs.tacs_are_valid(CITY_KEYS, changed))
    assert tacs.tacs_are_valid(CITY_KEYS, [good]) == [True]


def test_nothing_asked_and_unknown_keys() -> None:
    """An empty upload and one under unknown keys are answered, not failed."""
    assert tacs.tacs_are_valid(CITY_KEYS, []) == []
    question = _signed(1, 1, bytes(22))
    assert tacs.tacs_are_valid({}, [question]) == [False]
    assert tacs.tacs_are_valid({2: CITY_KEYS[2]}, [question]) == [False]


def test_more_than_one_chunk() -> None:
    """An upload that is handled in several pieces keeps its order."""
    chooser = random.Random(7)
    count = tacs.CHUNK + 50
    pool = [_signed(card, 1, bytes((card,)) * 22) for card in range(20)]
    bad = [TacQuestion(q.card_serial, 1, 0, q.tac_input, bytes(4)) for q in pool]
    choice = [chooser.random() < 0.5 for _ in range(count)]
    questions = [(pool if good else bad)[place % 20] for place, good in enumerate(choice)]
    assert tacs.tacs_are_valid(CITY_KEYS, questions) == choice
