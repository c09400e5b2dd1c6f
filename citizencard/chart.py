"""Chart of accounts of the city: which accounts there can be, on which terms, and whose money they hold.

The table is data. A code that fits no pattern cannot be opened. Ids inside codes are opaque row ids, never a card or ID number.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from sqlalchemy.orm import Session

from citizencard.errors import CitizencardError
from ledger import AccountType, NewAccount, existing, open_accounts
from ledger.accounts import MAX_ACCOUNTS_AT_ONCE

WALLET_CEILING_FEN: Final = 100_000
REGISTERED_WALLET_CEILING_FEN: Final = 500_000
UNKNOWN_MERCHANT: Final = "unknown"
"""Stands for the merchant in a suspense account when the terminal was bound to none."""

BANK_CUSTODY: Final = "bank:custody"
BANK_OWN: Final = "bank:own"
TRANSIT_DEPOSIT: Final = "transit:deposit"
TRANSIT_PAYOUT_CUSTODY: Final = "transit:payout:custody"
TRANSIT_PAYOUT_OWN: Final = "transit:payout:own"
TRANSIT_OWN: Final = "transit:own"
STRIPE: Final = "psp:stripe"
STRIPE_PAYOUT: Final = "psp:stripe:payout"
STRIPE_DISPUTE: Final = "psp:stripe:dispute"
SUSPENSE_BANK: Final = "suspense:bank"
SUSPENSE_CASH: Final = "suspense:cash"
RENT_DEFERRED: Final = "rent:deferred"
TAX_VAT: Final = "tax:vat"
EQUITY_OPENING: Final = "equity:opening"

_ID = r"[A-Za-z0-9_.-]+"
_KINDS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "owed": ("holder", "sponsor", "merchant", "clerk", "clearing_centre"),
        "unclaimed": ("purse", "wallet", "due", "deposit"),
        "income": ("fee:merchant", "fee:card", "rent", "deposit"),
        "expense": ("psp_fee", "purse_loss", "hotlist_loss", "goodwill", "dispute"),
    }
)
"""What `<kind>` may be, by the first word of the pattern."""


class UnknownAccountPattern(CitizencardError):
    """The chart of accounts has no such account."""

    code = "unknown_account_pattern"
    public = ("account",)


class Pool(StrEnum):
    """Whose money it is: the clients', or the company's own. The one never pays for the other."""

    CLIENT = "client"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the chart. `<x>` stands for an opaque id, `<kind>` for one of a fixed list. Limits in fen, on the normal side."""

    pattern: str
    type: AccountType
    pool: Pool
    meaning: str
    locked: bool = False
    floor_fen: int | None = None
    ceiling_fen: int | None = None


_A, _L, _I, _X, _Q = (
    AccountType.ASSET,
    AccountType.LIABILITY,
    AccountType.INCOME,
    AccountType.EXPENSE,
    AccountType.EQUITY,
)
_C, _O = Pool.CLIENT, Pool.OWN

