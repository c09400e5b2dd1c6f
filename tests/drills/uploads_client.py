"""A validator that uploads for ever and gives nothing up: the same bytes again until each record has its verdict."""

import base64
import itertools
import json
import os
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import requests
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import HTTPMessageSigner, HTTPSignatureKeyResolver
from http_message_signatures.algorithms import ED25519

from citizencard.purse.uploads.records import PurchaseRecord
from tests.citizencard.purse.uploads.make_records import Device, TestCard, file_of, json_of, tap

TIMEOUTS_S: Final = (2, 20)
PAUSE_S: Final = 0.05
JSON_EVERY: Final = 5
COVERED: Final = ("@method", "@path", "content-digest")
OK: Final = 200


class _OneKey(HTTPSignatureKeyResolver):
    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:  # noqa: ARG002 # the library's signature
        """The device's key."""
        return self._key


@dataclass
class UploadingClient:
    """One device and its passengers.

    Args:
        device: who uploads.
        cards: who rides.
        address: of the server.
        records: in a batch.
        price_fen: of each ride.
    """

    device: Device
    cards: list[TestCard]
    address: str
    records: int
    price_fen: int
    acknowledged: dict[str, PurchaseRecord] = field(default_factory=dict)
    pending: tuple[PurchaseRecord, ...] = ()
    counts: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.device.line)
        self._sequences = itertools.count(1)
        self._batches = itertools.count(1)

    def work(self, over: threading.Event) -> None:
        """Upload batch after batch until it is over; the last one may be without an answer then, and stays pending."""
        with requests.Session() as line:
            while not over.is_set():
                records, number = self._ride(), next(self._batches)
                self.pending = records
                while not self._upload(line, records, number):
                    if over.wait(PAUSE_S):
                        return
                self.pending = ()

    def settle(self) -> None:
        """Send what is pending until it is answered: nobody kills any more."""
        with requests.Session() as line:
            number = next(self._batches)
            while self.pending and not self._upload(line, self.pending, number):
                time.sleep(PAUSE_S)
            self.pending = ()

    def _ride(self) -> tuple[PurchaseRecord, ...]:
        """New taps, and seldom one that was acknowledged before: a copy from another memory."""
        now = datetime.now(UTC)
        new = [
            tap(
                self.device,
                self._chance.choice(self.cards),
                now,
                self.price_fen,
                terminal_sequence=next(self._sequences),
            )
            for _ in range(self.records)
        ]
        if self.acknowledged:
            new.append(self._chance.choice(list(self.acknowledged.values())))
        return tuple(new)

    def _upload(self, line: requests.Session, records: tuple[PurchaseRecord, ...], number: int) -> bool:
        """Whether every record has a verdict now."""
        if number % JSON_EVERY == 0:
            path, kind = "/terminals/purchases", "application/json"
            body = json.dumps(json_of(self.device, records, number)).encode()
        else:
            path, kind = "/terminals/batches", "application/octet-stream"
            body = file_of(self.device, records, number)
        self.counts["requests"] += 1
        try:
            answer = line.send(self._signed(path, body, kind), timeout=TIMEOUTS_S)
        except requests.RequestException:
            self.counts["requests without an answer"] += 1
            return False
        if answer.status_code != OK:
            self.counts[f"answers {answer.status_code}"] += 1
            return False
        self._keep(records, answer.json())
        return True

    def _keep(self, records: tuple[PurchaseRecord, ...], receipt: dict[str, object]) -> None:
        verdicts = receipt["verdicts"]
        assert isinstance(verdicts, list)
        said = {(one["original"] or one["verdict"]) for one in verdicts}
        if len(verdicts) != len(records) or said != {"accepted"}:
            self.differences.append(f"{len(records)} genuine records got {len(verdicts)} verdicts: {said}")
        for record in records:
            self.acknowledged[record.identity(self.device.number)] = record
        self.counts["acknowledged uploads"] += 1

    def _signed(self, path: str, body: bytes, kind: str) -> requests.PreparedRequest:
        request = requests.Request("POST", self.address + path, {"Content-Type": kind}, data=body).prepare()
        HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=_OneKey(self.device.key)).sign(
            request,
            key_id=self.device.number.hex().upper(),
            created=datetime.now(UTC),
            nonce=base64.b64encode(os.urandom(16)).decode(),
            label="terminal",
            covered_component_ids=COVERED,
            body=body,
        )
        return request
