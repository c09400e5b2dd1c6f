"""Batch files to the server over connections of their own, each request signed when it is sent (RFC 9421)."""

import base64
import hashlib
import re
import secrets
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from threading import Lock
from typing import Final

from bench.terminals.city import Device

PATH: Final = "/terminals/batches"
TIMEOUT_S: Final = 120
_COVERED: Final = '("@method" "@path" "content-digest")'
_COUNTS: Final = re.compile(rb'"counts": ?\{"accepted": ?([0-9]+)')


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of some files.

    Args:
        records: in all of them, all accepted.
        took_s: from the first byte sent to the last answer.
        answered_s: of each file, from its sending to its answer.
    """

    records: int
    took_s: float
    answered_s: tuple[float, ...]


def send(port: int, files: Iterable[tuple[Device, bytes]], connections: int) -> Sent:
    """Upload the files, so many at once.

    Raises:
        RuntimeError: a file was not taken, or a record in it was not accepted.
    """
    waiting, lock = iter(files), Lock()
    began = time.perf_counter()
    with ThreadPoolExecutor(connections) as threads:
        done = list(threads.map(lambda _: list(_one_after_the_other(port, waiting, lock)), range(connections)))
    took_s = time.perf_counter() - began
    answers = [one for part in done for one in part]
    return Sent(sum(records for records, _ in answers), took_s, tuple(answered_s for _, answered_s in answers))


def _one_after_the_other(port: int, files: Iterator[tuple[Device, bytes]], lock: Lock) -> Iterator[tuple[int, float]]:
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        while True:
            with lock:
                following = next(files, None)
            if following is None:
                return
            device, raw = following
            began = time.perf_counter()
            connection.request("POST", PATH, raw, headers(device, raw))
            answer = connection.getresponse()
            body = answer.read()
            yield _accepted(raw, answer.status, body), time.perf_counter() - began
    finally:
        connection.close()


def headers(device: Device, body: bytes) -> dict[str, str]:
    """What goes before a body: its digest and the signature of the device."""
    digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    nonce = secrets.token_urlsafe(16)
    parameters = f'{_COVERED};created={int(time.time())};keyid="{device.number.hex().upper()}";nonce="{nonce}"'
    base = f'"@method": POST\n"@path": {PATH}\n"content-digest": {digest}\n"@signature-params": {parameters}'
    signature = base64.b64encode(device.key.sign(base.encode())).decode()
    return {
        "Content-Type": "application/octet-stream",
        "Content-Digest": digest,
        "Signature-Input": f"sig1={parameters}",
        "Signature": f"sig1=:{signature}:",
    }


def _accepted(raw: bytes, status: int, body: bytes) -> int:
    count = int.from_bytes(raw[32:36])
    found = _COUNTS.search(body)
    if status != 200 or found is None or int(found[1]) != count:  # noqa: PLR2004 # OK
        raise RuntimeError(f"a file of {count} records was answered {status}: {body[:300]!r} … {body[-300:]!r}")
    return count
