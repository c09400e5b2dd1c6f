"""A cap that no validator can know: charged by the bus, given back in the night, on both databases, with real chips."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from citizencard import chart
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.hsm import Hsm
from citizencard.settlement import vouching
from hardware.terminal.validator import Outcome
from ledger import prove
from tests.citizencard.settlement.histories.make_histories import CAP_FUND, CAPPED
from tests.journeys.agreement import balances_of
from tests.journeys.world import LOADED_FEN, World


@pytest.fixture
def capped(sessions: Sessions, vault: Hsm, tmp_path: Path, now: datetime) -> Iterator[World]:
    """A city in which an adult's rides of one day cost at most ¥3.00."""
    world = World.found(sessions, vault, tmp_path, now, CAPPED)
    yield world
    world.close()


def test_commuter_under_a_daily_cap(capped: World) -> None:
    """Four rides cost ¥1.80, ¥0.80, ¥1.80 and ¥0.80 off-line; by the morning all above ¥3.00 is the rider's again, paid by the sponsor."""
    rider = capped.resident(loaded_fen=LOADED_FEN)
    for bus, fare_fen in ((capped.bus1, 180), (capped.bus2, 80), (capped.bus1, 180), (capped.bus2, 80)):
        capped.pass_time(timedelta(minutes=20))
        result = capped.tap(bus, rider)
        assert (result.outcome, result.amount_fen) == (Outcome.ACCEPTED, fare_fen), result.text
    capped.upload(capped.bus1)
    capped.upload(capped.bus2)
    assert capped.differences() == []
    settled = capped.close_day()
    assert [one.clearing_fen for one in settled.positions] == [300]
    assert settled.certificate.surplus_fen == 0
    with reading(capped.sessions) as session:
        money = balances_of(session)
    assert money[chart.due(rider.card.id)] == 220
    assert money[chart.owed("sponsor", CAP_FUND)] == 220
    assert money[chart.payable(capped.merchant_id)] == 300
    assert money[chart.purse(rider.card.id)] == LOADED_FEN - 520
    assert capped.differences() == []
    with transaction(capped.sessions) as session:
        assert prove(session, also=vouching.CHECKS).differences == ()
    tomorrow = capped.close_day()
    assert [one.clearing_fen for one in tomorrow.positions] == [0]
    assert tomorrow.certificate.surplus_fen == 0
