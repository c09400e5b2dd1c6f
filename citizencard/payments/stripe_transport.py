"""One request to Stripe: form-encoded, signed in, with a time limit, and repeated under the same idempotency key.

Rules: Stripe's "Idempotent requests", "Rate limits" and the retry rules of its own Python library: connection errors, 409, 429 and
5xx are sent again, `Stripe-Should-Retry` decides before all else, the pause doubles from 0.5 s to 5 s and is shortened at random.
"""

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import quote_plus

import requests

from citizencard.payments.stripe_settings import StripeSettings

API_VERSION: Final = "2026-10-28.endive"  # of the webhook endpoint as well
CONTENT_TYPE: Final = "application/x-www-form-urlencoded"
MAX_ANSWER_BYTES: Final = 4 * 2**20  # a page of 100 payments has some 300 kB
_CHUNK_BYTES: Final = 2**16

Scalar = str | int
Parameters = Mapping[str, "Scalar | tuple[str, ...] | Mapping[str, Scalar]"]


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one call tries before it says that it does not know.

    Args:
        attempts: how often the request is sent at most.
        connect_s, read_s: limit to connect, and between two pieces of the answer.
        deadline_s: no attempt begins, and no answer is read on, later than this after the call began.
        first_wait_s, longest_wait_s: the pause doubles from the one to the other.
        wait, clock, chance: how to pause, a clock that only goes forward, and a number from 0 up to 1.
    """

    attempts: int = 3
    connect_s: float = 3.05
    read_s: float = 30.0
    deadline_s: float = 80.0
    first_wait_s: float = 0.5
    longest_wait_s: float = 5.0
    wait: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random

    def pause_s(self, sent: int) -> float:
        """Pause after `sent` attempts: doubled each time, times 0.5 to 1, never below the first."""
        longest = min(self.first_wait_s * 2.0 ** (sent - 1), self.longest_wait_s)
        return max(self.first_wait_s, longest * (0.5 + self.chance() / 2))


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back in the end.

    Args:
        status: of the last answer, 0 when the last attempt had none.
        document: its JSON object, None when it was none.
        in_doubt: an earlier attempt of this call may have been carried out without our hearing of it.
    """

    status: int
    document: dict[str, object] | None = None
    request_id: str = ""
    replayed: bool = False
    in_doubt: bool = False
    should_retry: str = field(default="", repr=False)


class StripeTransport:
    """Sends requests to one Stripe server with one key. Safe for several threads: it keeps no state between calls.

    Args:
        settings: address and key.
        patience: limits and pauses.
    """

    def __init__(self, settings: StripeSettings, patience: Patience | None = None) -> None:
        self._settings = settings
        self._patience = patience or Patience()

    def get(self, path: str, parameters: Parameters) -> Answer:
        """Read something; harmless to repeat."""
        query = encode_form(parameters)
        return self._repeat("GET", path + (f"?{query}" if query else ""), {}, None)

    def post(self, path: str, parameters: Parameters, key: str) -> Answer:
        """Ask for something to be done once, whatever happens on the way: every attempt bears the same key."""
        headers = {"Idempotency-Key": key, "Content-Type": CONTENT_TYPE}
        return self._repeat("POST", path, headers, encode_form(parameters).encode("ascii"))

    def _repeat(self, method: str, target: str, headers: dict[str, str], body: bytes | None) -> Answer:
        patience = self._patience
        give_up_at = patience.clock() + patience.deadline_s
        in_doubt = False
        for sent in range(1, patience.attempts + 1):
            answer = self._send(method, target, headers, body, give_up_at)
            again = _is_worth_repeating(answer)
            pause_s = patience.pause_s(sent)
            if not again or sent == patience.attempts or patience.clock() + pause_s >= give_up_at:
                break
            in_doubt = in_doubt or answer.status == 0 or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            patience.wait(pause_s)
        return Answer(answer.status, answer.document, answer.request_id, answer.replayed, in_doubt)

    def _send(self, method: str, target: str, headers: dict[str, str], body: bytes | None, give_up_at: float) -> Answer:
        patience = self._patience
        signed_in = {
            **headers,
            "Authorization": f"Bearer {self._settings.secret_key}",
            "Stripe-Version": API_VERSION,
            "Accept": "application/json",
        }
        try:
            with requests.Session() as session:
                session.trust_env = False  # no proxy, no .netrc: the key goes where the settings say
                with session.request(
                    method,
                    self._settings.api_base + target,
                    headers=signed_in,
                    data=body,
                    timeout=(patience.connect_s, patience.read_s),
                    allow_redirects=False,
                    stream=True,
                ) as response:
                    return Answer(
                        response.status_code,
                        _document(self._read(response, give_up_at)),
                        response.headers.get("Request-Id", ""),
                        replayed=response.headers.get("Idempotent-Replayed") == "true",
                        should_retry=response.headers.get("Stripe-Should-Retry", ""),
                    )
        except requests.RequestException:
            # The exception holds the request with its key: nothing of it is kept.
            return Answer(0)

    def _read(self, response: requests.Response, give_up_at: float) -> bytes:
        content = bytearray()
        for chunk in response.iter_content(_CHUNK_BYTES):
            content += chunk
            if len(content) > MAX_ANSWER_BYTES:
                return b""
            if self._patience.clock() > give_up_at:
                raise requests.Timeout
        return bytes(content)


def encode_form(parameters: Parameters) -> str:
    """Write parameters as Stripe reads them: `metadata[reference]=…`, `payment_method_types[0]=…`."""
    pairs: list[tuple[str, Scalar]] = []
    for name, value in parameters.items():
        if isinstance(value, Mapping):
            pairs += [(f"{name}[{inner}]", item) for inner, item in value.items()]
        elif isinstance(value, tuple):
            pairs += [(f"{name}[{index}]", item) for index, item in enumerate(value)]
        else:
            pairs.append((name, value))
    return "&".join(f"{quote_plus(name, safe='[]')}={quote_plus(str(value))}" for name, value in pairs)


def _is_worth_repeating(answer: Answer) -> bool:
    if answer.should_retry in ("true", "false"):
        return answer.should_retry == "true"
    return (
        answer.status in (0, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS)
        or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    )


def _document(content: bytes) -> dict[str, object] | None:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
