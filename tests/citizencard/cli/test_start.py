"""What commands begin with."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from citizencard.cli.start import DatabaseNotCurrent, check_current, command_line, open_city
from citizencard.db import make_engine
from citizencard.migrations import downgrade
from tests.citizencard.cli.run_command import Installation


def test_command_works_on_a_current_database_only(
    tmp_path: Path, clone_database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that is newer than the tables touches nothing."""
    city = Installation(tmp_path, clone_database("sqlite"))
    for name, value in city.environ.items():
        if name.startswith("CITIZENCARD_"):
            monkeypatch.setenv(name, value)
    opened = open_city()
    assert opened.settings.realm == "test"
    downgrade(opened.engine, "-1")
    with pytest.raises(DatabaseNotCurrent):
        open_city()
    opened.engine.dispose()


def test_current_database_is_recognised(database: str, clone_database: Callable[[str], str]) -> None:
    """Both databases know their revision."""
    engine = make_engine(clone_database(database))
    check_current(engine)
    engine.dispose()


def test_audit_tells_who_ran_a_command() -> None:
    """What is done at the command line is on record with the machine and its user, as the system's act."""
    actor = command_line("bootstrap")
    assert (actor.kind, actor.id, actor.person_id) == ("system", "cli:bootstrap", None)
    assert actor.workstation.startswith(f"uid-{os.getuid()}@")
    assert len(actor.workstation) <= 64
