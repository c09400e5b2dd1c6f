"""Our own reading of a signature lets nothing in that the library for RFC 9421 would keep out."""

import base64
import hashlib
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, InvalidSignature
from http_message_signatures.algorithms import ED25519
from http_message_signatures.exceptions import HTTPMessageSignaturesException
from hypothesis import given, settings
from hypothesis import strategies as st

from api.signature_shape import is_digest_of, shaped
from tests.api.signing import SigningDevice, Wish

PATH = "/terminals/online-purchases"
BODY = b'{"amount_fen":250}'
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
AT = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
FIELDS = (
    "HTTP_SIGNATURE_INPUT",
    "HTTP_SIGNATURE",
    "HTTP_CONTENT_DIGEST",
    "PATH_INFO",
    "QUERY_STRING",
    "REQUEST_METHOD",
)


class OneKey(HTTPSignatureKeyResolver):
    """The key of the one device."""

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:  # noqa: ARG002 # the library's signature
        """Whoever signs, with this key."""
        return KEY.public_key()


class Verifier(HTTPMessageVerifier):
    """The library."""

    def validate_created_and_expires(self, sig_input: object, max_age: object = None) -> None:
        """The clock is not the shape's matter."""


class Message:
    """A request as the library wants to see it."""

    def __init__(self, environ: dict[str, str]) -> None:
        query = environ["QUERY_STRING"]
        self.method = environ["REQUEST_METHOD"]
        self.url = "http://server.invalid" + environ["PATH_INFO"] + (f"?{query}" if query else "")
        self.headers = {
            "Signature-Input": environ["HTTP_SIGNATURE_INPUT"],
            "Signature": environ["HTTP_SIGNATURE"],
            "Content-Digest": environ["HTTP_CONTENT_DIGEST"],
        }


def by_library(environ: dict[str, str]) -> bool:
    """Whether the library takes it, covering what a request must cover."""
    wanted = ["@method", "@path", "content-digest", *(["@query"] if environ["QUERY_STRING"] else [])]
    verifier = Verifier(signature_algorithm=ED25519, key_resolver=OneKey())
    try:
        verifier.verify(Message(environ), max_age=None, require_components=wanted)
    except (InvalidSignature, HTTPMessageSignaturesException):
        return False
    return True


def by_us(environ: dict[str, str]) -> bool:
    found = shaped(environ)
    return found is not None and found.is_by(PUBLIC)


def genuine(query: str = "", nonce: str = "a-nonce-of-enough-characters") -> dict[str, str]:
    """A request as our own devices sign it, by the library."""
    device = SigningDevice(None, "330200000001", AT, KEY)  # type: ignore[arg-type] # only signs
    covered = ("@method", "@path", *(("@query",) if query else ()), "content-digest")
    headers = device.signed("POST", PATH, BODY, Wish(covered=covered, query=f"?{query}" if query else "", nonce=nonce))
    return told(headers["Signature-Input"], headers["Signature"], headers["Content-Digest"], query)


def told(named: str, signature: str, digest: str, query: str = "") -> dict[str, str]:
    return dict(zip(FIELDS, (named, signature, digest, PATH, query, "POST"), strict=True))


def signed(parameters: str, components: str = '"@method" "@path" "content-digest"') -> dict[str, str]:
    """A request with parameters of the test's own, signed as they stand there."""
    digest = f"sha-256=:{base64.b64encode(hashlib.sha256(BODY).digest()).decode()}:"
    values = {"@method": "POST", "@path": PATH, "content-digest": digest}
    lines = [f"{name}: {values[name.strip(chr(34))]}" for name in components.split()]
    base = "\n".join([*lines, f'"@signature-params": ({components}){parameters}'])
    return told(f"s=({components}){parameters}", f"s=:{base64.b64encode(KEY.sign(base.encode())).decode()}:", digest)


RIGHT = ';created=1795294016;keyid="330200000001";nonce="a-nonce-of-enough-characters"'


def test_requests_of_our_devices_are_of_the_shape() -> None:
    """What a device usually sends is read without a parser, with a query and without, in any order of what it covers."""
    for environ in (
        genuine(),
        genuine("since=7"),
        signed(RIGHT),
        signed(RIGHT + ';alg="ed25519"'),
        signed(RIGHT, '"content-digest" "@path" "@method"'),
    ):
        assert by_us(environ)
        assert by_library(environ)
    found = shaped(signed(RIGHT))
    assert found is not None
    assert (found.created, found.key_id, found.nonce) == (1795294016, "330200000001", "a-nonce-of-enough-characters")


@pytest.mark.parametrize(
    "environ",
    [
        signed(RIGHT, '"@method" "@path"'),
        signed(RIGHT, '"@method" "content-digest"'),
        signed(RIGHT, '"@method" "@method" "@path" "content-digest"'),
        signed(RIGHT.replace("created=", "created=0")),
        signed(RIGHT + ";created=1"),
        signed(RIGHT + ';alg="hmac-sha256"'),
        signed(RIGHT + ";expires=1"),
        signed(RIGHT.replace('"330200000001"', '"3302\\"00"')),
        signed(RIGHT.replace(";nonce", ";  nonce")),
        {**genuine(), "QUERY_STRING": "since=7"},
        {**genuine(), "PATH_INFO": PATH + "/../x"},
        {**genuine(), "HTTP_SIGNATURE": genuine()["HTTP_SIGNATURE"] + ", t=:AAAA:"},
        {**genuine(), "HTTP_CONTENT_DIGEST": "sha-512=:AAAA:"},
        dict.fromkeys(FIELDS, ""),
    ],
)
def test_what_is_otherwise_is_left_to_the_library(environ: dict[str, str]) -> None:
    """Anything unusual, allowed or not, is not ours to judge."""
    assert shaped(environ) is None


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_nothing_gets_in_that_the_library_keeps_out(data: st.DataObject) -> None:
    """However a genuine request is cut, changed or mixed with another one: where we say yes, the library does."""
    environ: dict[str, Any] = dict(data.draw(st.sampled_from([genuine(), genuine("since=7"), signed(RIGHT)])))
    other = genuine("since=8", nonce="another-nonce-of-the-device")
    for _ in range(data.draw(st.integers(0, 3))):
        name = data.draw(st.sampled_from(FIELDS))
        text = environ[name]
        at = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(at, min(len(text), at + 12)))
        piece = data.draw(
            st.one_of(st.text('"@;=:, ()\\abcdef0123456789AZ+/-_.\n', max_size=4), st.just(text[at:end] * 2))
        )
        environ[name] = data.draw(st.sampled_from([text[:at] + piece + text[end:], other[name], text]))
    if by_us(environ):
        assert by_library(environ)


def test_digest_is_that_of_the_body() -> None:
    """One digest, as RFC 9530 writes it, of these bytes; whatever else is left to the long way."""
    right = genuine()["HTTP_CONTENT_DIGEST"]
    assert is_digest_of(right, BODY)
    for other in (right.lower(), right[:-1], right + " ", "", "sha-256=:é:", right.replace("256", "512")):
        assert not is_digest_of(other, BODY)
    assert not is_digest_of(right, BODY + b" ")
