"""`record` and `replay`: what was read once is read again from the file, and a secret that was sent is not in it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hardware.card.files import printed_number
from hardware.cli.card import main
from tests.hardware.emulator.make_cards import SERIAL, personalised_card

NUMBER = printed_number(SERIAL)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    personalised_card(tmp_path / "a.json", balance_fen=900).remove()
    return tmp_path / "a.json"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [*map(str, arguments)])


def test_read_is_recorded_and_replayed(image: Path, tmp_path: Path) -> None:
    """As text and as JSON, numbers hidden unless they are asked for."""
    file = tmp_path / "a.jsonl"
    recorded = run("record", file, "--image", image)
    assert recorded.exit_code == 0, recorded.output
    assert run("replay", file).output + f"\n{file}: " == recorded.output.rpartition(": ")[0] + ": "
    assert NUMBER not in run("replay", file, "--json").output
    report = json.loads(run("replay", file, "read", "--json", "--show").output)
    assert (report["purse"]["card_number"], report["purse"]["balance_fen"]) == (NUMBER, 900)
    assert run("record", file, "--image", image).exit_code == 3, "a recording is not written over"


def test_steps_are_explained(image: Path, tmp_path: Path) -> None:
    """Commands of one's own are recorded too; of a PIN only its length is there."""
    file = tmp_path / "a.jsonl"
    done = run("record", file, "00A4040008A000000632010105", "0020000003123456", "reset", "--image", image)
    assert done.exit_code == 0, done.output
    shown = run("replay", file, "show").output
    assert shown.splitlines()[1:] == [
        "> 00A4040008A000000632010105  SELECT",
        "< <51 bytes>",
        "< 9000  done",
        "> 0020000003 <3 bytes masked>  VERIFY",
        "< 9000  done",
        "reset",
    ]
    assert "9F08 version 02" in run("replay", file, "show", "--show").output
    assert "123456" not in file.read_text() + shown


def test_other_session_ends_in_one_sentence(image: Path, tmp_path: Path) -> None:
    """A recording of something else does not become a report."""
    file = tmp_path / "a.jsonl"
    run("record", file, "805C000204", "--image", image)
    done = run("replay", file)
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("error: step 1 of the recording: 805C000204 was recorded, and 00A4")
    assert run("replay", tmp_path / "none.jsonl").exit_code == 3
