"""Requests that are sent again. The money is played by outlets: rows that would be there twice."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizencard.db import Sessions, new_id, reading, transaction
from citizencard.idempotency.errors import IdempotencyInProgress, IdempotencyKeyReused, IdempotencyKeyUnfit
from citizencard.idempotency.models import IdempotencyKey
from citizencard.idempotency.slots import KEPT, Answer, hash_of, once, purge
from citizencard.staff.models import Outlet

SCOPE = "staff:stf_1 POST /v1/outlets"
REQUEST = hash_of("POST", "/v1/outlets", b'{"name":"West"}')
OTHER = hash_of("POST", "/v1/outlets", b'{"name":"East"}')


def do_once(session: Session, now: datetime, key: str = "key-1", request: bytes = REQUEST) -> Answer:
    with once(session, SCOPE, key, request, now) as slot:
        if not slot.replay:
            outlet_id = new_id("out")
            session.add(Outlet(id=outlet_id, name=outlet_id, opened_at=now))
            slot.store(201, {"id": outlet_id})
    assert slot.answer is not None
    return slot.answer


def done(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Outlet)) or 0


def test_repetition_gets_the_first_answer(sessions: Sessions, now: datetime) -> None:
    """A till that lost the answer and asks again gets the same answer, and nothing happens twice."""
    with transaction(sessions) as session:
        first = do_once(session, now)
    with transaction(sessions) as session:
        assert do_once(session, now + timedelta(days=1)) == first
        assert do_once(session, now, key="key-2") != first
        assert done(session) == 2


def test_key_of_another_caller_is_another_key(session: Session, now: datetime) -> None:
    """Two tills that choose the same key do not get each other's answers."""
    do_once(session, now)
    with once(session, "staff:stf_2 POST /v1/outlets", "key-1", REQUEST, now) as slot:
        assert not slot.replay
        slot.store(204, {})


def test_key_with_another_request_is_refused(session: Session, now: datetime) -> None:
    """A key that is used for something else is a mistake of the caller and is said to be one."""
    do_once(session, now)
    with pytest.raises(IdempotencyKeyReused):
        do_once(session, now, request=OTHER)
    assert done(session) == 1
    assert hash_of("POST", "/v1/outlets", b"") != hash_of("PUT", "/v1/outlets", b"")


def test_refused_request_can_be_sent_again(sessions: Sessions, now: datetime) -> None:
    """What was refused left nothing behind: the same key may succeed later."""

    def refused() -> None:
        with transaction(sessions) as session, once(session, SCOPE, "key-1", REQUEST, now):
            raise IdempotencyKeyUnfit("stands for any refusal")

    with pytest.raises(IdempotencyKeyUnfit):
        refused()
    with transaction(sessions) as session:
        assert do_once(session, now).status == 201


def test_work_without_an_answer_is_rolled_back(sessions: Sessions, now: datetime) -> None:
    """A route that forgets to answer does not book."""

    def forgetful() -> None:
        with transaction(sessions) as session, once(session, SCOPE, "key-1", REQUEST, now):
            session.add(Outlet(id="out_1", name="West", opened_at=now))

    with pytest.raises(ValueError, match="needs an answer"):
        forgetful()
    with reading(sessions) as session:
        assert done(session) == 0


@pytest.mark.parametrize("key", ["", "x" * 256, "key\n", "ключ", "key\x00"])
def test_unusable_key_is_refused(session: Session, now: datetime, key: str) -> None:
    """A key is 1 to 255 printable characters."""
    with pytest.raises(IdempotencyKeyUnfit):
        do_once(session, now, key=key)
    assert do_once(session, now, key="x" * 255)


def test_twenty_at_once_do_it_once(committed: Sessions, now: datetime) -> None:
    """Twenty copies of one request at the same moment: one effect, one answer; the others get it or are told to wait."""

    def attempt(_: int) -> Answer | None:
        try:
            with transaction(committed) as session:
                return do_once(session, now)
        except IdempotencyInProgress:
            return None

    with ThreadPoolExecutor(8) as pool:
        answers = {str(answer) for answer in pool.map(attempt, range(20)) if answer}
    assert len(answers) == 1
    with reading(committed) as session:
        assert done(session) == 1


def test_repetition_during_the_work_is_told_so_or_waits(committed: Sessions, now: datetime, database: str) -> None:
    """PostgreSQL refuses at once while the first one works; SQLite lets the second one wait and gives it the answer."""
    working, go_on = threading.Event(), threading.Event()

    def slow() -> Answer | None:
        with transaction(committed) as session, once(session, SCOPE, "key-1", REQUEST, now) as slot:
            working.set()
            assert go_on.wait(10)
            slot.store(201, {"id": "out_slow"})
        return slot.answer

    def second() -> Answer:
        with transaction(committed) as session:
            return do_once(session, now)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(slow)
        assert working.wait(10)
        if database == "postgresql":
            with pytest.raises(IdempotencyInProgress):
                second()
            go_on.set()
        else:
            later = pool.submit(second)
            go_on.set()
            assert later.result(10) == Answer(201, {"id": "out_slow"})
        assert first.result(10) == second()


def test_answers_are_forgotten_after_thirty_days(session: Session, now: datetime) -> None:
    """The store does not grow for ever, and nothing younger than thirty days is forgotten."""
    for index in range(3):
        do_once(session, now, key=f"old-{index}")
    do_once(session, now + timedelta(seconds=1), key="young")
    at = now + KEPT + timedelta(seconds=1)
    assert [purge(session, at, 2), purge(session, at, 2), purge(session, at, 2)] == [2, 1, 0]
    assert session.scalars(select(IdempotencyKey.key)).all() == ["young"]
