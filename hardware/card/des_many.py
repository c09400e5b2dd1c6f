"""Single DES (FIPS 46-3) over many blocks at once, each with its own key: what a batch of TACs needs.

Bit-slicing (E. Biham, A Fast New DES Implementation in Software, 1997): bit k of all blocks together is one row of 64-bit words, a plane.
Permutations and the key schedule then only say which plane is meant, and an S-box is a circuit of logical operations on whole planes
(`des_circuits`). A round is some 500 calls of NumPy whatever the number of lanes, so that a few lanes cost as much as some thousands: below
them a cipher call for each block is faster.

No look-up depends on a key or on data, and neither does a branch: the memory that is touched is the same for all. Look-up tables would be
faster between a hundred blocks and five thousand, where it is a matter of milliseconds, and slower beyond; and they leak through the caches
what they look up. Everything that was computed from keys is zeroed before a function returns, as far as it stands in arrays of this
module; what the caller handed in is the caller's to zero.

It lives beside `crypto` because it is the cards' cipher and knows nothing of a city; it is a module of its own because it loads NumPy,
which a reader or a terminal has no use for.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hardware.card import des_circuits

BLOCK_BYTES: Final = 8
MAX_LANES: Final = 65_536
"""Blocks that are computed together: as many as keep the planes of a step near the processor. More are done in turns."""

Bytes = NDArray[np.uint8]
Planes = NDArray[np.uint64]
_Gate = tuple[np.ufunc, Planes, Planes, Planes]

_WORD_LANES: Final = 64
_BIT_OF_BYTE: Final = np.array([0x80 >> bit for bit in range(8)], np.uint8)


def _from_one(*numbers: int) -> NDArray[np.intp]:
    """The standard counts bits from 1, beginning at the left."""
    return np.array(numbers, np.intp) - 1


# Tables of FIPS 46-3.
_INITIAL: Final = _from_one(*(start - 8 * column for start in (58, 60, 62, 64, 57, 59, 61, 63) for column in range(8)))
_FINAL: Final = np.argsort(_INITIAL)
_EXPANSION: Final = np.array([(4 * box + bit - 1) % 32 for box in range(8) for bit in range(6)], np.intp)
# fmt: off
_PERMUTATION: Final = _from_one(
    16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25
)
_CHOICE_1: Final = _from_one(
    57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
    63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
)
_CHOICE_2: Final = _from_one(
    14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2,
    41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
)
# fmt: on
_SHIFTS: Final = (1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1)
_AFTER_PERMUTATION: Final = np.argsort(_PERMUTATION)


def _schedule() -> list[NDArray[np.intp]]:
    """Which of the key's 64 bits are the 48 of each round."""
    halves, rounds = _CHOICE_1.reshape(2, 28), []
    for shift in _SHIFTS:
        halves = np.roll(halves, -shift, axis=1)
        rounds.append(halves.reshape(56)[_CHOICE_2])
    return rounds


_SCHEDULE: Final = _schedule()


def encrypt(keys: Bytes, blocks: Bytes) -> Bytes:
    """Encrypt the k-th block under the k-th key.

    Args:
        keys: shape (n, 8); parity bits are ignored.
        blocks: shape (n, 8).

    Returns:
        Shape (n, 8).

    Raises:
        ValueError: other shapes, or not as many keys as blocks.
    """
    if blocks.shape[1:] != (BLOCK_BYTES,):
        message = f"blocks have {BLOCK_BYTES} bytes"
        raise ValueError(message)
    return cbc_macs(keys, blocks)


def cbc_macs(keys: Bytes, messages: Bytes) -> Bytes:
    """Last block of the CBC encryption of the k-th message under the k-th key, IV zero (ISO 9797-1 algorithm 1).

    Args:
        keys: shape (n, 8).
        messages: shape (n, m), padded: m a multiple of 8, at least one block.

    Returns:
        Shape (n, 8); the purse's MAC is the first 4 bytes.

    Raises:
        ValueError: other shapes, or not as many keys as messages.
    """
    found = np.empty((len(keys), BLOCK_BYTES), np.uint8)
    for lanes, planes in _in_turns(keys, messages):
        found[lanes] = _rows(planes, lanes.stop - lanes.start)
    return found


def macs_match(keys: Bytes, messages: Bytes, macs: Bytes) -> NDArray[np.bool_]:
    """Whether `macs` are the first bytes of `cbc_macs`; compared plane by plane, in the same time whatever differs.

    Args:
        keys: shape (n, 8).
        messages: shape (n, m), padded.
        macs: shape (n, 1 to 8).

    Returns:
        Shape (n,).

    Raises:
        ValueError: other shapes, or not as many of each.
    """
    if len(macs) != len(keys) or not 1 <= macs.shape[1] <= BLOCK_BYTES:
        message = f"a MAC for each key, 1 to {BLOCK_BYTES} bytes"
        raise ValueError(message)
    matches = np.empty(len(keys), np.bool_)
    for lanes, planes in _in_turns(keys, messages):
        claimed = _planes(macs[lanes])
        differs = np.bitwise_or.reduce(planes[: len(claimed)] ^ claimed, axis=0)
        matches[lanes] = np.unpackbits(differs.view(np.uint8))[: lanes.stop - lanes.start] == 0
        planes.fill(0)
    return matches


