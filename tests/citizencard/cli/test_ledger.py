"""The auditor's command line."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from citizencard import chart
from citizencard.clock import now
from citizencard.db import make_engine, make_sessions, transaction
from citizencard.migrations.grants import APP, AUDITOR
from citizencard.settlement.models import BookProof
from tests.citizencard.cli.run_command import Installation
from tests.citizencard.settlement.make import DAY, begin, day_of_rides
from tests.postgres import SUPERUSER


@pytest.fixture
def city(tmp_path: Path, database: str, clone_database: Callable[[str], str]) -> Installation:
    """A city with one day of money in its books."""
    url = clone_database(database)
    engine = make_engine(url)
    with transaction(make_sessions(engine)) as session:
        day_of_rides(session, begin(session, now()), now())
    engine.dispose()
    return Installation(tmp_path, url)


def test_books_prove_themselves_and_add_up(city: Installation) -> None:
    """One command says that the books are right, and the trial balance has two equal totals."""
    proved = city.run("ledger", "prove")
    assert (proved.returncode, proved.stderr) == (0, "")
    assert "6 transfers" in proved.stdout
    assert "the books are proved" in proved.stdout
    found = json.loads(city.run("ledger", "trial-balance", "--json").stdout)
    assert found["total_debits_fen"] == found["total_credits_fen"] == 20_800
    page = json.loads(city.run("ledger", "statement", chart.purse("card_1"), "--limit", "2", "--json").stdout)
    assert (page["balance_fen"], len(page["lines"]), page["has_more"]) == (9_540, 2, True)


def test_altered_books_end_with_status_one_and_name_the_row(city: Installation) -> None:
    """Whoever changes a balance behind the program's back is found by the next proof."""
    engine = make_engine(city.environ["CITIZENCARD_DATABASE_URL"].replace("citizencard_app@", f"{SUPERUSER}@"))
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE ledger_account SET posted_debits_fen = posted_debits_fen + 1 WHERE code = 'till:1'"
        )
    engine.dispose()
    proved = city.run("ledger", "prove")
    assert proved.returncode == 1
    assert "till:1" in proved.stdout


def test_reader_who_has_enough_is_no_failure(city: Installation) -> None:
    """`ledger export | head` shows some lines and no stack trace."""
    command = [sys.executable, "-m", "citizencard", "ledger", "export", "--format", "csv"]
    with subprocess.Popen(
        command, env=city.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as piped:
        assert piped.stdout
        assert piped.stderr
        piped.stdout.close()
        assert piped.stderr.read() == ""


def test_auditor_proves_the_books_and_changes_nothing(tmp_path: Path, clone_database: Callable[[str], str]) -> None:
    """Who may only read needs nobody's help to see that the books are right: proof, trial balance and statement."""
    url = clone_database("postgresql")
    engine = make_engine(url)
    with transaction(make_sessions(engine)) as session:
        day_of_rides(session, begin(session, now()), now())
    auditor = Installation(tmp_path, url.replace(f"{APP}@", f"{AUDITOR}@"))
    proved = auditor.run("ledger", "prove")
    assert (proved.returncode, proved.stderr) == (0, "")
    assert "the books are proved" in proved.stdout
    assert auditor.run("ledger", "trial-balance").returncode == 0
    assert auditor.run("ledger", "statement", chart.purse("card_1")).returncode == 0
    with engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(BookProof)) == 0
    engine.dispose()


def test_unknown_account_is_one_sentence(city: Installation) -> None:
    """A slip of the pen gets an answer, not a stack trace."""
    refused = city.run("ledger", "statement", "purse:nobody")
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1


