"""The demo's payment provider: the stand-in's process, and what the server must know of it."""

import secrets
import signal
import socket
import subprocess
import sys
import time
from types import TracebackType
from typing import Any, Self

import requests

from demo.folder import ROOT, Folder, write_private

STARTED_WITHIN_S = 20
STOP_WITHIN_S = 5
POLL_S = 0.05
TIMEOUT_S = 10
MAX_PAGES = 100
EVENTS = ("payment_intent.succeeded", "payment_intent.payment_failed", "payment_intent.canceled")


class ProviderDied(Exception):
    """The stand-in ended by itself; its log says why."""


class Provider:
    """The stand-in on a free loopback port, in a process of its own, reporting what happens to an address of the city.

    Args:
        folder: of the city; takes the made-up key and webhook secret, and the stand-in's log.
        report_to: where reports are sent.
    """

    def __init__(self, folder: Folder, report_to: str) -> None:
        self._folder = folder
        self._report_to = report_to
        self.address = ""
        self._process: subprocess.Popen[bytes] | None = None
        self.key = _kept(folder, "stripe.key", "sk_test_")
        self.webhook_secret = _kept(folder, "stripe.webhook-secret", "whsec_")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        self.stop()

    def environ(self) -> dict[str, str]:
        """The server's settings for on-line payment."""
        return {
            "STRIPE_API_BASE": self.address,
            "STRIPE_SECRET_KEY_FILE": str(self._folder.path / "stripe.key"),
            "STRIPE_WEBHOOK_SECRET_FILE": str(self._folder.path / "stripe.webhook-secret"),
        }

    def start(self) -> None:
        """Start the stand-in and tell it where to report.

        Raises:
            ProviderDied: it ended before it answered, or never did.
        """
        port = _free_port()
        self.address = f"http://127.0.0.1:{port}"
        log = self._folder.path / "stand-in.log"
        with log.open("ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "demo.stand_in", str(port)],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + STARTED_WITHIN_S
        while not self._configured():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise ProviderDied(f"the stand-in for the payment provider did not start; see {log}")
            time.sleep(POLL_S)

    def stop(self) -> None:
        """End the stand-in; what it held is forgotten."""
        if self._process is None or self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def held_fen(self) -> int:
        """What the stand-in says that it holds for the city: payments made less refunds, since it was started.

        A real provider carries a request out once under its idempotency key. The stand-in knows no keys: a refund that was sent again
        because the server died before the answer is there twice, under one name of ours, and counts once.
        """
        payments, refunds = self._list("payment_intents"), self._list("refunds")
        taken = sum(int(one["amount"]) for one in payments if one["status"] == "succeeded")
        named = {(one.get("metadata") or {}).get("reference", one["id"]): one for one in refunds}
        return taken - sum(int(one["amount"]) for one in named.values() if one["status"] == "succeeded")

    def _list(self, what: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        after: dict[str, str] = {}
        for _ in range(MAX_PAGES):
            page = requests.get(
                f"{self.address}/v1/{what}", params={"limit": "100", **after}, auth=(self.key, ""), timeout=TIMEOUT_S
            ).json()
            found += page["data"]
            if not page["has_more"]:
                break
            after = {"starting_after": page["data"][-1]["id"]}
        return found

    def _configured(self) -> bool:
        wanted = {
            "url": self._report_to,
            "secret": self.webhook_secret,
            "events": list(EVENTS),
        }
        try:
            return requests.post(f"{self.address}/_config/webhooks/city", json=wanted, timeout=TIMEOUT_S).ok
        except requests.ConnectionError:
            return False


def _kept(folder: Folder, name: str, prefix: str) -> str:
    """A made-up secret of the demo, the same in every run of one city."""
    path = folder.path / name
    if not path.exists():
        write_private(path, f"{prefix}{secrets.token_hex(16)}")
    return path.read_text().strip()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
