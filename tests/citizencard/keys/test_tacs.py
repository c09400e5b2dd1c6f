"""Many TACs in one question."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citizencard.keys import tacs
from citizencard.keys.hsm import TacQuestion
from hardware.card import crypto

CITY_KEYS = {1: bytes(range(16)), 2: bytes(range(16, 32))}


def _signed(card: int, version: int, tac_input: bytes) -> TacQuestion:
    serial = bytes.fromhex(f"03103302{card:012d}")
    key = crypto.fold_tac_key(crypto.diversify(CITY_KEYS[version], serial[2:]))
    return TacQuestion(serial, version, 0, tac_input, crypto.tac(key, tac_input))


@pytest.fixture(params=["one by one", "together"])
def _either_way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Small batches and large ones are computed differently; a batch of any size is judged alike both ways."""
    monkeypatch.setattr(tacs, "MANY", 1 if request.param == "together" else 10**9)


def _forged(question: TacQuestion) -> TacQuestion:
    flipped = bytes((question.tac[0] ^ 1,)) + question.tac[1:]
    return TacQuestion(question.card_serial, question.key_version, 0, question.tac_input, flipped)


@pytest.mark.usefixtures("_either_way")
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
        questions.append(_forged(question) if forged else question)
        expected.append(not forged)
    assert tacs.tacs_are_valid(CITY_KEYS, questions) == expected


@pytest.mark.usefixtures("_either_way")
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


@pytest.mark.usefixtures("_either_way")
def test_nothing_asked_and_unknown_keys() -> None:
    """An empty upload and one under unknown keys are answered, not failed."""
    assert tacs.tacs_are_valid(CITY_KEYS, []) == []
    question = _signed(1, 1, bytes(22))
    assert tacs.tacs_are_valid({}, [question]) == [False]
    assert tacs.tacs_are_valid({2: CITY_KEYS[2]}, [question]) == [False]


@pytest.mark.usefixtures("_either_way")
def test_more_than_one_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    """An upload that is handled in several pieces keeps its order."""
    monkeypatch.setattr(tacs, "CHUNK", 500)
    chooser = random.Random(7)
    count = 2 * tacs.CHUNK + 50
    pool = [_signed(card, 1, bytes((card,)) * 22) for card in range(20)]
    bad = [TacQuestion(q.card_serial, 1, 0, q.tac_input, bytes(4)) for q in pool]
    choice = [chooser.random() < 0.5 for _ in range(count)]
    questions = [(pool if good else bad)[place % 20] for place, good in enumerate(choice)]
    assert tacs.tacs_are_valid(CITY_KEYS, questions) == choice


def _large_batch() -> tuple[list[TacQuestion], list[bool]]:
    """Purchases and loads under two versions by lot, some forged, some under keys that nobody has; each kind large or small."""
    chooser = random.Random(11)
    questions, expected = [], []
    for _ in range(3 * tacs.MANY):
        version = 1 if chooser.random() < 0.7 else 2
        # Few loads of version 2: within a large batch they are too few to be computed together.
        is_load = chooser.random() < (0.4 if version == 1 else 0.02)
        question = _signed(chooser.randrange(900), version, chooser.randbytes(24 if is_load else 22))
        kind = chooser.choice(["good", "good", "forged", "unknown version", "unknown algorithm"])
        if kind == "forged":
            question = _forged(question)
        elif kind == "unknown version":
            question = replace(question, key_version=3)
        elif kind == "unknown algorithm":
            question = replace(question, algorithm=4)
        questions.append(question)
        expected.append(kind == "good")
    return questions, expected


def test_a_large_batch_of_every_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day's upload of several key versions, with loads and forgeries in it: each record gets its own verdict, of a plain bool."""
    monkeypatch.setattr(tacs, "MANY", 600)
    questions, expected = _large_batch()
    verdicts = tacs.tacs_are_valid(CITY_KEYS, questions)
    assert verdicts == expected
    assert {type(verdict) for verdict in verdicts} == {bool}


@pytest.mark.usefixtures("_either_way")
def test_one_call_for_all_cards_of_a_version() -> None:
    """However many cards a batch has, whoever keeps the city's key is asked once for each version, and of each card once."""
    asked: list[int] = []

    def keeper(version: int) -> Callable[[bytes], bytes]:
        def encrypt(blocks: bytes) -> bytes:
            asked.append(len(blocks))
            return crypto.triple_des_encrypt(CITY_KEYS[version], blocks)

        return encrypt

    questions = [
        _signed(card, version, bytes((turn,)) * 22) for turn in range(4) for card in range(30) for version in CITY_KEYS
    ]
    assert all(tacs.tacs_are_valid({version: keeper(version) for version in CITY_KEYS}, questions))
    assert asked == [30 * 16] * 2
