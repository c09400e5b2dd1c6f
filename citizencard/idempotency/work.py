"""Doing keyed requests: the two ways in which a request gets its first answer when it is repeated."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from citizencard.db import Sessions, transaction
from citizencard.idempotency.slots import Answer, find_row, once

Transaction = Session
"""What a piece of work is given: the open transaction that its effects and the stored answer share."""

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KeyedRequest:
    """A request that may come again.

    Args:
        scope: caller and route.
        key: the caller's name for the request.
        request_hash: what makes two requests the same, see `hash_of`.
        status: of the answer when all goes well.
        now: present instant.
    """

    scope: str
    key: str
    request_hash: bytes
    status: int
    now: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """An answer, and whether it is that of an earlier time."""

    answer: Answer
    replayed: bool


def do_once(sessions: Sessions, request: KeyedRequest, work: Callable[[Transaction], Body]) -> Done:
    """Do work of one transaction, whose answer is stored in that same transaction: both are there or neither.

    Raises:
        IdempotencyError: one of its subclasses, see `slots.once`.
        CitizencardError: the work refuses; nothing is stored and the request may be sent again.
    """
    with (
        transaction(sessions) as session,
        once(session, request.scope, request.key, request.request_hash, request.now) as slot,
    ):
        answer = slot.answer or slot.store(request.status, work(session))
        replayed = slot.replay
    return Done(answer, replayed)


def do_again(sessions: Sessions, request: KeyedRequest, flow: Callable[[], Body]) -> Done:
    """Do work of several transactions that comes to the same end however often it is begun, then store its answer.

    A crash between the work and the stored answer does no harm: the repetition goes through the work again. The flow must be such.

    Raises:
        IdempotencyError: one of its subclasses, see `slots.once`.
        CitizencardError: the flow refuses; nothing is stored.
    """
    with transaction(sessions) as session:
        known = find_row(session, request.scope, request.key) is not None
    body: Body = {} if known else flow()
    return do_once(sessions, request, lambda _session: body)
