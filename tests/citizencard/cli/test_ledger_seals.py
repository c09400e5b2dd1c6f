"""Sealing and releasing from the command line."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from citizencard.cli import main
from citizencard.clock import now
from citizencard.db import make_engine, make_sessions, transaction
from citizencard.settlement.flow import seal_up
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


KILLED = """
import os, signal
from citizencard.cli import main
import {module} as stepped_on
def killed(*_arguments, **_named):
    os.kill(os.getpid(), signal.SIGKILL)
stepped_on.{step} = killed
main(["ledger", "seal"])
"""


def test_killed_between_the_steps_the_next_run_leaves_the_head(city: Installation, tmp_path: Path) -> None:
    """Killed after the cut, before the file, and while it is put in place: each time the next run goes on from there."""
    folder = tmp_path / "heads"
    for module, step in (
        ("citizencard.settlement.flow", "roll_up"),
        ("citizencard.cli.ledger_seals", "write_head"),
        ("os", "link"),
    ):
        script = KILLED.format(module=module, step=step)
        ended = subprocess.run([sys.executable, "-c", script], env=city.environ, capture_output=True, check=False)
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        assert not list(folder.glob("*.json"))
    written = city.run("ledger", "seal", "--json")
    assert written.returncode == 0
    told = json.loads(written.stdout)["file"]
    assert told["new"]
    assert [str(path) for path in folder.glob("[0-9]*.json")] == [told["path"]]
    key = json.loads(Path(told["path"]).read_text())["key"]
    assert at_once(city, "--verify", "--kept", "--key", key).output.endswith("1 heads were held against the chains\n")


def test_books_that_were_rebuilt_are_found_and_stop_the_ledger(city: Installation, tmp_path: Path) -> None:
    """A superuser alters a row and seals anew: the proof finds nothing, the head that left the house does, without any vault."""
    assert city.run("ledger", "seal").returncode == 0
    key = city.run("ledger", "seal", "--public-key").stdout.splitlines()[0]
    (tmp_path / "auditor").mkdir()
    (head,) = (tmp_path / "heads").glob("*.json")
    head.rename(tmp_path / "auditor" / head.name)
    asked = ("--verify", "--key", key, "--head", str(tmp_path / "auditor"))
    city.vault_file.unlink()
    assert at_once(city, *asked).exit_code == 0
    engine = make_engine(city.environ["CITIZENCARD_DATABASE_URL"])
    sessions = make_sessions(engine)
    tamper(
        sessions,
        "UPDATE ledger_transfer SET recorded_at = '2020-01-01T00:00:00.000000+00:00' WHERE id = 3",
        "DELETE FROM ledger_seal",
    )
    seal_up(sessions, now())
    engine.dispose()
    assert at_once(city, "--verify").exit_code == 0
    rebuilt = at_once(city, *asked, "--stop", "--json")
    assert rebuilt.exit_code == 1
    assert [one["what"] for one in json.loads(rebuilt.output)["differences"]] == ["seal_head"]
    assert city.run("ledger", "release", "--reason", "the row was put right").returncode == 0


def test_notes_are_read_with_care(city: Installation) -> None:
    """A note that is none, or that nothing would be held against, is wrong usage; nothing sealed is said so."""
    for wrong in (("--verify", "--noted", "x"), ("--noted", "1:ab"), ("--verify", "--key", "ab"), ("--stop",)):
        assert at_once(city, *wrong).exit_code == 2
    assert at_once(city, "--verify", "--noted", f"trail:1:{'0' * 64}").exit_code == 1
    assert at_once(city, "--verify").output == "no transfer is sealed yet\n"


def at_once(city: Installation, *options: str) -> Result:
    """The seal command in this process: for what opens no vault."""
    return CliRunner(env=city.environ).invoke(main, ["ledger", "seal", *options])
