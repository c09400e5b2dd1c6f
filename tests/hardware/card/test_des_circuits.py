"""The circuits of the S-boxes, proved by all their inputs."""

from operator import and_, or_, xor

import pytest

from hardware.card import des_circuits
from tests.vectors.des_boxes import S_BOXES

OPERATIONS = {"&": and_, "|": or_, "^": xor}
ALL = 2**64 - 1
INPUT_BITS = [sum(1 << value for value in range(64) if value >> (5 - bit) & 1) for bit in range(6)]
"""Bit k of the input, from the left, of all 64 inputs at once."""


@pytest.mark.parametrize("box", range(8))
def test_a_circuit_is_its_box(box: int) -> None:
    """A TAC is judged by the cipher of the standard: each circuit gives what the table says, for each of its 64 inputs."""
    held = {("ones", 0): ALL, **{("in", bit): table for bit, table in enumerate(INPUT_BITS)}}
    for gate in des_circuits.wired(box):
        assert gate.result[0] in {"out", "register"}
        assert gate.result[0] == "out" or gate.result[1] < des_circuits.REGISTERS
        held[gate.result] = OPERATIONS[gate.operation](held[gate.left], held[gate.right])
    for value in range(64):
        found = sum((held["out", bit] >> value & 1) << (3 - bit) for bit in range(4))
        # Row: first and last bit; column: the four in between.
        assert found == S_BOXES[box][(value >> 5) << 1 | value & 1][value >> 1 & 0xF]
