"""Checkpoints move forward, and no balance changes by it."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger import Folded, balance, draw_cut, fold, open_accounts, post, prove, stop
from ledger.errors import LedgerStopped
from tests.ledger.make import AT, books, held, merchant, transfer

MERCHANT = "merchant:1:clearing"


def checkpoint(session: Session, code: str) -> tuple[int, int, int]:
    found = session.execute(
        text("SELECT posted_debits_fen, posted_credits_fen, folded_to FROM ledger_account WHERE code = :code"),
        {"code": code},
    ).one()
    return tuple(found)


def test_checkpoint_follows_the_cut(session: Session) -> None:
    """Up to the cut transfers are folded, in portions, whether an account moved before or is new; locked accounts stay as they are."""
    books(session)
    ids = [
        posted.id
        for posted in post(
            session,
            [
                transfer(f"t{number}", "bank", MERCHANT if number % 2 else "wallet:1", 10 + number)
                for number in range(5)
            ],
            now=AT,
        )
    ]
    assert fold(session, now=AT) == Folded(0, 0, has_more=False), "no cut was drawn"
    assert draw_cut(session, AT) == ids[4]
    (after,) = post(session, [transfer("after", "bank", MERCHANT, 1)], now=AT)
    before = held(session, "bank", MERCHANT, "wallet:1")
    assert fold(session, now=AT, limit=2) == Folded(ids[1], 2, has_more=True)
    assert checkpoint(session, "bank") == (21, 0, ids[1])
    assert fold(session, now=AT, limit=2) == Folded(ids[3], 2, has_more=True)
    assert fold(session, now=AT, limit=2) == Folded(ids[4], 1, has_more=False)
    assert fold(session, now=AT) == Folded(ids[4], 0, has_more=False)
    assert checkpoint(session, "bank") == (60, 0, ids[4])
    assert checkpoint(session, MERCHANT) == (0, 24, ids[3])
    assert held(session, "bank", MERCHANT, "wallet:1") == before
    open_accounts(session, [merchant("merchant:2:clearing")])
    post(session, [transfer("new", "bank", "merchant:2:clearing", 9)], now=AT)
    draw_cut(session, AT + timedelta(hours=1))
    assert fold(session, now=AT).folded_to > after.id
    assert checkpoint(session, "merchant:2:clearing")[1] == balance(session, "merchant:2:clearing").balance_fen == 9
    assert prove(session).differences == ()


def test_stopped_books_are_not_folded(session: Session) -> None:
    """Books that could not be proved are left as they are for those who look."""
    books(session)
    stop(session, "test", now=AT)
    with pytest.raises(LedgerStopped):
        fold(session, now=AT)
