"""Both algorithms behind one interface."""

from dataclasses import replace

import pytest

from hardware.card import crypto, sm4
from hardware.card.algorithm import SM4, TRIPLE_DES, Algorithm, Sm4Algorithm, TripleDesAlgorithm, algorithm_of
from hardware.card.dialect import OUR_CARD, Sm4SessionKey, Sm4Tac
from hardware.card.signed_inputs import Terms, announcement, debit_proof, order, purchase_record, settlement
from hardware.errors import MalformedCardData
from tests.vectors import purse_regression as v

KEY = bytes(range(16))
LOAD = Terms(v.LOAD_AMOUNT_FEN, 2, v.TERMINAL, v.DATE, v.LOAD_TIME)


def test_triple_des_plays_the_regression_set() -> None:
    """A load and both kinds of purchase have, through the interface, the cryptograms of the regression set."""
    algorithm: Algorithm = algorithm_of(TRIPLE_DES)
    assert algorithm.diversify(algorithm.diversify(v.MLK, v.CITY_FACTOR), v.CARD_FACTOR) == v.DLK
    key = algorithm.load_session_key(v.DLK, v.LOAD_RANDOM, 0)
    assert algorithm.mac(key, announcement(0, LOAD.amount_fen, 2, v.TERMINAL)) == v.LOAD_MAC1
    assert algorithm.mac(key, order(LOAD)) == v.LOAD_MAC2
    assert algorithm.tac(v.DTK, settlement(LOAD.amount_fen, 0, LOAD)) == v.LOAD_TAC
    session = algorithm.purchase_session_key(v.DPK, v.PURCHASE_RANDOM, 0, v.PURCHASE_TERMINAL_SEQ)
    for tti, (mac1, tac) in v.PURCHASE_MAC1_AND_TAC.items():
        terms = Terms(v.PURCHASE_AMOUNT_FEN, tti, v.TERMINAL, v.DATE, v.PURCHASE_TIME)
        assert algorithm.mac(session, order(terms)) == mac1
        assert algorithm.mac(session, debit_proof(terms.amount_fen)) == v.PURCHASE_MAC2
        assert algorithm.tac(v.DTK, purchase_record(terms, v.PURCHASE_TERMINAL_SEQ)) == tac


def test_sm4_fills_a_block_as_the_dialect_says() -> None:
    """What nobody has published is one option away, and the default is the one that is documented."""
    input8 = v.LOAD_RANDOM + bytes(2) + b"\x80\x00"
    padded, turned = Sm4Algorithm(), Sm4Algorithm(replace(OUR_CARD, sm4_session_key=Sm4SessionKey.COMPLEMENT))
    assert sm4.decrypt(KEY, padded.load_session_key(KEY, v.LOAD_RANDOM, 0)) == input8 + b"\x80" + bytes(7)
    assert sm4.decrypt(KEY, turned.load_session_key(KEY, v.LOAD_RANDOM, 0)) == input8 + sm4.complement(input8)
    used = sm4.decrypt(KEY, padded.purchase_session_key(KEY, v.PURCHASE_RANDOM, 3, 0x0001_0002))
    assert used[:8] == v.PURCHASE_RANDOM + b"\x00\x03\x00\x02"
    with pytest.raises(ValueError, match="4 bytes"):
        padded.load_session_key(KEY, bytes(3), 0)


def test_sm4_signs_as_the_dialect_says() -> None:
    """A TAC under the whole key or under the folded one: never a guess of the code."""
    signed = order(LOAD)
    assert Sm4Algorithm().tac(KEY, signed) == sm4.mac(KEY, signed)
    folded = Sm4Algorithm(replace(OUR_CARD, sm4_tac=Sm4Tac.FOLDED_DES))
    assert folded.tac(KEY, signed) == crypto.tac(crypto.fold_tac_key(KEY), signed)


@pytest.mark.parametrize("algorithm", [TripleDesAlgorithm(), Sm4Algorithm()], ids=["3DES", "SM4"])
def test_the_rest_of_the_interface(algorithm: Algorithm) -> None:
    """Command MACs, encryption, authentication and check values exist in both, and differ."""
    assert algorithm_of(algorithm.identifier) == algorithm
    assert algorithm.decrypt_from_host(KEY, algorithm.encrypt_for_card(KEY, b"key record")) == b"key record"
    assert len(algorithm.command_mac(KEY, bytes.fromhex("04D6950007"), b"new", bytes(4))) == 4
    assert len(algorithm.check_value(KEY)) == 3
    other = algorithm_of(SM4 if algorithm.identifier == TRIPLE_DES else TRIPLE_DES)
    assert other.check_value(KEY) != algorithm.check_value(KEY)
    assert len(algorithm.authenticate(KEY, bytes(8))) == (8 if algorithm.identifier == TRIPLE_DES else 16)


def test_a_challenge_of_a_whole_block_is_answered_as_it_is() -> None:
    """Cards with a 16-byte challenge are authenticated by one block of SM4."""
    assert Sm4Algorithm().authenticate(KEY, bytes(16)) == sm4.encrypt(KEY, bytes(16))


def test_an_unknown_algorithm_is_refused() -> None:
    """A card of the future is refused in words, not with wrong money."""
    with pytest.raises(MalformedCardData):
        algorithm_of(0x07)
