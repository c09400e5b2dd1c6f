"""The real server, with senders that hang, stop half-way or send too much: nobody else notices."""

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from granian.rsgi import ProtocolClosed  # type: ignore[attr-defined] # what it re-exports, and documents

from api import serving
from api.serving import Bridge, body_limits
from citizencard.db import make_engine, make_sessions
from tests.api.signing import SigningDevice
from tests.citizencard.keys.make_vault import PASSPHRASE, regression_vault
from tests.citizencard.purse.uploads.make_records import City, make_city
from tests.postgres import free_port

ROOT = Path(__file__).parent.parent.parent
SIGN_IN = "/terminals/sign-ins"
ENROL = "/terminals/enrolments"
BATCHES = "/terminals/batches"
TIMEOUT_S = 20


@dataclass(frozen=True)
class Running:
    """A server process, and a terminal of its city."""

    port: int
    city: City

    def connect(self, head: bytes) -> socket.socket:
        """A connection on which so much was sent."""
        made = socket.create_connection(("127.0.0.1", self.port), timeout=TIMEOUT_S)
        made.sendall(head)
        return made

    def sign_in(self) -> tuple[int, dict[str, Any]]:
        """What a terminal is answered that does everything right."""
        bus = self.city.bus1
        device = SigningDevice(None, bus.number.hex(), datetime.now(UTC), bus.key)  # type: ignore[arg-type] # only signs
        body = json.dumps({"psam_serial": bus.psam_serial.hex()}).encode()
        headers = device.signed("POST", SIGN_IN, body) | {"Content-Type": "application/json"}
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
        line.request("POST", SIGN_IN, body, headers)
        answer = line.getresponse()
        found = json.loads(answer.read())
        line.close()
        return answer.status, found


def head(path: str, *more: str) -> bytes:
    return "\r\n".join(
        [f"POST {path} HTTP/1.1", "Host: city", "Content-Type: application/json", *more, "", ""]
    ).encode()


def answer_to(line: socket.socket) -> tuple[int, dict[str, Any]]:
    """Status and problem document that come back on a connection."""
    answer = http.client.HTTPResponse(line)
    answer.begin()
    return answer.status, json.loads(answer.read())


