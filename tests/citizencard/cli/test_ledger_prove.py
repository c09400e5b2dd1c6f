"""The command that proves the books."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from citizencard import chart
from citizencard.cli.ledger_prove import Watched
from citizencard.clock import now
from citizencard.db import make_engine, make_sessions, transaction
from tests.citizencard.cli.run_command import Installation
from tests.citizencard.settlement.make import begin, day_of_rides
from tests.ledger.make import tamper


def test_every_difference_is_told_and_stops_the_money(tmp_path: Path, clone_database: Callable[[str], str]) -> None:
    """More differences than a person reads are in the JSON to the last one, two processes find the same, and money stands still."""
    url = clone_database("sqlite")
    engine = make_engine(url)
    sessions = make_sessions(engine)
    with transaction(sessions) as session:
        day_of_rides(session, begin(session, now()), now())
        chart.open_missing(session, [chart.purse(f"b{number:04}") for number in range(1_100)])
    tamper(sessions, "UPDATE ledger_account SET posted_debits_fen = 1 WHERE code LIKE 'purse:b%'")
    engine.dispose()
    city = Installation(tmp_path, url)
    alone, together = (city.run("ledger", "prove", "--json", "--processes", each) for each in ("1", "2"))
    found = json.loads(alone.stdout)
    assert (alone.returncode, alone.stderr, found["proved"], found["found"]) == (
        1,
        "",
        False,
        len(found["differences"]),
    )
    assert {one["where"] for one in found["differences"]} >= {f"account purse:b{number:04}" for number in range(1_100)}
    assert json.loads(together.stdout) == found
    lines = city.run("ledger", "prove").stdout.splitlines()
    assert lines[0].startswith("debits_differ: account purse:b")
    assert lines[-2:] == [
        f"and {found['found'] - 1_000} more; --json lists them all",
        f"6 transfers, {found['accounts']} accounts, {found['found']} differences: THE BOOKS ARE NOT PROVED",
    ]
    assert city.run("ledger", "release", "--reason", "put right").returncode == 0


def test_terminal_shows_how_far_a_proof_is(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever waits sees the share of the transfers; a timer's log stays empty."""
    stream = Terminal()
    watched = Watched(stream, 200)
    watched.progress("transfers", 100)
    watched.progress("holds", 0)
    watched.end()
    assert stream.getvalue() == "\r\x1b[Ktransfers  50 %\r\x1b[Kholds\r\x1b[K"
    silent = Watched(None, 0)
    silent.progress("transfers", 100)
    silent.end()
    assert capsys.readouterr() == ("", "")


class Terminal(io.StringIO):
    """An error output that somebody looks at."""

    def isatty(self) -> bool:
        """Somebody does."""
        return True
