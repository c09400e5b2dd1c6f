"""`citizencard-terminal`: a terminal run by hand, from its first key to an empty outbox."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hardware.cli.terminal import main
from hardware.terminal.device import Device
from tests.hardware.emulator.make_cards import PSAM_SERIAL, SERIAL, TERMINAL, personalised_card, personalised_psam
from tests.hardware.terminal.published import FLAT
from tests.hardware.terminal.records import receipt_document
from tests.hardware.terminal.server import Answer, Server, listening
from tests.hardware.terminal.test_device import SIGN_IN

MORNING = "2026-11-21T08:30:00+08:00"


@pytest.fixture
def server() -> Iterator[Server]:
    with listening() as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "terminal"


def run(folder: Path, *arguments: object) -> Result:
    return CliRunner().invoke(main, ["--device", str(folder), *map(str, arguments)])


def set_up(folder: Path, server: Server) -> Result:
    numbers = ("--terminal-number", TERMINAL.hex(), "--psam-serial", PSAM_SERIAL.hex(), "--line", 1)
    result = run(folder, "set-up", "--server", server.address, *numbers)
    with personalised_psam(folder / "psam.json"):
        pass
    return result


def test_a_day_of_a_terminal_by_hand(folder: Path, server: Server, tmp_path: Path) -> None:
    """Set up, enrol, sign in, tap, look, upload: each command says what it did and ends with 0."""
    with personalised_card(tmp_path / "card.json", balance_fen=10_000):
        pass
    first = set_up(folder, server)
    assert "terminal 330200000001 is set up; public key " in first.output
    server.answers = [Answer(201, {}), Answer(200, SIGN_IN), Answer(200, FLAT.answer)]
    assert run(folder, "enrol", "code-1").output == "enrolled\n"
    assert run(folder, "sign-in").output == "signed in: fares version 3, hotlist version 0\n"
    tapped = run(folder, "tap", tmp_path / "card.json", "--at", MORNING)
    assert (tapped.exit_code, tapped.output.startswith("green: ¥1.80, balance ¥98.20")) == (0, True)
    listed = run(folder, "outbox").output
    assert "waiting 1, open batch none, torn cards 0" in listed
    assert f"purchase        ¥1.80  card {SERIAL.hex()[1:]}" in listed
    with Device(folder) as device:
        (record,) = device.outbox.waiting()
    server.answers = [Answer(200, receipt_document(TERMINAL, 5, (record, "accepted")))]
    uploaded = run(folder, "upload", "--at", MORNING)
    assert uploaded.output == "batch 5 record 1: accepted\nwaiting 0\n"
    assert {result.exit_code for result in (first, uploaded)} == {0}


def test_heartbeat_and_sign_out_by_hand(folder: Path, server: Server) -> None:
    """Each says in a line what the server answered; totals that differ end with 1."""
    set_up(folder, server)
    assert run(folder, "sign-out").output == "no shift is open\n"
    orders = {"fetch": [], "upload_now": True, "rotate_key": True, "heartbeat_every_s": 300, "issuer_version": 0}
    missing = {"terminal_number": "330200000099", "first": 1, "last": 3}
    server.answers = [
        Answer(200, SIGN_IN),
        Answer(200, FLAT.answer),
        Answer(200, {**SIGN_IN, **orders, "gaps": [missing]}),
        Answer(200, {"agrees": False, "records": 1, "amount_fen": 180, "missing": []}),
        Answer(200, {"agrees": True, "records": 0, "amount_fen": 0, "missing": []}),
    ]
    run(folder, "sign-in")
    assert run(folder, "heartbeat", "--faults", "no paper").output == (
        "fares version 3, hotlist version 0, issuers version 0\n"
        "upload now\nchange the key\nrecords 1 to 3 are missing\n"
    )
    differs = run(folder, "sign-out")
    assert (differs.exit_code, differs.output) == (1, "the server has 1 records, ¥1.80; upload, and sign out again\n")
    assert run(folder, "sign-out").output == "signed out: 0 records, ¥0.00\n"


def test_a_red_light_ends_with_1(folder: Path, server: Server, tmp_path: Path) -> None:
    """A script that taps cards sees which were refused, and why."""
    with personalised_card(tmp_path / "card.json"):
        pass
    set_up(folder, server)
    server.answers = [Answer(200, SIGN_IN), Answer(200, FLAT.answer)]
    run(folder, "sign-in")
    refused = run(folder, "tap", tmp_path / "card.json", "--at", MORNING)
    assert (refused.exit_code, refused.output) == (1, "red: the balance is below ¥1.80\n")


def test_trouble_is_one_sentence(folder: Path, server: Server, tmp_path: Path) -> None:
    """No terminal in the folder, no fares, a server that refuses, none at all: sentence and number, never a stack trace."""
    assert run(folder, "outbox").exit_code == 3
    set_up(folder, server)
    assert set_up(folder, server).exit_code == 3
    with personalised_card(tmp_path / "card.json"):
        pass
    ends = {"tap": run(folder, "tap", tmp_path / "card.json")}
    server.answers = [Answer(422, {"code": "enrolment_code_invalid", "detail": "the code is wrong"})]
    ends["enrol"] = run(folder, "enrol", "code-2")
    (folder / "device.json").write_text(
        json.dumps({**json.loads((folder / "device.json").read_text()), "server": "http://127.0.0.1:9/"})
    )
    assert {name: end.exit_code for name, end in ends.items()} == {"tap": 3, "enrol": 1}
    assert ends["enrol"].stderr == "error: 422 enrolment_code_invalid: the code is wrong\n"
    for end in ends.values():
        assert end.stderr.count("\n") == 1
    assert run(folder, "tap", tmp_path / "card.json", "--at", "noon").exit_code == 2
    assert run(folder, "set-up", "--server", "x", "--terminal-number", "12").exit_code == 2
