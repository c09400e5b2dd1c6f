"""Sealing and releasing from the command line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from citizencard.clock import now
from citizencard.db import make_engine, make_sessions, transaction
from tests.citizencard.cli.run_command import Installation
from tests.citizencard.keys.make_vault import random_vault
from tests.citizencard.settlement.make import begin, day_of_rides
from tests.ledger.make import tamper


@pytest.fixture
def city(tmp_path: Path, clone_database: Callable[[str], str]) -> Installation:
    """A city with one day of money in its books."""
    url = clone_database("sqlite")
    engine = make_engine(url)
    with transaction(make_sessions(engine)) as session:
        day_of_rides(session, begin(session, now()), now())
    engine.dispose()
    random_vault(tmp_path, name="vault.json")
    return Installation(tmp_path, url)


def test_altered_row_is_named_and_stops_the_ledger_until_released(city: Installation) -> None:
    """What was sealed is recognised; who alters a row is found, money stands still, and moves when somebody answers for it."""
    sealed = city.run("ledger", "seal")
    head, covers, *rest = sealed.stdout.splitlines()
    assert (sealed.returncode, head[:2], len(head), covers) == (0, "1:", 66, "every transfer up to 6 is sealed")
    assert rest == [f"head written: {next((city.vault_file.parent / 'heads').iterdir())}"]
    verified = city.run("ledger", "seal", "--verify", "--noted", head)
    assert (verified.returncode, verified.stdout.splitlines()) == (0, [head, covers])
    assert city.run("ledger", "release", "--reason", "nothing happened").returncode == 1

    engine = make_engine(city.environ["CITIZENCARD_DATABASE_URL"])
    tamper(
        make_sessions(engine),
        "UPDATE ledger_transfer SET recorded_at = occurred_at, kind = 'other' WHERE reference = 'a:tap2'",
    )
    engine.dispose()
    found = json.loads(city.run("ledger", "seal", "--verify", "--noted", f"1:{'0' * 64}", "--json").stdout)
    assert found["head"] == {"seal": 1, "last_id": 6, "hash": head[2:]}
    assert any("4" in one["where"].split() for one in found["differences"])
    assert found["differences"][-1]["what"] == "seal_head"
    assert city.run("ledger", "prove").returncode == 1
    released = city.run("ledger", "release", "--reason", "the auditor has put the row right")
    assert released.returncode == 0
    assert released.stdout.startswith("released; it was stopped because of: ")


def test_notes_are_read_with_care(city: Installation) -> None:
    """A note that is none, or that nothing would be held against, is wrong usage; nothing sealed is said so."""
    assert city.run("ledger", "seal", "--verify", "--noted", "x").returncode == 2
    assert city.run("ledger", "seal", "--noted", "1:ab").returncode == 2
    assert city.run("ledger", "seal", "--verify").stdout == "no transfer is sealed yet\n"
