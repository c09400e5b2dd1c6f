"""Scripts of commands: read strictly, explained line by line, and silent about secrets."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hardware.card.apdu import CommandApdu
from hardware.cli import card_apdu
from hardware.cli.card import main
from hardware.cli.card_apdu import ScriptLine, run_script, script
from hardware.errors import CardRemoved, MalformedCardData
from tests.hardware.emulator.make_cards import personalised_card
from tests.hardware.readers.scripted import ScriptedCard

BALANCE = CommandApdu(0x80, 0x5C, 0, 2, le=4)


@pytest.fixture
def image(tmp_path: Path) -> Path:
    personalised_card(tmp_path / "a.json", balance_fen=100).remove()
    return tmp_path / "a.json"


def run(image: Path, *arguments: str, text: str = "") -> Result:
    return CliRunner().invoke(main, ["apdu", "--image", str(image), *arguments], input=text)


def test_script_is_read() -> None:
    """Spaces, colons and remarks are a person's, `reset` is a step, empty lines are none."""
    lines = list(script(["80:5C 00 02 04  # balance\n", "\n", "# nothing\n", " RESET \n"]))
    assert lines == [ScriptLine(1, BALANCE), ScriptLine(4, None)]


@pytest.mark.parametrize("line", ["0020zz", "00", "00A4040009AA", "5" * 3_000])
def test_what_is_no_command_is_named_by_its_line(line: str) -> None:
    """Never by its content, which may be a PIN."""
    with pytest.raises(MalformedCardData, match="line 2") as refused:
        list(script(["805C000204", line]))
    assert "0020" not in str(refused.value)


def test_endless_script_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read from a pipe is bounded."""
    monkeypatch.setattr(card_apdu, "MAX_LINES", 3)
    with pytest.raises(MalformedCardData, match="too long"):
        list(script("" for _ in range(4)))


def test_commands_are_sent_and_explained(image: Path) -> None:
    """Names, data objects as a tree, what the status word means; exit code 1 as soon as one was refused."""
    done = run(image, "00A4040008A000000632010105", "805C000204")
    assert done.exit_code == 0, done.output
    for line in ("      A5 issuer's part", "        9F08 version 02", "< 00000064", "< 9000  done"):
        assert line in done.output.splitlines()
    assert run(image, "805C000204").exit_code == 1
    assert run(image).exit_code == 2, "neither commands nor a script"
    assert run(image, "00A4").stderr == "error: line 1: 2 bytes, a header has 4\n"
    assert run(image, "--script", "-", text="805C000204\n").output.startswith("> 805C000204  GET BALANCE")


def test_answers_are_fetched_unless_told_otherwise(capsys: pytest.CaptureFixture[str]) -> None:
    """61xx and 6Cxx are followed, or shown as they are."""
    card = ScriptedCard("3B00", {"805C000204": "6104", "00C0000004": "000000649000"})
    assert run_script(card, [ScriptLine(1, BALANCE)])
    assert "> 00C0000004  GET RESPONSE" in capsys.readouterr().out
    assert not run_script(card, [ScriptLine(1, BALANCE)], raw=True)
    assert capsys.readouterr().out == "> 805C000204  GET BALANCE\n< 6104  4 bytes are waiting\n"


def test_card_that_cannot_be_reset() -> None:
    """Says so instead of going on."""

    class Fixed(ScriptedCard):
        reset = None  # type: ignore[assignment] # a channel without it

    with pytest.raises(CardRemoved, match="cannot be reset"):
        run_script(Fixed("3B00", {}), [ScriptLine(1, None)])
