"""Books with connections enough for many threads."""

from collections.abc import Iterator

import pytest

from citizencard.db import Sessions, make_engine, make_sessions, reading, transaction
from ledger import prove
from tests.ledger.make import books, wallet

POOLS = 3
"""Engines that the threads share: each brings fifteen connections."""


@pytest.fixture
def city(committed: Sessions) -> Iterator[list[Sessions]]:
    """Books, and connections enough for all the threads."""
    with transaction(committed) as session:
        books(session, wallet("wallet:2"))
    url = committed.kw["bind"].url.render_as_string(hide_password=False)
    engines = [make_engine(url) for _ in range(POOLS)]
    yield [make_sessions(engine) for engine in engines]
    for engine in engines:
        engine.dispose()
    with reading(committed) as session:
        assert prove(session).differences == ()
