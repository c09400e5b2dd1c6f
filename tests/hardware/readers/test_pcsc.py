"""The child process that speaks PC/SC, run without any service: what it says then, and that it does not stay behind."""

import subprocess
import sys
from pathlib import Path

import pytest

from hardware.readers import pcsc
from hardware.readers.errors import ReaderLibraryMissing, ReaderServiceDown
from hardware.readers.pcsc import first_protocol, without_le_of_case_4
from hardware.readers.process import CHILD, REFUSALS, ReaderProcess

END_S = 20


@pytest.fixture(autouse=True)
def _no_service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Not even the machine's own one."""
    monkeypatch.setenv("PCSCLITE_CSOCK_NAME", str(tmp_path / "nobody-listens"))


@pytest.mark.parametrize(
    ("apdu", "sent"),
    [
        ("00840000", "00840000"),
        ("0084000008", "0084000008"),
        ("00A40000023F00", "00A40000023F00"),
        ("00A40000023F0000", "00A40000023F00"),
        ("8050000205AABBCCDDEE10", "8050000205AABBCCDDEE"),
    ],
)
def test_le_over_t0(apdu: str, sent: str) -> None:
    """The oldest card protocol carries data one way in a command: only a command with data both ways loses its Le."""
    assert without_le_of_case_4(bytes.fromhex(apdu)).hex().upper() == sent


def test_no_service() -> None:
    """Without pcscd the clerk reads what to install."""
    process = ReaderProcess()
    with pytest.raises(ReaderServiceDown, match="apt-get install pcscd"):
        process.ask({"do": "list"}, END_S)
    process.end()


def test_no_library() -> None:
    """Without pyscard the product runs, and says how to get it when a PC/SC reader is asked for."""
    process = ReaderProcess((sys.executable, "-S", *CHILD[1:]))
    with pytest.raises(ReaderLibraryMissing, match="pip install 'pyscard"):
        process.ask({"do": "list"}, END_S)
    process.end()


def test_nothing_stays_behind() -> None:
    """When the caller dies, the child ends even while it waits: its input is closed."""
    process = subprocess.Popen(CHILD, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    process.communicate(timeout=END_S)
    assert process.returncode == 0


def test_every_refusal_is_known_to_the_caller() -> None:
    """No code of the service becomes an answer that nobody understands."""
    assert {slug for slug, _ in pcsc.REFUSALS.values()} <= REFUSALS.keys()


@pytest.mark.parametrize(
    ("atr", "protocol"),
    [
        ("3B6D000043434152440000000011223344", 0),  # no TD: T=0
        ("3B8001", 1),  # TD1 names T=1
        ("3BF01100FF01", 1),
        ("3BF01100FF00", 0),
        ("3B9F008081", 0),  # T=0 first, T=1 as well
        ("3B80800101", 1),  # behind a contactless reader: T=0 stands in TD1, and T=1 is spoken
        ("3B", 0),
        ("", 0),
        ("3BFF", 0),
    ],
)
def test_protocol_is_that_which_the_card_offers_first(atr: str, protocol: int) -> None:
    """A card that is spoken to in another protocol than its own is mute (ISO/IEC 7816-3, 8.2.3)."""
    assert first_protocol(bytes.fromhex(atr)) == protocol
