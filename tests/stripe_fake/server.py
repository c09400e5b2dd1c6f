"""The stand-in over real HTTP on loopback: sign-in, form bodies, idempotent replay, faults on order."""

import contextlib
import copy
import json
import socket
import struct
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.stripe_fake.books import Books, Fault, Parameters, invalid

KEY = "sk_test_canary7f3a91"
SILENCE_S = 0.5  # longer than the read limit of a client under test
SLOWNESS_S = 0.05


class Ordered(Enum):
    """What shall go wrong with the next request for an operation."""

    CONFLICT = "409"
    TOO_MANY = "429"
    ERROR_BEFORE = "500 before effect"
    ERROR_AFTER = "500 after effect"
    RESET_BEFORE = "reset before effect"
    RESET_AFTER = "reset after effect"
    SILENCE_BEFORE = "time-out before effect"
    SILENCE_AFTER = "time-out after effect"
    SLOW = "slow"


AFTER = {Ordered.ERROR_AFTER, Ordered.RESET_AFTER, Ordered.SILENCE_AFTER}
RESETS = {Ordered.RESET_BEFORE, Ordered.RESET_AFTER}
SILENCES = {Ordered.SILENCE_BEFORE, Ordered.SILENCE_AFTER}


@dataclass
class Reply:
    """Status, body, and headers beside."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    key: str | None
    content_type: str | None
    parameters: Parameters


@dataclass
class StripeFake:
    """The whole stand-in; one lock keeps its books straight.

    `arriving` is called with each request before anything is done about it, `answering` with what was carried out before the answer
    leaves (also when it never does): there a test can look, or report by webhook earlier than the answer.
    """

    address: str = ""
    books: Books = field(default_factory=Books)
    seen: list[Seen] = field(default_factory=list)
    faults: dict[str, list[Ordered]] = field(default_factory=dict)
    extra_headers: dict[str, str] = field(default_factory=dict)
    stored: dict[str, tuple[tuple[str, Parameters], Reply]] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)
    closing: threading.Event = field(default_factory=threading.Event)
    arriving: Callable[[Seen], None] | None = None
    answering: Callable[[str, Reply], None] | None = None
    silence_s: float = SILENCE_S

    def order(self, operation: str, *faults: Ordered) -> None:
        """The next requests for create, confirm, cancel, refund or look fail so, one after the other."""
        self.faults.setdefault(operation, []).extend(faults)

    def answer(self, seen: Seen) -> Reply | None:
        """Answer a request; None breaks the connection."""
        if self.arriving is not None:
            self.arriving(seen)
        with self.lock:
            self.seen.append(seen)
            if seen.method == "POST" and seen.key:
                replay = self._replay(seen)
                if replay is not None:
                    return replay
                self.running.add(seen.key)
            operation = operation_of(seen)
            orders = self.faults.get(operation, [])
            ordered = orders.pop(0) if orders else None
        try:
            return self._carry_out(operation, seen, ordered)
        finally:
            with self.lock:
                self.running.discard(seen.key or "")

    def _replay(self, seen: Seen) -> Reply | None:
        key = seen.key or ""
        if key in self.running:
            return refusal(409, "idempotency_error", "idempotency_key_in_use")
        if key not in self.stored:
            return None
        request, reply = self.stored[key]
        if request != (seen.path, seen.parameters):
            return refusal(400, "idempotency_error", "idempotency_key_reused")
        return Reply(reply.status, reply.body, {"Idempotent-Replayed": "true"})

    def _carry_out(self, operation: str, seen: Seen, ordered: Ordered | None) -> Reply | None:
        if ordered is Ordered.CONFLICT:
            return refusal(409, "invalid_request_error", "lock_timeout")
        if ordered is Ordered.TOO_MANY:
            return refusal(429, "invalid_request_error", "rate_limit")
        if ordered is Ordered.ERROR_BEFORE:
            return refusal(500, "api_error", "")
        if ordered is Ordered.SLOW:
            self.closing.wait(SLOWNESS_S)
        if ordered in RESETS | SILENCES and ordered not in AFTER:
            self.closing.wait(self.silence_s if ordered in SILENCES else 0)
            return None
        with self.lock:
            reply = carried_out = self._effect(operation, seen)
            if ordered is Ordered.ERROR_AFTER:
                reply = refusal(500, "api_error", "")
            if seen.method == "POST" and seen.key and is_stored(reply):
                self.stored[seen.key] = ((seen.path, seen.parameters), reply)
        if self.answering is not None:
            self.answering(operation, carried_out)
        if ordered in RESETS | SILENCES:
            self.closing.wait(self.silence_s if ordered in SILENCES else 0)
            return None
        return reply

    def _effect(self, operation: str, seen: Seen) -> Reply:
        parts = seen.path.split("/")
        try:
            match operation:
                case "create":
                    body = self.books.create(seen.parameters)
                case "confirm":
                    body = self.books.confirm(parts[3], seen.parameters)
                case "cancel":
                    body = self.books.cancel(parts[3], seen.parameters)
                case "refund":
                    body = self.books.refund(seen.parameters)
                case "look" if len(parts) == 4:
                    body = self.books.payment(parts[3])
                case _:
                    rows = self.books.refunds if parts[2] == "refunds" else self.books.payments
                    body = self.books.page(rows, seen.parameters)
            return Reply(200, copy.deepcopy(body))
        except Fault as fault:
            return Reply(fault.status, copy.deepcopy(fault.body))


def operation_of(seen: Seen) -> str:
    if seen.method == "GET":
        return "look"
    last = seen.path.rpartition("/")[2]
    return {"payment_intents": "create", "refunds": "refund"}.get(last, last)


def is_stored(reply: Reply) -> bool:
    """What failed validation is not kept: execution had not begun."""
    return reply.status != 400


def refusal(status: int, kind: str, code: str) -> Reply:
    fault = Fault(status, kind, code)
    return Reply(status, fault.body)


class Handler(BaseHTTPRequestHandler):
    """Reads a request, checks what Stripe checks at its door, writes the answer."""

    fake: StripeFake
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body leave apart: else each answer waits 40 ms for an acknowledgement

    def do_GET(self) -> None:
        self._handle("GET")

    def do_POST(self) -> None:
        self._handle("POST")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 # the library's own name
        """Say nothing: the tests read `seen`."""

    def _handle(self, method: str) -> None:
        address = urllib.parse.urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        text = body if method == "POST" else address.query
        parameters = dict(urllib.parse.parse_qsl(text, keep_blank_values=True))
        content_type = self.headers.get("Content-Type")
        seen = Seen(method, address.path, self.headers.get("Idempotency-Key"), content_type, parameters)
        reply = self._at_the_door(seen) or self.fake.answer(seen)
        if reply is None:
            # Linger of zero seconds: the connection ends by a reset, not by an orderly close.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RD)
            self.connection.close()
            return
        with contextlib.suppress(OSError):
            self._write(reply)

    def _at_the_door(self, seen: Seen) -> Reply | None:
        if self.headers.get("Authorization") != f"Bearer {KEY}":
            return refusal(401, "invalid_request_error", "api_key_invalid")
        if not self.headers.get("Stripe-Version"):
            return Reply(400, invalid("version_missing").body)
        if seen.method == "POST" and seen.content_type != "application/x-www-form-urlencoded":
            return Reply(400, invalid("content_type").body)
        return None

    def _write(self, reply: Reply) -> None:
        content = json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in {**self.fake.extra_headers, **reply.headers, "Request-Id": "req_stand_in"}.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class Server(ThreadingHTTPServer):
    """Keeps quiet when a client goes away: that is what the tests make clients do."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Leave it."""


@contextlib.contextmanager
def running_fake() -> Iterator[StripeFake]:
    """A stand-in that listens on a free port of loopback until the end of the block."""
    fake = StripeFake()
    handler = type("BoundHandler", (Handler,), {"fake": fake})
    server = Server(("127.0.0.1", 0), handler)
    fake.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        fake.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
