"""Where commands find tariffs: a file, or a published version."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from citizencard.db import make_engine, make_sessions, transaction
from citizencard.tariffs.versions import PUBLISH, publish, publish_payload
from tests.citizencard.cli.run_command import Installation
from tests.citizencard.tariffs.small_city import document
from tests.citizencard.terminals.make_terminals import approved


@pytest.fixture
def installation(tmp_path: Path, clone_database: Callable[[str], str], now: datetime) -> Iterator[Installation]:
    """A city with version 3 in force and version 4, dearer, for next week."""
    url = clone_database("sqlite")
    engine = make_engine(url)
    with transaction(make_sessions(engine)) as session:
        for tariff in (document(3, now), document(4, now + timedelta(days=7), "3.00")):
            publish(session, tariff, approved(session, PUBLISH, publish_payload(tariff), now), now=now)
    yield Installation(tmp_path, url)
    engine.dispose()


def test_a_published_version_is_named_by_its_number(installation: Installation, tmp_path: Path, now: datetime) -> None:
    """The same commands for files and for what is in force; a file of that name goes first."""
    shown = installation.run("tariff", "show", "3", "--json")
    assert json.loads(shown.stdout) == document(3, now)
    done = installation.run("tariff", "diff", "3", "4")
    assert done.returncode == 0
    assert ["1", "adult", "01", "¥1.80", "¥2.70"] in [line.split() for line in done.stdout.splitlines()]
    events = tmp_path / "events.json"
    events.write_text(
        '[{"kind": "ride", "class": "01", "line": 1, "at": "2026-03-02T08:00:00+08:00", "expect": "2.70"}]'
    )
    done = installation.run("tariff", "quote", "--tariff", "4", "--events", str(events))
    assert (done.returncode, done.stderr) == (0, "")
    missing = installation.run("tariff", "show", "9")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr.startswith("Error: There is no such tariff version")
