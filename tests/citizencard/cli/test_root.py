"""The command `citizencard` as a whole."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from sqlalchemy.exc import OperationalError

from citizencard.cli import main
from citizencard.cli.root import COMMANDS, Refusing
from citizencard.errors import CitizencardError
from ledger.errors import LedgerError
from tests.citizencard.cli.run_command import Installation


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_explains_itself(command: click.Command) -> None:
    """An administrator who asks for help gets it, without settings and without a database."""
    shown = CliRunner().invoke(main, [command.name or "", "--help"])
    assert shown.exit_code == 0
    assert command.name in main.commands


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        (CitizencardError("the reason"), "Error: The request cannot be carried out: the reason\n"),
        (LedgerError("the reason"), "Error: The ledger refuses: the reason\n"),
        (
            OperationalError("SELECT secret", {"number": "11010519491231002X"}, Exception("disk full\nmore")),
            "Error: The database: disk full\n",
        ),
        (FileNotFoundError(2, "No such file or directory", "vault"), "Error: No such file or directory: vault\n"),
    ],
)
def test_refusal_is_one_sentence(failure: Exception, said: str) -> None:
    """Whatever goes wrong is said in one line with exit status 1, without statements or values of the database."""
    group = Refusing("group")

    @group.command("fail")
    def fail() -> None:
        raise failure

    shown = CliRunner().invoke(group, ["fail"])
    assert shown.exit_code == 1
    assert shown.stderr == said


def test_wrong_usage_and_missing_settings_are_told_apart(tmp_path: Path) -> None:
    """Status 2 means that the command was written wrongly, status 1 that it was refused."""
    city = Installation(tmp_path, "sqlite:///unused")
    assert city.run("no-such-command").returncode == 2
    city.environ["CITIZENCARD_VAULTFILE"] = "x"
    del city.environ["CITIZENCARD_DATABASE_URL"]
    refused = city.run("database", "check")
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert len(refused.stderr.splitlines()) == 1
    assert "CITIZENCARD_VAULTFILE is not a setting; CITIZENCARD_DATABASE_URL is missing" in refused.stderr


def test_fork_says_what_an_interpreter_of_its_own_says(tmp_path: Path) -> None:
    """The tests' quick way of starting a command is no other command: status, output and complaint are the same."""
    city = Installation(tmp_path, f"sqlite:///{tmp_path}/city.db")
    for arguments in (["--help"], ["no-such-command"], ["database", "check"]):
        quick, whole = city.run(*arguments), city.run_from_the_start(*arguments)
        assert (quick.returncode, quick.stdout, quick.stderr) == (whole.returncode, whole.stdout, whole.stderr)
