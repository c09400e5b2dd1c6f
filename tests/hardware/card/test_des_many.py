"""DES over many blocks at once, against OpenSSL and the published vectors."""

import random

import numpy as np
import pytest
from numpy.typing import NDArray

from hardware.card import crypto, des_many
from tests.vectors import des_primitives, purse_regression

BLOCKS = 20_000
"""A million and more are compared by `bin/bench cards`."""


def _rows(*values: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(values), np.uint8).reshape(len(values), -1).copy()


def _random(seed: int, count: int, width: int) -> NDArray[np.uint8]:
    return np.frombuffer(random.Random(seed).randbytes(count * width), np.uint8).reshape(count, width).copy()


def test_random_blocks_are_encrypted_as_openssl_does() -> None:
    """No passenger's TAC is judged by a cipher of our own making: block for block it is DES, each under its own key."""
    keys, blocks = _random(1, BLOCKS, 8), _random(2, BLOCKS, 8)
    found = des_many.encrypt(keys, blocks)
    for key, block, ours in zip(keys, blocks, found, strict=True):
        assert crypto.des_encrypt(key.tobytes(), block.tobytes()) == ours.tobytes()


def test_published_vectors() -> None:
    """The cipher and the MAC give what FIPS 81 and ISO 9797-1 print."""
    block = des_many.encrypt(_rows(des_primitives.KEY), _rows(des_primitives.PLAINTEXT))
    assert block.tobytes() == des_primitives.CIPHERTEXT
    for (key, text, padding), mac in des_primitives.MACS.items():
        if len(key) == 8:
            padded = crypto.pad80(text) if padding == 2 else text + bytes(-len(text) % 8)
            assert des_many.cbc_macs(_rows(key), _rows(padded)).tobytes() == mac


def test_the_tac_of_the_regression_set() -> None:
    """A ride's TAC is the one that was worked out by hand."""
    v = purse_regression
    for tti, (_, tac) in v.PURCHASE_MAC1_AND_TAC.items():
        signed = crypto.purchase_tac_input(
            v.PURCHASE_AMOUNT_FEN, tti, v.TERMINAL, v.PURCHASE_TERMINAL_SEQ, v.DATE, v.PURCHASE_TIME
        )
        macs = des_many.cbc_macs(_rows(v.TAC_KEY), _rows(crypto.pad80(signed)))
        assert macs[0, :4].tobytes() == tac


@pytest.mark.parametrize("count", [1, 63, 64, 65, 130])
@pytest.mark.parametrize("blocks", [1, 3, 4])
def test_any_number_of_lanes(monkeypatch: pytest.MonkeyPatch, count: int, blocks: int) -> None:
    """The last record of an upload is judged as well as the first, however many there are, and in however many turns."""
    monkeypatch.setattr(des_many, "MAX_LANES", 64)
    keys, messages = _random(count, count, 8), _random(blocks, count, 8 * blocks)
    expected = [
        crypto.mac_over_blocks(key.tobytes(), message.tobytes(), length=8)
        for key, message in zip(keys, messages, strict=True)
    ]
    macs = des_many.cbc_macs(keys, messages)
    assert [mac.tobytes() for mac in macs] == expected
    wrong = macs[:, :4].copy()
    wrong[count // 2, 3] ^= 1
    matches = des_many.macs_match(keys, messages, wrong)
    assert matches.tolist() == [place != count // 2 for place in range(count)]


def test_every_bit_of_a_mac_counts() -> None:
    """A MAC with one wrong bit is wrong, whichever it is."""
    keys, messages = _random(5, 64, 8), _random(6, 64, 24)
    macs = des_many.cbc_macs(keys, messages)
    for lane in range(64):
        macs[lane, lane // 8] ^= 0x80 >> lane % 8
    assert not des_many.macs_match(keys, messages, macs).any()


def test_parity_bits_are_ignored() -> None:
    """Card keys carry no parity: the lowest bit of each byte of a key changes nothing."""
    keys, blocks = _random(7, 64, 8), _random(8, 64, 8)
    assert (des_many.encrypt(keys, blocks) == des_many.encrypt(keys ^ np.uint8(1), blocks)).all()


def test_nothing_and_wrong_shapes() -> None:
    """What does not fit together is refused before anything is computed."""
    none = np.empty((0, 8), np.uint8)
    assert des_many.encrypt(none, none).shape == (0, 8)
    assert des_many.macs_match(none, none, none).shape == (0,)
    key, block = _rows(bytes(8)), _rows(bytes(8))
    for keys, messages in ((_rows(bytes(7)), block), (key, _rows(bytes(8), bytes(8))), (key, _rows(bytes(9)))):
        with pytest.raises(ValueError, match="key of 8 bytes for each message"):
            des_many.cbc_macs(keys, messages)
    with pytest.raises(ValueError, match="key of 8 bytes for each message"):
        des_many.cbc_macs(key, np.empty((1, 0), np.uint8))
    with pytest.raises(ValueError, match="blocks have 8 bytes"):
        des_many.encrypt(key, _rows(bytes(16)))
    for macs in (none, np.empty((1, 0), np.uint8), _rows(bytes(9))):
        with pytest.raises(ValueError, match="a MAC for each key"):
            des_many.macs_match(key, block, macs)


def test_what_was_computed_from_keys_is_zeroed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads the memory of the process after a batch finds no key in the planes, schedule or registers that it used."""
    used: list[des_many._Rounds] = []
    made = des_many._Rounds.__init__

    def keep(self: des_many._Rounds, key_planes: NDArray[np.uint64]) -> None:
        made(self, key_planes)
        used.append(self)

    monkeypatch.setattr(des_many._Rounds, "__init__", keep)
    des_many.macs_match(_random(9, 100, 8), _random(10, 100, 24), _random(11, 100, 4))
    (rounds,) = used
    for name in ("state", "_expanded", "_round_key", "_from_boxes", "_registers", "_key_planes"):
        assert not getattr(rounds, name).any(), name
