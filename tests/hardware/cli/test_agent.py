"""`citizencard-agent`: started by hand, paired with the code it shows, and ended without a trace."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import requests
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hardware.cli.agent import main
from hardware.emulator import blank_card
from hardware.readers.pcsc import NO_LIBRARY
from hardware.readers.process import CHILD
from hardware.readers.reader import list_readers
from tests.hardware.emulator.make_cards import CHIP_SERIAL

ORIGIN = "https://card.example.cn"
LINES = 3


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, list(map(str, arguments)))


@contextmanager
def running(folder: Path, *more: str) -> Iterator[list[str]]:
    """The agent as a process of its own; gives what it says first."""
    command = "from hardware.cli.agent import main; main()"
    arguments = ("run", "--folder", folder / "agent", "--emulate", folder, "--port", "0", *more)
    process = subprocess.Popen([sys.executable, "-c", command, *map(str, arguments)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield [process.stdout.readline() for _ in range(LINES)]
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
        process.stdout.close()


def found(pattern: str, said: list[str]) -> str:
    match = re.search(pattern, "".join(said))
    assert match is not None, said
    return match[1]


def test_a_day_of_an_agent(tmp_path: Path) -> None:
    """Shows a code, is paired with it, remembers it after a restart, and forgets it when told to."""
    blank_card(CHIP_SERIAL, bytes(16)).save(tmp_path / "a.json")
    server_key = Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex().upper()
    with running(tmp_path, "--origin", ORIGIN) as said:
        assert "cards of the realm test only" in said[0]
        code, address = (
            found(r"pairing code (\S+) for https://card\.example\.cn", said),
            found(r"(http://127\S+),", said),
        )
        body = {"origin": ORIGIN, "server_key": server_key, "code": code}
        headers = {"Origin": ORIGIN, "X-Citizencard-Agent": "1"}
        assert requests.post(f"{address}/pairings", json=body, headers=headers, timeout=10).status_code == 201
        busy = run("unpair", "--folder", tmp_path / "agent")
        assert (busy.exit_code, "stop it first" in busy.output) == (1, True)
    with running(tmp_path) as said:
        assert said[2] == f"paired with {ORIGIN}\n"
    shown = run("show", "--folder", tmp_path / "agent").output
    assert f"paired with {ORIGIN}" in shown
    assert run("unpair", "--folder", tmp_path / "agent").output == "not paired any more\n"
    assert "not paired" in run("show", "--folder", tmp_path / "agent").output


def test_cards_go_in_and_out(tmp_path: Path) -> None:
    """The emulated reader is served by hand."""
    blank_card(CHIP_SERIAL, bytes(16)).save(tmp_path / "a.json")
    assert run("insert", "--emulate", tmp_path, "a.json").output == "a.json is in the reader\n"
    assert (tmp_path / "in-the-reader").read_text() == "a.json"
    assert run("insert", "--emulate", tmp_path, "b.json").exit_code == 3
    assert run("take-out", "--emulate", tmp_path).output == "the reader is empty\n"
    assert not (tmp_path / "in-the-reader").exists()


def test_one_reader_is_named(tmp_path: Path) -> None:
    """Neither none nor two: the clerk reads which options there are."""
    for arguments in ((), ("--emulate", tmp_path, "--pcsc"), ("--emulate", tmp_path, "--pcsc", "ACR")):
        result = run("run", "--folder", tmp_path / "agent", "--origin", ORIGIN, *arguments)
        assert (result.exit_code, "--emulate FOLDER, or --pcsc [READER]" in result.output) == (2, True)
    assert not (tmp_path / "agent").exists()


def test_pcsc_reader_needs_its_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pyscard the agent does not start for a PC/SC reader, and says how to get it."""
    without = partial(list_readers, (sys.executable, "-S", *CHILD[1:]))
    monkeypatch.setattr("hardware.cli.agent.list_readers", without)
    result = run("run", "--folder", tmp_path / "agent", "--origin", ORIGIN, "--pcsc")
    assert (result.exit_code, result.output.splitlines()[-1]) == (1, f"error: {NO_LIBRARY}")


@pytest.mark.parametrize("origin", ["http://card.example.cn", "card.example.cn", "https://card.example.cn/"])
def test_origin_must_be_one(tmp_path: Path, origin: str) -> None:
    """A mistyped origin is a usage error, not an agent that hears nobody."""
    result = run("run", "--folder", tmp_path / "agent", "--emulate", tmp_path, "--origin", origin)
    assert (result.exit_code, "must be like https://" in result.output) == (2, True)
