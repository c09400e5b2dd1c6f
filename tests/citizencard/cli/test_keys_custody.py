"""`citizencard keys`: what a custodian reads without a colleague."""

import json
from collections.abc import Callable
from pathlib import Path

from citizencard.keys.hsm import KeyRole
from tests.citizencard.cli.run_command import Installation
from tests.citizencard.keys.make_vault import random_vault


def test_tables_and_lists(tmp_path: Path, clone_database: Callable[[str], str]) -> None:
    """The hierarchy needs no settings; the lists of an empty city are empty and say so, and the journal agrees with the vault."""
    city = Installation(tmp_path, clone_database("sqlite"))
    random_vault(tmp_path, name=city.vault_file.name)
    rows = json.loads(city.run("keys", "table", "--json").stdout)["keys"]
    assert [row["role"] for row in rows] == [str(role) for role in KeyRole]
    assert json.loads(city.run("keys", "psams", "--json").stdout) == {"psams": []}
    assert city.run("keys", "stale", "load", "--csv").stdout == "card_id,number,state,key_version\n"
    checked = city.run("keys", "journal", "--check")
    assert (checked.returncode, checked.stdout) == (0, "the journal and the keeper agree\n")
    assert city.run("keys", "due").returncode == 0
    assert city.run("keys", "psam", "12", "received").returncode == 2
