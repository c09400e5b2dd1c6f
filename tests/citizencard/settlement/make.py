"""A day of money for tests of settlement: cash loaded, rides taken, one fare in doubt."""

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.audit import Actor
from citizencard.merchants.registry import register_merchant
from ledger import Transfer, open_first_day, post

DAY = date(2026, 11, 21)
NEXT_DAY = date(2026, 11, 22)
AFTER_NEXT = date(2026, 11, 23)
FINANCE = Actor(kind="staff", id="staff_finance", role="finance")


def move(session: Session, now: datetime, moves: Iterable[tuple[str, str, str, int]]) -> None:
    """Post (reference, debit, credit, fen) as facts, opening the accounts they name."""
    transfers = [
        Transfer(reference, debit, credit, amount_fen, kind="test", occurred_at=now, fact=True)
        for reference, debit, credit, amount_fen in moves
    ]
    chart.open_missing(session, [code for transfer in transfers for code in (transfer.debit, transfer.credit)])
    post(session, transfers, now=now)


def begin(session: Session, now: datetime) -> str:
    """Open the books and register a bus company; returns its id."""
    open_first_day(session, DAY, now=now)
    return register_merchant(session, "Demo City Bus Company", "bus", now=now).id


def day_of_rides(session: Session, merchant_id: str, now: datetime, prefix: str = "a") -> None:
    """¥100 loaded by cash, ¥2.60 ridden, ¥2.00 in doubt, ¥3.40 owed by sponsors."""
    till, purse = chart.till("1"), chart.purse("card_1")
    move(
        session,
        now,
        [
            (f"{prefix}:load", till, chart.inload("card_1"), 10_000),
            (f"{prefix}:loaded", chart.inload("card_1"), purse, 10_000),
            (f"{prefix}:tap1", purse, chart.clearing(merchant_id), 180),
            (f"{prefix}:tap2", purse, chart.clearing(merchant_id), 80),
            (f"{prefix}:tap3", purse, chart.merchant_suspense(merchant_id), 200),
            (f"{prefix}:subsidy", chart.owed("sponsor", "fund"), chart.subsidy(merchant_id), 340),
        ],
    )
