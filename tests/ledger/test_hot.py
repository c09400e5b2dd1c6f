"""The hot door: the same books, the same answers and the same refusals as the ordinary way."""

from datetime import datetime

import pytest
from sqlalchemy import text

from citizencard.db import Sessions, reading, transaction
from ledger import post_hot, prove
from ledger.errors import BalanceTooLow
from tests.ledger.make import DAY, books, fund, held, transfer

MERCHANT = "merchant:1:clearing"


def test_money_moves_and_is_committed(committed: Sessions, now: datetime) -> None:
    """What the hot door has answered is in the books for everybody; a repeat gets the first answer, a refusal writes nothing."""
    with transaction(committed) as session:
        books(session)
        fund(session, "wallet:1", 10)
    paid = transfer("a", "wallet:1", MERCHANT, 8, metadata={"tap": 1}, journal="j")
    with committed.kw["bind"].connect() as connection:
        posted = post_hot(connection, paid, now=now)
        again = post_hot(connection, paid, now=now)
        with pytest.raises(BalanceTooLow) as refused:
            post_hot(connection, transfer("b", "wallet:1", MERCHANT, 3), now=now)
        assert not connection.in_transaction()
        with connection.begin(), pytest.raises(ValueError, match="outside of a transaction"):
            post_hot(connection, paid, now=now)
    assert refused.value.fields == {"account": "wallet:1", "missing_fen": 1}
    assert (posted.transfer, posted.business_date, posted.recorded_at, posted.replayed) == (paid, DAY, now, False)
    assert (again.id, again.transfer, again.replayed) == (posted.id, paid, True)
    with reading(committed) as session:
        assert held(session, "wallet:1", MERCHANT) == [2, 8]
        assert session.execute(text("SELECT count(*) FROM ledger_transfer")).scalar_one() == 2
        assert prove(session).differences == ()


def test_driver_forgets_what_was_prepared(committed: Sessions, now: datetime) -> None:
    """A till whose connection has seen refusals and rolled back work goes on selling: what the driver forgot is prepared again."""
    with transaction(committed) as session:
        books(session)
        fund(session, "wallet:1", 10)
    with committed.kw["bind"].connect() as connection:
        post_hot(connection, transfer("a", "wallet:1", MERCHANT, 1), now=now)
        for _ in range(8):
            connection.execute(text("SELECT 1"))
        connection.rollback()
        assert not post_hot(connection, transfer("b", "wallet:1", MERCHANT, 1), now=now).replayed
