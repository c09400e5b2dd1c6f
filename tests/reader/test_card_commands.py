"""`citizencard-card` as its user runs it: on a card in a reader of a real PC/SC service."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hardware.card.files import printed_number
from hardware.cli.card import main
from tests.hardware.emulator.make_cards import SERIAL, personalised_card
from tests.reader.stack import VirtualReader

NUMBER = printed_number(SERIAL)


@pytest.fixture(autouse=True)
def _own_service(virtual_reader: VirtualReader, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in virtual_reader.environment.items():
        monkeypatch.setenv(name, value)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


def test_card_is_read_recorded_and_replayed(virtual_reader: VirtualReader, tmp_path: Path) -> None:
    """What was read at the counter can be looked at again without the card, and says the same."""
    assert run("read").stderr == "error: no card in the reader\n"
    virtual_reader.insert(personalised_card(None, balance_fen=4_200))
    listed = json.loads(run("readers", "--json").output)
    assert [(reader["name"], reader["card"]) for reader in listed] == [
        (virtual_reader.name(0), True),
        (virtual_reader.name(1), False),
    ]
    seen = run("read", "--show", "--wait", "10", "--reader", virtual_reader.name(0), "--trace")
    assert (seen.exit_code, f"card number {NUMBER}" in seen.stdout, "balance ¥42.00" in seen.stdout) == (0, True, True)
    assert "> 805C000204  GET BALANCE" in seen.stderr
    recorded = run("record", tmp_path / "a.jsonl")
    assert recorded.exit_code == 0, recorded.stderr
    assert NUMBER not in recorded.output
    virtual_reader.remove()
    assert run("replay", tmp_path / "a.jsonl", "read", "--show").output == seen.stdout


def test_commands_are_explained(virtual_reader: VirtualReader) -> None:
    """A technician types commands and reads what they mean; the PIN that he types is not shown."""
    virtual_reader.insert(personalised_card(None, balance_fen=4_200))
    script = "00A4040008A000000632010105 # the purse\n805C000204\n00 20 00 00 03 12 34 56\nreset\n805C000204\n"
    done = CliRunner().invoke(main, ["apdu", "--script", "-", "--shared"], input=script)
    assert done.exit_code == 1, "the last command was refused"
    for line in (
        "> 00A4040008A000000632010105  SELECT",
        "      84 application name A000000632010105",
        "> 805C000204  GET BALANCE",
        "< 00001068",
        "> 0020000003 <3 bytes masked>  VERIFY",
        "reset: ATR of ",
        "< 6985  conditions of use not satisfied",
    ):
        assert line in done.output, line
    assert "123456" not in done.output


def test_machine_is_examined(virtual_reader: VirtualReader) -> None:
    """With all there is to a reader nothing is missing; without the service its start is named."""
    well = run("doctor")
    assert (well.exit_code, "missing" in well.output) == (0, False), well.output
    virtual_reader.service.kill()
    ill = json.loads(run("doctor", "--json").output)
    missing = {finding["what"]: finding["how"] for finding in ill if finding["state"] == "missing"}
    assert "systemctl enable --now pcscd.socket" in missing["pcscd"]
    assert run("doctor").exit_code == run("readers").exit_code == run("read").exit_code == 1


def test_events_are_told(virtual_reader: VirtualReader) -> None:
    """A script reads readers and cards as lines of JSON."""
    virtual_reader.insert(personalised_card(None))
    lines = [json.loads(line) for line in run("watch", "--json", "--seconds", "0").output.splitlines()]
    assert [(line["what"], line["reader"]) for line in lines] == [
        ("reader_added", virtual_reader.name(0)),
        ("card_inserted", virtual_reader.name(0)),
        ("reader_added", virtual_reader.name(1)),
    ]