CHART: Final[tuple[Row, ...]] = (
    Row(BANK_CUSTODY, _A, _C, "reserve account (备付金)"),
    Row(BANK_OWN, _A, _O, "the company's own bank account"),
    Row(TRANSIT_DEPOSIT, _A, _C, "paid in, not yet on the statement"),
    Row(TRANSIT_PAYOUT_CUSTODY, _L, _C, "ordered from the reserve account, not yet on the statement"),
    Row(TRANSIT_PAYOUT_OWN, _L, _O, "ordered from the company's account, not yet on the statement"),
    Row(TRANSIT_OWN, _A, _O, "between our two bank accounts"),
    Row(STRIPE, _A, _C, "balance at Stripe, may be negative"),
    Row(STRIPE_PAYOUT, _A, _C, "payout of Stripe on its way"),
    Row(STRIPE_DISPUTE, _A, _O, "withdrawn in a dispute: a claim"),
    Row("till:<till>", _A, _C, "drawer of a shift", locked=True, floor_fen=0),
    Row("vault:<outlet>", _A, _C, "safe of an outlet", locked=True, floor_fen=0),
    Row("purse:<card>", _L, _C, "shadow of the chip, may be below zero"),
    Row("inload:<card>", _L, _C, "MAC2 released, chip not proven", locked=True, floor_fen=0),
    Row("due:<card>", _L, _C, "the holder's, not on the chip (补登)", locked=True, floor_fen=0),
    Row("wallet:<account>", _L, _C, "on-line account", locked=True, floor_fen=0, ceiling_fen=WALLET_CEILING_FEN),
    Row("refund:<payment>", _L, _C, "to be paid back the way it came", locked=True, floor_fen=0),
    Row("merchant:<m>:unconfirmed", _L, _C, "paid by a resident, not confirmed by the utility"),
    Row("merchant:<m>:clearing", _L, _C, "accepted, not netted"),
    Row("merchant:<m>:payable", _L, _C, "netted, due at T+N"),
    Row("merchant:<m>:suspense", _L, _C, "the chip paid, payee undecided"),
    Row("merchant:<m>:held", _L, _C, "hold-back", locked=True, floor_fen=0),
    Row("merchant:<m>:guarantee", _L, _O, "the merchant's security deposit", locked=True, floor_fen=0),
    Row("merchant:<m>:subsidy", _L, _O, "concession money and goodwill, paid from the company's account only"),
    Row("deposit:<card>", _L, _C, "card deposit (押金)", locked=True, floor_fen=0),
    Row(SUSPENSE_BANK, _L, _C, "a bank line nobody has identified"),
    Row(SUSPENSE_CASH, _L, _C, "cash over"),
    Row("unclaimed:<kind>", _L, _C, "dormant money, stays the client's"),
    Row("owed:<kind>:<party>", _A, _O, "claims against a party"),
    Row(RENT_DEFERRED, _L, _O, "rent received in advance"),
    Row(TAX_VAT, _L, _O, "output tax on fees"),
    Row("income:<kind>", _I, _O, "income"),
    Row("expense:<kind>", _X, _O, "expense"),
    Row(EQUITY_OPENING, _Q, _O, "opening balances"),
)

POOL_OF: Final[Mapping[str, Pool]] = MappingProxyType({row.pattern: row.pool for row in CHART})
"""Whose money a family of accounts holds."""

CLIENT_LIABILITY_FAMILIES: Final[tuple[str, ...]] = tuple(
    row.pattern for row in CHART if row.pool is _C and row.type is _L and row.pattern != TRANSIT_PAYOUT_CUSTODY
)
"""What the city owes to clients. In the custody certificate each account counts by itself, and never less than zero."""

COVER_FAMILIES: Final[tuple[str, ...]] = tuple(row.pattern for row in CHART if row.pool is _C and row.type is _A)
"""What stands against it; payouts that were ordered and are not on the statement (`transit:payout:custody`) are taken off."""


def _expression(pattern: str) -> re.Pattern[str]:
    kinds = "|".join(_KINDS.get(pattern.partition(":")[0], ()))
    parts = (
        f"(?:{kinds})" if part == "<kind>" else _ID if part.startswith("<") else re.escape(part)
        for part in _split(pattern)
    )
    return re.compile("".join(parts))


def _split(pattern: str) -> list[str]:
    return re.split(r"(<[a-z]+>)", pattern)


_EXPRESSIONS: Final = tuple((_expression(row.pattern), row) for row in CHART)


def row_of(code: str) -> Row:
    """The row of the chart that an account code belongs to.

    Raises:
        UnknownAccountPattern: none.
    """
    for expression, row in _EXPRESSIONS:
        if expression.fullmatch(code):
            return row
    raise UnknownAccountPattern(f"the chart has no account {code!r}", account=code)


