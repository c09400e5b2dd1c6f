"""The terminal's line to the server: JSON or a batch file over HTTP, each request signed (RFC 9421, RFC 9530, Ed25519).

Every request may be sent again: its identity is in what it carries (records, one-time code), never in the request. A repeat has the
same body and a new nonce. The exact bytes are in hardware/terminal/PROTOCOL.md.
"""

import base64
import json
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

import requests
from http_message_signatures import HTTPMessageSigner
from http_message_signatures.algorithms import ED25519

from hardware.errors import UplinkRefused, UplinkUnavailable
from hardware.terminal.device_key import DeviceKey
from hardware.terminal.receipts import BatchReceipt
from hardware.terminal.shifts import Condition, Gap, Orders, ShiftTotals, SignIn, SignOut, Versions, instant

TIMEOUTS_S: Final = (3.05, 30.0)  # to connect, between two bytes of the answer
MAX_ANSWER_BYTES: Final = 16 * 2**20  # a device table has at most 8 MiB, which base64 makes a third longer
MAX_DETAIL_CHARACTERS: Final = 500
NONCE_BYTES: Final = 16
SIGNATURE_LABEL: Final = "terminal"
OCTETS: Final = "application/octet-stream"
COVERED: Final = ("@method", "@path")
_TRY_AGAIN: Final = frozenset({429, 503})


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a terminal tries before it gives up for now.

    Args:
        attempts: how often a request is sent at most.
        first_wait_s: pause before the second attempt; doubled for each further one.
        longest_wait_s: no pause is longer, whatever the server asks for.
        wait: how to pause.
    """

    attempts: int = 4
    first_wait_s: float = 0.5
    longest_wait_s: float = 8.0
    wait: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    content: bytes
    retry_after_s: int | None

    @property
    def document(self) -> object:
        """The answer as JSON, None when it is not."""
        try:
            found: object = json.loads(self.content)
        except ValueError:
            return None
        return found


class Uplink:
    """The line of one terminal.

    Args:
        server: base address, for example `https://city.example`; paths are appended to it.
        terminal: the terminal number, 6 bytes BCD; its digits are the key id.
        key: the device key.
        clock: the device's clock (aware UTC); only the time of a signature is taken from it.
        patience: how long to try.

    `clock_offset` is what the server's time is ahead of the device's. `told_time` is called with the server's time when it refused a
    wrong clock, so that the device can keep the difference.
    """

    def __init__(
        self,
        server: str,
        terminal: bytes,
        key: DeviceKey,
        clock: Callable[[], datetime],
        patience: Patience | None = None,
    ) -> None:
        self._server = server.rstrip("/")
        self._terminal = terminal
        self._key = key
        self._clock = clock
        self._patience = patience or Patience()
        self._signer = HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=key)
        self._session = requests.Session()
        self._session.trust_env = False  # a terminal takes no proxy and no password from its environment
        self.clock_offset = timedelta(0)
        self.told_time: Callable[[datetime], None] = lambda _server_time: None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def use_key(self, key: DeviceKey) -> None:
        """Sign with another key from now on."""
        self._key = key
        self._signer = HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=key)

    def enrol(self, code: str) -> None:
        """Make this device known with the one-time code that a clerk was given; sends the public key.

        Raises:
            UplinkRefused: the code is wrong, used or expired.
            UplinkUnavailable: no answer for now.
        """
        number = self._terminal.hex().upper()
        self._post_json("/terminals/enrolments", {"terminal": number, "code": code, "public_key": self._key.public_hex})

    def sign_in(self, psam_serial: bytes, software: str, works_with: Versions | None = None) -> SignIn:
        """Start a shift (签到), saying which versions the device works with.

        Raises:
            UplinkRefused: the terminal is not known or not enrolled.
            UplinkUnavailable: no answer for now.
        """
        body: dict[str, object] = {"psam_serial": psam_serial.hex().upper(), "software": software}
        if works_with is not None:
            body |= works_with.as_json()
        return SignIn.parse(self.post("/terminals/sign-ins", body))

    def heartbeat(self, software: str, works_with: Versions, condition: Condition) -> Orders:
        """Say how the device is; returns what it is to do.

        Raises:
            UplinkRefused, UplinkUnavailable: as above.
        """
        body: dict[str, object] = {"software": software, **works_with.as_json(), **condition.as_json()}
        return Orders.parse(self.post("/terminals/heartbeats", body))

    def no_debit(self, gaps: Sequence[Gap]) -> None:
        """Say for which sequences nothing was debited.

        Raises:
            UplinkRefused, UplinkUnavailable: as above.
        """
        self.post("/terminals/gaps", {"no_debit": [gap.as_json() for gap in gaps]})

    def sign_out(self, psam_serial: bytes, totals: ShiftTotals) -> SignOut:
        """End a shift (签退); returns what the server has of it.

        Raises:
            UplinkRefused, UplinkUnavailable: as above.
        """
        body: dict[str, object] = {"psam_serial": psam_serial.hex().upper(), **totals.as_json()}
        return SignOut.parse(self.post("/terminals/sign-outs", body))

    def device_table(self, version: int | None = None) -> bytes:
        """Fetch the device table in force, or one that will come, as the bytes that `fares.DeviceTable.parse` reads.

        Raises:
            UplinkRefused, UplinkUnavailable: as above; also when the answer carries no bytes.
        """
        query = "" if version is None else f"?version={version}"
        answer = _object(self._request("GET", f"/terminals/parameters{query}", b"", "").document)
        try:
            return base64.b64decode(str(answer["table"]), validate=True)
        except (KeyError, ValueError):
            raise UplinkUnavailable("the answer has no device table in base64") from None

    def hotlist(self, since: int = 0) -> bytes:
        """Fetch the hotlist, as the bytes that `hotlist.Hotlist.updated` reads: a delta to version `since`, or a full list.

        Raises:
            UplinkRefused, UplinkUnavailable: as above.
        """
        return self._request("GET", f"/terminals/hotlist?since={since}", b"", "").content

    def issuers(self) -> dict[str, object]:
        """Fetch the list of other cities' issuers, as a JSON document.

        Raises:
            UplinkRefused, UplinkUnavailable: as above.
        """
        return _object(self._request("GET", "/terminals/issuers", b"", "").document)

    def upload_batch(self, data: bytes) -> BatchReceipt:
        """Send a batch file (layout 1); returns the verdicts.

        Raises:
            UplinkRefused: the file is refused as a whole; the terminal keeps everything.
            UplinkUnavailable: no answer for now.
            ReceiptInvalid: the answer is not a receipt.
        """
        answer = self._request("POST", "/terminals/batches", data, OCTETS)
        return BatchReceipt.parse(answer.document)

    def upload_json(self, document: dict[str, object]) -> BatchReceipt:
        """Send a batch in its JSON form; returns the verdicts.

        Raises:
            UplinkRefused, UplinkUnavailable, ReceiptInvalid: as for `upload_batch`.
        """
        return BatchReceipt.parse(self._post_json("/terminals/purchases", document))

    def post(self, path: str, document: dict[str, object]) -> dict[str, object]:
        """Send a request that names its own event, such as a purchase; asked again, the server answers the same.

        Raises:
            UplinkRefused: with the problem's code.
            UplinkUnavailable: no answer for now; whether the server has carried it out is unknown.
        """
        return _object(self._post_json(path, document))

    def _post_json(self, path: str, document: dict[str, object]) -> object:
        body = json.dumps(document, separators=(",", ":")).encode()
        return self._request("POST", path, body, "application/json").document

    def _request(self, method: str, path: str, body: bytes, content_type: str) -> _Answer:
        clock_was_set = False
        pause_s, reason = self._patience.first_wait_s, ""
        for attempt in range(self._patience.attempts):
            try:
                answer = self._send(method, path, body, content_type)
                if answer.status == requests.codes.unauthorized and not clock_was_set and self._set_clock(answer):
                    clock_was_set = True
                    answer = self._send(method, path, body, content_type)
            except requests.RequestException as error:
                answer, reason = None, type(error).__name__
            if answer is not None and answer.status not in _TRY_AGAIN:
                return _accepted(answer)
            if attempt + 1 < self._patience.attempts:
                asked_s = answer.retry_after_s if answer is not None else None
                self._patience.wait(min(self._patience.longest_wait_s, max(pause_s, asked_s or 0)))
                pause_s *= 2
            reason = reason if answer is None else str(answer.status)
        raise UplinkUnavailable(f"no answer from the server after {self._patience.attempts} attempts ({reason})")

    def _send(self, method: str, path: str, body: bytes, content_type: str) -> _Answer:
        headers = {"Accept": f"application/json, {OCTETS}, application/problem+json"}
        if content_type:
            headers["Content-Type"] = content_type
        prepared = self._session.prepare_request(requests.Request(method, self._server + path, headers, data=body))
        query = ("@query",) if "?" in path else ()
        self._signer.sign(
            prepared,
            key_id=self._terminal.hex().upper(),
            created=self._clock() + self.clock_offset,
            nonce=base64.b64encode(os.urandom(NONCE_BYTES)).decode(),
            label=SIGNATURE_LABEL,
            covered_component_ids=(*COVERED, *query, "content-digest"),
            body=body,
        )
        with self._session.send(prepared, timeout=TIMEOUTS_S, allow_redirects=False, stream=True) as response:
            return _Answer(response.status_code, _read(response), _seconds(response.headers.get("Retry-After")))

    def _set_clock(self, answer: _Answer) -> bool:
        document = answer.document if isinstance(answer.document, dict) else {}
        server_time = instant(document.get("server_time"))
        if server_time is not None:
            self.clock_offset = server_time - self._clock()
            self.told_time(server_time)
        return server_time is not None


def _accepted(answer: _Answer) -> _Answer:
    if requests.codes.ok <= answer.status < requests.codes.multiple_choices:
        return answer
    problem = answer.document if isinstance(answer.document, dict) else {}
    refusal = str(problem.get("code") or "http_error")
    raise UplinkRefused(answer.status, refusal, str(problem.get("detail") or "")[:MAX_DETAIL_CHARACTERS])


def _read(response: requests.Response) -> bytes:
    content = bytearray()
    for part in response.iter_content(64 * 1024):
        content += part
        if len(content) > MAX_ANSWER_BYTES:
            raise UplinkUnavailable(f"the answer is longer than {MAX_ANSWER_BYTES} bytes")
    return bytes(content)


def _object(document: object) -> dict[str, object]:
    if not isinstance(document, dict):
        raise UplinkUnavailable("the answer is not a JSON object")
    return document


def _seconds(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() else None
