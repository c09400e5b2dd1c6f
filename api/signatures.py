"""Requests of terminals: RFC 9421 signatures by Ed25519, RFC 9530 digests, a clock within five minutes, every nonce once.

A signature of the published shape is verified by ourselves (`signature_shape`), any other by the library. What both leave to the caller is
done here: which components must be covered, that the digest is that of the body, how far clocks may differ, how much one terminal may ask,
and that no request is taken twice.
"""

import hashlib
import hmac
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import http_sf
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from flask import request
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver
from http_message_signatures import InvalidSignature as NotVerified
from http_message_signatures.algorithms import ED25519
from http_message_signatures.exceptions import HTTPMessageSignaturesException

from api.city import city, now, request_id
from api.errors import ClockSkewed, DigestDiffers, SignatureInvalid, SignatureMissing, TooManyRequests
from api.instants import rfc3339
from api.rates import RateClass, rates
from api.signature_shape import Shaped, is_digest_of, shaped
from citizencard.db import reading
from citizencard.terminals.fitting.fittings import signer_of
from citizencard.terminals.signing import Nonce, Signer, speaking

TOLERANCE: Final = timedelta(seconds=300)
"""How far a terminal's clock may differ from ours, either way."""
COVERED: Final = ("@method", "@path", "content-digest")
MAX_SIGNATURE_CHARACTERS: Final = 2_048
MAX_CREATED: Final = 2**34

log = logging.getLogger("citizencard.api")


@dataclass(frozen=True, slots=True)
class _Claims:
    """What a signature says about itself, before it is verified."""

    key_id: str
    nonce: str
    shape: Shaped | None = None


@dataclass(frozen=True, slots=True)
class _Message:
    """The present request as the library wants to see it. Only method, path and query are taken from the address."""

    method: str
    url: str
    headers: Mapping[str, str]


class _OneKey(HTTPSignatureKeyResolver):
    def __init__(self, public_key: bytes) -> None:
        self._key = Ed25519PublicKey.from_public_bytes(public_key)

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:  # noqa: ARG002 # the library's signature
        """The one key that this request must be signed with."""
        return self._key


class _Verifier(HTTPMessageVerifier):
    def validate_created_and_expires(self, sig_input: object, max_age: object = None) -> None:
        """Done by us against the request's one instant, with the server's time in the answer."""


def check_signature(kind: RateClass) -> tuple[Signer, Nonce]:
    """Find out which terminal signed the present request, and under which nonce, which is not used up yet.

    Args:
        kind: of the route: what is counted together when a terminal asks too often.

    Raises, in this order:
        SignatureMissing: there is no signature, or it cannot be read.
        ClockSkewed: it was made more than five minutes ago or ahead; carries the server's time.
        TooManyRequests: this terminal has asked too often; carries how long to wait.
        UnknownTerminal, TerminalDisabled, TerminalNotEnrolled: the key id names no terminal that may speak.
        SignatureInvalid: it does not cover what it must, or is not by the terminal's key.
        DigestDiffers: the body is another one.
    """
    claims = _claims()
    wait_s = rates().wait_s(claims.key_id, kind)
    if wait_s:
        raise TooManyRequests("this terminal asks too often", retry_after_s=wait_s)
    found = speaking(city().sessions, claims.key_id)
    if found is None:
        with reading(city().sessions) as session:
            found = signer_of(session, claims.key_id)
    try:
        _verify(found.public_key, claims)
    except SignatureInvalid:
        if times := rates().doubted(claims.key_id):
            log.warning("%s %d bad signatures under the name of terminal %s", request_id(), times, found.terminal_id)
        raise
    rates().took(claims.key_id, found.terminal_id, kind, request.content_length or 0)
    _check_digest(request.get_data(cache=True))
    return found, Nonce(found.terminal_id, claims.nonce)


def check_possession(public_key: bytes, key_id: str) -> None:
    """Hold a device that brings its key to proof that it has the private one: the request is signed with it.

    Raises:
        SignatureMissing, ClockSkewed, SignatureInvalid, DigestDiffers: as in `check_signature`.
    """
    claims = _claims()
    if claims.key_id != key_id:
        raise SignatureInvalid("the key id is not the terminal's number", reason="keyid")
    _verify(public_key, claims)
    _check_digest(request.get_data(cache=True))


