"""`citizencard tariff check`: files alone, no settings and no database."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from citizencard.cli import main
from tests.citizencard.cli.forks import Forks
from tests.citizencard.tariffs.every_line import FOLDER

GOOD = FOLDER / "every_line.json"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A command where no city is set up, in this process: it has no end of its own that could go wrong."""
    done = CliRunner().invoke(main, arguments)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)


def test_no_settings_are_needed() -> None:
    """Whoever has a file and the program needs nothing else, not even a home."""
    done = Forks.shared().run(("tariff", "check", str(GOOD)), {"PYTHONPATH": ":".join(sys.path)})
    assert (done.returncode, done.stderr) == (0, "")


def test_a_sound_file_can_be_published() -> None:
    """Whoever wrote it reads what it is; a program reads an empty list."""
    done = run("tariff", "check", str(GOOD))
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert first == f"{GOOD}: no mistakes: Every line, version 1, from 2026-01-01T00:00:00+08:00"
    assert second.startswith("table for devices: ")
    done = run("tariff", "check", str(GOOD), "--json")
    assert (done.returncode, json.loads(done.stdout)) == (0, {"file": str(GOOD), "faults": [], "warnings": []})


def test_what_no_device_can_carry_is_told(tmp_path: Path) -> None:
    """A tariff may be sound and yet have an amount that is too large for the table of the validators."""
    document = json.loads(GOOD.read_text())
    document["transit"]["lines"]["1-9"]["fare"]["flat"] = "9999999.00"
    document["currency"] = "KWD"
    file = tmp_path / "dear.json"
    file.write_text(json.dumps(document))
    done = run("tariff", "check", str(file))
    assert done.returncode == 0
    assert done.stderr.startswith("no device can price by it: ")


def test_every_mistake_is_told_and_counted(tmp_path: Path) -> None:
    """All at once, each with its place, and the status says that there are some."""
    document = json.loads(GOOD.read_text())
    document["transit"]["lines"]["1-9"]["fare"]["flat"] = 2
    del document["taxi"]["city"]["flag"]
    document["currency"] = "CNY"
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(document))
    done = run("tariff", "check", str(file))
    assert (done.returncode, done.stderr) == (1, f"{file}: 2 mistakes\n")
    assert done.stdout.splitlines() == [
        'transit.lines.1-9.fare.flat: must be an amount in the main unit of the currency, as text, such as "2.00"',
        "taxi.city.flag: is missing",
    ]
    done = run("tariff", "check", str(file), "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["faults"][1] == {"place": "taxi.city.flag", "message": "is missing"}


def test_thousands_of_mistakes_have_an_end(tmp_path: Path) -> None:
    """A terminal is not flooded; a program gets them all."""
    file = tmp_path / "wrong.json"
    document = json.loads(GOOD.read_text())
    document["notes"] = []
    document["transit"]["lines"] = {f"{number}": {"mode": "bus", "fare": {"flat": "2.005"}} for number in range(1, 301)}
    file.write_text(json.dumps(document))
    done = run("tariff", "check", str(file))
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 201
    assert "more; --json lists them all" in done.stdout
    assert len(json.loads(run("tariff", "check", str(file), "--json").stdout)["faults"]) >= 300


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b'{"format": 2,\n "format": 2}', 'document: it has the field "format" twice'),
        ('{"name": "苏州"}'.encode("gbk"), "document: it is not UTF-8: byte 11, in line 1, cannot be read"),
        (b'{"format": 2\n "name": "x"}', "document: it is not JSON: line 2, column 2: Expecting ',' delimiter"),
        (b"[1]", "document: must be an object"),
    ],
)
def test_a_file_that_cannot_be_read_is_a_mistake_too(tmp_path: Path, content: bytes, words: str) -> None:
    """One sentence says where to look, to people and to programs."""
    file = tmp_path / "wrong.json"
    file.write_bytes(content)
    done = run("tariff", "check", str(file))
    assert (done.returncode, done.stdout, done.stderr) == (1, f"{words}\n", f"{file}: 1 mistake\n")
    said = json.loads(run("tariff", "check", str(file), "--json").stdout)
    assert said["faults"][0]["place"] == ""
    assert ("error" in said) is (content != b"[1]")


def test_no_such_file(tmp_path: Path) -> None:
    """A misspelt name is told, without a stack trace."""
    for missing in (tmp_path / "none.json", tmp_path):
        done = run("tariff", "check", str(missing))
        assert (done.returncode, done.stdout) == (1, "")
        assert str(missing) in done.stderr


def test_a_tariff_without_any_price_is_told(tmp_path: Path) -> None:
    """Whoever forgot the prices learns it before the first passenger does; the file is sound all the same."""
    file = tmp_path / "empty.json"
    document = json.loads(GOOD.read_text())
    for part in ("transit", "parking", "taxi", "fuel", "utilities", "late_fees"):
        document.pop(part, None)
    file.write_text(json.dumps(document))
    done = run("tariff", "check", str(file))
    assert (done.returncode, done.stderr) == (0, "")
    warning = "says no price of anything: it has none of fuel, late_fees, parking, taxi, transit, utilities"
    assert done.stdout.splitlines()[1:] == [f"warning: {warning}"]
    assert json.loads(run("tariff", "check", str(file), "--json").stdout)["warnings"] == [warning]


@pytest.mark.parametrize(
    "command",
    [
        ("check", "{}"),
        ("quote", "--tariff", "{}", "--events", "{}"),
        ("quote", "--tariff", str(GOOD), "--events", "{}"),
        ("diff", str(GOOD), "{}"),
    ],
)
def test_programs_read_why_there_is_no_answer(tmp_path: Path, command: tuple[str, ...]) -> None:
    """A missing or broken file is one JSON document with `error`, and the sentence for people stands on the error output."""
    missing, broken = tmp_path / "missing.json", tmp_path / "broken.json"
    broken.write_text("{")
    for file, code in ((missing, "file_unreadable"), (broken, "document_unreadable")):
        arguments = ["tariff", *(word.format(file) for word in command)]
        done = run(*arguments, "--json")
        assert done.returncode == run(*arguments).returncode == 1
        assert json.loads(done.stdout)["error"]["code"] == code
        assert done.stderr.startswith("Error: ") or command[0] == "check"
        if file is missing:
            assert json.loads(done.stdout)["error"]["file"] == str(missing)
            assert "error" not in run(*arguments).stdout
