"""What a machine lacks for a reader is named, with the command that brings it. A machine that lacks nothing is in tests/reader."""

import json
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from hardware.cli import card_doctor
from hardware.cli.card import main
from hardware.cli.card_doctor import Finding, examine
from hardware.errors import HardwareError
from hardware.readers.errors import ReaderLibraryMissing, ReaderServiceDown
from hardware.readers.watch import ReaderState


@pytest.fixture(autouse=True)
def _nothing_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PCSCLITE_CSOCK_NAME", str(tmp_path / "nobody"))
    for name in ("CCID", "DRIVER", "USB_DEVICES", "KERNEL_MODULES"):
        monkeypatch.setattr(card_doctor, name, str(tmp_path / name))


def findings(monkeypatch: pytest.MonkeyPatch, answer: HardwareError | tuple[ReaderState, ...]) -> dict[str, Finding]:
    def look() -> tuple[ReaderState, ...]:
        if isinstance(answer, HardwareError):
            raise answer
        return answer

    monkeypatch.setattr(card_doctor, "look", look)
    return {finding.what: finding for finding in examine()}


def test_bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Library, service and drivers are each named with their package."""
    monkeypatch.delenv("PCSCLITE_CSOCK_NAME")
    monkeypatch.setattr(card_doctor, "PCSCD", (str(tmp_path / "pcscd"),))
    found = findings(monkeypatch, ReaderLibraryMissing("no"))
    assert {what: finding.state for what, finding in found.items()} == {
        "pyscard": "missing",
        "pcscd": "missing",
        "ccid": "hint",
        "vpcd": "hint",
        "readers": "missing",
    }
    for what, how in (
        ("pyscard", "pip install"),
        ("pcscd", "apt-get install pcscd"),
        ("ccid", "apt-get install libccid"),
    ):
        assert how in found[what].how


def test_service_that_is_stopped_forbidden_or_ill(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Three things to do: start it, let the user in, look into its log."""
    down = ReaderServiceDown("it does not run")
    assert "systemctl enable --now pcscd.socket" in findings(monkeypatch, down)["pcscd"].how
    monkeypatch.setattr(card_doctor, "_knock", lambda _: "denied")
    forbidden = findings(monkeypatch, down)["pcscd"]
    assert ("polkit" in forbidden.how, "groups " in forbidden.how) == (True, True)
    monkeypatch.undo()
    monkeypatch.setenv("PCSCLITE_CSOCK_NAME", str(tmp_path / "socket"))
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "socket"))
        listening.listen()
        assert "journalctl -u pcscd" in findings(monkeypatch, down)["pcscd"].how


def test_reader_that_the_kernel_sees_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A plugged reader that pcscd does not show is hinted at, and who may have taken it."""
    for name, kind in (("1-1:1.0", "0b\n"), ("1-2:1.0", "03\n")):
        (tmp_path / "USB_DEVICES" / name).mkdir(parents=True)
        (tmp_path / "USB_DEVICES" / name / "bInterfaceClass").write_text(kind)
    (tmp_path / "KERNEL_MODULES" / "pn533_usb").mkdir(parents=True)
    found = findings(monkeypatch, ())
    assert found["usb"].said == "1 smart-card interfaces are plugged in, and pcscd shows none"
    assert "modprobe -r pn533_usb" in found["nfc"].how
    assert "usb" not in findings(monkeypatch, (ReaderState("A", card=True),))


def test_command_ends_with_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """A script learns from the exit code, a person from the arrow."""
    findings(monkeypatch, ReaderServiceDown("no"))
    text = CliRunner().invoke(main, ["doctor"])
    assert text.exit_code == 1
    assert "missing  pcscd: does not run" in text.output
    assert "         → sudo systemctl" in text.output
    whole = json.loads(CliRunner().invoke(main, ["doctor", "--json"]).output)
    assert {"what", "state", "said", "how"} == set(whole[0])
