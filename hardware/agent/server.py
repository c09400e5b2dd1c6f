"""The agent's door: HTTP on 127.0.0.1, open to the pages of one origin, closed to every other page in the same browser.

What stops whom is in README.md. The checks come in this order, each before anything later is looked at: Host, Origin, method, path,
our own header, content type, length, form.
"""

import json
import logging
import re
import sys
import threading
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import ThreadingMixIn
from typing import Any, Final, cast

from hardware.agent.agent import Agent
from hardware.agent.errors import (
    AgentRefusal,
    BodyTooLarge,
    ForeignHost,
    ForeignOrigin,
    HeaderMissing,
    MalformedRequest,
    MethodNotTaken,
    NotJson,
    PortInUse,
    PreflightRefused,
    UnknownPath,
)
from hardware.agent.messages import PairingRequest, Step, read_json
from hardware.errors import HardwareError

LOOPBACK: Final = "127.0.0.1"
DEFAULT_PORT: Final = 47_112
HEADER: Final = "X-Citizencard-Agent"
PROTOCOL_VERSION: Final = "1"
ALLOWED_HEADERS: Final = frozenset({"content-type", HEADER.lower()})
MAX_BODY_BYTES: Final = 65_536
MAX_CONNECTIONS: Final = 16
SOCKET_TIMEOUT_S: Final = 10
LOOK_AFTER_S: Final = 0.5
PAIRINGS: Final = "/pairings"
STEPS: Final = "/steps"

log = logging.getLogger("citizencard-agent")


class AgentServer(ThreadingMixIn, HTTPServer):
    """Listens on the loopback address only.

    Args:
        agent: whom it serves.
        port: 0 takes a free one.

    Raises:
        PortInUse: another program listens there.
    """

    allow_reuse_address = True
    daemon_threads = False
    request_queue_size = MAX_CONNECTIONS

    def __init__(self, agent: Agent, port: int = DEFAULT_PORT) -> None:
        self.agent = agent
        self._places = threading.BoundedSemaphore(MAX_CONNECTIONS)
        try:
            super().__init__((LOOPBACK, port), AgentHandler)
        except OSError:
            raise PortInUse(f"{LOOPBACK}:{port} is taken") from None

    @property
    def authority(self) -> str:
        """The only Host that is served."""
        return f"{LOOPBACK}:{self.server_address[1]}"

    def serve(self) -> None:
        """Serve until `shutdown()`."""
        self.serve_forever(poll_interval=LOOK_AFTER_S)

    def service_actions(self) -> None:
        """Between requests: see whether the card is still there."""
        self.agent.look_after_reader()

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 # as socketserver declares them
        """Give the connection a thread, or close it when there are too many."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 # as above
        """Serve one connection, then free its place."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 # as above
        """The kind of failure is told, such as a full disk; a traceback could show what the request carried."""
        del request, client_address
        log.warning("a connection ended without an answer: %s", getattr(sys.exc_info()[0], "__name__", "unknown"))


