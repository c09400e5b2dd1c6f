"""One answer for a request and its repetitions, stored in the same transaction as what the request does."""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from citizencard.db import is_postgresql
from citizencard.idempotency.errors import IdempotencyInProgress, IdempotencyKeyReused, IdempotencyKeyUnfit
from citizencard.idempotency.models import KEY_CHARS, SCOPE_CHARS, IdempotencyKey

KEPT: Final = timedelta(days=30)
PURGED_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What the caller was told: an HTTP status and a JSON object of ids and states."""

    status: int
    body: Mapping[str, Any]


class Slot:
    """The place for one request's answer.

    Attributes:
        answer: the answer of the first time if this is a repetition, otherwise None until `store`.
        replay: whether the request was answered before, so that nothing is to be done now.
    """

    def __init__(self, answer: Answer | None) -> None:
        self.answer = answer
        self.replay = answer is not None

    def store(self, status: int, body: Mapping[str, Any]) -> Answer:
        """Set the answer that this request and all its repetitions get. It holds no personal data.

        Raises:
            ValueError: there is an answer already.
        """
        if self.answer is not None:
            raise ValueError("the request is answered already")
        self.answer = Answer(status, dict(body))
        return self.answer


@contextmanager
def once(session: Session, scope: str, key: str, request_hash: bytes, now: datetime) -> Iterator[Slot]:
    """Do something once for all repetitions of a request, inside the transaction of what is done.

    Used like this::

        with once(session, scope, key, request_hash, now) as slot:
            if not slot.replay:
                ...
                slot.store(201, {"id": load.id})
        return slot.answer

    The answer is stored when the block ends well; if it raises, nothing is, and the request may be repeated. On PostgreSQL a repetition
    during the work is refused at once; on SQLite, which has one writer, it waits and gets the answer.

    Args:
        session: the caller's transaction.
        scope: caller and route, at most 200 characters: the same key of another caller is another key.
        key: the caller's key, 1 to 255 printable ASCII characters.
        request_hash: SHA-256 of the request, see `hash_of`.
        now: the instant to write beside it.

    Raises:
        IdempotencyKeyUnfit: the key is empty, too long or not printable.
        IdempotencyInProgress: the same request is being worked on.
        IdempotencyKeyReused: the key came before with another request.
        ValueError: the block ended well without an answer.
    """
    slot = _slot(session, scope, key, request_hash)
    yield slot
    if slot.answer is None:
        raise ValueError("a request that was carried out needs an answer")
    if slot.replay:
        return
    session.add(
        IdempotencyKey(
            scope=scope,
            key=key,
            request_hash=request_hash,
            status=slot.answer.status,
            answer=dict(slot.answer.body),
            created_at=now,
        )
    )
    session.flush()


def _slot(session: Session, scope: str, key: str, request_hash: bytes) -> Slot:
    check_key(key)
    take_turn(session, scope, key)
    row = find_row(session, scope, key)
    if row is None:
        return Slot(None)
    if row.request_hash != request_hash:
        raise IdempotencyKeyReused("the idempotency key was used before for another request")
    if row.status is None:
        raise IdempotencyInProgress("the same request is being worked on")
    return Slot(answer_of(row))


def hash_of(method: str, path: str, body: bytes) -> bytes:
    """SHA-256, 32 bytes, of what makes two requests the same: method, path and body."""
    return hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).digest()


def purge(session: Session, now: datetime, limit: int = PURGED_AT_ONCE) -> int:
    """Forget at most `limit` answers that are older than 30 days; returns how many, to be called until it is 0."""
    old = select(IdempotencyKey.id).where(IdempotencyKey.created_at < now - KEPT).limit(limit)
    gone = session.scalars(delete(IdempotencyKey).where(IdempotencyKey.id.in_(old)).returning(IdempotencyKey.id))
    return len(gone.all())


def check_key(key: str) -> None:
    """Hold the form of a key.

    Raises:
        IdempotencyKeyUnfit: it is empty, longer than 255 characters or not printable ASCII.
    """
    if not 1 <= len(key) <= KEY_CHARS or not (key.isascii() and key.isprintable()):
        raise IdempotencyKeyUnfit(f"an idempotency key has 1 to {KEY_CHARS} printable ASCII characters")


def take_turn(session: Session, scope: str, key: str) -> None:
    """Make sure that nobody else works on this key until the transaction ends.

    Raises:
        IdempotencyInProgress: somebody does (PostgreSQL; on SQLite the transaction has waited for its turn when it began).
        ValueError: the scope is too long.
    """
    if not 1 <= len(scope) <= SCOPE_CHARS:
        raise ValueError(f"a scope has 1 to {SCOPE_CHARS} characters")
    if not is_postgresql(session):
        return
    name = hashlib.sha256(f"idempotency\0{scope}\0{key}".encode()).digest()
    number = int.from_bytes(name[:8], signed=True)
    if not session.scalar(select(func.pg_try_advisory_xact_lock(number))):
        raise IdempotencyInProgress("the same request is being worked on")


def find_row(session: Session, scope: str, key: str) -> IdempotencyKey | None:
    """The stored row of a key."""
    return session.scalar(select(IdempotencyKey).where(IdempotencyKey.scope == scope, IdempotencyKey.key == key))


def answer_of(row: IdempotencyKey) -> Answer:
    """The stored answer.

    Raises:
        ValueError: the row is still in progress.
    """
    if row.status is None:
        raise ValueError("the request is not answered yet")
    return Answer(row.status, row.answer or {})
