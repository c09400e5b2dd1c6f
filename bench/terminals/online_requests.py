"""Purchases that terminals have signed beforehand (RFC 9421), with the proofs of their cards, as bytes that wrk sends as they are."""

import base64
import hashlib
import itertools
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Final

from bench.terminals.online_city import Market, Purse, Till
from hardware.card import crypto
from hardware.card.bcd import bcd_date, bcd_time
from hardware.terminal.online import challenge
from hardware.terminal.traces import EventName

PATH: Final = "/terminals/online-purchases"
MOST_FEN: Final = 20
LENGTH_BYTES: Final = 4
_COVERED: Final = '("@method" "@path" "content-digest")'


@dataclass
class Book:
    """Who buys next: terminals in turn, cards by lot, every purchase under a name of its own.

    Args:
        market: terminals and cards.
        traces: the number of the next purchase, of all terminals.
    """

    market: Market
    traces: Iterator[int]

    @classmethod
    def of(cls, market: Market) -> "Book":
        """Begin with the first."""
        return cls(market, itertools.count(1))

    def write(self, folder: Path, connections: int, each: int) -> None:
        """A file of requests for each connection; a connection speaks for its own share of the terminals, one after the other."""
        chance, now = Random(secrets.randbits(64)), datetime.now(UTC)
        for number in range(connections):
            tills = itertools.cycle(self.market.tills[number::connections])
            requests = (self._request(next(tills), chance, now) for _ in range(each))
            content = b"".join(len(request).to_bytes(LENGTH_BYTES) + request for request in requests)
            (folder / f"requests-{number}").write_bytes(content)

    def _request(self, till: Till, chance: Random, now: datetime) -> bytes:
        purse = self.market.purses[chance.randrange(len(self.market.purses))]
        body = purchase_body(till, purse, next(self.traces), chance.randint(1, MOST_FEN), now)
        return signed_request(till, PATH, body, now)


def purchase_body(till: Till, purse: Purse, trace: int, amount_fen: int, now: datetime) -> bytes:
    """What a terminal says after the card has signed for it."""
    name = EventName(till.number, 1, trace)
    proof = crypto.triple_des_encrypt(purse.key, challenge(name, amount_fen, now))
    document = name.as_json() | {
        "card_serial": purse.serial.hex().upper(),
        "amount_fen": amount_fen,
        "date": bcd_date(now).hex().upper(),
        "time": bcd_time(now).hex().upper(),
        "proof": proof.hex().upper(),
    }
    return json.dumps(document, separators=(",", ":")).encode()


def signed_request(till: Till, path: str, body: bytes, now: datetime) -> bytes:
    """A whole HTTP request, signed as the protocol says."""
    digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    nonce, key_id = secrets.token_urlsafe(16), till.number.hex()
    parameters = f'{_COVERED};created={int(now.timestamp())};keyid="{key_id}";nonce="{nonce}"'
    base = f'"@method": POST\n"@path": {path}\n"content-digest": {digest}\n"@signature-params": {parameters}'
    signature = base64.b64encode(till.key.sign(base.encode())).decode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"Content-Digest: {digest}\r\nSignature-Input: sig1={parameters}\r\nSignature: sig1=:{signature}:\r\n\r\n"
    )
    return head.encode() + body