@pytest.fixture(scope="module")
def running(clone_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The server as a city runs it, with one worker."""
    folder, address, port = tmp_path_factory.mktemp("server"), clone_database("sqlite"), free_port()
    engine = make_engine(address)
    city = make_city(make_sessions(engine), datetime.now(UTC))
    engine.dispose()
    regression_vault(folder)
    passphrase = folder / "passphrase"
    passphrase.write_text(PASSPHRASE)
    passphrase.chmod(0o600)
    environ = {
        **os.environ,
        "CITIZENCARD_DATABASE_URL": address,
        "CITIZENCARD_VAULT_FILE": str(folder / "regression.vault"),
        "CITIZENCARD_VAULT_PASSPHRASE_FILE": str(passphrase),
        "CITIZENCARD_REALM": "test",
    }
    command = [sys.executable, "-m", "granian", "--interface=rsgi", "--host=127.0.0.1", f"--port={port}", "--workers=1"]
    command += ["--no-ws", "--http1-header-read-timeout=10000", "api.wsgi:served"]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=output, stderr=output, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while not _is_ready(port):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        yield Running(port, city)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _is_ready(port: int) -> bool:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        line.request("GET", "/readyz")
        return line.getresponse().status == 200
    except OSError:
        return False
    finally:
        line.close()


def test_fifty_senders_that_hang_hold_nobody_up(running: Running) -> None:
    """While fifty connections send a few bytes and then nothing, a terminal signs in as if they were not there."""
    with ExitStack() as hanging:
        for number in range(50):
            path = (BATCHES, ENROL, "/v1/staff-sessions", "/webhooks/stripe", SIGN_IN)[number % 5]
            begun = head(path, "Content-Length: 1000") + b"{" if number % 2 else head(path)[:-2]
            hanging.enter_context(running.connect(begun))
        answers = [running.sign_in() for _ in range(10)]
    batches = [answer["batch"] for _, answer in answers]
    assert [status for status, _ in answers] == [200] * 10
    assert batches == list(range(batches[0], batches[0] + 10))


def test_body_that_ends_early_is_said_to_be_truncated(running: Running) -> None:
    """Half a request is nothing: it is answered, never taken for a whole one, and a broken line breaks nothing."""
    for path in (BATCHES, ENROL):
        with running.connect(head(path, "Content-Length: 1000") + b'{"terminal":1}') as line:
            line.shutdown(socket.SHUT_WR)
            try:
                status, found = answer_to(line)
            except (http.client.HTTPException, OSError):
                continue
            assert (status, found["code"]) == (400, "body_truncated")
    assert running.sign_in()[0] == 200


def test_body_that_is_too_long_is_refused_unread(running: Running) -> None:
    """Who announces too much is refused before a byte of it is sent; who does not say how much, as soon as it is too much."""
    with running.connect(head(ENROL, "Content-Length: 20000")) as line:
        status, found = answer_to(line)
        assert (status, found["code"]) == (413, "request_entity_too_large")
    with running.connect(head(BATCHES, "Content-Length: 999999999999")) as line:
        assert answer_to(line)[1]["code"] == "signature_missing", "who may not upload is told nothing about lengths"
    with running.connect(head(ENROL, "Transfer-Encoding: chunked")) as line:
        line.sendall(b"5000\r\n" + b"x" * 0x5000 + b"\r\n0\r\n\r\n")
        assert answer_to(line)[0] == 413
    with running.connect(head(ENROL, "Content-Length: -5")) as line:
        assert b" 400 " in line.recv(100)
    assert running.sign_in()[0] == 200


@dataclass
class Told:
    """A request as granian tells it."""

    path: str = "/terminals/enrolments"
    method: str = "POST"
    query_string: str = ""
    proto: str = "http"
    http_version: str = "1.1"
    client: str = "127.0.0.1:50000"
    server: str = "127.0.0.1:8000"
    scheme: str = "http"
    authority: str | None = None
    lines: list[tuple[str, str]] = field(default_factory=list)

    @property
    def headers(self) -> Any:
        lines = self.lines

        class Lines:
            def get(self, name: str) -> str | None:
                return next((value for known, value in lines if known == name), None)

            def items(self) -> list[tuple[str, str]]:
                return lines

        return Lines()


@dataclass
class Way:
    """A body on its way, and the answer."""

    parts: list[bytes]
    after_s: float = 0.0
    broken: bool = False
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)

    async def __call__(self) -> bytes:
        await asyncio.sleep(self.after_s)
        if self.broken:
            raise ProtocolClosed
        return b"".join(self.parts)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            await asyncio.sleep(self.after_s)
            yield part

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.answers.append((status, dict(headers), body))


def echo(environ: dict[str, Any], start: Callable[..., object]) -> list[bytes]:
    """Tells what it was told."""
    body = environ.pop("wsgi.input").read()
    start("200 OK", [("X-Length", environ.get("CONTENT_LENGTH", ""))])
    told = {name: value for name, value in environ.items() if isinstance(value, str)}
    return [json.dumps(told | {"body": body.decode()}).encode()]


def served(told: Told, way: Way, body_s: float = 5.0) -> tuple[int, dict[str, Any]]:
    """What the bridge answers."""

    async def run() -> None:
        bridge = Bridge(echo, body_s=body_s)
        bridge.__rsgi_init__(asyncio.get_running_loop())
        await bridge.__rsgi__(told, way)  # type: ignore[arg-type] # as granian's own classes, whose calls these are
        bridge.__rsgi_del__(asyncio.get_running_loop())

    asyncio.run(run())
    ((status, headers, body),) = way.answers
    return status, json.loads(body) | {"retry_after": headers.get("retry-after")}


def test_body_that_stays_away_is_given_up() -> None:
    """A sender that goes quiet gets an answer after a while, and its place is free; the device sends again."""
    status, found = served(Told(lines=[("content-length", "10")]), Way([b"x"], after_s=5.0), body_s=0.02)
    assert (status, found["code"], found["retry_after"]) == (408, "body_too_slow", "2")
    status, found = served(Told(lines=[("content-length", "10")]), Way([b"x"], broken=True))
    assert (status, found["code"]) == (400, "body_truncated")
    assert served(Told(lines=[("content-length", "10")]), Way([b"x"]))[1]["code"] == "body_truncated"


def test_bodies_on_their_way_have_their_share_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is announced by however many: a worker keeps its memory, and says so to those who come too much."""
    monkeypatch.setattr(serving, "MAX_BUFFERED_BYTES", 9)
    status, found = served(Told(lines=[("content-length", "10")]), Way([b"x" * 10]))
    assert (status, found["code"], found["retry_after"]) == (503, "too_many_bodies", "2")
    assert served(Told(lines=[("content-length", "9")]), Way([b"x" * 9]))[0] == 200


def test_application_is_told_what_was_sent() -> None:
    """The application sees the request as any server of WSGI shows it, and no header twice under one name."""
    lines = [("content-type", "text/plain"), ("x-a", "1"), ("x-a", "2"), ("cookie", "a=1"), ("cookie", "b=2")]
    lines += [("x_a", "sneaked in"), ("transfer-encoding", "chunked"), ("host", "city.example")]
    status, found = served(Told(path="/a%20b", query_string="c=d", lines=lines), Way([b"on", b"e"]))
    assert status == 200
    wanted = {"REQUEST_METHOD": "POST", "PATH_INFO": "/a b", "QUERY_STRING": "c=d", "CONTENT_LENGTH": "3"}
    wanted |= {"HTTP_X_A": "1,2", "HTTP_COOKIE": "a=1; b=2", "HTTP_HOST": "city.example", "REMOTE_ADDR": "127.0.0.1"}
    assert {name: found[name] for name in wanted} == wanted
    assert (found["body"], "HTTP_TRANSFER_ENCODING" in found) == ("one", False)


def test_each_route_says_how_long_its_bodies_may_be() -> None:
    """A batch may have eight megabytes, a sign-in sixteen kilobytes."""
    limits = body_limits()
    assert (limits[BATCHES], limits[ENROL]) == (8 * 2**20, 16 * 2**10)
    assert limits[""] < limits[BATCHES]
