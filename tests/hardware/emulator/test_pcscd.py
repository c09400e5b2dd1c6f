"""The private PC/SC service as a process: starts, dies, comes back, and says why when it does not."""

import socket
from pathlib import Path

import pytest

from hardware.emulator import pcscd
from hardware.emulator.pcscd import PrivatePcscd, missing_packages
from hardware.errors import NoReader


@pytest.fixture(autouse=True)
def _installed() -> None:
    if missing := missing_packages():
        pytest.fail("; ".join(missing))


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_starts_dies_and_comes_back() -> None:
    """It is ready when `start()` returns, on the same ports after a death, and nothing of it is left at the end."""
    with PrivatePcscd() as service:
        assert service.environment == {"PCSCLITE_CSOCK_NAME": str(service.socket)}
        assert listens(service.ports[1])
        service.start()
        ports = service.ports
        service.kill()
        service.kill()
        assert not listens(ports[1])
        service.start()
        assert listens(service.ports[1])
        folder = service.socket.parent
    assert not folder.exists()
    assert not listens(service.ports[1])
    assert service.log == ""


def test_port_that_somebody_takes_is_left_to_him() -> None:
    """A port that is gone between the look and the start costs another pair, not the reader."""
    service = PrivatePcscd()
    first = service.ports
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", first[0]))
        other.listen()
        with service:
            assert service.ports != first
            assert listens(service.ports[0])


def test_start_that_fails_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The last sentence of the service is the reason."""
    broken = tmp_path / "pcscd"
    broken.write_text("#!/bin/sh\necho cannot read the configuration\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(pcscd, "PCSCD", (str(broken),))
    with pytest.raises(NoReader, match="pcscd does not start: cannot read the configuration"), PrivatePcscd():
        pass


def test_without_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container that forbids them root starts it directly."""
    command = PrivatePcscd()._command(Path("/x/reader.conf"))
    assert command[-1].endswith("--config /x/reader.conf")
    monkeypatch.setattr(pcscd, "_namespaces_allowed", lambda: False)
    assert PrivatePcscd()._command(Path("/x/reader.conf"))[:2] == ["sh", "-c"]
