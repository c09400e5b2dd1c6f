"""Balances as at a cut."""

from sqlalchemy.orm import Session

from ledger import post
from ledger.cuts import sums_until
from tests.ledger.make import AT, books, fund, transfer


def test_cut_hides_what_came_later(session: Session) -> None:
    """A certificate made late says the same as one made at once."""
    books(session)
    fund(session, "wallet:1", 1_000)
    (paid,) = post(session, [transfer("pay", "wallet:1", "merchant:1:clearing", 300)], now=AT)
    post(session, [transfer("later", "wallet:1", "merchant:1:clearing", 50)], now=AT)
    found = {
        one.code: one.balance_fen
        for one in sums_until(session, paid.id, ["wallet:<account>", "merchant:<m>:clearing", "bank"])
    }
    assert found == {"bank": 1_000, "merchant:1:clearing": 300, "wallet:1": 700}
    assert [one.code for one in sums_until(session, paid.id, ["bank"])] == ["bank"]
