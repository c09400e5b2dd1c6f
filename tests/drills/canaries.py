"""Looking for planted secrets in everything that a thief of the database or of the log would hold, in every spelling we can think of."""

import base64
import hashlib
import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

from sqlalchemy import inspect, make_url, text

from citizencard.db import make_engine
from tests.postgres import SUPERUSER

SHORTEST_BYTES: Final = 5
"""Shorter spellings turn up by chance."""


@dataclass(frozen=True, slots=True)
class Canary:
    """Something that must be found nowhere.

    Args:
        kind: what it is, for people.
        secret: text, or bytes of a key.
        guessable: there are so few of its kind that its digest without a key gives it away.
    """

    kind: str
    secret: str | bytes = field(repr=False)
    guessable: bool = False

    def spellings(self) -> dict[str, bytes]:
        """Every form that is looked for, by name."""
        secret = self.secret
        raws = {"bytes": secret} if isinstance(secret, bytes) else _texts(secret)
        found = dict(raws)
        for name, raw in raws.items():
            found |= {f"{name}, hex": raw.hex().encode(), f"{name}, HEX": raw.hex().upper().encode()}
            found |= {f"{name}, base64 {place}": piece for place, piece in enumerate(_base64(raw))}
        if isinstance(secret, str):
            found |= {f"BCD {place}": piece for place, piece in enumerate(_bcd(secret))}
        if self.guessable:
            raw = secret if isinstance(secret, bytes) else secret.encode()
            for algorithm in ("md5", "sha1", "sha256"):
                digest = hashlib.new(algorithm, raw, usedforsecurity=False)
                found |= {algorithm: digest.digest(), f"{algorithm}, hex": digest.hexdigest().encode()}
        return {name: piece for name, piece in found.items() if len(piece) >= SHORTEST_BYTES}


def _texts(secret: str) -> dict[str, bytes]:
    found = {"UTF-8": secret.encode(), "UTF-16 LE": secret.encode("utf-16-le"), "UTF-16 BE": secret.encode("utf-16-be")}
    if not secret.isascii():
        found["GB 18030"] = secret.encode("gb18030")
        found["JSON"] = json.dumps(secret)[1:-1].encode()
        found["URL"] = quote(secret).encode()
    return found


def _base64(raw: bytes) -> Iterator[bytes]:
    """What of the value is always the same in Base64, for each of the three places it can begin at, in both alphabets."""
    for before, cut in ((0, 0), (1, 2), (2, 3)):
        whole = (before + len(raw)) * 8 // 6
        for alphabet in (b"+/", b"-_"):
            yield base64.b64encode(bytes(before) + raw, altchars=alphabet)[cut:whole]


def _bcd(secret: str) -> Iterator[bytes]:
    """The longest run of digits, packed, beginning in either half of a byte."""
    digits = max(re.findall(r"\d+", secret), key=len, default="")
    for start in (0, 1):
        part = digits[start:]
        yield bytes.fromhex(part[: len(part) // 2 * 2])


class Scanner:
    """Looks for canaries.

    Args:
        canaries: what for.
    """

    def __init__(self, canaries: Sequence[Canary]) -> None:
        self._sought = [
            (piece, f"{canary.kind} ({name})") for canary in canaries for name, piece in canary.spellings().items()
        ]
        self.scanned_bytes = 0

    @property
    def sought(self) -> int:
        """How many spellings are looked for."""
        return len(self._sought)

    def scan(self, place: str, content: bytes) -> list[str]:
        """Which canaries are in the content, in words; none is repeated."""
        self.scanned_bytes += len(content)
        return sorted({f"{place}: {what}" for piece, what in self._sought if piece in content})

    def scan_database(self, url: str) -> list[str]:
        """Every column of every table; the file's own bytes or the dump that an administrator makes."""
        found = [what for table, content in columns(url) for what in self.scan(table, content)]
        if make_url(url).get_backend_name() == "sqlite":
            path = Path(make_url(url).database or "")
            for piece in sorted(path.parent.glob(f"{path.name}*")):
                found += self.scan(piece.name, piece.read_bytes())
            return found
        return found + self.scan("pg_dump", dumped(url))


def columns(url: str) -> Iterator[tuple[str, bytes]]:
    """Each table with all values of all its rows: text as it is, structures as JSON in both ways of writing it, bytes as they are."""
    engine = make_engine(as_superuser(url))
    with engine.connect() as connection:
        for table in sorted(inspect(connection).get_table_names()):
            rows = connection.execute(text(f'SELECT * FROM "{table}"'))  # noqa: S608 # names come from the database itself
            yield table, b"\n".join(_plain(value) for row in rows for value in row)
    engine.dispose()


def _plain(value: object) -> bytes:
    if isinstance(value, bytes | memoryview):
        return bytes(value)
    if isinstance(value, dict | list):
        return json.dumps(value).encode() + b"\n" + json.dumps(value, ensure_ascii=False).encode()
    return str(value).encode()


def dumped(url: str) -> bytes:
    """The plain dump of a PostgreSQL database."""
    done = subprocess.run(
        ["pg_dump", f"--dbname={as_superuser(url)}"],  # noqa: S607 # on the path
        capture_output=True,
        check=True,
    )
    return done.stdout


def as_superuser(url: str) -> str:
    """The address for who may read everything."""
    if url.startswith("sqlite"):
        return url
    return make_url(url).set(username=SUPERUSER).render_as_string(hide_password=False)
