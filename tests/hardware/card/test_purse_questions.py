"""Balance and proof, as the card's dialect has them."""

from dataclasses import replace

import pytest

from hardware.card import purse_questions
from hardware.card.dialect import OUR_CARD, T_UNION, BalanceMeaning, ProofOrder
from hardware.card.purse_questions import GetBalance, GetTransactionProve, TransactionProof
from hardware.errors import MalformedCardData


def test_both_orders_of_a_proof() -> None:
    """A lost fare is recovered from cards that answer MAC first and from those that answer TAC first."""
    proof = TransactionProof(b"MMMM", b"TTTT")
    for order, sent in ((ProofOrder.MAC_FIRST, b"MMMMTTTT"), (ProofOrder.TAC_FIRST, b"TTTTMMMM")):
        assert proof.encode(order) == sent
        assert GetTransactionProve.parse(sent, order) == proof


def test_the_balance_that_people_know() -> None:
    """Our card says it at once; a T-Union card says balance and overdrawn amount apart; others subtract the next index."""
    less_next = replace(OUR_CARD, balance_meaning=BalanceMeaning.LESS_NEXT)
    asked = {
        dialect: [question.command().to_bytes().hex() for question in purse_questions.balance_questions(dialect)]
        for dialect in (OUR_CARD, T_UNION, less_next)
    }
    assert asked[OUR_CARD] == ["805c000204"]
    assert asked[T_UNION] == ["805c030204", "805c020204"]
    assert asked[less_next] == ["805c000204", "805c010204"]
    assert purse_questions.shown_balance_fen(OUR_CARD, [b"\x80\x00\x00\x64"]) == 100
    assert (
        purse_questions.shown_balance_fen(replace(OUR_CARD, balance_flag=False), [b"\x80\x00\x00\x64"]) == 0x8000_0064
    )
    assert purse_questions.shown_balance_fen(T_UNION, [bytes(4), b"\x00\x00\x00\x0a"]) == -10
    with pytest.raises(MalformedCardData):
        purse_questions.shown_balance_fen(T_UNION, [bytes(4)])


def test_passbook_and_purse_are_two() -> None:
    """The question names the purse, and there is no third one."""
    assert GetBalance(1).command().to_bytes() == bytes.fromhex("805C000104")
    with pytest.raises(MalformedCardData):
        GetBalance(3).command()
