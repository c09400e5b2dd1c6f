"""A conversation with the reader service ends in time and in words, whatever the child process does."""

import sys
import time
from pathlib import Path

import pytest

from hardware.errors import CardRemoved, NoReader, ReaderBusy
from hardware.readers import process
from hardware.readers.errors import (
    CardMute,
    NoCard,
    ReaderFailed,
    ReaderGone,
    ReaderLibraryMissing,
    ReaderServiceDown,
    ReaderSilent,
    ResetByAnother,
    SeveralCards,
)
from hardware.readers.process import ReaderProcess


def child(code: str) -> ReaderProcess:
    return ReaderProcess((sys.executable, "-c", code))


def answers(line: str) -> ReaderProcess:
    return child(f"import sys; sys.stdin.readline(); print({line!r}, flush=True); sys.stdin.readline()")


def test_child_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that blocks without limit costs its deadline and no more, and nothing is asked of that process again."""
    monkeypatch.setattr(process, "START_TIMEOUT_S", 0)
    hanging = child("import sys; sys.stdin.read()")
    hanging._extra_s = 0
    began = time.monotonic()
    with pytest.raises(ReaderSilent, match="no answer in time"):
        hanging.ask({"do": "list"}, 0.2)
    assert time.monotonic() - began < 5
    assert not hanging.alive
    with pytest.raises(ReaderFailed, match="over"):
        hanging.ask({"do": "list"}, 1)
    hanging.end()


@pytest.mark.parametrize(
    "code", ["pass", "import os; os.abort()", "import sys; sys.stdin.readline(); print('half', end='')"]
)
def test_child_that_dies(code: str) -> None:
    """A crash of the service's library is a sentence, not a trace and not a wait."""
    dying = child(code)
    with pytest.raises(ReaderFailed, match="ended"):
        dying.ask({"do": "list"}, 20)


@pytest.mark.parametrize("line", ["not json", "[]", "1"])
def test_child_that_babbles(line: str) -> None:
    """What cannot be read ends the conversation."""
    babbling = answers(line)
    with pytest.raises(ReaderFailed, match="nothing that can be read"):
        babbling.ask({"do": "list"}, 20)
    assert not babbling.alive


def test_line_without_end() -> None:
    """Nor does a flood fill the memory."""
    flood = child("import sys\nwhile True: sys.stdout.write('x' * 4096)")
    with pytest.raises(ReaderFailed):
        flood.ask({"do": "list"}, 20)


@pytest.mark.parametrize(
    ("slug", "kind"),
    [
        ("no_library", ReaderLibraryMissing),
        ("no_service", ReaderServiceDown),
        ("no_reader", NoReader),
        ("reader_busy", ReaderBusy),
        ("no_card", NoCard),
        ("several_cards", SeveralCards),
        ("reader_gone", ReaderGone),
        ("reset_by_another", ResetByAnother),
        ("card_removed", CardRemoved),
        ("card_mute", CardMute),
        ("reader_failed", ReaderFailed),
        ("something_new", ReaderFailed),
    ],
)
def test_refusals_are_told_apart(slug: str, kind: type[Exception]) -> None:
    """A busy reader, an absent one and a torn card are different things to do at the counter."""
    refusing = answers(f'{{"refused": "{slug}", "because": "one clear sentence"}}')
    with pytest.raises(kind, match=r"^one clear sentence$"):
        refusing.ask({"do": "list"}, 20)
    refusing.end()
    assert not refusing.alive


def test_end_is_bounded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A child that does not end when it is asked to is killed."""
    monkeypatch.setattr(process, "END_TIMEOUT_S", 0.1)
    started = tmp_path / "started"
    deaf = child(f"import pathlib, threading; pathlib.Path({str(started)!r}).touch(); threading.Event().wait()")
    deaf.end()
    deaf.end()
    assert not deaf.alive
