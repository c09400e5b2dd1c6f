"""Requests whose work takes several transactions: a row in progress under a lease, taken over when the lease has run out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from citizencard.db import Sessions, new_id, transaction
from citizencard.idempotency.errors import IdempotencyInProgress, IdempotencyKeyReused, LeaseLost
from citizencard.idempotency.models import IdempotencyKey
from citizencard.idempotency.slots import Answer, answer_of, check_key, find_row, take_turn

LEASE: Final = timedelta(minutes=2)
"""Longer than the slowest network call that a flow makes."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a request.

    Args:
        scope, key: which request.
        token: tells this holder from one who takes over later.
        answer: the answer of the first time, if the request was answered before: then there is nothing to do.
        taken_over: whether an earlier holder began and did not finish, so that the flow has to look how far it came.
    """

    scope: str
    key: str
    token: str
    answer: Answer | None = None
    taken_over: bool = False


def claim(sessions: Sessions, scope: str, key: str, request_hash: bytes, now: datetime) -> Lease:
    """Begin the work on a request, or get its answer, and commit. The lease lasts two minutes.

    Raises:
        IdempotencyKeyUnfit: see `check_key`.
        IdempotencyInProgress: somebody else holds the lease.
        IdempotencyKeyReused: the key came before with another request.
    """
    check_key(key)
    token = new_id("lease")
    with transaction(sessions) as session:
        take_turn(session, scope, key)
        row = find_row(session, scope, key)
        if row is None:
            session.add(
                IdempotencyKey(
                    scope=scope,
                    key=key,
                    request_hash=request_hash,
                    lease_until=now + LEASE,
                    lease_token=token,
                    created_at=now,
                )
            )
            return Lease(scope, key, token)
        if row.request_hash != request_hash:
            raise IdempotencyKeyReused("the idempotency key was used before for another request")
        if row.lease_until is None:
            return Lease(scope, key, token, answer_of(row))
        if row.lease_until > now:
            raise IdempotencyInProgress("the same request is being worked on")
        row.lease_until = now + LEASE
        row.lease_token = token
        return Lease(scope, key, token, taken_over=True)


def finish(session: Session, lease: Lease, status: int, body: Mapping[str, Any]) -> Answer:
    """Store the answer in the transaction of the work's last step: both are stored or neither.

    Raises:
        LeaseLost: the lease ran out and somebody else has taken the work over; roll back.
    """
    answer = Answer(status, dict(body))
    stored = session.scalars(
        update(IdempotencyKey)
        .where(
            IdempotencyKey.scope == lease.scope,
            IdempotencyKey.key == lease.key,
            IdempotencyKey.lease_token == lease.token,
            IdempotencyKey.lease_until.is_not(None),
        )
        .values(status=status, answer=dict(body), lease_until=None, lease_token=None)
        .returning(IdempotencyKey.id)
    ).one_or_none()
    if stored is None:
        raise LeaseLost("the work was taken over by another one")
    return answer


def give_up(sessions: Sessions, lease: Lease) -> None:
    """Let go of a request that was refused before anything was done, so that it can be sent again at once."""
    with transaction(sessions) as session:
        session.execute(
            delete(IdempotencyKey).where(
                IdempotencyKey.scope == lease.scope,
                IdempotencyKey.key == lease.key,
                IdempotencyKey.lease_token == lease.token,
            )
        )
