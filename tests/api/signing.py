"""A device of a test: signs requests as it likes, rightly or not, and sends them to the application."""

import base64
import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask.testing import FlaskClient
from http_message_signatures import ContentDigest, HTTPMessageSigner, HTTPSignatureKeyResolver
from http_message_signatures.algorithms import ED25519
from werkzeug.test import TestResponse

ALL = ("@method", "@path", "content-digest")


class OneKey(HTTPSignatureKeyResolver):
    """Signs with one key whatever the key id says."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self.key = key

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:  # noqa: ARG002 # the library's signature
        return self.key


class AnyDigest(ContentDigest):
    """Signs whatever stands in the digest's header."""

    @classmethod
    def prepare(cls, *_: object, **__: object) -> None:
        """Check nothing."""


class Signer(HTTPMessageSigner):
    """Signs what it is given, right or wrong."""

    content_digest_class = AnyDigest


@dataclass(frozen=True, slots=True)
class Wish:
    """How a request is to be signed; the defaults are right."""

    covered: Sequence[str] = ALL
    late_by: timedelta = timedelta(0)
    nonce: str | None = None
    digest_of: bytes | None = None
    digest: str | None = None
    query: str = ""
    expires_in: timedelta | None = None


RIGHT = Wish()


@dataclass
class _Message:
    method: str
    url: str
    headers: dict[str, str]


@dataclass
class SigningDevice:
    """A device with its own key.

    Args:
        client: the application.
        key_id: who it says it is.
        now: its clock, right.
    """

    client: FlaskClient
    key_id: str
    now: datetime
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    def post(self, path: str, document: object, wish: Wish = RIGHT) -> TestResponse:
        return self.send("POST", path, json.dumps(document).encode(), wish)

    def upload(self, batch: bytes) -> TestResponse:
        return self.send("POST", "/terminals/batches", batch, kind="application/octet-stream")

    def get(self, path: str, wish: Wish = RIGHT) -> TestResponse:
        return self.send("GET", path, b"", wish)

    def send(
        self, method: str, path: str, body: bytes, wish: Wish = RIGHT, kind: str = "application/json"
    ) -> TestResponse:
        headers = self.signed(method, path, body, wish)
        return self.client.open(path + wish.query, method=method, data=body, content_type=kind, headers=headers)

    def signed(self, method: str, path: str, body: bytes, wish: Wish = RIGHT) -> dict[str, str]:
        digest = hashlib.sha256(body if wish.digest_of is None else wish.digest_of).digest()
        headers = {"Content-Digest": wish.digest or f"sha-256=:{base64.b64encode(digest).decode()}:"}
        message = _Message(method, f"http://server{path}{wish.query}", headers)
        Signer(signature_algorithm=ED25519, key_resolver=OneKey(self.key)).sign(
            message,
            key_id=self.key_id,
            created=self.now - wish.late_by,
            expires=None if wish.expires_in is None else self.now + wish.expires_in,
            nonce=wish.nonce or secrets.token_urlsafe(16),
            covered_component_ids=wish.covered,
        )
        return message.headers

    def pretending(self, key_id: str) -> "SigningDevice":
        """The same device under another name."""
        return replace(self, key_id=key_id)
