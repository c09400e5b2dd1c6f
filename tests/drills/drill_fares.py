"""Generated tariffs sent to a device: rides and stays cost there what the server reckons; damaged tables are refused."""

import random
from dataclasses import dataclass, field
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from citizencard.tariffs import document, parking
from citizencard.tariffs.device import compile_table
from citizencard.tariffs.parking import Stay
from citizencard.tariffs.transit.rides import Ride
from hardware.terminal import fares, fares_parking
from hardware.terminal.errors import DeviceTableInvalid
from tests.hardware.terminal.published import sealed
from tests.journeys.make_device_tariffs import BEGINNING, SOURCE, documents, lots, rides, stays
from tests.journeys.test_device_fares import NOT_PRICED, on_device, on_server

KEPT: Final = 20


@dataclass(frozen=True, slots=True)
class Size:
    """How many tariffs of rides, lots, and damaged copies of each table."""

    tariffs: int
    lots: int
    damaged: int


FULL: Final = Size(3_000, 10_000, 200)
REDUCED: Final = Size(15, 20, 20)


@dataclass
class Result:
    """What a run found."""

    rides: int = 0
    transfers: int = 0
    not_priced: int = 0
    stays: int = 0
    damaged: int = 0
    refused: int = 0
    found: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.rides} rides ({self.transfers} transfers, {self.not_priced} without a price), {self.stays} stays, "
            f"{self.damaged} damaged tables ({self.refused} refused); {len(self.found)} differences"
        )

    @property
    def passed(self) -> bool:
        """No difference, and enough of everything that one could have been found."""
        priced = self.rides - self.not_priced
        return not self.found and min(priced, self.transfers, self.stays, self.refused) > 0

    def keep(self, words: str) -> None:
        """Remember the first differences."""
        if len(self.found) < KEPT:
            self.found.append(words)


def run(size: Size) -> Result:
    """Compare, and damage."""
    result = Result()
    chance = random.Random(6)

    @_drawn(size.tariffs)
    @given(documents(), st.lists(rides(), min_size=10, max_size=30))
    def ride(tariff: dict[str, Any], asked: list[Ride]) -> None:
        _ride(result, tariff, asked)
        _damage(result, compile_table(document.read(tariff)), chance, size.damaged)

    @_drawn(size.lots)
    @given(lots(), st.lists(stays(), min_size=3, max_size=12))
    def stay(rule: dict[str, Any], asked: list[Stay]) -> None:
        _stay(result, rule, asked)

    ride()
    stay()
    return result


def _drawn(examples: int) -> settings:
    return settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def _ride(result: Result, tariff: dict[str, Any], asked: list[Ride]) -> None:
    known = document.read(tariff)
    table = fares.DeviceTable.parse(compile_table(known))
    for ride in asked:
        server, device = on_server(known, ride), on_device(table, ride)
        result.rides += 1
        result.not_priced += server == NOT_PRICED
        result.transfers += not isinstance(server, str) and bool(server[2])
        if server != device:
            result.keep(f"{ride}: server {server}, device {device}, tariff {tariff['transit']}")


def _stay(result: Result, rule: dict[str, Any], asked: list[Stay]) -> None:
    head = {"format": 2, "name": "generated", "version": 1, "currency": "CNY", "source": SOURCE}
    city = {**head, "effective_from": BEGINNING.isoformat(), "parking": {"lot": rule}}
    if document.check(city):
        return
    known = document.read(city)
    table = fares.DeviceTable.parse(compile_table(known))
    for stay in asked:
        server = parking.quote(known.parking["lot"], stay, known.offset).minor
        device = fares.quote(table, fares_parking.Stay("lot", stay.entered_at, stay.left_at, stay.vehicle)).price_fen
        result.stays += 1
        if server != device:
            result.keep(f"{stay}: server {server}, device {device}, rule {rule}")


def _damage(result: Result, table: bytes, chance: random.Random, copies: int) -> None:
    """With a digest that fits, so that what is inside is looked at."""
    for _ in range(copies):
        body = bytearray(table[:-32])
        for _ in range(chance.randrange(1, 4)):
            body[chance.randrange(12, len(body))] = chance.choice((0, 1, 2, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        result.damaged += 1
        try:
            fares.DeviceTable.parse(sealed(bytes(body)))
        except DeviceTableInvalid:
            result.refused += 1
        except Exception as error:  # noqa: BLE001 - whatever else comes out is what this drill looks for
            result.keep(f"{error!r} from {bytes(body).hex()}")


def run_full() -> bool:
    """Three thousand tariffs, ten thousand lots, 600,000 damaged tables."""
    result = run(FULL)
    print(result)
    for line in result.found:
        print(line)
    return result.passed
