"""Where a command finds its card, and how it ends when it is interrupted."""

import signal
from pathlib import Path

import pytest

from hardware.card.apdu import CommandApdu
from hardware.cli.card_source import INTERRUPTED, Source, ending, reset_of
from hardware.errors import NoReader
from tests.hardware.emulator.make_cards import personalised_card
from tests.hardware.readers.scripted import ScriptedCard

OPTIONS = {
    "image_option": None,
    "reader": "",
    "timeout_s": 5,
    "wait_s": 0,
    "shared": False,
    "trace": False,
    "show": False,
}


def test_image_is_a_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By argument or by option; traced on standard error, freed at the end."""
    path = tmp_path / "a.json"
    personalised_card(path).remove()
    for options in ({"image": path}, {"image_option": path, "trace": True}):
        with Source.of({**OPTIONS, **options}).card() as card:
            assert reset_of(card) is not None
            assert card.transmit(CommandApdu(0x00, 0x84, 0, 0, le=4)).ok
    assert "> 0084000004  GET CHALLENGE" in capsys.readouterr().err


def test_reader_is_asked_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an image; a card that is waited for gives the reader its name."""
    asked: list[tuple[str, int]] = []

    def wait_for_card(reader: str, timeout_s: int) -> str:
        asked.append((reader, timeout_s))
        raise NoReader("no card came in time")

    monkeypatch.setattr("hardware.cli.card_source.wait_for_card", wait_for_card)
    with pytest.raises(NoReader, match="came in time"), Source.of({**OPTIONS, "reader": "A", "wait_s": 3}).card():
        pass
    assert asked == [("A", 3)]


def test_interruption_is_an_orderly_end(capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C and the system's wish to end are one sentence and the shell's number; what was begun is let go of."""
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as ended, ending():
        signal.raise_signal(signal.SIGTERM)
    assert (ended.value.code, capsys.readouterr().err) == (INTERRUPTED, "interrupted\n")
    assert signal.getsignal(signal.SIGTERM) is before


def test_card_without_reset() -> None:
    """Is told from one with it."""
    assert reset_of(ScriptedCard("3B00", {})) is not None
