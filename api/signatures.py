"""Requests of terminals: RFC 9421 signatures by Ed25519, RFC 9530 digests, a clock within five minutes, every nonce once.

The library builds the signature base and verifies it. What it leaves to the caller is done here: which components must be covered, that the
digest is that of the body, how far clocks may differ, and that no request is taken twice.
"""

import hashlib
import hmac
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

from api.city import city, now
from api.errors import ClockSkewed, DigestDiffers, SignatureInvalid, SignatureMissing
from api.instants import rfc3339
from citizencard.db import reading, transaction
from citizencard.terminals.fitting.fittings import signer_of
from citizencard.terminals.signing import Signer, take_nonce

TOLERANCE: Final = timedelta(seconds=300)
"""How far a terminal's clock may differ from ours, either way."""
COVERED: Final = ("@method", "@path", "content-digest")
MAX_SIGNATURE_CHARACTERS: Final = 2_048
MAX_CREATED: Final = 2**34


@dataclass(frozen=True, slots=True)
class _Claims:
    """What a signature says about itself, before it is verified."""

    key_id: str
    nonce: str


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


def check_signature() -> Signer:
    """Find out which terminal signed the present request.

    Raises, in this order:
        SignatureMissing: there is no signature, or it cannot be read.
        ClockSkewed: it was made more than five minutes ago or ahead; carries the server's time.
        UnknownTerminal, TerminalDisabled, TerminalNotEnrolled: the key id names no terminal that may speak.
        SignatureInvalid: it does not cover what it must, or is not by the terminal's key.
        DigestDiffers: the body is another one.
        NonceInvalid, NonceReplayed: the nonce is of no usable length, or was used.
    """
    claims = _claims()
    with reading(city().sessions) as session:
        found = signer_of(session, claims.key_id)
    _verify(found.public_key)
    with transaction(city().sessions) as session:
        take_nonce(session, found.terminal_id, claims.nonce, now=now())
    return found


def check_possession(public_key: bytes, key_id: str) -> None:
    """Hold a device that brings its key to proof that it has the private one: the request is signed with it.

    Raises:
        SignatureMissing, ClockSkewed, SignatureInvalid, DigestDiffers: as in `check_signature`.
    """
    claims = _claims()
    if claims.key_id != key_id:
        raise SignatureInvalid("the key id is not the terminal's number", reason="keyid")
    _verify(public_key)


def _claims() -> _Claims:
    parameters = dict(_signature_parameters())
    created, key_id, nonce = parameters.get("created"), parameters.get("keyid"), parameters.get("nonce")
    if type(created) is not int or not isinstance(key_id, str) or not isinstance(nonce, str):
        raise SignatureMissing("the signature must name created, keyid and nonce")
    if not 0 <= created < MAX_CREATED or abs(datetime.fromtimestamp(created, UTC) - now()) > TOLERANCE:
        raise ClockSkewed(
            "the signature was not made within five minutes of the server's time",
            server_time=rfc3339(now()),
            tolerance_s=int(TOLERANCE.total_seconds()),
        )
    return _Claims(key_id, nonce)


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


def _verify(public_key: bytes) -> None:
    query = request.query_string.decode("ascii", "replace")
    wanted = (*COVERED, "@query") if query else COVERED
    address = f"http://server.invalid{request.path}" + (f"?{query}" if query else "")
    message = _Message(request.method, address, dict(request.headers.items()))
    verifier = _Verifier(signature_algorithm=ED25519, key_resolver=_OneKey(public_key))
    try:
        verifier.verify(message, max_age=None, require_components=wanted)
    except (NotVerified, HTTPMessageSignaturesException) as error:
        uncovered = str(error).startswith("Required component")
        reason = "components" if uncovered else "signature"
        raise SignatureInvalid(
            "the signature does not cover this request by the terminal's key", reason=reason
        ) from None
    _check_digest(request.get_data(cache=True))


def _check_digest(body: bytes) -> None:
    """Hold the body to the digest that the signature covers (RFC 9530), SHA-256 or SHA-512; every digest that is given must be right."""
    try:
        members = http_sf.parse(request.headers.get("Content-Digest", "").encode("ascii"), tltype="dictionary")
    except (ValueError, TypeError):
        raise DigestDiffers("Content-Digest cannot be read") from None
    known = {"sha-256": hashlib.sha256, "sha-512": hashlib.sha512}
    if not isinstance(members, dict) or not members or not set(members) <= set(known):
        raise DigestDiffers("Content-Digest must be sha-256 or sha-512")
    for name, member in members.items():
        value = member[0] if isinstance(member, tuple) else None
        if not isinstance(value, bytes) or not hmac.compare_digest(value, known[name](body).digest()):
            raise DigestDiffers("the body is not the one that was signed")
