"""Work that is done once, and work that may be done again."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select

from citizencard.audit import Actor, AuditEntry, record
from citizencard.db import Sessions, reading
from citizencard.errors import CitizencardError
from citizencard.idempotency.errors import IdempotencyKeyReused
from citizencard.idempotency.work import KeyedRequest, Transaction, do_again, do_once

ACTOR = Actor("system", "test")


def request(now: datetime) -> KeyedRequest:
    return KeyedRequest("somebody POST /things", "k", b"\x01" * 32, 201, now)


def acts(sessions: Sessions) -> int:
    with reading(sessions) as session:
        return len(session.scalars(select(AuditEntry.id).where(AuditEntry.act == "test.act")).all())


def test_work_is_done_once_with_its_answer(sessions: Sessions, now: datetime) -> None:
    """Effect and answer are stored together; the repetition gets the answer and has no effect."""

    def work(session: Transaction) -> Mapping[str, Any]:
        record(session, ACTOR, "test.act", "x", now=now)
        return {"id": "x"}

    first, second = (do_once(sessions, request(now), work) for _ in range(2))
    assert (first.answer.status, first.answer.body, first.replayed) == (201, {"id": "x"}, False)
    assert (second.answer, second.replayed) == (first.answer, True)
    assert acts(sessions) == 1
    with pytest.raises(IdempotencyKeyReused):
        do_once(sessions, replace(request(now), request_hash=b"\x02" * 32), work)


def test_refused_work_leaves_nothing(sessions: Sessions, now: datetime) -> None:
    """A refusal takes its half-done effect back, and the same request may come again."""

    def refuse(session: Transaction) -> Mapping[str, Any]:
        record(session, ACTOR, "test.act", "x", now=now)
        raise CitizencardError("no")

    for _ in range(2):
        with pytest.raises(CitizencardError):
            do_once(sessions, request(now), refuse)
    assert acts(sessions) == 0


def test_repeatable_work_is_done_again_only_after_a_crash(sessions: Sessions, now: datetime) -> None:
    """A crash between the work and its stored answer does no harm: the repetition goes through the work again and then has an answer."""
    runs: list[int] = []

    def crash() -> Mapping[str, Any]:
        runs.append(1)
        raise KeyboardInterrupt

    def flow() -> Mapping[str, Any]:
        runs.append(1)
        return {"day": "2026-11-21"}

    with pytest.raises(KeyboardInterrupt):
        do_again(sessions, request(now), crash)
    first, second = (do_again(sessions, request(now), flow) for _ in range(2))
    assert len(runs) == 2
    assert (first.replayed, second.replayed) == (False, True)
    assert first.answer == second.answer
