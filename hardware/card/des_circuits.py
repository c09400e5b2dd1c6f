"""The S-boxes of DES (FIPS 46-3) as circuits: logical operations that compute all four bits of the output from the six of the input.

Found by a search of our own (`bench/cards/circuits.py`); that each is right is proved by its 64 inputs, in
tests/hardware/card/test_des_circuits.py. Which circuit it is matters for nothing but speed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final

Place = tuple[str, int]
"""`("in", k)`: bit k of the input from the left; `("out", k)`: of the output; `("register", k)`: in between; `("ones", 0)`: only ones."""
INPUTS: Final = 6
CIRCUITS: Final = (
    """
3^1 ~6 5|3 1&8 5^9 4&10 7^11 10^8 ~13 14&1 4|15 14^16 2|17 12^18 5|1 ~20 14&7 4&22 21^23 9^7 20&19 4&26 25^27 2&28
24^29 0|30 19^31 32^13 4&33 22^34 21^1 4|5 36^37 2|38 35^39 16^9 41^37 13|1 43^11 2|44 42^45 0&46 40^47 26|16 49^23
17^5 2|51 50^52 28^6 4&54 3^55 5&4 57^28 2|58 56^59 0&60 53^61 51|34 63^55 38|25 2&65 64^66 63|15 68^36 55^17 ~70 2&71
69^72 0|73 67^74 > 75 32 62 48
    """,
    """
5|4 6^3 5&4 2|8 7^9 8|3 ~11 1|12 10^13 11&4 2&8 15^16 5|2 18^15 1&19 17^20 0|21 14^22 12^6 14^4 2&25 24^26 25&12 28^5
1&29 27^30 20&4 ~32 0&33 31^34 5^4 2|36 24^37 32^5 1&39 38^40 36&2 42^25 31^25 8&3 2&45 44^46 1&47 43^48 0&49 41^50
15^14 52^51 35|14 54^6 1&55 53^56 55&25 12|5 2&59 58^60 59^26 ~62 1&63 61^64 0|65 57^66 > 23 35 67 51
    """,
    """
2^0 6^5 1&1 7^8 6&2 7&0 1&11 10^12 4|13 9^14 5&0 11&2 1&17 16^18 ~0 4&20 19^21 3|22 15^23 16|2 25^15 1|26 13^27 20|7
15^2 1|30 29^31 4|32 28^33 24|6 25&9 1&36 35^37 13&1 39^35 4&40 38^41 3|42 34^43 2|1 45^9 35|1 4&47 46^48 36^34 50^40
36&22 52^45 4&53 51^54 3|55 49^56 45&30 58^36 4|59 30^60 2|0 62^31 62&32 64^38 4&65 63^66 3&67 61^68 > 57 69 44 24
    """,
    """
4^0 6&0 2&7 6^8 2&0 10^7 3|11 9^12 11^4 ~14 3|15 2^16 1|17 13^18 17|13 20^7 3&21 14^22 17|12 24^8 1&25 23^26 5&27
19^28 27|5 30^19 4|2 32^6 3&33 27^34 24^16 36^33 1|37 35^38 25&6 40^27 33^11 ~42 1|43 41^44 5|45 39^46 45&5 48^39 > 49
47 31 29
    """,
    """
~3 0&6 5^7 8&0 9^6 2|10 8^11 3&0 ~13 2&14 6^15 1&16 12^17 13|5 10&5 10^20 2|21 19^22 20|7 14^9 2&25 24^26 1|27 23^28
4|29 18^30 19^16 32^25 29|3 34^7 1&35 33^36 19&0 ~27 2&39 38^40 1&4 41^42 4|43 37^44 23^13 39&12 47^31 1&48 46^49 41|9
51^47 27&18 1&53 52^54 4&55 50^56 21^11 58^40 48|26 60^35 1&61 59^62 18|15 64^55 1|47 65^66 4&67 63^68 > 69 45 57 31
    """,
    """
