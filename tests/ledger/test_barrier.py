"""Those who post go in together; who needs the books at rest has them alone."""

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from citizencard.db import Sessions, make_engine, make_sessions, transaction
from ledger import barrier
from ledger.errors import LedgerBusy


@pytest.fixture
def postgresql(clone_database: Callable[[str], str]) -> Iterator[Sessions]:
    """A PostgreSQL of one's own. On SQLite a writing transaction is alone from its beginning."""
    engine = make_engine(clone_database("postgresql"))
    yield make_sessions(engine)
    engine.dispose()


def test_sqlite_needs_no_lock_of_ours(session: Session) -> None:
    """The barrier may be entered and held on either database, also by the same transaction."""
    barrier.enter(session)
    barrier.hold_alone(session)


def test_posting_goes_in_together(postgresql: Sessions) -> None:
    """Two who post do not wait for each other."""
    with transaction(postgresql) as one, transaction(postgresql) as other:
        barrier.enter(one)
        barrier.enter(other)


def test_waiting_for_rest_ends(postgresql: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits for the books to rest gives up in time, so that posting is not held up behind him; and his own timeout is kept."""
    monkeypatch.setattr(barrier, "EXCLUSIVE_WAIT_MS", 50)
    with transaction(postgresql) as posting:
        barrier.enter(posting)
        with pytest.raises(LedgerBusy), transaction(postgresql) as closing:
            barrier.hold_alone(closing)
    with transaction(postgresql) as closing:
        before = closing.execute(text("SHOW lock_timeout")).scalar()
        barrier.hold_alone(closing)
        assert closing.execute(text("SHOW lock_timeout")).scalar() == before