def test_accounts_are_listed_page_by_page(city: Installation) -> None:
    """Every account once, row by row of the chart, however short the pages are; one row of the chart by itself."""
    everything = json.loads(city.run("ledger", "accounts", "--json").stdout)
    assert not everything["has_more"]
    codes = [one["code"] for one in everything["accounts"]]
    assert codes[:3] == ["till:1", "purse:card_1", "inload:card_1"]
    first, rest = (
        json.loads(city.run("ledger", "accounts", "--json", *asked).stdout)
        for asked in (("--limit", "2"), ("--after", codes[1]))
    )
    assert (first["has_more"], rest["has_more"]) == (True, False)
    assert [one["code"] for page in (first, rest) for one in page["accounts"]] == codes
    purses = city.run("ledger", "accounts", "--family", "purse:<card>")
    assert purses.stdout == (
        "code,type,debits_fen,credits_fen,balance_fen,floor_fen,ceiling_fen,state\n"
        "purse:card_1,liability,460,10000,9540,,,open\n"
    )
    more = city.run("ledger", "accounts", "--limit", "1", "--as", "table")
    assert (more.stdout.splitlines()[2].split()[:2], more.stderr) == (["till:1", "asset"], "more: --after till:1\n")


def test_statement_of_some_days(city: Installation) -> None:
    """An auditor asks for a month and gets its transfers and no others, as CSV in fen or as a table in yuan."""
    purse = chart.purse("card_1")
    lines = city.run("ledger", "statement", purse, "--from", str(DAY), "--to", str(DAY)).stdout.splitlines()
    assert lines[0] == "id,business_date,occurred_at,kind,other,change_fen,reference,journal"
    assert [line.split(",")[5] for line in lines[1:]] == ["10000", "-180", "-80", "-200"]
    shown = city.run("ledger", "statement", purse, "--as", "table", "--limit", "2")
    assert "-1.80" in shown.stdout
    assert shown.stdout.endswith("balance now: 95.40\n")
    assert shown.stderr.startswith("more: --after ")


def test_balance_says_whether_it_is_final(city: Installation) -> None:
    """What an account holds now, held at the end of a day and at an instant; of another time than asked for it says nothing."""
    purse = chart.purse("card_1")
    assert city.run("ledger", "balance", purse).stdout == "95.40  not final\n"
    assert city.run("ledger", "balance", purse, "--at", "2020-01-01").stdout == "0.00  not final\n"
    assert city.run("day", "close", "--early").returncode == 0
    assert city.run("ledger", "balance", purse, "--on", str(DAY)).stdout == "95.40  final\n"
    assert city.run("ledger", "balance", purse, "--at", "2020-01-01").stdout == "0.00  final\n"
    shown = json.loads(city.run("ledger", "balance", purse, "--on", str(DAY), "--json").stdout)
    assert (shown["balance_fen"], shown["final"], shown["type"]) == (9_540, True, "liability")
    assert city.run("ledger", "balance", purse, "--on", str(DAY), "--at", "2020-01-01").returncode == 2


def test_trial_balance_is_grouped_by_the_chart(city: Installation) -> None:
    """One line for each row of the chart that has accounts, whose money it is, and two equal totals."""
    lines = city.run("ledger", "trial-balance").stdout.splitlines()
    assert lines[0] == "family,type,pool,accounts,debits_fen,credits_fen,balance_fen"
    assert "purse:<card>,liability,client,1,460,10000,9540" in lines
    table = city.run("ledger", "trial-balance", "--as", "table").stdout.splitlines()
    assert table[-1].split() == ["total", "208.00", "208.00"]
    assert any(
        line.split() == ["purse:<card>", "liability", "client", "1", "4.60", "100.00", "95.40"] for line in table
    )


def test_trial_balance_of_the_past(city: Installation) -> None:
    """An auditor asks for the end of a day, or for an instant, and is told whether the answer can still change."""
    on_day = city.run("ledger", "trial-balance", "--on", str(DAY), "--json")
    found = json.loads(on_day.stdout)
    assert (on_day.returncode, found["final"], found["total_debits_fen"]) == (0, False, 20_800)
    before = json.loads(city.run("ledger", "trial-balance", "--at", "2020-01-01T00:00:00", "--json").stdout)
    assert (before["total_debits_fen"], before["total_credits_fen"]) == (0, 0)
    shown = city.run("ledger", "trial-balance", "--on", str(DAY))
    assert shown.stderr == "not final: money may still come in that belongs before\n"
