"""The way from the payment provider to the city: each report is kept and passed on until the server answers, as the real provider does.

It stands on the loopback interface. What was kept can be sent once more, or changed and sent: nothing on the way makes a report true.
"""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self, cast

import requests

MAX_BODY_BYTES = 2**20
MAX_KEPT = 10_000
TRIES = 100
PAUSE_S = 0.2
TIMEOUT_S = 10
ARRIVES_WITHIN_S = 15
POLL_S = 0.05
SIGNATURE = "Stripe-Signature"
BAD_GATEWAY = 502


@dataclass(frozen=True, slots=True)
class Delivery:
    """A report as it was sent: the exact bytes and their signature, and what the server answered in the end."""

    body: bytes = field(repr=False)
    signature: str = field(repr=False)
    status: int
    answer: Mapping[str, Any]
    arrived: float = field(default_factory=time.monotonic)

    def says(self, event_type: str, amount_fen: int) -> bool:
        """Whether it is a believed report of this kind about a payment of this amount."""
        if not 200 <= self.status < 300:  # noqa: PLR2004 # HTTP: it was taken
            return False
        event = json.loads(self.body)
        return bool(event.get("type") == event_type and event["data"]["object"].get("amount") == amount_fen)


class Deliveries:
    """Takes reports on a free port and passes them on.

    Args:
        target: the server's webhook.
    """

    def __init__(self, target: str) -> None:
        self._target = target
        self._kept: list[Delivery] = []
        self._over = threading.Event()
        self._listener = _Listener(("127.0.0.1", 0), _Handler)
        self._listener.deliveries = self
        self._thread = threading.Thread(target=self._listener.serve_forever, args=(POLL_S,), daemon=True)
        self.address = f"http://127.0.0.1:{self._listener.server_port}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()

    def pass_on(self, body: bytes, signature: str) -> Delivery:
        """Send a report to the server until it answers, and keep both."""
        status, answer = BAD_GATEWAY, cast("Mapping[str, Any]", {})
        for _ in range(TRIES):
            found = self._send(body, signature)
            if found is not None:
                status, answer = found
                break
            if self._over.wait(PAUSE_S):
                break
        delivery = Delivery(body, signature, status, answer)
        self._kept = [*self._kept[-MAX_KEPT:], delivery]
        return delivery

    def find(self, event_type: str, amount_fen: int, since_s: float) -> Delivery | None:
        """The first report of this kind about this amount after an instant of `time.monotonic`; None when none comes in time."""
        deadline = time.monotonic() + ARRIVES_WITHIN_S
        while time.monotonic() < deadline:
            for delivery in self._kept:
                if delivery.arrived >= since_s and delivery.says(event_type, amount_fen):
                    return delivery
            time.sleep(POLL_S)
        return None

    def _send(self, body: bytes, signature: str) -> tuple[int, Mapping[str, Any]] | None:
        headers = {"Content-Type": "application/json", SIGNATURE: signature}
        try:
            answer = requests.post(self._target, data=body, headers=headers, timeout=TIMEOUT_S)
        except requests.RequestException:
            return None
        if answer.status_code >= requests.codes.server_error:
            return None
        return answer.status_code, answer.json()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    deliveries: Deliveries


class _Handler(BaseHTTPRequestHandler):
    """One report."""

    def do_POST(self) -> None:
        """Pass it on; the provider gets the server's status."""
        length = min(int(self.headers.get("Content-Length") or 0), MAX_BODY_BYTES)
        deliveries = cast("_Listener", self.server).deliveries
        delivery = deliveries.pass_on(self.rfile.read(length), self.headers.get(SIGNATURE) or "")
        self.send_response(delivery.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the library's name
        """Say nothing: the story is told elsewhere."""
