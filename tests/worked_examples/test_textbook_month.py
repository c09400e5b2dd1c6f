"""The month that the ledger's page works through: what the ledger makes of it is what a bookkeeper without a ledger gets."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from ledger import (
    AccountType,
    NewAccount,
    Transfer,
    balances,
    close_day,
    open_accounts,
    open_day,
    open_first_day,
    post,
    prove,
    reverse,
    total_day,
    trial_balance,
)
from ledger.export import Format, export, period_of
from ledger.export.names import hledger_name
from tests.ledger.export import parsers

PAGE = Path(__file__).parents[2] / "ledger" / "README.md"
NEXT_MONTH = date(2026, 12, 1)


@dataclass(frozen=True)
class Line:
    """A row of the page's first table."""

    day: date
    reference: str
    debit: str
    credit: str
    amount_fen: int


def fen(text: str) -> int:
    found = Decimal(text.replace(",", "")) * 100
    assert found == int(found)
    return int(found)


def tables() -> tuple[list[Line], dict[str, tuple[AccountType, int]]]:
    """The month's transfers, and what the accounts hold at its end, as the page says."""
    section = PAGE.read_text().partition("## A worked month\n")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in row.strip("|").split("|")] for row in re.findall(r"^\|.*\|$", section, re.MULTILINE)
    ]
    lines = [
        Line(date(2026, 11, int(row[0])), row[1], row[2], row[3], fen(row[4]))
        for row in rows
        if len(row) == 5 and row[0].isdecimal()
    ]
    ends = {row[0]: (AccountType(row[1]), fen(row[2])) for row in rows if len(row) == 3 and row[1] in set(AccountType)}
    return lines, ends


def reckoned() -> dict[str, Fraction]:
    """The end of the month from its story alone: prices, months and rates, no debit and no credit. Yuan."""
    month = Fraction(1, 12)
    with_vat = 1_250 * Fraction("22.60")
    net = with_vat / Fraction("1.13")
    rent, gates, contract, loan, capital = (Fraction(yuan) for yuan in (9_000, 36_000, 12_000, 60_000, 100_000))
    interest = loan * Fraction("0.0435") * month
    wages, wear, cost = Fraction(8_000), gates / 36, Fraction(1_250 * 8)
    result = net + contract * month - cost - rent / 3 - wear - wages - interest
    return {
        "bank": capital + loan - rent + contract - gates + with_vat,
        "prepaid:rent": rent * Fraction(2, 3),
        "gates:cost": gates,
        "gates:wear": -wear,
        "stock": Fraction((2_000 - 1_250) * 8),
        "vat": with_vat - net,
        "supplier": Fraction(2_000 * 8),
        "loan": loan,
        "deferred:service": contract * 11 * month,
        "accrued:wages": wages,
        "accrued:interest": interest,
        "equity:capital": capital,
        "equity:retained": result,
    }


@pytest.fixture
def month(session: Session) -> Session:
    """The month as the page posts it, day by day, each day closed and counted."""
    lines, ends = tables()
    open_first_day(session, lines[0].day, now=at(lines[0].day))
    open_accounts(session, [NewAccount(code, kind, code, locked=code == "bank") for code, (kind, _) in ends.items()])
    for day in sorted({line.day for line in lines}):
        if open_day(session) != day:
            end(session, day)
        for line in lines:
            if line.day == day:
                book(session, line)
    end(session, NEXT_MONTH)
    return session


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def end(session: Session, next_day: date) -> None:
    closed = close_day(session, open_day(session), next_day, now=at(next_day))
    total_day(session, closed.day)


def book(session: Session, line: Line) -> None:
    """Post a row of the page; a reversal must be exactly the opposite that the page shows."""
    if line.reference.startswith("rev:"):
        posted = reverse(
            session, line.reference.removeprefix("rev:"), occurred_at=at(line.day), now=at(line.day)
        ).transfer
        assert (posted.debit, posted.credit, posted.amount_fen) == (line.debit, line.credit, line.amount_fen)
        return
    transfer = Transfer(line.reference, line.debit, line.credit, line.amount_fen, "example", at(line.day))
    post(session, [transfer], now=at(line.day))


def test_page_ledger_and_story_agree(month: Session) -> None:
    """Bank, stock, debts, accruals and profit are what the story comes to, in the books and on the page."""
    _, ends = tables()
    expected = reckoned()
    assert {code: Fraction(amount, 100) for code, (_, amount) in ends.items() if amount} == expected
    found = balances(month, list(ends))
    assert {code: Fraction(found[code].balance_fen, 100) for code in ends} == {
        code: expected.get(code, Fraction(0)) for code in ends
    }


def test_books_of_the_month_balance(month: Session) -> None:
    """Assets are debts and the owners' money; debits are credits; nothing is left in income and expenses; the proof finds nothing."""
    expected = reckoned()
    _, ends = tables()
    sides = {
        kind: sum(expected.get(code, Fraction(0)) for code, (of, _) in ends.items() if of is kind)
        for kind in AccountType
    }
    assert sides[AccountType.ASSET] == sides[AccountType.LIABILITY] + sides[AccountType.EQUITY] == 202_250
    assert expected["equity:retained"] == Fraction("3782.50")
    books = trial_balance(month)
    assert books.total_debits_fen == books.total_credits_fen == sum(line.amount_fen for line in tables()[0])
    assert prove(month).proved


@pytest.mark.parametrize("first", [date(2026, 11, 1), date(2026, 11, 16)])
def test_another_program_closes_the_month_alike(month: Session, tmp_path: Path, first: date) -> None:
    """hledger, given the whole month or its second half, comes to the same end."""
    file = tmp_path / "november.journal"
    file.write_text("".join(export(month, period_of(month, first, date(2026, 11, 30)), Format.HLEDGER)))
    _, ends = tables()
    assert parsers.asked_of_hledger(file) == {
        hledger_name(kind, code): Decimal(amount if kind.grows_by_debit else -amount) / 100
        for code, (kind, amount) in ends.items()
        if amount
    }
