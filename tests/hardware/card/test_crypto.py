"""Card cryptography against published vectors, and against our own regression sets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware.card import crypto
from hardware.errors import MalformedCardData
from tests.vectors import des_primitives, key_writing_regression, load_teaching, purse_regression

keys = st.binary(min_size=16, max_size=16)
blocks = st.binary(min_size=8, max_size=8)


def test_single_des_is_the_standards() -> None:
    """Every card of the field computes the same DES block."""
    v = des_primitives
    assert crypto.des_encrypt(v.KEY, v.PLAINTEXT) == v.CIPHERTEXT
    assert crypto.des_decrypt(v.KEY, v.CIPHERTEXT) == v.PLAINTEXT


@pytest.mark.parametrize(("key", "text", "padding"), des_primitives.MACS)
def test_mac_is_that_of_iso_9797(key: bytes, text: bytes, padding: int) -> None:
    """MACs of cards and hosts follow ISO 9797-1, algorithms 1 and 3, both paddings."""
    expected = des_primitives.MACS[key, text, padding]
    if padding == 1:  # our cards never use it: zeros only, and only when the text does not end on a block
        padded = text + bytes(-len(text) % 8)
        assert crypto.mac_over_blocks(key, padded, length=8) == expected
        return
    mac = crypto.des_cbc_mac if len(key) == 8 else crypto.retail_mac
    assert mac(key, text, length=8) == expected
    assert mac(key, text) == expected[:4]


def test_load_of_the_teaching_example() -> None:
    """A card and a host that never met agree on the session key, MAC1 and MAC2 of a load."""
    v = load_teaching
    key = crypto.load_session_key(v.DLK, v.INITIALIZE_ANSWER[8:12], 0)
    assert key == v.SESSION_KEY
    assert crypto.load_mac1(key, 0, v.AMOUNT_FEN, v.TTI, v.TERMINAL) == v.MAC1
    assert crypto.load_mac2(key, v.AMOUNT_FEN, v.TTI, v.TERMINAL, v.DATE, v.TIME) == v.MAC2


def test_keys_are_diversified_down_to_the_card() -> None:
    """Each card has keys of its own, derived from the city's (regression set)."""
    v = purse_regression
    assert crypto.diversify(v.MPK, v.CITY_FACTOR) == v.CITY_PURCHASE_KEY
    factors = [v.CITY_FACTOR, v.CARD_FACTOR]
    assert crypto.diversify_chain(v.MPK, factors) == v.DPK
    assert crypto.diversify_chain(v.MLK, factors) == v.DLK
    assert crypto.diversify_chain(v.MTK, factors) == v.DTK
    assert crypto.diversify_chain(v.MTK, []) == v.MTK
    assert crypto.fold_tac_key(v.DTK) == v.TAC_KEY


def test_load_of_the_regression_set() -> None:
    """A load of ¥100 always has the same cryptograms (regression set)."""
    v = purse_regression
    key = crypto.load_session_key(v.DLK, v.LOAD_RANDOM, 0)
    assert key == v.LOAD_SESSION_KEY
    assert crypto.load_mac1(key, 0, v.LOAD_AMOUNT_FEN, crypto.TTI_LOAD, v.TERMINAL) == v.LOAD_MAC1
    mac2 = crypto.load_mac2(key, v.LOAD_AMOUNT_FEN, crypto.TTI_LOAD, v.TERMINAL, v.DATE, v.LOAD_TIME)
    assert mac2 == v.LOAD_MAC2
    tac = crypto.load_tac(
        v.TAC_KEY,
        v.LOAD_AMOUNT_FEN,
        0,
        v.LOAD_AMOUNT_FEN,
        crypto.TTI_LOAD,
        v.TERMINAL,
        v.DATE,
        v.LOAD_TIME,
    )
    assert tac == v.LOAD_TAC


@pytest.mark.parametrize("tti", purse_regression.PURCHASE_MAC1_AND_TAC)
def test_purchase_of_the_regression_set(tti: int) -> None:
    """A ride of ¥2 always has the same cryptograms, plain and CAPP (regression set)."""
    v = purse_regression
    mac1, tac = v.PURCHASE_MAC1_AND_TAC[tti]
    key = crypto.purchase_session_key(v.DPK, v.PURCHASE_RANDOM, 0, v.PURCHASE_TERMINAL_SEQ)
    assert key == v.PURCHASE_SESSION_KEY
    assert crypto.purchase_mac1(key, v.PURCHASE_AMOUNT_FEN, tti, v.TERMINAL, v.DATE, v.PURCHASE_TIME) == mac1
    assert crypto.purchase_mac2(key, v.PURCHASE_AMOUNT_FEN) == v.PURCHASE_MAC2
    signed = crypto.purchase_tac_input(
        v.PURCHASE_AMOUNT_FEN, tti, v.TERMINAL, v.PURCHASE_TERMINAL_SEQ, v.DATE, v.PURCHASE_TIME
    )
    assert len(signed) == crypto.TAC_INPUT_BYTES
    assert crypto.tac(v.TAC_KEY, signed) == tac
    assert crypto.bulk_tacs([v.DTK, v.DTK], [signed, signed]) == [tac, tac]