def _in_turns(keys: Bytes, messages: Bytes) -> Iterator[tuple[slice, Planes]]:
    """The planes of the MACs, for not too many lanes at a time.

    Raises:
        ValueError: wrong shapes.
    """
    if keys.shape != (len(messages), BLOCK_BYTES) or not messages.shape[1] or messages.shape[1] % BLOCK_BYTES:
        message = "a key of 8 bytes for each message, which is whole blocks"
        raise ValueError(message)
    for start in range(0, len(keys), MAX_LANES):
        lanes = slice(start, min(start + MAX_LANES, len(keys)))
        yield lanes, _chain(keys[lanes], messages[lanes])


def _chain(keys: Bytes, messages: Bytes) -> Planes:
    """CBC over all blocks of the messages; the 64 planes of the last one.

    Between two blocks the final permutation and the initial one undo each other, so that neither is made.
    """
    key_planes = _planes(keys)
    des = _Rounds(key_planes)
    try:
        for start in range(0, messages.shape[1], BLOCK_BYTES):
            des.state ^= _planes(messages[:, start : start + BLOCK_BYTES])[_INITIAL]
            des.encrypt()
        return des.state[_FINAL]
    finally:
        des.wipe()
        key_planes.fill(0)


def _planes(rows: Bytes) -> Planes:
    """Bit k of every row as plane k; the last word is filled up with lanes of zeros."""
    count, width = rows.shape
    words = -(-count // _WORD_LANES)
    bits = np.zeros((width, 8, words * _WORD_LANES), np.uint8)
    np.bitwise_and(rows.T[:, np.newaxis, :], _BIT_OF_BYTE[:, np.newaxis], out=bits[:, :, :count])
    # Whatever is not zero counts as one.
    planes = np.packbits(bits, axis=2).reshape(8 * width, 8 * words).view(np.uint64)
    bits.fill(0)
    return planes


def _rows(planes: Planes, count: int) -> Bytes:
    """Undo `_planes`; zeroes the planes."""
    bits = np.unpackbits(planes.view(np.uint8), axis=1, count=count)
    rows = np.zeros((BLOCK_BYTES, count), np.uint8)
    for bit in range(8):
        rows |= bits[bit::8] << np.uint8(7 - bit)
    bits.fill(0)
    planes.fill(0)
    return np.ascontiguousarray(rows.T)


class _Rounds:
    """The sixteen rounds over one set of lanes, with the memory that they need. Its `state` is the block after the initial permutation."""

    __slots__ = ("_expanded", "_from_boxes", "_gates", "_key_planes", "_registers", "_round_key", "state")

    def __init__(self, key_planes: Planes) -> None:
        words = key_planes.shape[1]
        self._key_planes = key_planes
        self.state = np.zeros((64, words), np.uint64)
        self._expanded = np.empty((48, words), np.uint64)
        self._round_key = np.empty((48, words), np.uint64)
        self._from_boxes = np.empty((32, words), np.uint64)
        self._registers = np.empty((des_circuits.REGISTERS + 1, words), np.uint64)
        self._registers[-1] = ~np.uint64(0)
        self._gates = [gate for box in range(8) for gate in self._wired(box)]

    def _wired(self, box: int) -> Iterator[_Gate]:
        """The gates of an S-box on the rows of this memory: inputs from `_expanded`, outputs where the permutation P puts them."""
        places = {
            **{("in", bit): self._expanded[6 * box + bit] for bit in range(6)},
            **{("out", bit): self._from_boxes[_AFTER_PERMUTATION[4 * box + bit]] for bit in range(4)},
            **{("register", number): self._registers[number] for number in range(des_circuits.REGISTERS)},
            ("ones", 0): self._registers[-1],
        }
        operations = {"&": np.bitwise_and, "|": np.bitwise_or, "^": np.bitwise_xor}
        for gate in des_circuits.wired(box):
            yield operations[gate.operation], places[gate.left], places[gate.right], places[gate.result]

    def encrypt(self) -> None:
        """One block in each lane."""
        left, right = self.state[:32], self.state[32:]
        for bits in _SCHEDULE:
            np.take(right, _EXPANSION, axis=0, out=self._expanded, mode="clip")
            np.take(self._key_planes, bits, axis=0, out=self._round_key, mode="clip")
            self._expanded ^= self._round_key
            for operation, one, other, result in self._gates:
                operation(one, other, result)
            left ^= self._from_boxes
            left, right = right, left
        # The halves are not exchanged after the last round; sixteen exchanges have put each back into its rows.
        self._from_boxes[:] = left
        left[:] = right
        right[:] = self._from_boxes

    def wipe(self) -> None:
        """Zero what was computed from keys."""
        for rows in (self.state, self._expanded, self._round_key, self._from_boxes, self._registers):
            rows.fill(0)
