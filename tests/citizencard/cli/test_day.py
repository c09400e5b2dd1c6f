"""The nightly timer's command line."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from citizencard.clock import beijing_date, now
from citizencard.db import make_engine, make_sessions, transaction
from ledger import close_day, open_first_day
from tests.citizencard.cli.run_command import Installation
from tests.citizencard.settlement.make import begin, day_of_rides


def test_past_day_is_closed_by_the_timer_and_can_be_shown(
    tmp_path: Path, database: str, clone_database: Callable[[str], str], now: datetime
) -> None:
    """The timer closes a day that is over, prints its certificate, and will not close the next one before its end."""
    url = clone_database(database)
    engine = make_engine(url)
    with transaction(make_sessions(engine)) as session:
        day_of_rides(session, begin(session, now), now)
    engine.dispose()
    city = Installation(tmp_path, url)
    opened = city.run("day", "open").stdout.strip()
    assert opened == "2026-11-21"
    closed = city.run("day", "close", "--early")
    assert closed.returncode == 0, closed.stderr
    assert "1 net positions" in closed.stdout
    assert "cover 10000, owed 10000, surplus 0" in closed.stdout
    shown = json.loads(city.run("day", "show", opened, "--json").stdout)
    assert shown["net_positions"][0]["clearing_fen"] == 260
    assert city.run("day", "open").stdout.strip() == "2026-11-22"


def test_day_that_goes_on_is_not_closed_by_mistake(tmp_path: Path, clone_database: Callable[[str], str]) -> None:
    """Nobody ends today's business at noon without saying so."""
    url = clone_database("sqlite")
    engine = make_engine(url)
    with transaction(make_sessions(engine)) as session:
        open_first_day(session, beijing_date(now()), now=now())
    engine.dispose()
    refused = Installation(tmp_path, url).run("day", "close")
    assert refused.returncode == 1
    assert "still going on" in refused.stderr


def test_day_that_a_crash_left_is_settled_by_running_again(
    tmp_path: Path, clone_database: Callable[[str], str]
) -> None:
    """The power failed between the close and the netting: the timer run again settles that day, though the new one is not over."""
    url = clone_database("sqlite")
    engine = make_engine(url)
    today = beijing_date(now())
    with transaction(make_sessions(engine)) as session:
        open_first_day(session, today - timedelta(days=1), now=now())
    with transaction(make_sessions(engine)) as session:
        close_day(session, today - timedelta(days=1), today, now=now())
    engine.dispose()
    city = Installation(tmp_path, url)
    again = city.run("day", "close")
    assert again.returncode == 1
    assert "is settled now" in again.stdout
    assert city.run("day", "show", str(today - timedelta(days=1))).returncode == 0
