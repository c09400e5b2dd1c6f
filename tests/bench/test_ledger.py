"""The ledger's bench measures what the ledger does, and not something that is near to it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from bench.ledger.ages import fill_by_statement
from bench.ledger.books import MERCHANT, Purchases, open_city
from bench.ledger.doors import BatchDoor, HotDoor, OrdinaryDoor
from bench.ledger.peers import LOCK
from citizencard.db import make_engine, make_sessions, reading, transaction
from ledger import balance, post, prove

CARDS = 20


def test_old_books_are_filled_with_rows_that_the_ledger_itself_would_have_written(
    clone_database: Callable[[str], str],
) -> None:
    """A rate in old books says something only when the books are true: each row is proved, fingerprint and all."""
    address = clone_database("postgresql")
    open_city(address, CARDS)
    sessions = make_sessions(make_engine(address))
    now = datetime.now(UTC)
    with transaction(sessions) as session:
        fill_by_statement(session, cards=CARDS, rows=300, seed=0)
    with transaction(sessions) as session:
        post(session, [next(iter(Purchases(CARDS, "1")))], now=now)
    with reading(sessions) as session:
        proof = prove(session)
        # A row of each kind, but for what differs from purchase to purchase: equal.
        alike = session.execute(
            text(
                "SELECT DISTINCT length(reference), split_part(reference, ':', 1), currency, kind, journal, metadata, reverses,"
                " business_date FROM ledger_transfer WHERE kind = 'purchase'"
            )
        ).all()
    sessions.kw["bind"].dispose()
    assert proof.proved, proof.differences[:3]
    assert proof.transfers == CARDS + 301
    assert len(alike) == 1


@pytest.mark.parametrize("kind", ["postgresql", "sqlite"])
def test_each_door_posts_what_it_says(clone_database: Callable[[str], str], kind: str) -> None:
    """Whoever counts faster than he posts would look fast: counted and posted are the same."""
    address = clone_database(kind)
    open_city(address, CARDS)
    sessions = make_sessions(make_engine(address))
    counted = 0
    for door in (OrdinaryDoor(address, CARDS), HotDoor(address, CARDS), BatchDoor(address, CARDS, 50)):
        with door.begin(0) as once:
            counted += once() + once()
    with reading(sessions) as session:
        posted = session.execute(text("SELECT count(*) FROM ledger_transfer WHERE kind = 'purchase'")).scalar_one()
        assert balance(session, MERCHANT).balance_fen > 0
    sessions.kw["bind"].dispose()
    assert counted == posted == 2 + 2 + 100


def test_the_peers_are_pinned_with_hashes() -> None:
    """What the peers are measured with is what is installed, byte for byte."""
    for block in re.split(r"\n(?=[a-z])", Path(LOCK).read_text()):
        assert re.match(r"[a-z0-9._-]+==\S+", block), block.splitlines()[0]
        assert "--hash=sha256:" in block, block.splitlines()[0]
