"""Reports reach the city exactly as they were sent, and until it answers."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import requests

from demo.deliveries import SIGNATURE, Deliveries

BODY = json.dumps({"type": "payment_intent.succeeded", "data": {"object": {"amount": 4950}}}, indent=2).encode()


class _Webhook(BaseHTTPRequestHandler):
    """Fails once, then takes what is signed `good`."""

    heard: list[tuple[bytes, str]]
    answers: list[int]

    def do_POST(self) -> None:
        body, signature = self.rfile.read(int(self.headers["Content-Length"])), self.headers[SIGNATURE]
        self.heard.append((body, signature))
        status = self.answers.pop(0) if self.answers else 200 if signature == "good" else 400
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps({"outcome": "booked"}).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the library's name
        """Say nothing."""


@pytest.fixture
def webhook() -> Iterator[str]:
    """The city's webhook; its first answer is a fault."""
    _Webhook.heard, _Webhook.answers = [], [503]
    server = HTTPServer(("127.0.0.1", 0), _Webhook)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/webhooks/stripe"
    server.shutdown()
    thread.join()
    server.server_close()


def test_report_is_passed_on_until_it_is_taken(webhook: str) -> None:
    """A server that is down for a moment gets the report once it is back: the same bytes, the same signature."""
    began = time.monotonic()
    with Deliveries(webhook) as deliveries:
        answer = requests.post(deliveries.address, data=BODY, headers={SIGNATURE: "good"}, timeout=10)
        found = deliveries.find("payment_intent.succeeded", 4950, began)
    assert answer.status_code == 200
    assert _Webhook.heard == [(BODY, "good")] * 2
    assert found is not None
    assert (found.body, found.answer) == (BODY, {"outcome": "booked"})


def test_refused_report_is_not_the_one_that_was_waited_for(webhook: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A forged report is answered 400 and never mistaken for a genuine one; nor is one of another amount or an earlier day."""
    monkeypatch.setattr("demo.deliveries.ARRIVES_WITHIN_S", 0.2)
    _Webhook.answers.clear()
    with Deliveries(webhook) as deliveries:
        assert deliveries.pass_on(BODY, "forged").status == 400
        assert deliveries.find("payment_intent.succeeded", 4950, 0) is None
        assert deliveries.pass_on(BODY, "good").status == 200
        assert deliveries.find("payment_intent.succeeded", 700, 0) is None
        assert deliveries.find("payment_intent.succeeded", 4950, time.monotonic()) is None
        assert deliveries.find("payment_intent.succeeded", 4950, 0) is not None
