"""A batch on its way into the books."""

from datetime import timedelta

from sqlalchemy.orm import Session

from ledger import NewHold, balance, batches, hold
from ledger.verdicts import Order, worst
from tests.ledger.make import AT, books, fund, held, transfer

MERCHANT = "merchant:1:clearing"


def test_nothing_is_written_before_it_is_decided(session: Session) -> None:
    """Deciding leaves the books as they are; a refused batch can be dropped."""
    books(session)
    fund(session, "wallet:1", 10)
    orders = [Order(transfer("a", "wallet:1", MERCHANT, 8)), Order(transfer("b", "wallet:1", MERCHANT, 5))]
    batch = batches.decide(session, orders, AT)
    assert [decision.refusal is None for decision in batch.decisions] == [True, False]
    assert worst(batch.decisions) is batch.decisions[1].refusal
    assert held(session, "wallet:1") == [10]
    answers = batches.write(session, batch, AT, each=True)
    assert answers[id(batch.decisions[0])].transfer.reference == "a"
    assert held(session, "wallet:1", MERCHANT) == [2, 8]


def test_batch_ends_the_holds_that_are_over(session: Session) -> None:
    """What a hold kept back is free for a batch that comes after its time."""
    books(session)
    fund(session, "wallet:1", 10)
    hold(session, NewHold("h", "wallet:1", MERCHANT, 10, "test", AT, AT + timedelta(minutes=1)), now=AT)
    later = AT + timedelta(minutes=1)
    batch = batches.decide(session, [Order(transfer("a", "wallet:1", MERCHANT, 10))], later)
    assert [over.transfer.reference for over in batch.due] == ["h"]
    batches.write(session, batch, later, each=False)
    found = balance(session, "wallet:1")
    assert (found.balance_fen, found.held_out_fen) == (0, 0)