def test_only_the_right_half_of_the_terminal_sequence_makes_the_key() -> None:
    """A terminal that has made more than 65,536 taps still agrees with the cards."""
    key = bytes(range(16))
    assert crypto.purchase_session_key(key, bytes(4), 1, 0x0001_0002) == crypto.purchase_session_key(
        key, bytes(4), 1, 2
    )


def test_keys_and_commands_of_a_new_card() -> None:
    """The maker, the vault and the chip derive the same transport and control keys (regression set)."""
    v = key_writing_regression
    assert crypto.diversify(v.BATCH_MASTER, v.CHIP_SERIAL) == v.KT
    assert crypto.external_authenticate_cryptogram(v.KT, v.AUTHENTICATION_CHALLENGE) == v.AUTHENTICATION_ANSWER
    assert crypto.diversify(v.CARD_CONTROL_MASTER, v.CHIP_SERIAL) == v.CMK
    factors = [v.CITY_FACTOR, v.CARD_FACTOR]
    assert crypto.diversify_chain(v.APPLICATION_CONTROL_MASTER, factors) == v.AMK
    assert crypto.diversify_chain(v.LOAD_MASTER, factors) == v.DLK


def test_social_security_authentication_answers_with_its_x() -> None:
    """The bureau's PSAM and the card agree: DES of X under the encrypted challenge, then X."""
    key, challenge, x = bytes(range(16)), bytes(range(8)), bytes.fromhex("1122334455667788")
    data = crypto.ssse_external_authenticate_data(key, challenge, x)
    assert data[8:] == x
    assert crypto.des_decrypt(crypto.triple_des_encrypt(key, challenge), data[:8]) == x


@given(keys, st.lists(blocks, max_size=20))
def test_a_batch_of_cards_has_the_keys_of_its_cards(key: bytes, factors: list[bytes]) -> None:
    """Deriving for a whole batch gives each card what deriving alone gives it."""
    assert crypto.diversify_many(key, factors) == [crypto.diversify(key, factor) for factor in factors]


@given(keys, st.binary(max_size=231))
def test_encrypted_command_data_comes_out_as_it_went_in(key: bytes, data: bytes) -> None:
    """What the vault encrypts for a card, the card reads."""
    assert crypto.decrypt_from_host(key, crypto.encrypt_for_card(key, data)) == data


@given(keys, st.binary(max_size=64))
def test_foreign_ciphertext_is_refused_and_never_crashes(key: bytes, data: bytes) -> None:
    """A card answers rubbish with a refusal; what it accepts is in the one proper form."""
    try:
        plain = crypto.decrypt_from_host(key, data)
    except MalformedCardData:
        return
    assert crypto.encrypt_for_card(key, plain) == data


@given(st.binary(max_size=40))
def test_padding_always_adds_and_ends_on_a_block(data: bytes) -> None:
    """Two texts of different length never have the same padded form."""
    padded = crypto.pad80(data)
    assert len(padded) % 8 == 0
    assert padded.startswith(data + b"\x80")
    assert crypto.pad80_if_needed(data) == (padded if len(data) % 8 else data)


@pytest.mark.parametrize(
    "call",
    [
        lambda: crypto.triple_des_encrypt(bytes(8), bytes(8)),
        lambda: crypto.triple_des_encrypt(bytes(16), bytes(7)),
        lambda: crypto.triple_des_decrypt(bytes(16), bytes(9)),
        lambda: crypto.des_encrypt(bytes(16), bytes(8)),
        lambda: crypto.diversify(bytes(16), bytes(7)),
        lambda: crypto.diversify_many(bytes(16), [bytes(8), bytes(9)]),
        lambda: crypto.mac_over_blocks(bytes(8), b""),
        lambda: crypto.retail_mac(bytes(16), b"", bytes(4)),
        lambda: crypto.command_mac(bytes(16), bytes.fromhex("84D4010005"), bytes(2), bytes(4)),
        lambda: crypto.challenge_iv(bytes(5)),
        lambda: crypto.load_session_key(bytes(16), bytes(3), 0),
        lambda: crypto.fold_tac_key(bytes(8)),
    ],
)
def test_a_wrong_length_is_refused(call: object) -> None:
    """A key, factor or challenge of the wrong length never silently makes a cryptogram."""
    assert callable(call)
    with pytest.raises(ValueError, match=r"."):
        call()


def test_check_value_tells_keys_apart() -> None:
    """A custodian can compare a key with the paper without seeing it."""
    assert crypto.check_value(bytes(16)) == crypto.triple_des_encrypt(bytes(16), bytes(8))[:3]
    assert crypto.check_value(bytes(8)) == bytes.fromhex("8CA64D")  # DES of zeros under zeros: 8CA64DE9C1B123A7
    assert crypto.check_value(bytes(range(16))) != crypto.check_value(bytes(range(1, 17)))
