"""Custodians at a terminal: what is refused before anybody types."""

from pathlib import Path

import pytest

from citizencard.cli.custodians import NoTerminal, check_terminal, check_value_of, write_record
from citizencard.keys.errors import CheckValueWrong


def test_check_values_as_people_write_them() -> None:
    """Six digits in either case; anything else is no check value."""
    assert check_value_of(" 0a1B2c ") == bytes.fromhex("0A1B2C")
    for text in ("", "0A1B", "0A1B2C3D", "no hex"):
        with pytest.raises(CheckValueWrong):
            check_value_of(text)


def test_secrets_need_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """From a pipe nothing is read."""
    with Path("/dev/null").open(encoding="ascii") as nobody:
        monkeypatch.setattr("sys.stdin", nobody)
        with pytest.raises(NoTerminal):
            check_terminal()


def test_record_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A record of a ceremony is evidence: its file is new or it is refused."""
    path = tmp_path / "record.txt"
    write_record("first", path)
    with pytest.raises(FileExistsError):
        write_record("second", path)
    assert path.read_text() == "first"
    write_record("shown", None)
    assert "shown" in capsys.readouterr().out
