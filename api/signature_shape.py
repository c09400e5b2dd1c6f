"""The published shape of a terminal's signature, read and verified without a parser of structured fields.

RFC 9421 leaves much open: several signatures, parameters of components, any order, escapes. Devices of ours send one signature of the shape
that the protocol's page shows, hundreds a second. What is exactly of that shape, byte for byte as RFC 8941 would write it again, has a
signature base that is plain concatenation; everything else is left to the library. So this never decides that a signature is bad because
of its form, and what it accepts the library accepts: a test holds the two together.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAX_KEYS: Final = 4_096
"""Public keys that stay decoded: a pure function of their 32 bytes, whoever they belong to."""
COMPONENTS: Final = frozenset({"@method", "@path", "@query", "content-digest"})

_NAME: Final = r"[a-z*][a-z0-9_.*-]{0,31}"
_INPUT: Final = re.compile(
    rf"({_NAME})="
    r'(\("([a-z@-]+)" "([a-z@-]+)" "([a-z@-]+)"(?: "([a-z@-]+)")?\)'
    r'((?:;[a-z]{1,16}=(?:"[A-Za-z0-9_+/=.:-]{1,128}"|0|[1-9][0-9]{0,10})){3,4}))',
    re.ASCII,
)
_PARAMETER: Final = re.compile(r';([a-z]+)=(?:"([^"]+)"|([0-9]+))', re.ASCII)
_SIGNATURE: Final = re.compile(rf"({_NAME})=:([A-Za-z0-9+/]{{86}}==):", re.ASCII)
_DIGEST: Final = re.compile(r"sha-256=:[A-Za-z0-9+/]{43}=:", re.ASCII)
_PATH: Final = re.compile(r"(?:/[A-Za-z0-9_-]+)+", re.ASCII)
_QUERY: Final = re.compile(r"[A-Za-z0-9_=&-]*", re.ASCII)
_NAMED: Final = frozenset({"created", "keyid", "nonce"})
_MAY: Final = _NAMED | {"alg"}


@dataclass(frozen=True, slots=True)
class Shaped:
    """A request with a signature of the published shape; nothing of it is verified yet.

    Args:
        created: when it was made, seconds since 1970.
        key_id, nonce: as given.
        base: what was signed (RFC 9421 section 2.5).
        signature: 64 bytes.
    """

    created: int
    key_id: str
    nonce: str
    base: bytes
    signature: bytes

    def is_by(self, public_key: bytes) -> bool:
        """Whether the owner of this Ed25519 key has signed exactly this."""
        try:
            _key(public_key).verify(self.signature, self.base)
        except InvalidSignature:
            return False
        return True


def shaped(environ: Mapping[str, Any]) -> Shaped | None:
    """Read a request of the published shape, which covers method, path, digest and, if there is one, the query.

    Args:
        environ: the request as WSGI tells it (PEP 3333).

    Returns:
        What was read; None where anything at all is otherwise, be it allowed or not: let the library say.
    """
    named = _INPUT.fullmatch(environ.get("HTTP_SIGNATURE_INPUT", ""))
    signed = _SIGNATURE.fullmatch(environ.get("HTTP_SIGNATURE", ""))
    digest = environ.get("HTTP_CONTENT_DIGEST", "")
    path, query = environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
    if named is None or signed is None or named[1] != signed[1] or not _DIGEST.fullmatch(digest):
        return None
    if environ.get("SCRIPT_NAME") or not _PATH.fullmatch(path) or not _QUERY.fullmatch(query):
        return None
    values = {"@method": environ["REQUEST_METHOD"], "@path": path, "@query": f"?{query}", "content-digest": digest}
    covered = [name for name in named.group(3, 4, 5, 6) if name is not None]
    wanted = COMPONENTS if query else COMPONENTS - {"@query"}
    parameters = _parameters(named[7])
    if set(covered) != wanted or len(covered) != len(wanted) or parameters is None:
        return None
    lines = [f'"{name}": {values[name]}' for name in covered]
    base = "\n".join([*lines, f'"@signature-params": {named[2]}'])
    signature = binascii.a2b_base64(signed[2])
    if base64.b64encode(signature).decode() != signed[2]:
        return None
    return Shaped(int(parameters["created"]), parameters["keyid"], parameters["nonce"], base.encode("ascii"), signature)


def is_digest_of(field: str, body: bytes) -> bool:
    """Whether Content-Digest is the one SHA-256 of the body, as RFC 9530 writes it; otherwise nothing is said."""
    right = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    return field.isascii() and hmac.compare_digest(field, right)


def _parameters(text: str) -> dict[str, str] | None:
    """Read a number `created` and texts `keyid` and `nonce`, each once, and perhaps `alg`; None if it is otherwise."""
    found: dict[str, str] = {}
    for name, quoted, number in _PARAMETER.findall(text):
        if name in found or name not in _MAY or bool(number) != (name == "created"):
            return None
        found[name] = quoted or number
    if not found.keys() >= _NAMED or found.get("alg", "ed25519") != "ed25519":
        return None
    return found


@lru_cache(maxsize=MAX_KEYS)
def _key(public_key: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public_key)
