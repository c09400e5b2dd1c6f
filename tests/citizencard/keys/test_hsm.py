"""The values that questions are made of."""

from dataclasses import replace

import pytest

from citizencard.keys.hsm import CardKeyHolder, FieldContext, KeyRole, TacQuestion
from tests.citizencard.keys.questions import CARD, LOAD_MAC1, LOAD_MAC2, PROOF, SERIAL


def test_questions_show_no_card_and_no_cryptogram() -> None:
    """A question in a log or a traceback tells neither the card number nor a MAC that somebody could use."""
    question = TacQuestion(SERIAL, 1, 0, bytes(range(22)), b"\xbe\xed\x41\x2a")
    for value in (question, LOAD_MAC1, LOAD_MAC2, PROOF, CARD):
        text = repr(value)
        for secret in (SERIAL, LOAD_MAC1.mac1, LOAD_MAC1.random, question.tac, question.tac_input):
            assert repr(secret) not in text
            assert secret.hex() not in text.lower()


@pytest.mark.parametrize(
    ("field", "value"),
    [("card_serial", bytes(8)), ("random", bytes(8)), ("terminal", bytes(4)), ("mac1", bytes(8))],
)
def test_fields_have_their_lengths(field: str, value: bytes) -> None:
    """A field of a wrong length is our own mistake and stops at once instead of giving a MAC over other bytes."""
    with pytest.raises(ValueError, match=r"has \d+ bytes"):
        replace(LOAD_MAC1, **{field: value})  # type: ignore[arg-type] # the field is a parameter


def test_tac_inputs_have_22_or_24_bytes() -> None:
    """Purchases and loads are told apart by length: no third form exists."""
    TacQuestion(SERIAL, 1, 0, bytes(22), bytes(4))
    TacQuestion(SERIAL, 1, 0, bytes(24), bytes(4))
    with pytest.raises(ValueError, match="TAC input has 23 bytes"):
        TacQuestion(SERIAL, 1, 0, bytes(23), bytes(4))


def test_holder_has_its_serials() -> None:
    """A chip is named by 8 bytes, its application by 10."""
    with pytest.raises(ValueError, match="chip serial"):
        CardKeyHolder(bytes(4))
    with pytest.raises(ValueError, match="card serial"):
        CardKeyHolder(bytes(8), bytes(8))


def test_places_are_never_alike() -> None:
    """Two different places of a value never give the same associated data."""
    assert FieldContext("a", "bc", "d").to_bytes() != FieldContext("ab", "c", "d").to_bytes()
    for parts in (("a\0b", "c", "d"), ("", "c", "d"), ("a", "c", "")):
        with pytest.raises(ValueError, match="zero character"):
            FieldContext(*parts)


def test_roles_are_their_own_words() -> None:
    """Profile and database write the role's word: it is the value, without surprises of case."""
    assert KeyRole("card_control") is KeyRole.CARD_CONTROL
    assert all(role == role.lower() for role in KeyRole)