def _claims() -> _Claims:
    shape = shaped(request.environ)
    if shape is not None:
        _check_clock(shape.created)
        return _Claims(shape.key_id, shape.nonce, shape)
    parameters = dict(_signature_parameters())
    created, key_id, nonce = parameters.get("created"), parameters.get("keyid"), parameters.get("nonce")
    if type(created) is not int or not isinstance(key_id, str) or not isinstance(nonce, str):
        raise SignatureMissing("the signature must name created, keyid and nonce")
    _check_clock(created, parameters.get("expires"))
    return _Claims(key_id, nonce)


def _check_clock(created: int, expires: object = None) -> None:
    """Hold a signature to its time, and to the end that it may have set itself (RFC 9421 section 2.3)."""
    is_over = expires is not None and not (type(expires) is int and now().timestamp() < expires)
    if is_over or not 0 <= created < MAX_CREATED or abs(datetime.fromtimestamp(created, UTC) - now()) > TOLERANCE:
        raise ClockSkewed(
            "the signature was not made within five minutes of the server's time",
            server_time=rfc3339(now()),
            tolerance_s=int(TOLERANCE.total_seconds()),
        )


def _signature_parameters() -> Iterator[tuple[str, object]]:
    field = request.headers.get("Signature-Input", "")
    if not field or "Signature" not in request.headers:
        raise SignatureMissing("requests of terminals are signed")
    if len(field) > MAX_SIGNATURE_CHARACTERS or len(request.headers["Signature"]) > MAX_SIGNATURE_CHARACTERS:
        raise SignatureMissing("the signature fields are too long")
    try:
        signatures = http_sf.parse(field.encode("ascii"), tltype="dictionary")
    except (ValueError, TypeError):
        raise SignatureMissing("Signature-Input cannot be read") from None
    if not isinstance(signatures, dict) or len(signatures) != 1:
        raise SignatureMissing("a request has exactly one signature")
    (member,) = signatures.values()
    parameters = member[1] if isinstance(member, tuple) else None
    yield from (parameters if isinstance(parameters, dict) else {}).items()


def _verify(public_key: bytes, claims: _Claims) -> None:
    if claims.shape is None:
        _verify_by_library(public_key)
    elif not claims.shape.is_by(public_key):
        raise _not_by_the_key("signature")


def _not_by_the_key(reason: str) -> SignatureInvalid:
    return SignatureInvalid("the signature does not cover this request by the terminal's key", reason=reason)


def _verify_by_library(public_key: bytes) -> None:
    query = request.query_string.decode("ascii", "replace")
    wanted = (*COVERED, "@query") if query else COVERED
    address = f"http://server.invalid{request.path}" + (f"?{query}" if query else "")
    message = _Message(request.method, address, dict(request.headers.items()))
    verifier = _Verifier(signature_algorithm=ED25519, key_resolver=_OneKey(public_key))
    try:
        verifier.verify(message, max_age=None, require_components=wanted)
    except (NotVerified, HTTPMessageSignaturesException) as error:
        uncovered = str(error).startswith("Required component")
        raise _not_by_the_key("components" if uncovered else "signature") from None


def _check_digest(body: bytes) -> None:
    """Hold the body to the digest that the signature covers (RFC 9530), SHA-256 or SHA-512; every digest that is given must be right."""
    field = request.headers.get("Content-Digest", "")
    if is_digest_of(field, body):
        return
    try:
        members = http_sf.parse(field.encode("ascii"), tltype="dictionary")
    except (ValueError, TypeError):
        raise DigestDiffers("Content-Digest cannot be read") from None
    known = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}
    if not isinstance(members, dict) or not members or not set(members) <= set(known):
        raise DigestDiffers("Content-Digest must be sha-256 or sha-512")
    for name, member in members.items():
        value = member[0] if isinstance(member, tuple) else None
        if not isinstance(value, bytes) or not hmac.compare_digest(value, known[name](body).digest()):
            raise DigestDiffers("the body is not the one that was signed")
