"""How the circuits of `hardware.card.des_circuits` were found: `python -m bench.cards.circuits BOX SECONDS` prints the smallest of many.

A function of the input is sought among what is computed already, then one gate away from it, then two. If that fails, one bit of the input
is set apart: the function is computed for one value of the bit, and what is left to correct for the other, where each of the two is free
to be anything on the other's side. That freedom is what makes the circuits small. In which order the bits are set apart and the outputs
are computed is drawn by lot, again and again.
"""

import random
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Final

from tests.vectors.des_boxes import S_BOXES

INPUTS: Final = [sum(1 << value for value in range(64) if value >> (5 - bit) & 1) for bit in range(6)]
"""Each bit of the input as a table: bit n of the number is its value for input n."""
ALL: Final = 2**64 - 1
LARGEST: Final = 120


class _TooLarge(Exception):
    """A smaller circuit is known already."""


@dataclass(slots=True)
class _Circuit:
    """Tables of all values computed so far, and the steps that compute them; `limit`: it has to have fewer values than that."""

    limit: int
    tables: list[int] = field(default_factory=lambda: list(INPUTS))
    steps: list[str] = field(default_factory=list)

    def add(self, operation: str, one: int, other: int = 0) -> int:
        """One more value; returns its number."""
        if len(self.tables) + 1 >= self.limit:
            raise _TooLarge
        self.tables.append(_applied(operation, self.tables[one], self.tables[other]))
        self.steps.append(f"~{one}" if operation == "~" else f"{one}{operation}{other}")
        return len(self.tables) - 1

    def complement(self, value: int) -> int:
        return self.add("~", value)


def _applied(operation: str, one: int, other: int) -> int:
    match operation:
        case "~":
            return one ^ ALL
        case "&":
            return one & other
        case "|":
            return one | other
        case _:
            return one ^ other


def _computed(circuit: _Circuit, target: int, care: int, bits: list[int]) -> int:
    """Number of a value that equals `target` wherever `care` is set; `bits` of the input are still to be set apart.

    Raises:
        _TooLarge: not within the limit.
    """
    wanted = target & care
    known = [table & care for table in circuit.tables]
    if wanted in known:
        return known.index(wanted)
    for found in (_one_gate(circuit, known, wanted, care), _two_gates(circuit, known, wanted, care)):
        for value in found:
            return value
    best, best_value, limit = circuit, -1, circuit.limit
    for split in (_split_by_and, _split_by_or):
        tried = replace(circuit, limit=limit, tables=list(circuit.tables), steps=list(circuit.steps))
        try:
            best_value = split(tried, target, care, bits)
        except _TooLarge:
            continue
        best, limit = tried, len(tried.tables)
    if best is circuit:
        raise _TooLarge
    circuit.tables, circuit.steps = best.tables, best.steps
    return best_value


def _one_gate(circuit: _Circuit, known: list[int], wanted: int, care: int) -> Iterator[int]:
    if wanted ^ care in known:
        yield circuit.complement(known.index(wanted ^ care))
    for (one, left), (other, right) in combinations(enumerate(known), 2):
        for operation in "^&|":
            if _applied(operation, left, right) == wanted:
                yield circuit.add(operation, one, other)


def _two_gates(circuit: _Circuit, known: list[int], wanted: int, care: int) -> Iterator[int]:
    """A complement of a gate, or a third value with it by exclusive or."""
    missing = {table ^ wanted: value for value, table in enumerate(known)}
    for (one, left), (other, right) in combinations(enumerate(known), 2):
        for operation in "^&|":
            table = _applied(operation, left, right)
            if table == wanted ^ care:
                yield circuit.complement(circuit.add(operation, one, other))
            elif table in missing:
                yield circuit.add("^", circuit.add(operation, one, other), missing[table])


def _split_by_and(circuit: _Circuit, target: int, care: int, bits: list[int]) -> int:
    """`a ^ (bit & b)`: a is right where the bit is 0, b corrects it where the bit is 1."""
    bit, rest = bits[0], bits[1:]
    base = _computed(circuit, target, care & ~INPUTS[bit], rest)
    correction = _computed(circuit, target ^ circuit.tables[base], care & INPUTS[bit], rest)
    return circuit.add("^", base, circuit.add("&", bit, correction))


def _split_by_or(circuit: _Circuit, target: int, care: int, bits: list[int]) -> int:
    """`a ^ (bit | b)`: a is the complement where the bit is 1, b corrects it where the bit is 0."""
    bit, rest = bits[0], bits[1:]
    base = _computed(circuit, target ^ ALL, care & INPUTS[bit], rest)
    correction = _computed(circuit, target ^ circuit.tables[base], care & ~INPUTS[bit], rest)
    return circuit.add("^", base, circuit.add("|", bit, correction))


def outputs(box: int) -> list[int]:
    """The four bits of an S-box's output as tables."""
    values = [S_BOXES[box][(value >> 5) << 1 | value & 1][value >> 1 & 0xF] for value in range(64)]
    return [sum((found >> (3 - bit) & 1) << value for value, found in enumerate(values)) for bit in range(4)]


def attempt(box: int, chance: random.Random, limit: int) -> tuple[int, str] | None:
    """One try: how many gates, and the circuit as `des_circuits` writes it; None when it is not below the limit."""
    order, bits = chance.sample(range(4), 4), chance.sample(range(6), 6)
    circuit, tables, found = _Circuit(limit + len(INPUTS)), outputs(box), dict.fromkeys(range(4), 0)
    try:
        for output in order:
            found[output] = _computed(circuit, tables[output], ALL, bits)
    except _TooLarge:
        return None
    return len(circuit.steps), " ".join((*circuit.steps, ">", *(str(found[output]) for output in range(4))))


def main(box: int, seconds: float) -> None:
    """Try until the time is over, and print each circuit that is smaller than those before."""
    chance, ends, smallest = random.Random(), time.monotonic() + seconds, LARGEST
    while time.monotonic() < ends:
        found = attempt(box, chance, smallest)
        if found is not None:
            smallest, text = found
            print(f"{smallest} gates: {text}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