5&0 6^1 7&1 8^0 2|9 7^10 2&0 4|12 11^13 9|5 ~15 2&16 8^17 8&5 5|0 2|20 19^21 4&22 18^23 3&24 14^25 16&14 2|27 18^28
7^5 19^5 2&31 30^32 4|33 29^34 30&15 4&36 3^37 3&38 35^39 28|5 41^29 11|2 43^6 4&44 42^45 35^27 ~47 48|19 4&49 48^50
3|51 46^52 53^20 54^36 2&55 54^56 54|48 58^46 4&59 57^60 43|40 62^8 32^0 4&64 63^65 3&66 61^67 > 53 68 40 26
    """,
    """
3&1 6^4 2&2 7^8 7&3 10^1 2&11 0^12 5|13 9^14 10^3 1|16 2^17 18&4 2&19 18^20 15^10 5|22 21^23 0&24 15^25 ~6 2|27 1^28
5&29 15^30 18|10 32^27 18&10 34^12 5&35 33^36 0|37 31^38 11^7 2&32 40^41 27|4 5&43 42^44 19^16 33^7 2&47 46^48 5&49
0^50 0&51 45^52 17^9 29|2 55^45 5&56 54^57 33^24 34^24 60^58 5&61 59^62 0&63 58^64 > 26 39 65 53
    """,
    """
~2 4|6 4|0 3&8 7^9 2|0 3|8 11^12 1|13 10^14 4&0 ~16 2&16 17^18 3&0 19^20 21|6 1|22 21^23 5|24 15^25 4^0 27^15 19^13
1|29 28^30 20|16 2&0 33^13 3|34 19^35 1&36 32^37 5&38 31^39 32^29 ~8 10|42 1&43 41^44 27|24 46^9 29^6 29^8 3&49 48^50
1|51 47^52 5|53 45^54 11&10 56^51 24|2 58^4 1&59 57^60 5&61 45^62 > 55 26 40 63
    """,
)
"""One text an S-box. Values 0 to 5 are the input; each word makes the next value from two earlier ones, `~7` from one; after `>` stand
the values that are the output."""


@dataclass(frozen=True, slots=True)
class Gate:
    """One operation, `&`, `|` or `^`, on what is in two places."""

    operation: str
    left: Place
    right: Place
    result: Place


@cache
def wired(box: int) -> tuple[Gate, ...]:
    """The gates of an S-box, numbered from 0, in order. A place is taken again as soon as nobody needs what is in it."""
    gates, outputs = CIRCUITS[box].split(">")
    steps = [_step(text) for text in gates.split()]
    out_of = {int(value): bit for bit, value in enumerate(outputs.split())}
    last_use = {value: number for number, (_, *used) in enumerate(steps) for value in used}
    place: dict[int, Place] = {-1: ("ones", 0), **{bit: ("in", bit) for bit in range(INPUTS)}}
    free: list[Place] = []
    registers = 0
    wiring = []
    for number, (operation, left, right) in enumerate(steps):
        operands = place[left], place[right]
        free += [place[value] for value in {left, right} if last_use[value] == number and place[value][0] == "register"]
        value = INPUTS + number
        if value in out_of:
            place[value] = ("out", out_of[value])
        elif free:
            place[value] = free.pop()
        else:
            place[value] = ("register", registers)
            registers += 1
        wiring.append(Gate(operation, *operands, place[value]))
    return tuple(wiring)


def _step(text: str) -> tuple[str, int, int]:
    """Operation and operands; the complement is the exclusive or with ones, value -1."""
    if text.startswith("~"):
        return "^", int(text[1:]), -1
    operation = next(sign for sign in "&|^" if sign in text)
    left, right = text.split(operation)
    return operation, int(left), int(right)


def _places() -> Iterator[int]:
    for box in range(len(CIRCUITS)):
        yield from (gate.result[1] + 1 for gate in wired(box) if gate.result[0] == "register")


REGISTERS: Final = max(_places())
"""How many places in between the largest circuit needs."""