def account(code: str, *, registered: bool = False) -> NewAccount:
    """The terms on which an account of this code is opened.

    Args:
        code: the account code.
        registered: the holder's real name is known; gives an on-line account the higher ceiling, and changes nothing else.

    Raises:
        UnknownAccountPattern: the chart has no such account.
    """
    row = row_of(code)
    ceiling_fen = REGISTERED_WALLET_CEILING_FEN if registered and row.ceiling_fen is not None else row.ceiling_fen
    return NewAccount(code, row.type, row.pattern, locked=row.locked, floor_fen=row.floor_fen, ceiling_fen=ceiling_fen)


def open_missing(session: Session, codes: Iterable[str]) -> None:
    """Open those accounts that are not open yet, on the chart's terms. A fixed number of statements for each 20,000 codes.

    Raises:
        UnknownAccountPattern: the chart has no such account; nothing was opened.
    """
    wanted = sorted(set(codes))
    missing: list[str] = []
    for begin in range(0, len(wanted), MAX_ACCOUNTS_AT_ONCE):
        part = wanted[begin : begin + MAX_ACCOUNTS_AT_ONCE]
        known = existing(session, part)
        missing += [code for code in part if code not in known]
    terms = [account(code) for code in missing]
    for begin in range(0, len(terms), MAX_ACCOUNTS_AT_ONCE):
        open_accounts(session, terms[begin : begin + MAX_ACCOUNTS_AT_ONCE])


def till(till_id: str) -> str:
    """Drawer of a shift."""
    return f"till:{till_id}"


def vault(outlet_id: str) -> str:
    """Safe of an outlet."""
    return f"vault:{outlet_id}"


def purse(card_id: str) -> str:
    """Shadow of a chip purse."""
    return f"purse:{card_id}"


def inload(card_id: str) -> str:
    """Money on its way onto a chip."""
    return f"inload:{card_id}"


def due(card_id: str) -> str:
    """The holder's money that is not on the chip."""
    return f"due:{card_id}"


def wallet(account_id: str) -> str:
    """An on-line account."""
    return f"wallet:{account_id}"


def refund(payment_id: str) -> str:
    """Money to be paid back the way it came."""
    return f"refund:{payment_id}"


def deposit(card_id: str) -> str:
    """Deposit for a card."""
    return f"deposit:{card_id}"


def unconfirmed(merchant_id: str) -> str:
    """Paid by residents, not confirmed by the utility."""
    return f"merchant:{merchant_id}:unconfirmed"


def clearing(merchant_id: str) -> str:
    """What a merchant earned and is not netted."""
    return f"merchant:{merchant_id}:clearing"


def payable(merchant_id: str) -> str:
    """What is netted and not paid out."""
    return f"merchant:{merchant_id}:payable"


def merchant_suspense(merchant_id: str = UNKNOWN_MERCHANT) -> str:
    """What chips paid and nobody has decided about."""
    return f"merchant:{merchant_id}:suspense"


def held(merchant_id: str) -> str:
    """What is held back from a merchant."""
    return f"merchant:{merchant_id}:held"


def guarantee(merchant_id: str) -> str:
    """A merchant's security deposit."""
    return f"merchant:{merchant_id}:guarantee"


def subsidy(merchant_id: str) -> str:
    """Concession money and goodwill for a merchant."""
    return f"merchant:{merchant_id}:subsidy"


def owed(kind: str, party_id: str) -> str:
    """A claim against a holder, sponsor, merchant, clerk or the clearing centre."""
    return f"owed:{kind}:{party_id}"


def unclaimed(kind: str) -> str:
    """Dormant money of one kind."""
    return f"unclaimed:{kind}"


def income(kind: str) -> str:
    """Income of one kind, such as `fee:merchant`."""
    return f"income:{kind}"


def expense(kind: str) -> str:
    """Expense of one kind, such as `purse_loss`."""
    return f"expense:{kind}"
