"""`citizencard-card`: a clerk sees what is on the card, and one sentence when it cannot be read or put into a virtual reader."""

import json
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hardware.card.files import printed_number
from hardware.cli.card import main
from hardware.emulator import vpcd
from hardware.emulator.card import EmulatedCard
from hardware.emulator.image import CardImage
from tests.hardware.emulator.make_cards import KEYS, SERIAL, TERMINAL, personalised_card, personalised_psam
from tests.hardware.terminal.rides import MORNING, bus


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["read", *map(str, arguments)])


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A card with ¥100.00 loaded and one ride."""
    path = tmp_path / "card.json"
    with personalised_card(path, balance_fen=10_000) as card, bus(tmp_path / "outbox.sqlite") as line_1:
        line_1.tap(card, MORNING)
    return path


def test_a_card_is_read_as_text(image: Path) -> None:
    """Number, balance, both transactions, the trip and the social-security card number, in words."""
    assert f"card number ***************{printed_number(SERIAL)[-4:]}, class 01" in run(image).output
    result = run(image, "--show")
    assert result.exit_code == 0, result.output
    for expected in (
        f"card number {printed_number(SERIAL)}, class 01, valid 2026-01-01 to 2036-12-31",
        "balance ¥98.20",
        "compound purchase",
        "load ",
        "¥100.00",
        f"terminal {TERMINAL.hex()}",
        "2026-11-21T08:30:00+08:00",
        "line 1 ",
        "social-security card number A12345674",
    ):
        assert expected in result.output


def test_a_card_is_read_as_json(image: Path) -> None:
    """A program gets the same facts in fen, ISO times and hexadecimal digits."""
    assert json.loads(run(image, "--json").output)["purse"]["card_number"].startswith("****")
    report = json.loads(run(image, "--json", "--show").output)
    purse = report["purse"]
    assert (purse["balance_fen"], purse["card_class"]) == (9_820, "01")
    assert [(entry["type"], entry["amount_fen"]) for entry in purse["log"]] == [
        ("compound purchase", 180),
        ("load", 10_000),
    ]
    (trip,) = purse["trips"]
    assert (trip["line"], trip["amount_fen"], trip["at"]) == (1, 180, "2026-11-21T08:30:00+08:00")
    assert report["applications"] == {"purse": "working", "social_security": "working", "psam": "absent"}
    assert report["social_security"]["card_number"] == "A12345674"
    assert report["psam"] is None


def test_no_secret_and_no_name_is_shown(image: Path) -> None:
    """Keys, name and ID number stay on the card, though its image file holds them."""
    text = image.read_text()
    shown = run(image).output + run(image, "--json").output
    for role in ("purchase", "load", "tac", "application_control"):
        assert KEYS.key(role, chip_serial=bytes.fromhex("0000000011223344")).hex().upper() in text.upper()
        assert KEYS.key(role, chip_serial=bytes.fromhex("0000000011223344")).hex().upper() not in shown.upper()
    for personal in ("王小明", "11010519491231002X"):
        assert personal not in shown


def test_reading_changes_nothing(image: Path) -> None:
    """A card may be read as often as one likes."""
    before = json.loads(image.read_text())
    run(image)
    assert json.loads(image.read_text()) == before


def test_blank_chips_and_psams_are_named_as_what_they_are(tmp_path: Path) -> None:
    """Stock is told apart without a list."""
    with personalised_psam(tmp_path / "psam.json"):
        pass
    from_psam = run(tmp_path / "psam.json")
    assert (from_psam.exit_code, "of terminal 330200000001" in from_psam.output) == (0, True)


def test_what_cannot_be_read_ends_in_one_sentence(image: Path, tmp_path: Path) -> None:
    """Missing, damaged, not an image, inserted elsewhere: a sentence, a number for scripts, never a stack trace."""
    (tmp_path / "broken.json").write_text(image.read_text()[:-50])
    (tmp_path / "other.json").write_text("{}")
    (tmp_path / "empty.json").write_text("")
    cases = {"missing.json": 3, "broken.json": 3, "other.json": 3, "empty.json": 3, ".": 3}
    with EmulatedCard(CardImage.load(image)):
        ends = {name: run(tmp_path / name) for name in cases} | {"in use": run(image)}
    assert {name: end.exit_code for name, end in ends.items()} == {**cases, "in use": 4}
    for end in ends.values():
        assert end.stderr.startswith("error: ")
        assert end.stderr.count("\n") == 1
        assert isinstance(end.exception, SystemExit)


def test_emulated_without_a_virtual_reader(image: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No service, no image, an image that is elsewhere: said in one sentence each. What works is tried in tests/reader."""
    monkeypatch.setattr("hardware.cli.card.connect", partial(vpcd.connect, timeout_s=0.05))
    nobody = CliRunner().invoke(main, ["emulate", str(image), "--port", "1"])
    assert (nobody.exit_code, nobody.stderr) == (
        1,
        "error: no virtual reader listens on 127.0.0.1:1; start pcscd with vpcd\n",
    )
    assert CliRunner().invoke(main, ["emulate", str(tmp_path / "none.json")]).exit_code == 3
    with EmulatedCard(CardImage.load(image)):
        assert CliRunner().invoke(main, ["emulate", str(image)]).exit_code == 4
