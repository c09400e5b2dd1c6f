"""The head of the seals leaves the house: a signed file for each time something was sealed, and the files held against the chains.

One file covers both chains, the ledger's and the audit trail's. It can be made again from the database alone until it exists, and is
never changed afterwards; so whoever is killed before it was written writes it at the next run.
"""

import contextlib
import errno
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

from sqlalchemy.orm import Session

from citizencard.audit.seals import trail_differs, trail_head
from citizencard.clock import beijing_date
from citizencard.db import Sessions, reading
from citizencard.keys.head_signing import PUBLIC_KEY_BYTES, head_is_signed
from citizencard.keys.hsm import Realm
from citizencard.settlement.errors import HeadDiffers
from ledger import Difference, Head, head_differences, last_head, read_head, signed_head
from ledger.errors import HeadForged, NothingSealed
from ledger.heads import LONGEST_HEAD_BYTES

FILE_MODE: Final = 0o644
MAX_HEADS: Final = 20_000
"""So many files are held against the chains at once: fifty years of nights."""


class HeadKeeper(Protocol):
    """What a keeper of keys is asked for a head; `Hsm` says what each promises."""

    @property
    def realm(self) -> Realm:
        """Realm of the keys."""
        ...

    @property
    def city(self) -> str:
        """Four digits of the city."""
        ...

    def sign_head(self, message: bytes) -> bytes:
        """Sign a head."""
        ...

    def head_signing_key(self) -> bytes:
        """The public key."""
        ...


@dataclass(frozen=True, slots=True)
class HeadFile:
    """A head in the folder; `is_new` if it was written just now."""

    path: Path
    head: Head
    is_new: bool


def write_head(sessions: Sessions, keeper: HeadKeeper, folder: Path, now: datetime) -> HeadFile | None:
    """Write the head of the chains as they are now; None while the ledger has no seal. A file that is there already stays as it is.

    The name is the day of the last seal in Beijing and the numbers of both seals, so the same head always has the same name. The file
    appears whole or not at all. Only the head of now is written: by the chain it covers those that were never written.

    Raises:
        HeadDiffers: the folder has a file of this name with another head: a chain was rebuilt.
    """
    stated: dict[str, Any] = {"city": keeper.city, "realm": keeper.realm, "key": keeper.head_signing_key().hex()}
    try:
        with reading(sessions) as session:
            # The trail first: what is sealed meanwhile is under a later head.
            trail = trail_head(session)
            head = last_head(session, now=now, beside={**stated, "trail": None if trail is None else asdict(trail)})
    except NothingSealed:
        return None
    path = folder / _name(head)
    if not path.exists():
        content = signed_head(head, keeper.sign_head)
        folder.mkdir(parents=True, exist_ok=True)
        if _put(path, content):
            return HeadFile(path, head, is_new=True)
    there = _stated_in(path)
    if _core(there) != _core(head):
        raise HeadDiffers(f"{path} holds another head than the chain of today", path=str(path))
    return HeadFile(path, there, is_new=False)


def heads_in(places: Sequence[Path]) -> list[Path]:
    """The files that are meant: a file itself, or the heads of a folder in the order of their names; the newest `MAX_HEADS`.

    Raises:
        FileNotFoundError: there is no such place.
    """
    found: list[Path] = []
    for place in places:
        if not place.exists():
            raise FileNotFoundError(2, "no such head", str(place))
        found += sorted(place.glob("[0-9]*.json")) if place.is_dir() else [place]
    return found[-MAX_HEADS:]


def hold_against(
    session: Session, files: Sequence[Path], keys: Sequence[bytes], *, ours: bool = False
) -> Iterator[Difference]:
    """Whether both chains still hold exactly the heads of these files, each signed by one of these keys.

    Args:
        session: any transaction.
        files: the heads.
        keys: public keys.
        ours: the files are in the city's own folder, where heads of an earlier key of the city stay after a rotation: the key that a file
            names itself will do. What it says must be in the chains all the same, so a stranger's file does no good to a stranger.
    """
    for path in files:
        try:
            content = _content(path)
            accepted = (*keys, *_named_key(content)) if ours else keys
            head = read_head(content, partial(_is_signed, accepted))
        except (HeadForged, OSError) as unusable:
            # Also a folder, a pipe or a link to nothing: it must not keep the other heads from being held against the chains.
            yield Difference("head_forged", str(path), "a head signed by the city's key", str(unusable))
            continue
        yield from head_differences(session, head)
        trail = head.beside.get("trail")
        if trail and (differs := trail_differs(session, trail["seal"], trail["hash"])):
            yield differs


def _is_signed(keys: Sequence[bytes], message: bytes, signature: bytes) -> bool:
    return any(head_is_signed(key, message, signature) for key in keys)


def _named_key(content: bytes) -> tuple[bytes, ...]:
    try:
        named = bytes.fromhex(json.loads(content)["key"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return ()
    return (named,) if len(named) == PUBLIC_KEY_BYTES else ()


def _name(head: Head) -> str:
    trail = head.beside["trail"]
    sealed = max(head.sealed_at, trail["sealed_at"] if trail else "")
    day = beijing_date(datetime.fromisoformat(sealed))
    return f"{day}-{head.seal:08d}-{trail['seal'] if trail else 0:08d}.json"


def _core(head: Head) -> tuple[object, ...]:
    beside = (head.beside.get(name) for name in ("city", "realm", "trail"))
    return (head.seal, head.last_id, head.transfers, head.hash, *beside)


def _stated_in(path: Path) -> Head:
    """What a file of ours says; its signature is looked at when it is held against the chain."""
    try:
        return read_head(_content(path), lambda _message, _signature: True)
    except HeadForged as forged:
        raise HeadDiffers(f"{path} is no head", path=str(path)) from forged


def _content(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "no regular file", str(path))
    with path.open("rb") as file:
        return file.read(LONGEST_HEAD_BYTES + 1)


def _put(path: Path, content: bytes) -> bool:
    """Write a file that appears whole; whether it was not there before."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, FILE_MODE)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        os.link(temporary, path)
    except FileExistsError:
        return False
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return True
