"""The whole day of a city, off-line and on, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest

from citizencard import chart
from citizencard.cards.reader_jobs import TORN
from citizencard.db import reading
from citizencard.purse.loads.flow import LOADED
from hardware.terminal.validator import Outcome
from ledger import open_day
from tests.citizencard.purse.uploads.make_records import SPONSOR
from tests.journeys.agreement import balances_of
from tests.journeys.torn_loads import CREDIT
from tests.journeys.world import ADULT, LOADED_FEN, SENIOR, SOON, Bus, Rider, Tear, World

DEBIT = 6


def ride(world: World, bus: Bus, rider: Rider, fare_fen: int) -> None:
    """A ride a little later, at the fare that the tariff promises."""
    world.pass_time(SOON)
    result = world.tap(bus, rider)
    assert (result.outcome, result.amount_fen) == (Outcome.ACCEPTED, fare_fen), result.text


def said(world: World, bus: Bus, *, as_json: bool = False) -> list[tuple[str, str | None, tuple[str, ...]]]:
    """What the server says to all that waits in a bus."""
    return [(str(one.verdict), one.reason, one.findings) for one in world.upload(bus, as_json=as_json)]


def test_day_of_two_residents(world: World) -> None:
    """Cash in, rides out, one load and one ride torn, a forgery, a stray module, a lost card: every fen is where it belongs."""
    adult, senior = world.resident(ADULT), world.resident(SENIOR, LOADED_FEN)
    load = world.till.request(adult.card, LOADED_FEN)
    station = world.till.station(adult.chip)
    adult.chip.tear(CREDIT, "after")
    assert station.run(world.till.load_order(load, adult.chip), world.now).outcome == TORN
    assert world.till.money(adult.card).inload == LOADED_FEN
    assert world.till.recover(load, adult.chip).outcome == LOADED

    ride(world, world.bus1, adult, 180)
    ride(world, world.bus2, adult, 80)
    ride(world, world.bus1, senior, 0)
    world.pass_time(SOON)
    assert world.tap(world.bus2, senior, Tear(DEBIT, "after")).outcome is Outcome.PRESENT_AGAIN
    world.pass_time(SOON)
    assert world.tap(world.bus2, senior).outcome is Outcome.RECOVERED
    ride(world, world.stray, adult, 180)
    world.now = world.lose(adult)
    ride(world, world.bus1, adult, 180)

    batch = world.bus1.batch(world.now)
    assert batch is not None
    first = batch.records[0]
    forged = {**batch.as_json(), "records": [replace(first, tac=bytes(b ^ 1 for b in first.tac)).as_json()]}
    assert [one.reason for one in world.take(world.bus1, forged).verdicts] == ["bad_tac"]
    good = ("accepted", None, ())
    assert said(world, world.bus1) == [good, good, ("suspicious", "hotlisted", ())]
    assert said(world, world.bus2, as_json=True) == [good, good]
    assert said(world, world.stray) == [("suspicious", "unregistered_psam", ())]
    with reading(world.sessions) as session:
        money = balances_of(session)
    for _ in range(2):
        assert world.take(world.bus1, batch.data).counts()["duplicate"] == 3
    with reading(world.sessions) as session:
        assert balances_of(session) == money
    assert money == expected(world, adult, senior)
    assert world.differences() == []
    settled = world.close_day()
    assert settled.certificate.surplus_fen == 0
    assert [position.clearing_fen for position in settled.positions] == [260]
    assert world.differences() == []


def expected(world: World, adult: Rider, senior: Rider) -> dict[str, int]:
    """The day's figures, reckoned by hand: 2.00 less a tenth, less 1.00 for the transfer; seniors ride free."""
    merchant = world.merchant_id
    return {
        chart.till(world.counter.till.id): 20_000,
        chart.inload(adult.card.id): 0,
        chart.inload(senior.card.id): 0,
        chart.purse(adult.card.id): 10_000 - 180 - 80 - 180 - 180,
        chart.purse(senior.card.id): 10_000,
        chart.clearing(merchant): 260,
        chart.merchant_suspense(merchant): 180,
        chart.merchant_suspense(): 180,
        chart.subsidy(merchant): 20 + 120 + 200 + 200,
        chart.owed("sponsor", SPONSOR): 540,
    }


def test_two_days_with_taps_that_arrive_late(world: World) -> None:
    """A bus that reports a day late is paid in full, into the day that is open then; the closed day stays as it was certified."""
    rider = world.resident(ADULT, LOADED_FEN)
    ride(world, world.bus1, rider, 180)
    world.upload(world.bus1)
    ride(world, world.bus2, rider, 80)
    monday = world.close_day()
    assert monday.certificate.surplus_fen == 0
    assert world.differences() == [
        f"{rider.card.id}: chip {LOADED_FEN - 260}, shadow {LOADED_FEN - 180}, of which 0 unproven"
    ], "the second ride has not come in yet, and that is the whole difference"
    world.pass_time(timedelta(days=1))
    assert said(world, world.bus2) == [("accepted", None, ())]
    tuesday = world.close_day()
    assert [one.clearing_fen for day in (monday, tuesday) for one in day.positions] == [180, 80]
    with reading(world.sessions) as session:
        assert open_day(session) == tuesday.closed.day + timedelta(days=1)
    assert world.differences() == []


def test_hotlist_in_the_bus_stops_the_card(world: World) -> None:
    """A bus that has fetched the list takes no fen from a lost card; on the other, whose list is old, the fare waits for a person."""
    rider = world.resident(ADULT, LOADED_FEN)
    world.now = world.lose(rider)
    world.fetch_hotlist(world.bus1)
    world.pass_time(SOON)
    assert world.tap(world.bus1, rider).outcome is Outcome.HOTLISTED
    ride(world, world.bus2, rider, 180)
    assert said(world, world.bus1) == []
    assert said(world, world.bus2) == [("suspicious", "hotlisted", ())]
    assert world.differences() == []


@pytest.mark.parametrize("wrong_fen", [1, -1])
def test_the_agreement_is_not_blind(world: World, wrong_fen: int) -> None:
    """A single fen on a chip that no record explains is seen: the journeys' question can be answered with no."""
    rider = world.resident(ADULT, LOADED_FEN)
    assert world.differences({rider.card.id: wrong_fen}) != []
