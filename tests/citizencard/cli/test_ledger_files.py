"""The books as a file for other programs, and the old books as a file for ours."""

import json
import stat
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from citizencard.chart import row_of
from citizencard.cli.ledger_files import whole_file
from citizencard.clock import now
from citizencard.db import make_engine, make_sessions, transaction
from citizencard.migrations.grants import APP, AUDITOR
from ledger import close_day
from ledger.export.names import beancount_name, hledger_name
from tests.citizencard.cli.run_command import Installation
from tests.citizencard.settlement.make import DAY, NEXT_DAY, begin, day_of_rides, move
from tests.ledger.export import parsers

OPENING = "account,balance_fen\nbank:custody,30000\nwallet:a1,12000\npurse:card_9,18000\n"


@pytest.fixture
def city(tmp_path: Path, request: pytest.FixtureRequest, clone_database: Callable[[str], str]) -> Installation:
    """A city with a closed day of rides and an open one."""
    url = clone_database(getattr(request, "param", "sqlite"))
    engine = make_engine(url)
    sessions = make_sessions(engine)
    with transaction(sessions) as session:
        merchant_id = begin(session, now())
        day_of_rides(session, merchant_id, now())
    with transaction(sessions) as session:
        close_day(session, DAY, NEXT_DAY, now=now())
    with transaction(sessions) as session:
        move(session, now(), [("tap4", "purse:card_1", "merchant:unknown:suspense", 540)])
    engine.dispose()
    return Installation(tmp_path, url)


def balances(city: Installation, name: Callable[..., str]) -> parsers.Held:
    """What `ledger accounts` says, by the names of another program; debits above zero, yuan."""
    found = json.loads(city.run("ledger", "accounts", "--json").stdout)["accounts"]
    return {
        name(row_of(one["code"]).type, one["code"]): Decimal(one["debits_fen"] - one["credits_fen"]) / 100
        for one in found
        if one["debits_fen"] != one["credits_fen"]
    }


@pytest.mark.parametrize("city", ["sqlite", "postgresql"], indirect=True)
def test_other_programs_hold_what_we_hold(city: Installation, tmp_path: Path) -> None:
    """The accountant's own programs accept the city's books, and each account holds there what it holds here."""
    for kind, name, ask in (
        ("hledger", hledger_name, parsers.asked_of_hledger),
        ("beancount", beancount_name, parsers.asked_of_beancount),
    ):
        file = tmp_path / f"books.{kind}"
        done = city.run("ledger", "export", "--format", kind, "--out", str(file))
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == f"{file}: business days {DAY} to {NEXT_DAY}, not final: the last day is still open\n"
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert ask(file) == balances(city, name)


def test_period_goes_to_the_standard_output(city: Installation, tmp_path: Path) -> None:
    """A closed day is written to a pipe as to a file, byte by byte the same, and nothing else is said there."""
    asked = ("ledger", "export", "--format", "csv", "--from", str(DAY), "--to", str(DAY))
    file = tmp_path / "books.csv"
    assert city.run(*asked, "--out", str(file)).stdout.endswith(", final\n")
    piped = city.run(*asked)
    assert (piped.returncode, piped.stderr) == (0, "")
    assert piped.stdout == file.read_bytes().decode().replace("\r\n", "\n")
    assert piped.stdout.count("\ntransfer,") == 6


def test_refused_export_leaves_the_old_file(city: Installation, tmp_path: Path) -> None:
    """A wrong date does not cost last month's file, and leaves no half of a new one."""
    file = tmp_path / "books.csv"
    file.write_text("last month")
    refused = city.run("ledger", "export", "--format", "csv", "--from", "2031-01-01", "--out", str(file))
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert file.read_text() == "last month"


def test_auditor_exports(tmp_path: Path, clone_database: Callable[[str], str]) -> None:
    """Who may only read the books can take them to his own programs, and try a file of opening balances."""
    url = clone_database("postgresql")
    engine = make_engine(url)
    with transaction(make_sessions(engine)) as session:
        day_of_rides(session, begin(session, now()), now())
    engine.dispose()
    auditor = Installation(tmp_path, url.replace(f"{APP}@", f"{AUDITOR}@"))
    done = auditor.run("ledger", "export", "--format", "hledger")
    assert (done.returncode, done.stderr) == (0, "")
    assert len(parsers.of_hledger(done.stdout)) == 6
    file = tmp_path / "old.csv"
    file.write_text(OPENING)
    assert auditor.run("ledger", "import-opening", str(file), "--name", "old", "--dry-run").returncode == 0
    assert auditor.run("ledger", "import-opening", str(file), "--name", "old").returncode == 1


def test_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    """A power cut or a full disk in the middle leaves what was there before."""
    target = tmp_path / "file"
    with whole_file(target) as file:
        file.write(b"first")
        assert not target.exists()
    with pytest.raises(ValueError, match="closed"), whole_file(target) as file:
        file.close()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert target.read_bytes() == b"first"


def test_opening_balances_are_tried_taken_and_recognised(city: Installation, tmp_path: Path) -> None:
    """A dry run first, then the import, then the import again by somebody who was not sure: the money is there once."""
    file = tmp_path / "old.csv"
    file.write_text(OPENING)
    command = ("ledger", "import-opening", str(file), "--name", "old-books")
    tried = city.run(*command, "--dry-run")
    assert (tried.returncode, tried.stderr) == (0, "")
    assert tried.stdout == (
        "old-books: 3 accounts, would be taken\ndebits 300.00, credits 300.00; equity:opening gets 0.00\n"
    )
    taken = json.loads(city.run(*command, "--json").stdout)
    assert (taken["taken"], taken["known_before"], taken["debit_fen"], taken["rejected"]) == (True, False, 30_000, [])
    assert "imported before: nothing to do" in city.run(*command).stdout
    assert json.loads(city.run("ledger", "statement", "wallet:a1", "--json").stdout)["balance_fen"] == 12_000


def test_faults_of_an_opening_are_listed(city: Installation, tmp_path: Path) -> None:
    """Each wrong line is told with its field and the reason, nothing is taken, and the status says so."""
    file = tmp_path / "old.csv"
    file.write_text(OPENING + "till:1,5\nnobody:1,1\nvault:1,-1\nbank:own\n" + "nobody:1,1\n" * 21)
    done = city.run("ledger", "import-opening", str(file), "--name", "old")
    assert done.returncode == 1
    assert done.stderr == (
        "line 5: account: moved_already\nline 6: account: unknown_account_pattern\n"
        "line 7: balance_fen: below_floor\nline 8: line: field_count\n"
        + "".join(f"line {line}: account: unknown_account_pattern\n" for line in range(9, 25))
        + "and 5 more; --json lists them all\n"
    )
    assert "25 lines rejected: NOTHING IS TAKEN" in done.stdout
    rejected = json.loads(city.run("ledger", "import-opening", str(file), "--name", "old", "--json").stdout)["rejected"]
    assert rejected[0] == {"line": 5, "field": "account", "reason": "moved_already"}


def test_unusable_opening_is_status_2(city: Installation, tmp_path: Path) -> None:
    """A file of another kind is told from one with faults."""
    file = tmp_path / "old.csv"
    file.write_text("konto;saldo\n")
    done = city.run("ledger", "import-opening", str(file), "--name", "old")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("The file cannot be read as opening balances at all")
