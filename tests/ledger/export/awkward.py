"""Books whose accounts have every awkward name that the ledger allows, and what they hold, added up by hand."""

import random
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from sqlalchemy.orm import Session

from ledger import (
    AccountType,
    NewAccount,
    Transfer,
    balances_of_family,
    close_day,
    open_accounts,
    open_first_day,
    post,
    reverse,
)
from ledger.export.names import beancount_name, hledger_name
from tests.ledger.export.parsers import Held
from tests.ledger.make import AT, DAY

CODES = (
    "bank", "psp:stripe", "psp:stripe:payout", "psp", "wallet:a", "wallet:A", "wallet:a_1", "wallet:a.1", "wallet:a-1", "wallet:a-u1",
    "-x", ":y:", "::", "Purse:X-c", "purse:x-c", "7:8", "_", "x", "X", "income:fee:merchant", "income:fee", ".",
)  # fmt: skip
TYPES = tuple(AccountType)
FAMILY = "awkward:<account>"
DAYS = 4
NAMES: dict[str, Callable[[AccountType, str], str]] = {
    "hledger": hledger_name,
    "beancount": beancount_name,
    "csv": lambda _, code: code,
}


def kind_of(code: str) -> AccountType:
    """The type that an account of these books has."""
    return TYPES[CODES.index(code) % len(TYPES)]


def open_books(session: Session) -> None:
    """Begin the books and open every account, none with a floor; every third one locked."""
    open_first_day(session, DAY, now=AT)
    open_accounts(
        session,
        [NewAccount(code, kind_of(code), FAMILY, locked=place % 3 == 0) for place, code in enumerate(CODES)],
    )


def fill(session: Session, count: int, seed: int) -> None:
    """Post so many random transfers over some days, with journals and metadata, and reverse some of them."""
    chance = random.Random(seed)
    for day in range(DAYS):
        at = AT + timedelta(days=day)
        references = [f"{'-=+@.:'[n % 6] if n % 6 in (0, 4, 5) else 'r'}{day}:{n}" for n in range(count // DAYS)]
        post(session, [_random(chance, reference, n) for n, reference in enumerate(references)], now=at)
        for reference in references[:: max(1, len(references) // 3)]:
            reverse(session, reference, occurred_at=at, now=at)
        if day < DAYS - 1:
            close_day(session, DAY + timedelta(days=day), DAY + timedelta(days=day + 1), now=at)


def _random(chance: random.Random, reference: str, number: int) -> Transfer:
    debit, credit = chance.sample(CODES, 2)
    metadata: dict[str, str | int] = (
        {"n": number, 'k"\\,[2026-01-01] é;%': "a,b\n\x7f date:2020-01-01"} if number % 5 == 0 else {}
    )
    journal = f":j-{number}" if number % 4 == 0 else None
    amount_fen = chance.choice((1, 99, chance.randrange(1, 10**6), 2**53))
    return Transfer(reference, debit, credit, amount_fen, "-kind:a", AT, journal, metadata)


def held(session: Session, name_for: str) -> Held:
    """What the ledger says the accounts hold, by their names in a file, without those at zero. Yuan, debits above zero."""
    found: defaultdict[str, Decimal] = defaultdict(Decimal)
    for account in balances_of_family(session, FAMILY):
        found[NAMES[name_for](account.type, account.code)] += Decimal(account.debits_fen - account.credits_fen) / 100
    return {name: amount for name, amount in found.items() if amount}
