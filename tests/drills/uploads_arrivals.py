"""Ways in which a great day comes in: permuted, doubled, split, cut off and sent again, as files and JSON, with closes of the day between.

What the limits on bad TACs park is released and sent again, as devices do, until every record has its verdict.
"""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select

from citizencard.db import reading
from citizencard.purse.uploads.errors import UploadRefused
from citizencard.purse.uploads.flow import take_batch, take_records
from citizencard.purse.uploads.models import TapRecord
from citizencard.purse.uploads.records import PurchaseRecord
from citizencard.settlement.clearing.state import State as Cleared
from citizencard.settlement.clearing.state import state_of
from tests.citizencard.purse.uploads.make_records import Device, json_of, seal, unsealed
from tests.drills.uploads_city import Own
from tests.journeys.world import World

SIZES: Final = (1, 7, 40, 250, 1_000, 3_000)
COPIES: Final = (1, 1, 1, 1, 2, 3)
CUT_EVERY, PARTLY_EVERY, JSON_EVERY = 6, 8, 4
MAX_JSON: Final = 300
MAX_ROUNDS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Parcel:
    """One upload.

    Args:
        device: whose records, and who sends them.
        records: in this order.
        batch: its number.
        as_json: in the JSON form.
        cut: so many bytes are left out at the end; 0 for a whole file.
    """

    device: Device
    records: tuple[PurchaseRecord, ...]
    batch: int
    as_json: bool = False
    cut: int = 0

    def content(self) -> bytes | dict[str, Any]:
        """What is sent."""
        if self.as_json:
            return json_of(self.device, self.records, self.batch)
        raw = seal(unsealed(self.device, [record.encode() for record in self.records], self.batch), self.device.key)
        return raw[: len(raw) - self.cut]


@dataclass(frozen=True, slots=True)
class State:
    """What a way of bringing the day in came to.

    Args:
        cleared: balances, findings that stand, and taps whose money is set aside.
        records: verdict, reason and subsidy of each record, by its bytes.
    """

    cleared: Cleared
    records: dict[str, tuple[str, str | None, int]]

    @classmethod
    def of(cls, world: World) -> "State":
        """As it is now."""
        with reading(world.sessions) as session:
            rows = session.execute(
                select(TapRecord.digest, TapRecord.verdict, TapRecord.reason, TapRecord.subsidy_fen)
            ).all()
            records = {row.digest: (row.verdict, row.reason, row.subsidy_fen) for row in rows}
            return cls(state_of(session), records)

    def differences(self, other: "State") -> list[str]:
        """Where another state is not this one, in words."""
        words = self.money_differences(other)
        if self.records != other.records:
            names = self.records.keys() | other.records.keys()
            unlike = [name for name in names if self.records.get(name) != other.records.get(name)]
            first, second = self.records.get(unlike[0]), other.records.get(unlike[0])
            words.append(f"{len(unlike)} verdicts, such as {second}, not {first}")
        lost, added = self.cleared.findings - other.cleared.findings, other.cleared.findings - self.cleared.findings
        words += [f"finding {one} is missing" for one in sorted(lost)[:5]]
        words += [f"finding {one} is new" for one in sorted(added)[:5]]
        unlike_aside = self.cleared.aside ^ other.cleared.aside
        return words + ([f"{len(unlike_aside)} taps are set aside only here or there"] if unlike_aside else [])

    def money_differences(self, other: "State") -> list[str]:
        """Which accounts hold something else."""
        mine, others = self.cleared.balances, other.cleared.balances
        codes = sorted(code for code in mine.keys() | others.keys() if mine.get(code, 0) != others.get(code, 0))
        return [f"{code} holds {others.get(code, 0)}, not {mine.get(code, 0)}" for code in codes[:5]]