class AgentHandler(BaseHTTPRequestHandler):
    """One connection, one request."""

    protocol_version = "HTTP/1.1"
    server_version = "citizencard-agent"
    sys_version = ""
    timeout = SOCKET_TIMEOUT_S

    def do_POST(self) -> None:
        """A step, or a pairing."""
        self._answer(self._post)

    def do_OPTIONS(self) -> None:
        """The browser asks whether the page may send one."""
        self._answer(self._preflight)

    def do_GET(self) -> None:
        """Refused, like every other method."""
        self._answer(self._refuse_method)

    do_HEAD = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 # the library looks methods up by these names

    def _answer(self, act: Any) -> None:  # noqa: ANN401 # one of the three below
        self.close_connection = True
        origin = None
        try:
            self._check_host()
            origin = self._check_origin()
            status, document = act()
            self._send(status, document, origin)
        except AgentRefusal as refusal:
            self._send_problem(refusal, refusal.status, origin)
        except HardwareError as error:
            self._send_problem(error, HTTPStatus.CONFLICT, origin)

    def _check_host(self) -> None:
        if self._one("Host") != self._agent_server.authority:
            raise ForeignHost("the agent answers to its own address only")

    def _check_origin(self) -> str:
        allowed = self._agent_server.agent.origin
        if allowed is None or self._one("Origin") != allowed:
            raise ForeignOrigin("not a page of the paired server")
        return allowed

    def _post(self) -> tuple[int, Mapping[str, Any]]:
        agent = self._agent_server.agent
        if self.path not in {PAIRINGS, STEPS}:
            raise UnknownPath(f"there are {PAIRINGS} and {STEPS}")
        if self._one(HEADER) != PROTOCOL_VERSION:
            raise HeaderMissing(f"{HEADER} must be {PROTOCOL_VERSION}")
        content_type = (self._one("Content-Type") or "").lower().replace(" ", "")
        if content_type not in {"application/json", "application/json;charset=utf-8"}:
            raise NotJson("application/json only")
        document = read_json(self._body())
        if self.path == PAIRINGS:
            return HTTPStatus.CREATED, agent.pair(PairingRequest.read(document))
        return HTTPStatus.OK, agent.take(Step.read(document))

    def _preflight(self) -> tuple[int, None]:
        wanted = {name.strip().lower() for name in (self._one("Access-Control-Request-Headers") or "").split(",")}
        if self._one("Access-Control-Request-Method") != "POST" or not wanted - {""} <= ALLOWED_HEADERS:
            raise PreflightRefused(f"POST with Content-Type and {HEADER} only")
        if self.path not in {PAIRINGS, STEPS}:
            raise UnknownPath(f"there are {PAIRINGS} and {STEPS}")
        return HTTPStatus.NO_CONTENT, None

    def _refuse_method(self) -> tuple[int, None]:
        raise MethodNotTaken("POST only")

    def _body(self) -> bytes:
        length = self._one("Content-Length") or ""
        if "Transfer-Encoding" in self.headers or re.fullmatch(r"[0-9]{1,6}", length) is None:
            raise BodyTooLarge("Content-Length is missing")
        if int(length) > MAX_BODY_BYTES:
            raise BodyTooLarge(f"at most {MAX_BODY_BYTES} bytes")
        body = self.rfile.read(int(length))
        if len(body) != int(length):
            raise MalformedRequest("the body is shorter than it says")
        return body

    def _one(self, name: str) -> str | None:
        """The header's value; None when it is missing or stands there more than once."""
        values = self.headers.get_all(name, [])
        return values[0] if len(values) == 1 else None

    @property
    def _agent_server(self) -> AgentServer:
        return cast("AgentServer", self.server)

    def _send(self, status: int, document: Mapping[str, Any] | None, origin: str | None, kind: str = "json") -> None:
        body = b"" if document is None else json.dumps(document).encode()
        self.send_response(status)
        if origin is not None:
            self._send_cors(origin)
        if document is not None:
            self.send_header("Content-Type", f"application/{kind}")
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Vary", "Origin")
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _send_cors(self, origin: str) -> None:
        self.send_header("Access-Control-Allow-Origin", origin)
        if self.command != "OPTIONS":
            return
        self.send_header("Access-Control-Allow-Methods", "POST")
        self.send_header("Access-Control-Allow-Headers", f"Content-Type, {HEADER}")
        if self._one("Access-Control-Request-Private-Network") == "true":
            self.send_header("Access-Control-Allow-Private-Network", "true")

    def _send_problem(self, error: HardwareError, status: int, origin: str | None) -> None:
        """Problem document (RFC 9457); the title is the first line of the error's docstring."""
        problem = {
            "type": "about:blank",
            "title": (error.__doc__ or "").partition("\n")[0],
            "status": int(status),
            "code": error.code,
            # other errors may name files of the workstation
            **({"detail": str(error)} if isinstance(error, AgentRefusal) else {}),
            **{name: getattr(error, name) for name in error.public},
        }
        log.warning("refused: %s", error.code)
        self._send(status, problem, origin, "problem+json")

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What the HTTP library itself finds wrong becomes a problem document too, without any of the request in it."""
        del message, explain
        self.close_connection = True
        self.command = self.command or ""
        self._send_problem(MalformedRequest("not a request that the agent understands"), code, None)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the library's own name
        """The library's request log stays silent: the agent says itself what it does."""
