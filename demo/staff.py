"""What the demo's staff do at their desks: requests to the product, repeated until they are answered."""

import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pyotp
import requests

from hardware.card.apdu import CommandApdu
from hardware.card.channel import CardChannel, exchange
from hardware.errors import CardRemoved

TIMEOUT_S = (3.05, 30)
ANSWERED_WITHIN_S = 400
"""Longer than the server holds a place for a request that nobody finished."""
RETRY_AFTER_S = 0.1
COME_BACK = (409, 503)
TOTP_PERIOD_S = 30
MAX_JOB_STEPS = 64
OK = 0x9000
SIGN_IN_AGAIN = ("session_ended", "fresh_code_needed")

Answer = dict[str, Any]


class Refused(Exception):
    """The product refused a request; carries its problem document."""

    def __init__(self, problem: Mapping[str, Any], status: int) -> None:
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail')}")
        self.code = str(problem.get("code"))
        self.status = status


class JobFailed(Exception):
    """A job on a card or PSAM did not come to its end."""


class Desk:
    """One employee's connection to the product.

    Every change carries an idempotency key, so that it can be repeated until an answer comes, whatever happens to the server meanwhile.

    Args:
        address: where the product answers, such as http://127.0.0.1:8000.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._http = requests.Session()
        self._known: tuple[str, str, str] | None = None

    def post(self, path: str, body: Mapping[str, Any] | None = None, method: str = "POST") -> Answer:
        """Ask for a change, once in effect however often it is sent.

        Raises:
            Refused: the product said no.
        """
        return self._ask(method, path, {"json": body or {}, "headers": {"Idempotency-Key": str(uuid4())}})

    def upload(self, path: str, content: bytes, content_type: str) -> Answer:
        """Hand a file in, once in effect however often it is sent.

        Raises:
            Refused: the product said no.
        """
        headers = {"Idempotency-Key": str(uuid4()), "Content-Type": content_type}
        return self._ask("POST", path, {"data": content, "headers": headers})

    def get(self, path: str) -> Answer:
        """Read.

        Raises:
            Refused: the product said no.
        """
        return self._ask("GET", path, {})

    def _ask(self, method: str, path: str, more: Mapping[str, Any]) -> Answer:
        """Send; who sits here signs in again when the session is over, or when a new one-time code is asked for."""
        try:
            return self._send(method, path, more)
        except Refused as refusal:
            if refusal.code not in SIGN_IN_AGAIN or self._known is None:
                raise
        self.sign_in(*self._known)
        return self._send(method, path, more)

    def _send(self, method: str, path: str, more: Mapping[str, Any]) -> Answer:
        deadline = time.monotonic() + ANSWERED_WITHIN_S
        while time.monotonic() < deadline:
            try:
                answer = self._http.request(
                    method, self._address + path, timeout=TIMEOUT_S, allow_redirects=False, **more
                )
            except requests.RequestException:
                time.sleep(RETRY_AFTER_S)
                continue
            if answer.status_code in COME_BACK and "Retry-After" in answer.headers:
                time.sleep(RETRY_AFTER_S)
                continue
            if not answer.ok:
                raise Refused(answer.json(), answer.status_code)
            found: Answer = answer.json() if answer.content else {}
            return found
        raise Refused({"code": "unreachable", "detail": "the server does not answer"}, 503)

    def sign_in(self, login: str, password: str, totp_secret: str) -> None:
        """Open a session with password and one-time code; waits for the next code when this one was used already.

        Raises:
            Refused: wrong name, password or code.
        """
        totp = pyotp.TOTP(totp_secret)
        self._known = None
        self._http.headers.pop("Authorization", None)
        for attempt in range(2):
            try:
                answer = self.post("/v1/staff-sessions", {"login": login, "password": password, "totp": totp.now()})
            except Refused:
                if attempt:
                    raise
                sys.stderr.write("(the one-time code of this half minute is used up; waiting for the next one)\n")
                time.sleep(TOTP_PERIOD_S - datetime.now(UTC).timestamp() % TOTP_PERIOD_S + 1)
                continue
            self._http.headers["Authorization"] = f"Bearer {answer['token']}"
            self._known = (login, password, totp_secret)
            return

    def reader_job(self, kind: str, subject_id: str, card: CardChannel) -> Answer:
        """Carry out a job on the card in the reader: relay commands and answers until the product says that it is done.

        The desk decides nothing: it stops where the card refuses or vanishes, and tells the product so.

        Returns:
            The job's last state, with `done` and `outcome`.
        """
        job = self.post("/v1/reader-jobs", {"kind": kind, "subject_id": subject_id, "atr": card.atr.hex().upper()})
        token = job["token"]
        for _ in range(MAX_JOB_STEPS):
            if job["done"]:
                return job
            responses, torn = _relay(card, job["commands"])
            job = self.post(
                f"/v1/reader-jobs/{job['id']}/steps/{job['step']}",
                {"token": token, "responses": responses, "torn": torn},
            )
        raise Refused({"code": "endless_job", "detail": f"{kind} did not end within {MAX_JOB_STEPS} steps"}, 500)


def _relay(card: CardChannel, commands: list[str]) -> tuple[list[str], bool]:
    responses: list[str] = []
    for command in commands:
        try:
            response = exchange(card, CommandApdu.from_bytes(bytes.fromhex(command)))
        except CardRemoved:
            return responses, True
        responses.append(response.to_bytes().hex().upper())
        if response.sw != OK:
            break
    return responses, False