@dataclass
class Road:
    """Brings parcels in.

    Args:
        world: where to.
        counts: what was sent and answered.
        differences: what was not as published.
    """

    world: World
    counts: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def bring(self, parcels: Sequence[Parcel], closes: Sequence[int] = ()) -> State:
        """Send all of it, and close the day after those parcels that `closes` names and at the end."""
        for number, parcel in enumerate(parcels):
            self.send(parcel)
            if number in closes:
                self.world.close_day()
                self.counts["closes"] += 1
        self.world.close_day()
        self.counts["closes"] += 1
        return State.of(self.world)

    def send(self, parcel: Parcel) -> None:
        """Send it, and what of it is parked again once the limits are released."""
        if parcel.cut:
            self._send_cut(parcel)
            return
        waiting = parcel.records
        for _ in range(MAX_ROUNDS):
            waiting = self._once(parcel, waiting)
            if not waiting:
                return
            self.counts["limits released"] += self.world.release_limits()
        self.differences.append(f"{len(waiting)} records were never judged")

    def _send_cut(self, parcel: Parcel) -> None:
        self.counts["cut files"] += 1
        try:
            self._take(parcel.device, parcel.content())
        except UploadRefused:
            return
        self.differences.append(f"a file without its last {parcel.cut} bytes was taken")

    def _once(self, parcel: Parcel, records: tuple[PurchaseRecord, ...]) -> tuple[PurchaseRecord, ...]:
        """Send these of a parcel; what is kept, as a device knows it: by sequence, serial and TAC."""
        sent = Parcel(parcel.device, records, parcel.batch, parcel.as_json)
        receipt = self._take(parcel.device, sent.content())
        counts, kept = receipt["counts"], receipt.get("kept", [])
        judged = len(receipt["verdicts"])
        if sum(counts.values()) != judged or judged + len(kept) != len(records):
            self.differences.append(f"{len(records)} records: {judged} verdicts, {counts}, {len(kept)} kept")
        self.counts.update({f"{name} verdicts": count for name, count in counts.items()})
        self.counts["uploads"] += 1
        self.counts["records parked"] += len(kept)
        names = {(one["terminal_sequence"], one["card_serial"], one["tac"]) for one in kept}
        return tuple(record for record in records if names and _name(record) in names)

    def _take(self, device: Device, content: bytes | dict[str, Any]) -> dict[str, Any]:
        world = self.world
        if isinstance(content, bytes):
            return take_batch(world.sessions, world.hsm, device.terminal_id, content, world.now).as_json()
        return take_records(world.sessions, world.hsm, device.terminal_id, content, world.now).as_json()


def _name(record: PurchaseRecord) -> tuple[int, str, str]:
    return record.terminal_sequence, record.card_serial.hex().upper(), record.tac.hex().upper()


def plainly(owns: Sequence[Own]) -> list[Parcel]:
    """Device after device, each record once, nothing cut."""
    largest = SIZES[-1]
    return [
        Parcel(device, tuple(records[start : start + largest]), start // largest + 1)
        for device, records in _by_device(owns)
        for start in range(0, len(records), largest)
    ]


def anyhow(owns: Sequence[Own], chance: random.Random) -> list[Parcel]:
    """Permuted, some doubled or trebled, split anyhow; some files come cut off as well, some in part, and all come whole."""
    parcels: list[Parcel] = []
    for device, records in _by_device(owns):
        waiting = [record for record in records for _ in range(chance.choice(COPIES))]
        chance.shuffle(waiting)
        while waiting:
            size = chance.choice(SIZES)
            chunk, waiting = tuple(waiting[:size]), waiting[size:]
            batch, as_json = chance.randrange(2**32), len(chunk) <= MAX_JSON and not chance.randrange(JSON_EVERY)
            parcels.append(Parcel(device, chunk, batch, as_json))
            if not as_json and not chance.randrange(CUT_EVERY):
                parcels.append(Parcel(device, chunk, batch, cut=chance.randint(1, 176 + 96 * len(chunk))))
            if not chance.randrange(PARTLY_EVERY):
                parcels.append(Parcel(device, chunk[: chance.randint(1, len(chunk))], batch))
    chance.shuffle(parcels)
    return parcels


def _by_device(owns: Sequence[Own]) -> list[tuple[Device, list[PurchaseRecord]]]:
    found: dict[bytes, tuple[Device, list[PurchaseRecord]]] = {}
    for own in owns:
        found.setdefault(own.device.number, (own.device, []))[1].append(own.record)
    return [found[number] for number in sorted(found)]
