"""Requests whose work takes several transactions."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import pytest

from citizencard.db import Sessions, transaction
from citizencard.idempotency.errors import IdempotencyInProgress, IdempotencyKeyReused, LeaseLost
from citizencard.idempotency.flow import LEASE, Lease, claim, finish, give_up
from citizencard.idempotency.slots import Answer, hash_of, once

SCOPE = "staff:stf_1 POST /v1/loads"
REQUEST = hash_of("POST", "/v1/loads", b"{}")


def test_work_is_done_by_one_and_answered_to_all(sessions: Sessions, now: datetime) -> None:
    """While one works, others wait; when it is done, they get its answer, by either form."""
    lease = claim(sessions, SCOPE, "key-1", REQUEST, now)
    with pytest.raises(IdempotencyInProgress):
        claim(sessions, SCOPE, "key-1", REQUEST, now)
    with (
        pytest.raises(IdempotencyInProgress),
        transaction(sessions) as session,
        once(session, SCOPE, "key-1", REQUEST, now),
    ):
        pass
    with transaction(sessions) as session:
        answer = finish(session, lease, 201, {"id": "load_1"})
    assert claim(sessions, SCOPE, "key-1", REQUEST, now).answer == answer == Answer(201, {"id": "load_1"})
    with transaction(sessions) as session, once(session, SCOPE, "key-1", REQUEST, now) as slot:
        assert slot.answer == answer
    with pytest.raises(IdempotencyKeyReused):
        claim(sessions, SCOPE, "key-1", hash_of("POST", "/v1/loads", b"{1}"), now)


def test_work_of_a_dead_server_is_taken_over(sessions: Sessions, now: datetime) -> None:
    """A server that dies at work leaves the request to the next one, and cannot answer any more if it was only slow."""
    slow = claim(sessions, SCOPE, "key-1", REQUEST, now)
    assert not slow.taken_over
    next_one = claim(sessions, SCOPE, "key-1", REQUEST, now + LEASE)
    assert next_one.taken_over
    with pytest.raises(LeaseLost), transaction(sessions) as session:
        finish(session, slow, 201, {"id": "load_1"})
    with transaction(sessions) as session:
        finish(session, next_one, 201, {"id": "load_2"})
    with pytest.raises(LeaseLost), transaction(sessions) as session:
        finish(session, slow, 201, {"id": "load_1"})


def test_refused_work_can_be_begun_again_at_once(sessions: Sessions, now: datetime) -> None:
    """A request that was refused before anything happened does not block its own correction for two minutes."""
    lease = claim(sessions, SCOPE, "key-1", REQUEST, now)
    give_up(sessions, lease)
    again = claim(sessions, SCOPE, "key-1", REQUEST, now)
    give_up(sessions, lease)
    with transaction(sessions) as session:
        assert finish(session, again, 201, {}).status == 201


def test_of_many_claimants_one_works(committed: Sessions, now: datetime) -> None:
    """Eight servers that get the same request, or find it abandoned, at once: one does the work."""

    def attempt(at: datetime) -> Lease | None:
        try:
            return claim(committed, SCOPE, "key-1", REQUEST, at)
        except IdempotencyInProgress:
            return None

    with ThreadPoolExecutor(8) as pool:
        for at in (now, now + LEASE):
            assert len([lease for lease in pool.map(attempt, [at] * 8) if lease]) == 1
