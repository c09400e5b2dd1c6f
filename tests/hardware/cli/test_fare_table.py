"""`citizencard-terminal table`: whoever wonders about a fare can look where it comes from."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hardware.cli.terminal import main
from tests.hardware.terminal.published import DISTANCE, FLAT, changed

MORNING = "2026-11-21T08:00:00+08:00"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "table.bin").write_bytes(FLAT.table)
    (tmp_path / "metro.bin").write_bytes(DISTANCE.table)
    (tmp_path / "broken.bin").write_bytes(changed(FLAT.table, 4, "02"))
    return tmp_path


def run(folder: Path, *arguments: object) -> Result:
    return CliRunner().invoke(main, ["--device", str(folder), "table", *map(str, arguments)])


def test_rules_are_told_a_line_each(folder: Path) -> None:
    """The table in force, and another file, in words."""
    assert run(folder).output.splitlines() == [
        "tariff version 3, CNY, from 2026-01-01T00:00:00+08:00, wall clock UTC+08:00",
        "classes: 01 adult, 03 senior70",
        "line 1-2: ¥2.00",
        "concession 1: class 01, all lines: pays 9/10",
        "concession 2: class 03, all lines: pays 0/1",
        "transfer 1: all classes, all lines: within 60 min of the last ride, less ¥1.00, after the concession, once",
    ]
    metro = run(folder, "--file", folder / "metro.bin").output
    assert "line 1001: ¥2.00 to 6 km, then ¥1.00 each 5 km, then ¥1.00 each 7 km, top ¥10.00 after 120 min\n" in metro
    assert "lot street: 30 min free, 1 charges, for 24 hours from the entry, at most ¥40.00\n" in metro
    assert metro.endswith("at the close of the day, cap day_cap: all classes, all lines\n")


def test_every_byte_is_shown_as_the_page_shows_it(folder: Path) -> None:
    """A vendor compares his reader with ours, field by field."""
    assert run(folder, "--bytes").output.splitlines() == FLAT.fields


def test_a_ride_and_a_stay_are_priced(folder: Path) -> None:
    """The price, the reason, and what the card carries on."""
    after = ("--after-line", 1, "--after", MORNING)
    ride = run(folder, "--line", 2, "--at", "2026-11-21T09:00:00+08:00", *after)
    assert ride.output == "line 2 ¥2.00, adult pays 9/10, transfer less ¥1.00: ¥0.80\nthe card carries on: nothing\n"
    exit_at = ("--exit-at", "2026-11-21T09:07:00+08:00")
    metro = ("--file", folder / "metro.bin", "--at", MORNING, *exit_at)
    by_km = run(folder, *metro, "--line", 1001, "--km", "6.1").output
    assert by_km.startswith("line 1001 ¥3.00, adult pays 19/20: ¥2.85, final at the close of the day\n")
    assert by_km.endswith("the card carries on: line 1001, 2026-11-21T09:07:00+08:00\n")
    assert run(folder, *metro, "--lot", "street").output == "street, 67 min: ¥7.00\n"


def test_trouble_is_one_sentence(folder: Path) -> None:
    """What is not there, not understood, or not priced, and what was typed wrongly."""
    broken = run(folder, "--file", folder / "broken.bin")
    assert broken.exit_code == 1
    assert broken.stderr == "error: device table, byte 4, layout: 2 is not known, must be 1\n"
    assert run(folder, "--file", folder / "none.bin").exit_code == 3
    assert run(folder, "--line", 9).stderr == "error: the device table has no line 9\n"
    for wrong in (
        ("--line", 1, "--after-line", 2),
        ("--lot", "x"),
        ("--line", 1, "--km", "-1"),
        ("--line", 1, "--km", "far"),
    ):
        assert run(folder, *wrong).exit_code == 2
