"""Taps of the city, as their validators upload them: records with genuine TACs, computed in bulk, in signed batch files of layout 1."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.terminals.city import ADULT, FARE_FEN, TARIFF_VERSION, City, Device, Holder
from bench.terminals.sizes import LINES
from citizencard.clock import BEIJING
from citizencard.keys.derivation import DEFAULT_CITY, card_factor, city_factor
from citizencard.keys.hsm import KeyRole
from hardware.card import crypto, des_many
from tests.citizencard.keys.make_vault import REGRESSION_MASTERS

ISSUER: Final = bytes.fromhex("01013302FFFFFFFF")
SPREAD_S: Final = 12 * 3_600
"""Taps fall into the last so many seconds before the upload."""
ANCHORED: Final = 0.3
"""This part of the adults' rides is a change to another line within the hour."""
ADULT_FEN: Final = 180
CHANGED_FEN: Final = 80
STUDENT_FEN: Final = 100
"""What each pays of the full fare; the sponsor pays the rest."""
ANCHOR_AGE: Final = timedelta(minutes=25)
TAC_INPUT_BYTES: Final = 24
"""The 22 bytes that the TAC covers, padded."""
AT_ONCE: Final = 40
"""Files whose TACs are computed together."""
Bytes = NDArray[np.uint8]
_CITY_KEY: Final = crypto.diversify(REGRESSION_MASTERS[KeyRole.TAC], city_factor(DEFAULT_CITY))
_RECORD: Final = np.dtype(
    [
        ("kind", "u1"),
        ("type", "u1"),
        ("issuer", "V8"),
        ("card_serial", "V10"),
        ("terminal_sequence", ">u4"),
        ("card_counter", ">u2"),
        ("amount_fen", ">u4"),
        ("balance_after_fen", ">u4"),
        ("date", "V4"),
        ("time", "V3"),
        ("keys", "V3"),
        ("tac", "V4"),
        ("tariff_version", ">u4"),
        ("line", ">u4"),
        ("stop", ">u2"),
        ("card_class", "u1"),
        ("base_fare_fen", ">u4"),
        ("anchor_line", ">u4"),
        ("anchor_time", "V7"),
        ("reserve", "V22"),
    ]
)


