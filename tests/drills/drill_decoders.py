"""A million damaged, forged and random inputs into every decoder of the card's language: a value or the documented error, at once.

What is read is written back to the same bytes. The time of each input is the processor's, so that a busy machine proves nothing wrong.
"""

import random
import time
from dataclasses import dataclass, field
from typing import Final

from hardware.errors import MalformedCardData
from tests.hardware.card.decoders import DECODERS, Decoder, meant_by

LONGEST_BYTES: Final = 65_544
SLOW_NANOSECONDS: Final = 100_000_000
KEPT: Final = 20


@dataclass(frozen=True, slots=True)
class Size:
    """How many inputs, from which seed."""

    inputs: int
    seed: int


FULL: Final = Size(1_000_000, 1)
REDUCED: Final = Size(20_000, 7)


@dataclass
class Result:
    """What a run found."""

    inputs: int = 0
    values: int = 0
    refused: int = 0
    uncaught: int = 0
    changed: int = 0
    slow: int = 0
    slowest_nanoseconds: int = 0
    silent: list[str] = field(default_factory=list)
    found: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.inputs} inputs into {len(DECODERS)} decoders: {self.values} values, {self.refused} refused, "
            f"{self.uncaught} uncaught, {self.changed} written differently, {self.slow} over 100 ms "
            f"(slowest {self.slowest_nanoseconds / 1_000_000:.2f} ms); {len(self.silent)} decoders that never read anything"
        )

    @property
    def passed(self) -> bool:
        """Nothing uncaught, nothing written differently, nothing slow, and every decoder read something."""
        return not (self.uncaught or self.changed or self.slow or self.silent)

    def keep(self, decoder: Decoder, raw: bytes, words: str) -> None:
        """Remember the first findings with the input that shows them."""
        if len(self.found) < KEPT:
            self.found.append(
                f"{decoder.name} {raw[:64].hex()}{'…' if len(raw) > 64 else ''} ({len(raw)} bytes): {words}"
            )


def an_input(decoder: Decoder, chance: random.Random) -> bytes:
    """A sample as it is, damaged in a few places, repeated, wrapped deeply, or noise."""
    kind = chance.randrange(100)
    raw = bytearray(chance.choice(decoder.samples))
    if kind < 3:
        return bytes(raw)
    if kind < 15:
        return chance.randbytes(chance.randrange(64))
    if kind == 15:  # rare, since long ones take most of the time
        return (
            chance.randbytes(chance.randrange(LONGEST_BYTES))
            if chance.random() < 0.01
            else bytes(raw) * chance.randrange(9)
        )
    if kind == 16:
        for _ in range(chance.randrange(40)):
            raw = bytearray((0x6F, min(len(raw), 0x7F))) + raw
    for _ in range(chance.randrange(1, 5)):
        at = chance.randrange(len(raw) + 1)
        change = chance.randrange(4)
        if change == 0 and at < len(raw):
            raw[at] ^= 1 << chance.randrange(8)
        elif change == 1 and at < len(raw):
            raw[at] = chance.choice((0x00, 0x01, 0x1F, 0x7F, 0x80, 0x81, 0x82, 0x99, 0x9A, 0xFF))
        elif change == 2:
            raw.insert(at, chance.randrange(256))
        else:
            del raw[at : at + chance.randrange(1, 9)]
    return bytes(raw)


def run(size: Size) -> Result:
    """Give each decoder its share of the inputs."""
    chance = random.Random(size.seed)
    result = Result()
    share = max(1, size.inputs // len(DECODERS))
    for decoder in DECODERS:
        before = result.values
        for number in range(share):
            _one(result, decoder, decoder.samples[0] if number == 0 else an_input(decoder, chance))
        if result.values == before:
            result.silent.append(decoder.name)
    while result.inputs < size.inputs:
        decoder = chance.choice(DECODERS)
        _one(result, decoder, an_input(decoder, chance))
    return result


def _one(result: Result, decoder: Decoder, raw: bytes) -> None:
    result.inputs += 1
    begun = time.thread_time_ns()
    try:
        value = decoder.read(raw)
        same = decoder.write is None or decoder.write(value) == meant_by(decoder, raw)
    except MalformedCardData:
        result.refused += 1
    except Exception as error:  # noqa: BLE001 - whatever else comes out is what this drill looks for
        result.uncaught += 1
        result.keep(decoder, raw, repr(error))
    else:
        result.values += 1
        if not same:
            result.changed += 1
            result.keep(decoder, raw, "is written differently")
    taken = time.thread_time_ns() - begun
    result.slowest_nanoseconds = max(result.slowest_nanoseconds, taken)
    if taken > SLOW_NANOSECONDS:
        result.slow += 1
        result.keep(decoder, raw, f"took {taken / 1_000_000:.0f} ms")


def run_full() -> bool:
    """A million inputs."""
    result = run(FULL)
    print(result)
    for line in result.found + result.silent:
        print(line)
    return result.passed
