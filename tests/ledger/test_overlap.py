"""A batch in two round trips: what is looked up, and what is done meanwhile."""

from collections.abc import Callable

import pytest
from sqlalchemy import text

from citizencard.db import Sessions, reading, transaction
from ledger import batches, overlap, post, post_each, prove
from ledger.errors import NoOpenDay
from ledger.overlap import Asked
from ledger.verdicts import Order
from tests.ledger.make import AT, DAY, books, fund, held, transfer
from tests.ledger.racing import at_once

MERCHANT = "merchant:1:clearing"


def test_all_is_there_after_one_look(committed: Sessions) -> None:
    """The open day, the accounts, the transfers that are in the books already, and the ids; the work of ours is done once."""
    done: list[int] = []
    with committed() as session, pytest.raises(NoOpenDay):
        overlap.look(session, Asked(["bank"], []), AT, lambda: None)
    with transaction(committed) as session:
        books(session)
        posted = post(session, [transfer("a", "bank", "wallet:1", 5)], now=AT)[0]
    with transaction(committed) as session:
        seen = overlap.look(session, Asked(["bank", "wallet:1", "nowhere"], ["a", "b"], 3), AT, lambda: done.append(1))
    assert (seen.books.day, sorted(seen.books.accounts)) == (DAY, ["bank", "wallet:1"])
    assert seen.known["a"].posted.id == posted.id
    assert seen.known["a"].posted.transfer == posted.transfer
    assert list(seen.known) == ["a"]
    assert done == [1]
    if seen.ids:
        assert posted.id < seen.ids[0] < seen.ids[1] < seen.ids[2]
    assert bool(seen.ids) == (committed.kw["bind"].dialect.name == "postgresql")


def test_ids_follow_the_batch(committed: Sessions) -> None:
    """Whatever their references, transfers are recorded in the order of their batch; refused ones leave only a gap."""
    with transaction(committed) as session:
        books(session)
        fund(session, "wallet:1", 10)
    with transaction(committed) as session:
        verdicts = post_each(session, [transfer(name, "wallet:1", MERCHANT, 4) for name in "zaybx"], now=AT)
    ids = [verdict.posted.id for verdict in verdicts if verdict.posted]
    assert ids == sorted(ids)
    assert [verdict.reference for verdict in verdicts if verdict.posted] == ["z", "a"]
    with reading(committed) as session:
        rows = session.execute(
            text("SELECT reference FROM ledger_transfer WHERE reference <> 'fund' ORDER BY id")
        ).scalars()
        assert [reference for reference in rows if reference in "zaybx"] == ["z", "a"]


def test_others_were_faster(committed: Sessions) -> None:
    """What somebody else has written after we looked is answered as a repeat; the ids we drew for it stay unused."""
    with transaction(committed) as session:
        books(session)
    derived = [transfer(name, "bank", MERCHANT, 4) for name in "abc"]
    if committed.kw["bind"].dialect.name != "postgresql":
        return
    with transaction(committed) as session:
        batch = batches.decide(session, [Order(new) for new in derived], AT)
        with transaction(committed) as other:
            faster = post(other, derived[1:2], now=AT)[0]
        answers = batches.write(session, batch, AT, each=True)
    posted = [answers[id(decision)] for decision in batch.decisions]
    assert [answer.replayed for answer in posted] == [False, True, False]
    assert posted[1].id == faster.id
    with reading(committed) as session:
        assert held(session, MERCHANT) == [12]
        assert prove(session).differences == ()


def test_batches_that_share_references(city: list[Sessions]) -> None:
    """Twelve batches with the same transfers, each in another order, at once: no deadlock, and each transfer is booked once."""
    names = [f"t{number}" for number in range(40)]

    def act(shift: int) -> Callable[[Sessions], int]:
        def run(sessions: Sessions) -> int:
            order = names[shift:] + names[:shift]
            if shift % 2:
                order.reverse()
            with transaction(sessions) as session:
                verdicts = post_each(session, [transfer(name, "bank", MERCHANT, 1) for name in order], now=AT)
            return sum(1 for verdict in verdicts if verdict.posted and not verdict.posted.replayed)

        return run

    answers = at_once(city, [act(shift) for shift in range(12)])
    assert sum(map(int, map(str, answers))) == 40
    with reading(city[0]) as session:
        assert held(session, MERCHANT) == [40]
