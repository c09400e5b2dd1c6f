"""The statements about holds."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from citizencard.db import Sessions, reading, transaction
from ledger import NewHold, Settlement, hold, prove, reservations, settle_hold, writing
from tests.ledger.make import AT, books, fund, tamper

LATER = AT + timedelta(minutes=1)
FUEL = NewHold("hold:1", "wallet:1", "merchant:1:clearing", 300, "fuel", AT, LATER, metadata={"pump": 4})


def test_hold_is_read_as_it_was_placed(session: Session) -> None:
    """What is over is found by its accounts and by its time, and only while it is open."""
    books(session)
    fund(session, "wallet:1", 500)
    hold(session, FUEL, now=AT)
    placed = reservations.find(session, "hold:1")
    assert placed is not None
    assert (placed.transfer.metadata, placed.rest_fen, placed.expires_at) == ({"pump": 4}, 300, LATER)
    assert (placed.is_over(AT), placed.is_over(LATER)) == (False, True)
    for found in (reservations.oldest_due(session, LATER, 9), reservations.due(session, [placed.id], LATER)):
        assert found == [placed]
    assert reservations.due(session, [placed.id], AT) == reservations.due(session, [10_000], LATER) == []
    for code in ("wallet:1", "merchant:1:clearing"):
        assert writing.open_books(session, [code], LATER).due == [placed]
    assert writing.open_books(session, ["wallet:1"], AT).due == writing.open_books(session, ["bank"], LATER).due == []
    assert reservations.find(session, "hold:2") is None


@pytest.fixture
def city(committed: Sessions) -> Sessions:
    """Books with a hold of 300, of which 100 are settled."""
    with transaction(committed) as session:
        books(session)
        fund(session, "wallet:1", 500)
    with transaction(committed) as session:
        hold(session, FUEL, now=AT)
    with transaction(committed) as session:
        settle_hold(session, Settlement("hold:1", 1, 100, AT), now=AT)
    return committed


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM ledger_hold",
        "UPDATE ledger_hold SET amount_fen = 400",
        "UPDATE ledger_hold SET settled_fen = 99",
        "UPDATE ledger_hold SET settled_fen = 301",
        "UPDATE ledger_hold SET settled_fen = 300",
        "UPDATE ledger_hold SET state = 'gone', ended_at = placed_at",
        "UPDATE ledger_hold SET state = 'expired'",
        "UPDATE ledger_hold SET expires_at = placed_at",
        "DELETE FROM ledger_hold_settlement",
        "UPDATE ledger_hold_settlement SET transfer_id = 1",
        "UPDATE ledger_account SET held_out_fen = 401 WHERE code = 'wallet:1'",
        "UPDATE ledger_account SET held_out_fen = -1 WHERE code = 'wallet:1'",
        "UPDATE ledger_account SET held_in_fen = -1 WHERE code = 'wallet:1'",
        "UPDATE ledger_account SET held_in_fen = 1 WHERE code = 'bank'",
        "UPDATE ledger_account SET held_out_fen = 1 WHERE code = 'bank'",
        "UPDATE ledger_account SET state = 'closed', held_in_fen = 1 WHERE code = 'till:1'",
    ],
)
def test_rewriting_a_hold_is_refused(city: Sessions, statement: str) -> None:
    """The server's own role cannot bend a hold or what accounts hold back."""
    with pytest.raises(DBAPIError), transaction(city) as session:
        session.execute(text(statement))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("UPDATE ledger_account SET held_out_fen = 0 WHERE code = 'wallet:1'", "held_differs"),
        ("UPDATE ledger_account SET held_in_fen = 5 WHERE code = 'wallet:1'", "held_differs"),
        ("UPDATE ledger_hold SET state = 'expired', ended_at = expires_at", "held_differs"),
        ("UPDATE ledger_hold SET settled_fen = 99", "settled_differs"),
        ("DELETE FROM ledger_hold_settlement", "settled_differs"),
        ("UPDATE ledger_hold_settlement SET transfer_id = 1", "settled_differs"),
    ],
)
def test_tampering_with_holds_is_named(city: Sessions, change: str, what: str) -> None:
    """A hold that an owner of the database altered does not agree with the accounts or the transfers."""
    tamper(city, change)
    with reading(city) as session:
        assert what in {difference.what for difference in prove(session).differences}
