"""Posting: all or none, each for itself, and the way back."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from ledger import (
    AccountState,
    AccountType,
    NewAccount,
    Transfer,
    balance,
    balances,
    close_day,
    open_accounts,
    post,
    post_each,
    prove,
    reverse,
    set_account_state,
)
from ledger.errors import (
    AccountClosed,
    AccountFrozen,
    BalanceTooLow,
    CeilingExceeded,
    CurrencyMismatch,
    InvalidTransfer,
    LedgerError,
    NoOpenDay,
    NotReversible,
    ReferenceReused,
    UnknownAccount,
    UnknownTransfer,
)
from ledger.journal import MAX_BATCH
from tests.ledger.make import AT, DAY, bank, books, fund, held, transfer, wallet

FROZEN, OPEN, CLOSED = AccountState.FROZEN, AccountState.OPEN, AccountState.CLOSED


def test_money_moves_once(session: Session, now: datetime) -> None:
    """A resent transfer is answered with the first one and moves nothing again."""
    books(session)
    paid = transfer("a", "bank", "wallet:1", 500, metadata={"slip": 7, "by": "clerk_1"}, journal="j1")
    (first,) = post(session, [paid], now=now)
    (again,) = post(session, [paid], now=now + timedelta(hours=1))
    assert (first.replayed, again.replayed) == (False, True)
    assert (again.id, again.transfer, again.business_date, again.recorded_at) == (first.id, paid, DAY, now)
    assert held(session, "wallet:1", "bank") == [500, 500]
    assert prove(session).differences == ()


def test_nothing_to_post(session: Session, now: datetime) -> None:
    """An empty batch is no error."""
    books(session)
    assert post(session, [], now=now) == []
    assert post_each(session, [], now=now) == []


def test_resend_with_other_metadata_is_the_same(session: Session, now: datetime) -> None:
    """What people note beside a transfer does not make it another one: the first note stays."""
    books(session)
    post(session, [transfer("a", "bank", "wallet:1", 5, metadata={"by": "x"})], now=now)
    (again,) = post(session, [transfer("a", "bank", "wallet:1", 5, metadata={"by": "y"})], now=now)
    assert again.replayed
    assert again.transfer.metadata == {"by": "x"}


@pytest.mark.parametrize(
    "other",
    [
        transfer("a", "till:1", "wallet:1", 5),
        transfer("a", "bank", "merchant:1:clearing", 5),
        transfer("a", "bank", "never-opened", 5),
        transfer("a", "bank", "wallet:1", 6),
        transfer("a", "bank", "wallet:1", 5, kind="other"),
        transfer("a", "bank", "wallet:1", 5, occurred_at=AT + timedelta(microseconds=1)),
        transfer("a", "bank", "wallet:1", 5, journal="j"),
    ],
)
def test_reference_names_one_content(session: Session, now: datetime, other: Transfer) -> None:
    """A reference that comes back with any other content is refused, and nothing moves."""
    books(session)
    post(session, [transfer("a", "bank", "wallet:1", 5)], now=now)
    with pytest.raises(ReferenceReused):
        post(session, [other], now=now)
    assert held(session, "bank", "wallet:1") == [5, 5]


def test_all_or_none(session: Session, now: datetime) -> None:
    """One transfer that cannot be paid takes the whole batch with it, and the session can go on."""
    books(session)
    with pytest.raises(BalanceTooLow) as refused:
        post(
            session,
            [transfer("in", "bank", "wallet:1", 100), transfer("out", "wallet:1", "merchant:1:clearing", 130)],
            now=now,
        )
    assert refused.value.fields == {"account": "wallet:1", "missing_fen": 30}
    assert refused.value.public_fields() == {"account": "wallet:1"}
    assert held(session, "bank", "wallet:1", "merchant:1:clearing") == [0, 0, 0]
    assert prove(session).transfers == 0


def test_batch_is_decided_in_its_order(session: Session, now: datetime) -> None:
    """Money that comes in earlier in a batch can be spent later in it, and not the other way round; ids follow the batch."""
    books(session)
    top_up = transfer("z", "bank", "wallet:1", 100)
    spend = transfer("a", "wallet:1", "merchant:1:clearing", 100)
    with pytest.raises(BalanceTooLow):
        post(session, [spend, top_up], now=now)
    first, second = post(session, [top_up, spend], now=now)
    assert first.id < second.id
    assert held(session, "wallet:1", "merchant:1:clearing") == [0, 100]


def test_verdicts_one_by_one(session: Session, now: datetime) -> None:
    """With 10 in the account and 8, 5, 2 to pay, 8 and 2 are paid; one card without money does not stop the others."""
    books(session, wallet("wallet:2"))
    fund(session, "wallet:1", 10)
    verdicts = post_each(
        session,
        [
            *(transfer(f"pay{fen}", "wallet:1", "merchant:1:clearing", fen) for fen in (8, 5, 2)),
            transfer("poor", "wallet:2", "merchant:1:clearing", 1),
        ],
        now=now,
    )
    assert [type(verdict.refusal) for verdict in verdicts] == [type(None), BalanceTooLow, type(None), BalanceTooLow]
    assert [verdict.posted is not None for verdict in verdicts] == [True, False, True, False]
    assert held(session, "wallet:1", "merchant:1:clearing") == [0, 10]
    assert prove(session).differences == ()


def test_refused_may_be_tried_again(session: Session, now: datetime) -> None:
    """A refusal claims no reference: after a top-up the same transfer goes through."""
    books(session)
    pay = transfer("pay", "wallet:1", "merchant:1:clearing", 7)
    assert post_each(session, [pay], now=now)[0].refusal
    fund(session, "wallet:1", 7)
    assert post_each(session, [pay], now=now)[0].posted


def test_repeats_within_a_batch(session: Session, now: datetime) -> None:
    """The same transfer twice in a batch moves once; the same reference with other content is refused."""
    books(session)
    one, other = transfer("a", "bank", "wallet:1", 5), transfer("a", "bank", "wallet:1", 6)
    first, second, third = post_each(session, [one, one, other], now=now)
    assert first.posted
    assert second.posted
    assert (first.posted.replayed, second.posted.replayed) == (False, True)
    assert first.posted.id == second.posted.id
    assert isinstance(third.refusal, ReferenceReused)
    with pytest.raises(ReferenceReused):
        post(session, [transfer("b", "bank", "wallet:1", 5), transfer("b", "bank", "wallet:1", 6)], now=now)
    assert held(session, "wallet:1") == [5]


def test_replay_is_answered_from_a_closed_account(session: Session, now: datetime) -> None:
    """A terminal that resends is answered, even when the account has been frozen or closed since, or the day was closed."""
    books(session)
    spent = [transfer("in", "bank", "wallet:1", 5), transfer("out", "wallet:1", "merchant:1:clearing", 5)]
    posted = post(session, spent, now=now)
    close_day(session, DAY, DAY + timedelta(days=1), now=now)
    for state in (FROZEN, CLOSED):
        set_account_state(session, "wallet:1", state)
        again = post(session, spent, now=now)
        assert [answer.replayed for answer in again] == [True, True]
        assert [(answer.id, answer.business_date) for answer in again] == [(answer.id, DAY) for answer in posted]


def test_frozen_account_cannot_spend(session: Session, now: datetime) -> None:
    """After a loss report nothing is spent; what happened outside still posts, and so does money coming in."""
    books(session)
    fund(session, "wallet:1", 100)
    fund(session, "till:1", 50, credit="merchant:1:clearing")
    set_account_state(session, "wallet:1", FROZEN)
    set_account_state(session, "till:1", FROZEN)
    with pytest.raises(AccountFrozen):
        post(session, [transfer("spend", "wallet:1", "merchant:1:clearing", 10)], now=now)
    with pytest.raises(AccountFrozen):
        post(session, [transfer("empty-till", "merchant:1:clearing", "till:1", 10)], now=now)
    post(session, [transfer("fact", "wallet:1", "merchant:1:clearing", 10, fact=True)], now=now)
    post(session, [transfer("in", "bank", "wallet:1", 3), transfer("cash", "till:1", "wallet:1", 4)], now=now)
    assert held(session, "wallet:1", "till:1") == [97, 54]
    set_account_state(session, "wallet:1", OPEN)
    post(session, [transfer("spend", "wallet:1", "merchant:1:clearing", 97)], now=now)


def test_closed_account_takes_nothing(session: Session, now: datetime) -> None:
    """A closed account stays at zero: even a fact has to go elsewhere."""
    books(session)
    set_account_state(session, "wallet:1", CLOSED)
    for new in (transfer("a", "bank", "wallet:1", 1, fact=True), transfer("b", "wallet:1", "bank", 1)):
        with pytest.raises(AccountClosed):
            post(session, [new], now=now)


def test_floor_binds_facts_too(session: Session, now: datetime) -> None:
    """Nothing brings an account below its floor: a fact without money belongs into suspense."""
    books(session)
    with pytest.raises(BalanceTooLow):
        post(session, [transfer("a", "wallet:1", "merchant:1:clearing", 1, fact=True)], now=now)
    with pytest.raises(BalanceTooLow):
        post(session, [transfer("a", "merchant:1:clearing", "till:1", 1)], now=now)


def test_overdraft_down_to_its_floor(session: Session, now: datetime) -> None:
    """An account with a floor below zero may be overdrawn exactly so far."""
    books(session, NewAccount("overdraft", AccountType.LIABILITY, "overdraft", locked=True, floor_fen=-100))
    post(session, [transfer("a", "overdraft", "merchant:1:clearing", 100)], now=now)
    with pytest.raises(BalanceTooLow):
        post(session, [transfer("b", "overdraft", "merchant:1:clearing", 1)], now=now)
    assert held(session, "overdraft") == [-100]


def test_ceiling_binds_recharges_only(session: Session, now: datetime) -> None:
    """A recharge beyond the ceiling is refused; a refund, a fact and a reversal go beyond it."""
    books(session, wallet("wallet:9", ceiling_fen=100))
    spent = transfer("spent", "wallet:9", "merchant:1:clearing", 40)
    post(session, [transfer("r0", "bank", "wallet:9", 100, recharge=True), spent], now=now)
    with pytest.raises(CeilingExceeded):
        post(session, [transfer("r1", "bank", "wallet:9", 41, recharge=True)], now=now)
    post(session, [transfer("r1", "bank", "wallet:9", 40, recharge=True)], now=now)
    reverse(session, "spent", occurred_at=AT, now=now)
    post(session, [transfer("refund", "merchant:1:clearing", "wallet:9", 1)], now=now)
    post(session, [transfer("fact", "bank", "wallet:9", 1, recharge=True, fact=True)], now=now)
    assert held(session, "wallet:9") == [142]
    proof = prove(session)
    assert proof.proved
    assert [(above.code, above.balance_fen, above.last_reference) for above in proof.above_ceiling] == [
        ("wallet:9", 142, "fact")
    ]


def test_accounts_must_fit(session: Session, now: datetime) -> None:
    """An account that was never opened, or is kept in another currency, takes no money."""
    books(session, NewAccount("usd", AccountType.ASSET, "usd", locked=False, currency="USD"))
    for code, debit, credit in (("nowhere", "nowhere", "bank"), ("nowhere", "bank", "nowhere")):
        with pytest.raises(UnknownAccount) as refused:
            post(session, [transfer("a", debit, credit, 1)], now=now)
        assert refused.value.public_fields() == {"account": code}
    with pytest.raises(CurrencyMismatch):
        post(session, [transfer("a", "usd", "bank", 1)], now=now)


def test_books_must_be_begun(session: Session, now: datetime) -> None:
    """Before the first business day nothing can be posted."""
    open_accounts(session, [bank("a"), bank("b")])
    with pytest.raises(NoOpenDay):
        post(session, [transfer("a", "a", "b", 1)], now=now)


def test_refusals_have_one_order(session: Session, now: datetime) -> None:
    """The same wrong batch always gets the same refusal, wherever in it the fault is."""
    books(
        session,
        wallet("wallet:frozen"),
        wallet("wallet:closed"),
        wallet("wallet:full", ceiling_fen=1),
        NewAccount("usd", AccountType.ASSET, "usd", locked=False, currency="USD"),
    )
    post(session, [transfer("used", "bank", "merchant:1:clearing", 1)], now=now)
    set_account_state(session, "wallet:frozen", FROZEN)
    set_account_state(session, "wallet:closed", CLOSED)
    wrong: list[tuple[Transfer, type[LedgerError]]] = [
        (transfer("shape", "bank", "bank", 1), InvalidTransfer),
        (transfer("used", "bank", "merchant:1:clearing", 2), ReferenceReused),
        (transfer("c", "bank", "nowhere", 1), UnknownAccount),
        (transfer("d", "usd", "bank", 1), CurrencyMismatch),
        (transfer("e", "bank", "wallet:closed", 1), AccountClosed),
        (transfer("f", "wallet:frozen", "bank", 1), AccountFrozen),
        (transfer("g", "wallet:1", "bank", 1), BalanceTooLow),
        (transfer("h", "bank", "wallet:full", 2, recharge=True), CeilingExceeded),
    ]
    for index, (_, expected) in enumerate(wrong):
        with pytest.raises(expected):
            post(session, [new for new, _ in reversed(wrong[index:])], now=now)
    verdicts = post_each(session, [new for new, _ in wrong], now=now)
    assert [type(verdict.refusal) for verdict in verdicts] == [expected for _, expected in wrong]


def test_reversal_is_whole_and_once(session: Session, now: datetime) -> None:
    """A transfer is undone by its opposite, once; a second call gets the first reversal, whatever time it names."""
    books(session)
    post(session, [transfer("a", "bank", "wallet:1", 70, journal="j")], now=now)
    close_day(session, DAY, DAY + timedelta(days=1), now=now)
    first = reverse(session, "a", occurred_at=AT, now=now)
    again = reverse(session, "a", occurred_at=AT + timedelta(days=9), now=now)
    assert (first.replayed, again.replayed) == (False, True)
    assert first.id == again.id
    assert first.business_date == DAY + timedelta(days=1)
    undo = first.transfer
    assert (undo.reference, undo.debit, undo.credit) == ("rev:a", "wallet:1", "bank")
    assert (undo.amount_fen, undo.kind, undo.journal) == (70, "reversal", "j")
    assert held(session, "bank", "wallet:1") == [0, 0]
    assert prove(session).differences == ()


def test_reversal_has_limits(session: Session, now: datetime) -> None:
    """A reversal cannot be reversed, takes no money that is not there, and needs an original."""
    books(session)
    longest = "x" * 96
    post(session, [transfer("a", "bank", "wallet:1", 70), transfer(longest, "bank", "wallet:1", 1)], now=now)
    post(session, [transfer("b", "wallet:1", "merchant:1:clearing", 10)], now=now)
    with pytest.raises(BalanceTooLow):
        reverse(session, "a", occurred_at=AT, now=now)
    assert reverse(session, longest, occurred_at=AT, now=now).transfer.reference == "rev:" + longest
    with pytest.raises(NotReversible):
        reverse(session, "rev:" + longest, occurred_at=AT, now=now)
    with pytest.raises(UnknownTransfer):
        reverse(session, "nothing", occurred_at=AT, now=now)
    with pytest.raises(InvalidTransfer):
        post(session, [transfer("rev:b", "merchant:1:clearing", "wallet:1", 10)], now=now)


def test_batches_are_bounded(session: Session, now: datetime) -> None:
    """A batch has a largest size."""
    books(session)
    too_many = [transfer(f"t{number}", "bank", "wallet:1", 1) for number in range(MAX_BATCH + 1)]
    for way in (post, post_each):
        with pytest.raises(InvalidTransfer):
            way(session, too_many, now=now)


@pytest.mark.parametrize("way", [post, post_each])
def test_statements_do_not_grow_with_the_batch(
    session: Session, now: datetime, way: Callable[..., list[object]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A terminal's five hundred records cost the database as many statements as two, fresh or resent."""
    books(session, *(wallet(f"wallet:b{number}") for number in range(100)))

    def batch(name: str, size: int) -> list[Transfer]:
        return [transfer(f"{name}{number}", "bank", f"wallet:b{number % 100}", 1) for number in range(size)]

    counts: list[int] = []
    connection = session.connection()

    def count(*_: object) -> None:
        counts[-1] += 1

    def executed(*given: Any, **named: Any) -> object:
        count()
        return execute(*given, **named)

    execute: Callable[..., object] = psycopg.Cursor.execute
    if connection.dialect.name == "postgresql":
        # Not all statements of a batch go through SQLAlchemy.
        monkeypatch.setattr(psycopg.Cursor, "execute", executed)
    else:
        event.listen(connection, "before_cursor_execute", count)
    for new in (batch("few", 2), batch("many", 500), batch("few", 2), batch("many", 500)):
        counts.append(0)
        way(session, new, now=now)
    monkeypatch.undo()
    assert 0 < counts[0] == counts[1] <= 5
    # On PostgreSQL a batch is tried as new first.
    assert 0 < counts[2] == counts[3] <= 8
    found = balances(session, [f"wallet:b{number}" for number in range(100)])
    assert sum(account.balance_fen for account in found.values()) == 502
    assert balance(session, "bank").balance_fen == 502
