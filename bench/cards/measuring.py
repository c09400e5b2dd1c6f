"""The whole bench of the cards: TACs on one core, DES beside OpenSSL and C, and taps in this process and through PC/SC."""

import os
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

from bench.cards import taps
from bench.cards.libcrypto import CLoop, NotMeasured
from bench.cards.profiles import profile
from bench.cards.records import Upload, check_plainly, checked
from bench.figure import ROUNDS, Figure, interleaved_rates, one_core, tell
from citizencard.keys import tacs
from citizencard.keys.hsm import Hsm, TacQuestion
from hardware.card import des_many
from hardware.card.crypto import ZERO_IV, pad80
from hardware.cli.card_timing import over_pcsc
from hardware.errors import NoReader
from tests.citizencard.keys.keepers import Keepers
from tests.citizencard.keys.make_vault import REGRESSION_MASTERS
from tests.citizencard.keys.softhsm import SoftHsm

PLAIN_BAR: Final = 4
TAP_US: Final = 1_000
TAP_THROUGH_PCSC_US: Final = 10_000
SMALL_BATCHES: Final = (1, 50, tacs.MANY - 1, tacs.MANY, 5_000)
"""5,000 records are the largest upload that the city takes."""
REPEATED_RECORDS: Final = 5_000
"""So many at least in a timed job: smaller batches are asked again and again."""
PIECE: Final = 100_000
"""Random blocks that are compared at a time."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    records: int = 100_000
    cards: int = 50_000
    blocks: int = 1_000_000
    taps: int = 2_000
    taps_through_pcsc: int = 100
    rounds: int = ROUNDS


FULL: Final = Sizes()
QUICK: Final = Sizes(records=20_000, cards=10_000, blocks=20_000, taps=200, taps_through_pcsc=10, rounds=3)


@dataclass(slots=True)
class _Run:
    folder: Path
    size: Sizes
    show: Callable[[Figure], None]
    figures: list[Figure] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, figure: Figure) -> None:
        self.figures.append(figure)
        self.show(figure)

    def rates(self, jobs: dict[str, Callable[[], float]]) -> dict[str, float]:
        return interleaved_rates(jobs, self.size.rounds)


def measure(show: Callable[[Figure], None], *, quick: bool, profiled: bool) -> tuple[list[Figure], list[str]]:
    """All figures, and what is to be said about them.

    Args:
        show: told each figure as soon as it is known.
        quick: smaller and shorter.
        profiled: say where the time of a TAC and of a tap goes.
    """
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="citizencard-bench-") as folder:
        run = _Run(Path(folder), QUICK if quick else FULL, show)
        with one_core() as core:
            tell("signing the records")
            upload = Upload.of(run.size.records, run.size.cards)
            vault = Keepers("vault", run.folder).make(masters=REGRESSION_MASTERS)
            c_loop = _c_loop(run, upload)
            _tacs(run, upload, vault, c_loop)
            _small_batches(run, upload, vault)
            _des(run, c_loop)
            _taps_in_process(run)
            if profiled:
                _profile(run, upload, vault)
        _taps_through_pcsc(run)
    run.notes.insert(
        0,
        f"Load {before:.1f} before and {os.getloadavg()[0]:.1f} after, {os.cpu_count()} processors. All but the taps through PC/SC ran on"
        f" processor {core} alone.",
    )
    return run.figures, run.notes


def _rate(job: Callable[[], int]) -> float:
    began = time.perf_counter()
    done = job()
    return done / (time.perf_counter() - began)


def _asked(vault: Hsm, questions: Sequence[TacQuestion], times: int = 1) -> int:
    for _ in range(times):
        checked(sum(vault.tacs_are_valid(questions)), len(questions))
    return len(questions) * times


def _one_by_one(vault: Hsm, questions: Sequence[TacQuestion], times: int = 1) -> int:
    """As a small batch is computed: one ECB call for all cards, and a cipher call for each record."""
    many, tacs.MANY = tacs.MANY, len(questions) + 1  # type: ignore[misc] # the bench says what the threshold is worth
    try:
        return _asked(vault, questions, times)
    finally:
        tacs.MANY = many  # type: ignore[misc] # as above


def _c_loop(run: _Run, upload: Upload) -> CLoop | None:
    try:
        return CLoop.build(run.folder, upload)
    except NotMeasured as why:
        run.notes.append(f"libcrypto's DES functions in C: not measured: {why}.")
        return None


def _tacs(run: _Run, upload: Upload, vault: Hsm, c_loop: CLoop | None) -> None:
    """The upload in one question, and all that it is compared with."""
    questions = upload.questions
    jobs: dict[str, Callable[[], float]] = {
        "plain": partial(_rate, lambda: checked(check_plainly(questions), len(questions))),
        "vault": partial(_rate, lambda: _asked(vault, questions)),
        "one by one": partial(_rate, lambda: _one_by_one(vault, questions)),
    }
    if c_loop is not None:
        jobs["C"] = lambda: c_loop.rates()[0]
    try:
        (run.folder / "softhsm").mkdir()
        token = Keepers("token", run.folder, SoftHsm.start(run.folder / "softhsm")).make(masters=REGRESSION_MASTERS)
        jobs["token"] = partial(_rate, lambda: _asked(token, questions))
    except RuntimeError as why:
        run.notes.append(f"Through SoftHSM: not measured: {why}")
    rates = run.rates(jobs)
    what = f"TACs, {len(questions):,} records of {upload.cards:,} cards"
    run.add(Figure(what, rates["vault"], "a call each: diversify, fold, MAC", rates["plain"], PLAIN_BAR))
    if "token" in rates:
        run.add(Figure("the same through SoftHSM", rates["token"], "a call each", rates["plain"], None))
    run.add(Figure("the same", rates["vault"], "one ECB call, then a CBC call each", rates["one by one"], None))
    if "C" in rates:
        run.add(Figure("the same", rates["vault"], "loop in C over libcrypto's DES", rates["C"], None))


def _small_batches(run: _Run, upload: Upload, vault: Hsm) -> None:
    """Batches on both sides of the threshold from which records are computed together."""
    for count in SMALL_BATCHES:
        questions, times = upload.questions[:count], max(1, REPEATED_RECORDS // count)
        rates = run.rates(
            {
                "vault": partial(_rate, partial(_asked, vault, questions, times)),
                "one by one": partial(_rate, partial(_one_by_one, vault, questions, times)),
            }
        )
        what = f"TACs, a batch of {count:,}" + (", together" if count >= tacs.MANY else "")
        run.add(Figure(what, rates["vault"], "one ECB call, then a CBC call each", rates["one by one"], None))


def _des(run: _Run, c_loop: CLoop | None) -> None:
    """MACs of three blocks, each under a key of its own: the cipher alone. And whether it is DES."""
    chance = random.Random(2)
    count = run.size.records
    message = pad80(bytes(22))
    keys = np.frombuffer(chance.randbytes(8 * count), np.uint8).reshape(count, 8)
    messages = np.frombuffer(chance.randbytes(len(message) * count), np.uint8).reshape(count, len(message))
    key_of, message_of = [key.tobytes() for key in keys], [row.tobytes() for row in messages]

    def by_calls() -> int:
        for key, row in zip(key_of, message_of, strict=True):
            Cipher(TripleDES(key * 3), CBC(ZERO_IV)).encryptor().update(row)
        return count

    jobs: dict[str, Callable[[], float]] = {
        "many": partial(_rate, lambda: len(des_many.cbc_macs(keys, messages))),
        "calls": partial(_rate, by_calls),
    }
    if c_loop is not None:
        jobs["C"] = lambda: c_loop.rates()[1]
    rates = run.rates(jobs)
    what = "DES alone: MACs of 3 blocks, a key each"
    run.add(Figure(what, rates["many"], "OpenSSL, a call each", rates["calls"], None))
    if "C" in rates:
        run.add(Figure("the same", rates["many"], "loop in C over libcrypto's DES", rates["C"], None))
    for start in range(0, run.size.blocks, PIECE):
        tell(f"comparing random blocks with OpenSSL: {start:,} of {run.size.blocks:,}")
        _compare(min(PIECE, run.size.blocks - start))
    tell("")
    run.notes.append(
        f"{run.size.blocks:,} random blocks under as many random keys: encrypted as OpenSSL does, all of them."
    )


def _compare(count: int) -> None:
    """Encrypt random blocks both ways.

    Raises:
        AssertionError: one differs.
    """
    drawn = np.frombuffer(os.urandom(16 * count), np.uint8).reshape(count, 16)
    ours = des_many.encrypt(drawn[:, :8], drawn[:, 8:])
    for row, encrypted in zip(drawn, ours, strict=True):
        both = row.tobytes()
        # Single DES has no other form in this library; one block is one ECB operation.
        openssl = Cipher(TripleDES(both[:8] * 3), ECB()).encryptor()  # noqa: S305
        if openssl.update(both[8:]) != encrypted.tobytes():
            raise AssertionError("a block is not encrypted as OpenSSL does")


def _taps_in_process(run: _Run) -> None:
    tell("taps in this process")
    began_s = time.process_time()
    spent_s = taps.in_process(run.size.taps)
    own_us = (time.process_time() - began_s) / run.size.taps * 1e6
    p50_us, p99_us = taps.percentiles_us(spent_s)
    tell("")
    run.add(_tap_figure("tap, card and PSAM in this process", p50_us, TAP_US))
    run.notes.append(
        f"A tap in this process ({taps.COMMANDS}): p50 {p50_us:,.0f} us, p99 {p99_us:,.0f} us, of {run.size.taps:,};"
        f" {own_us:,.0f} us of the processor."
    )


def _taps_through_pcsc(run: _Run) -> None:
    tell("taps through PC/SC")
    card, gate = taps.loaded_card(), taps.Gate.open()
    try:
        timing = over_pcsc(card, gate.tap, run.size.taps_through_pcsc)
    except NoReader as why:
        run.notes.append(f"A tap through PC/SC: not measured: {why}")
        return
    finally:
        tell("")
    gate.check(card)
    p50_us, p99_us = taps.percentiles_us(list(timing.tap_s))
    run.add(_tap_figure("tap, card through pcscd and pyscard, PSAM here", p50_us, TAP_THROUGH_PCSC_US))
    run.notes.append(
        f"A tap through pcscd, vpcd and pyscard: p50 {p50_us:,.0f} us, p99 {p99_us:,.0f} us, of {run.size.taps_through_pcsc:,};"
        f" one command {timing.apdu_median_s * 1e6:,.0f} us."
    )


def _tap_figure(what: str, p50_us: float, bar_us: int) -> Figure:
    return Figure(what, p50_us, "at most", bar_us, 1, judged=False, at_most=True, unit="us")


def _profile(run: _Run, upload: Upload, vault: Hsm) -> None:
    questions = upload.questions
    run.notes += profile(f"A TAC of {len(questions):,} in one question", lambda: _asked(vault, questions))
    run.notes += profile("A TAC of 50 in one question", lambda: _asked(vault, questions[:50], 100))
    run.notes += profile("A TAC in plain calls", lambda: checked(check_plainly(questions[:5_000]), 5_000))
    run.notes += profile("A tap in this process", lambda: len(taps.in_process(run.size.taps)))
