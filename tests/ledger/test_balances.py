"""What accounts hold, and how they came to it."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.orm import Session

from ledger import (
    AccountType,
    balance,
    balances,
    balances_of_family,
    post,
    statement,
    trial_balance,
)
from ledger.errors import UnknownAccount
from tests.ledger.make import AT, DAY, books, transfer, wallet

MERCHANT = "merchant:1:clearing"


@pytest.fixture
def busy(session: Session) -> Session:
    """A wallet filled with 100, 30 of it spent with the merchant, 10 of that given back to the bank."""
    books(session, wallet("wallet:2"), wallet("wallet:3"))
    post(
        session,
        [
            transfer("in", "bank", "wallet:1", 100, journal="j"),
            transfer("buy", "wallet:1", MERCHANT, 30, occurred_at=AT + timedelta(hours=1)),
            transfer("out", MERCHANT, "bank", 10),
        ],
        now=AT + timedelta(hours=2),
    )
    return session


def test_balance_is_on_the_normal_side(busy: Session) -> None:
    """Assets show debits minus credits, liabilities credits minus debits; locked and derived alike."""
    bank, buyer, seller = (balance(busy, code) for code in ("bank", "wallet:1", MERCHANT))
    assert (bank.type, bank.debits_fen, bank.credits_fen, bank.balance_fen) == (AccountType.ASSET, 100, 10, 90)
    assert (buyer.debits_fen, buyer.credits_fen, buyer.balance_fen) == (30, 100, 70)
    assert (buyer.floor_fen, buyer.ceiling_fen, buyer.currency) == (0, 100_000, "CNY")
    assert (seller.debits_fen, seller.credits_fen, seller.balance_fen) == (10, 30, 20)


def test_many_balances_are_one_statement(busy: Session) -> None:
    """A page of accounts is one look at one moment; what does not exist is left out."""
    seen: list[str] = []

    def see(_connection: Connection, _cursor: object, sql: str, *_others: object) -> None:
        seen.append(sql)

    connection = busy.connection()
    event.listen(connection, "before_cursor_execute", see)
    found = balances(busy, ["bank", "wallet:1", "nowhere", "bank"])
    event.remove(connection, "before_cursor_execute", see)
    assert {code: account.balance_fen for code, account in found.items()} == {"bank": 90, "wallet:1": 70}
    assert len(seen) == 1
    assert balances(busy, []) == {}
    with pytest.raises(UnknownAccount):
        balance(busy, "nowhere")


def test_derived_balance_begins_at_its_checkpoint(busy: Session) -> None:
    """A balance is the checkpoint plus the transfers after it, wherever the checkpoint stands."""
    ids = busy.execute(text("SELECT id FROM ledger_transfer ORDER BY id")).scalars().all()
    for folded_to, debits, credit in ((ids[0], 100, 0), (ids[1], 100, 0), (ids[2], 100, 10)):
        busy.execute(
            text(
                "UPDATE ledger_account SET posted_debits_fen = :debits, posted_credits_fen = :credit, folded_to = :folded_to"
                " WHERE code = 'bank'"
            ),
            {"debits": debits, "credit": credit, "folded_to": folded_to},
        )
        assert balance(busy, "bank").balance_fen == 90
        assert trial_balance(busy).total_debits_fen == 140


def test_family_is_read_in_pages(busy: Session) -> None:
    """A family is read in order of codes, page after page."""
    first = balances_of_family(busy, "wallet:<account>", limit=2)
    rest = balances_of_family(busy, "wallet:<account>", after_code=first[-1].code, limit=2)
    assert [account.code for account in (*first, *rest)] == ["wallet:1", "wallet:2", "wallet:3"]
    assert [account.balance_fen for account in first] == [70, 0]
    assert balances_of_family(busy, "nobody") == []


def test_statement_tells_how_it_came(busy: Session) -> None:
    """A statement lists both sides in recorded order, in pages, and its changes add up to the balance."""
    whole = statement(busy, "wallet:1")
    assert [(line.reference, line.other, line.debit, line.change_fen) for line in whole.lines] == [
        ("in", "bank", False, 100),
        ("buy", MERCHANT, True, -30),
    ]
    line = whole.lines[1]
    assert (line.amount_fen, line.kind, line.journal, line.business_date) == (30, "test", None, DAY)
    assert (line.occurred_at, line.recorded_at) == (AT + timedelta(hours=1), AT + timedelta(hours=2))
    assert (whole.has_more, whole.lines[0].journal) == (False, "j")
    page = statement(busy, "bank", limit=1)
    rest = statement(busy, "bank", after_id=page.lines[-1].id, limit=1)
    assert (page.has_more, rest.has_more) == (True, False)
    assert [line.change_fen for line in (*page.lines, *rest.lines)] == [100, -10]
    assert statement(busy, "wallet:2").lines == ()
    with pytest.raises(UnknownAccount):
        statement(busy, "nowhere")


def test_trial_balance_groups_families(busy: Session) -> None:
    """The trial balance is short however many wallets there are, and its two sides are equal."""
    totals = trial_balance(busy)
    shown = {row.family: (row.accounts, row.debits_fen, row.credits_fen, row.balance_fen) for row in totals.rows}
    assert shown == {
        "bank": (1, 100, 10, 90),
        "merchant:<m>:clearing": (1, 10, 30, 20),
        "till:<till>": (1, 0, 0, 0),
        "wallet:<account>": (3, 30, 100, 70),
    }
    assert totals.total_debits_fen == totals.total_credits_fen == 140