class Taps:
    """A supply of taps: every validator in turn, every sequence of a validator once, cards by lot.

    Args:
        city: whose they are.
        now: before it they happened.
        seed: of the lot.
    """

    def __init__(self, city: City, now: datetime, seed: int = 1) -> None:
        self._devices = city.validators
        self._keys = [device.key for device in city.validators]
        self._next_sequence = [1] * len(city.validators)
        self._turn = 0
        self._chance = np.random.default_rng(seed)
        self._serials = _rows([holder.serial for holder in city.holders])
        self._classes = np.array([holder.card_class for holder in city.holders], np.uint8)
        self._tac_keys = _rows([_tac_key(holder) for holder in city.holders])
        began = now - timedelta(seconds=SPREAD_S) - ANCHOR_AGE
        seconds = SPREAD_S + int(ANCHOR_AGE.total_seconds())
        self._moments = _rows([_bcd(began + timedelta(seconds=second)) for second in range(seconds)])
        self._created = _bcd(now)

    def files(self, records: int, each: int) -> Iterator[tuple[Device, bytes]]:
        """Batch files of `each` records, so many records in all; each file with the device that signed it."""
        while records > 0:
            # So many that the vault's way of computing many TACs at once pays, and so few that they fit into memory.
            count = min(AT_ONCE, -(-records // each))
            sizes = [min(each, records - number * each) for number in range(count)]
            turns = [(self._turn + number) % len(self._devices) for number in range(count)]
            yield from self._files(turns, sizes)
            self._turn += count
            records -= sum(sizes)

    def _files(self, turns: Sequence[int], sizes: Sequence[int]) -> Iterator[tuple[Device, bytes]]:
        of_file = np.repeat(np.arange(len(sizes)), sizes)
        sequences = np.concatenate(
            [
                np.arange(self._first(turn, size), self._next_sequence[turn])
                for turn, size in zip(turns, sizes, strict=True)
            ]
        )
        numbers = _rows([self._devices[turn].number for turn in turns])
        lines = np.array([self._devices[turn].line for turn in turns])
        records = self._records(numbers[of_file], lines[of_file], sequences)
        end = 0
        for place, (turn, size) in enumerate(zip(turns, sizes, strict=True)):
            part = records[end : end + size]
            end += size
            yield self._devices[turn], self._sealed(turn, self._turn + place + 1, part)

    def _first(self, turn: int, size: int) -> int:
        first = self._next_sequence[turn]
        self._next_sequence[turn] += size
        return first

    def _records(self, numbers: Bytes, lines: NDArray[np.int64], sequences: NDArray[np.int64]) -> NDArray[np.void]:
        count = len(sequences)
        cards = self._chance.integers(len(self._serials), size=count)
        adult = self._classes[cards] == ADULT
        anchored = adult & (self._chance.random(count) < ANCHORED)
        seconds = self._chance.integers(ANCHOR_AGE.seconds, len(self._moments), size=count)
        records = np.zeros(count, _RECORD)
        records["kind"], records["type"] = 1, crypto.TTI_COMPOUND_PURCHASE
        records["issuer"], records["keys"] = np.void(ISSUER), np.void(b"\x01\x01\x00")
        records["card_serial"] = _void(self._serials[cards])
        records["terminal_sequence"], records["card_counter"] = sequences, 1 + sequences % 60_000
        records["amount_fen"] = np.where(adult, np.where(anchored, CHANGED_FEN, ADULT_FEN), STUDENT_FEN)
        records["balance_after_fen"] = 5_000
        moments = self._moments[seconds]
        records["date"], records["time"] = _void(moments[:, :4]), _void(moments[:, 4:])
        records["tariff_version"], records["line"] = TARIFF_VERSION, lines
        records["card_class"], records["base_fare_fen"] = self._classes[cards], FARE_FEN
        records["anchor_line"] = np.where(anchored, 1 + lines % LINES, 0)
        changed = _void(self._moments[seconds - ANCHOR_AGE.seconds])
        records["anchor_time"] = np.where(anchored, changed, np.void(bytes(7)))
        signed = np.zeros((count, TAC_INPUT_BYTES), np.uint8)
        raw = records.view(np.uint8).reshape(count, -1)
        signed[:, :4], signed[:, 4], signed[:, 5:11] = raw[:, 26:30], raw[:, 1], numbers
        signed[:, 11:15], signed[:, 15:22], signed[:, 22] = raw[:, 20:24], raw[:, 34:41], 0x80
        records["tac"] = _void(des_many.cbc_macs(self._tac_keys[cards], signed)[:, :4])
        return records

    def _sealed(self, turn: int, batch: int, records: NDArray[np.void]) -> bytes:
        device, count = self._devices[turn], len(records)
        total = int(records["amount_fen"].sum(dtype=np.int64))
        content = (
            b"CCB1\x01\x40\x60\x70" + device.number + device.psam_serial + batch.to_bytes(4)
            + int(records["terminal_sequence"][0]).to_bytes(4) + count.to_bytes(4) + total.to_bytes(8)
            + TARIFF_VERSION.to_bytes(4) + bytes(4) + self._created + bytes(5) + records.tobytes()
        )  # fmt: skip
        digest = hashlib.sha256(content).digest()
        signed = content + count.to_bytes(4) + total.to_bytes(8) + bytes(4) + digest
        return signed + self._keys[turn].sign(signed)


def _tac_key(holder: Holder) -> bytes:
    return crypto.fold_tac_key(crypto.diversify(_CITY_KEY, card_factor(holder.serial)))


def _rows(values: Sequence[bytes]) -> Bytes:
    return np.frombuffer(b"".join(values), np.uint8).reshape(len(values), -1)


def _void(rows: Bytes) -> NDArray[np.void]:
    """The same bytes, one value a row."""
    return np.ascontiguousarray(rows).view(f"V{rows.shape[1]}").reshape(-1)


def _bcd(moment: datetime) -> bytes:
    return bytes.fromhex(f"{moment.astimezone(BEIJING):%Y%m%d%H%M%S}")
