"""The doors of the ledger that are measured, as work for a crew or for one process."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice

from bench.ledger.books import Purchases
from citizencard.db import make_engine, make_sessions, transaction
from ledger import post, post_each
from ledger.hot import post_hot


@dataclass(frozen=True, slots=True)
class OrdinaryDoor:
    """One transfer a transaction, as the city does it: `post()` within `transaction()`."""

    address: str
    cards: int

    @contextmanager
    def begin(self, number: int) -> Iterator[Callable[[], int]]:
        """Connect."""
        engine = make_engine(self.address)
        sessions = make_sessions(engine)
        purchases = iter(Purchases(self.cards, f"{os.getpid()}:{number}"))

        def once() -> int:
            with transaction(sessions) as session:
                post(session, [next(purchases)], now=datetime.now(UTC))
            return 1

        yield once
        engine.dispose()


@dataclass(frozen=True, slots=True)
class HotDoor:
    """One transfer a transaction through `post_hot()`: one round trip on a connection that is kept."""

    address: str
    cards: int

    @contextmanager
    def begin(self, number: int) -> Iterator[Callable[[], int]]:
        """Connect."""
        engine = make_engine(self.address)
        connection = engine.connect()
        purchases = iter(Purchases(self.cards, f"{os.getpid()}:{number}"))

        def once() -> int:
            post_hot(connection, next(purchases), now=datetime.now(UTC))
            return 1

        yield once
        connection.close()
        engine.dispose()


@dataclass(frozen=True, slots=True)
class BatchDoor:
    """Batches with verdicts: `post_each()` within `transaction()`."""

    address: str
    cards: int
    size: int

    @contextmanager
    def begin(self, number: int) -> Iterator[Callable[[], int]]:
        """Connect."""
        engine = make_engine(self.address)
        sessions = make_sessions(engine)
        purchases = iter(Purchases(self.cards, f"{os.getpid()}:{number}"))

        def once() -> int:
            batch = list(islice(purchases, self.size))
            with transaction(sessions) as session:
                verdicts = post_each(session, batch, now=datetime.now(UTC))
            refused = [verdict.refusal for verdict in verdicts if verdict.refusal]
            if refused:
                raise AssertionError(f"{len(refused)} of {self.size} purchases were refused, such as: {refused[0]}")
            return self.size

        yield once
        engine.dispose()
