"""The hot door: one transfer, one transaction, one round trip to PostgreSQL. The same contract as `post()`, at several times its speed.

Where `plain.py` does not take the transfer, it goes the ordinary way on the same connection: there is one place that refuses. On SQLite,
which has no round trips, all of it does.
"""

from datetime import datetime

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from ledger import plain
from ledger.journal import post
from ledger.transfers import Posted, Transfer


def post_hot(connection: Connection, transfer: Transfer, *, now: datetime) -> Posted:
    """Move money by one transfer in a transaction of its own: begins and commits it. When it returns, the money has moved durably.

    The contract is that of `post([transfer])`: the same rows, the same answer to a repeat, the same refusals in the same precedence. After
    a refusal nothing was written and the connection is free. When the connection breaks, nobody knows whether the commit was done: post
    again on another one, the reference answers.

    Args:
        connection: an SQLAlchemy connection outside of a transaction, such as `engine.connect()`; keep it and post on it again and again,
            from one thread at a time. The statements are prepared on it once.
        transfer: what shall be posted.
        now: when the ledger learns of it, aware.

    Raises:
        ValueError: the connection is in a transaction, which is for its owner to commit.
        sqlalchemy.exc.DBAPIError: as of any statement: a lock could not be had in time, the database is gone.
        NoOpenDay, InvalidTransfer, ReferenceReused, UnknownAccount, CurrencyMismatch, AccountClosed, AccountFrozen, BalanceTooLow,
        CeilingExceeded, LedgerStopped: as `post()`.
    """
    if connection.in_transaction():
        raise ValueError("the hot door needs a connection outside of a transaction")
    posted = plain.alone(connection, transfer, now)
    if posted:
        return posted
    with Session(connection) as session, session.begin():
        return post(session, [transfer], now=now)[0]
