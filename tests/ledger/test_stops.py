"""When the books cannot be proved, no money moves until somebody has looked."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from citizencard.db import Sessions, transaction
from ledger import (
    NewHold,
    Settlement,
    close_day,
    draw_cut,
    expire_holds,
    find_hold,
    hold,
    post,
    post_each,
    release,
    release_hold,
    reverse,
    seal,
    settle_hold,
    stop,
    stopped,
)
from ledger.errors import BalanceTooLow, LedgerStopped, NotStopped
from tests.ledger.make import AT, DAY, books, held, transfer

MERCHANT = "merchant:1:clearing"
FUEL = NewHold("hold:1", "wallet:1", MERCHANT, 30, "fuel", AT, AT + timedelta(minutes=1))


def test_stopped_ledger_answers_and_moves_nothing(session: Session) -> None:
    """What is in the books is answered, a refusal is given, nothing new is taken, not even a fact; days close and are sealed."""
    books(session)
    first = post(session, [transfer("a", "bank", "wallet:1", 100)], now=AT)
    hold(session, FUEL, now=AT)
    assert stopped(session) is None
    with pytest.raises(NotStopped):
        release(session, "staff_1", "nothing", now=AT)
    stop(session, "credits_differ account wallet:1", now=AT)
    assert stop(session, "another", now=AT).cause == "credits_differ account wallet:1"
    new = transfer("b", "bank", MERCHANT, 1, fact=True)
    for refused in (
        lambda: post(session, [new], now=AT),
        lambda: post_each(session, [new], now=AT),
        lambda: reverse(session, "a", occurred_at=AT, now=AT),
        lambda: hold(session, NewHold("h2", "wallet:1", MERCHANT, 1, "fuel", AT, FUEL.expires_at), now=AT),
        lambda: settle_hold(session, Settlement("hold:1", 1, 1, AT), now=AT),
        lambda: release_hold(session, "hold:1", now=AT),
    ):
        with pytest.raises((LedgerStopped, BalanceTooLow)):
            refused()
    assert post(session, [transfer("a", "bank", "wallet:1", 100)], now=AT)[0].id == first[0].id
    assert hold(session, FUEL, now=AT).replayed
    assert expire_holds(session, AT + timedelta(hours=1)) == 0
    assert find_hold(session, "hold:1").reserved_fen == 30
    close_day(session, DAY, DAY + timedelta(days=1), now=AT)
    draw_cut(session, AT)
    assert seal(session, now=AT) is not None
    assert held(session, "wallet:1", MERCHANT) == [100, 0]
    assert release(session, "staff_1", "a disk was replaced", now=AT).cause == "credits_differ account wallet:1"
    post(session, [new], now=AT)
    assert held(session, MERCHANT) == [1]


def test_stop_is_kept(committed: Sessions) -> None:
    """That the ledger was stopped, and who released it, can be neither removed nor rewritten."""
    with transaction(committed) as session:
        stop(session, "test", now=AT)
        release(session, "staff_1", "looked", now=AT)
    for change in (
        "DELETE FROM ledger_stop",
        "UPDATE ledger_stop SET reason = 'x'",
        "UPDATE ledger_stop SET state = 'stopped'",
    ):
        with pytest.raises(DBAPIError), transaction(committed) as session:
            session.execute(text(change))
