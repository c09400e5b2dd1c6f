"""Double-entry engine: knows money and no cards. This is its public door."""

from ledger.accounts import NewAccount, existing, open_accounts, set_account_state
from ledger.balances import (
    Balance,
    StatementLine,
    StatementPage,
    TrialBalance,
    TrialBalanceRow,
    balance,
    balances,
    balances_of_family,
    statement,
    trial_balance,
)
from ledger.checks import AboveCeiling, Difference
from ledger.days import ClosedDay, DayTotals, close_day, open_day, open_first_day, total_day
from ledger.integrity import Proof, prove
from ledger.journal import post, post_each, reverse
from ledger.models import AccountState, AccountType
from ledger.transfers import Posted, Transfer, Verdict

__all__ = [
    "AboveCeiling",
    "AccountState",
    "AccountType",
    "Balance",
    "ClosedDay",
    "DayTotals",
    "Difference",
    "NewAccount",
    "Posted",
    "Proof",
    "StatementLine",
    "StatementPage",
    "Transfer",
    "TrialBalance",
    "TrialBalanceRow",
    "Verdict",
    "balance",
    "balances",
    "balances_of_family",
    "close_day",
    "existing",
    "open_accounts",
    "open_day",
    "open_first_day",
    "post",
    "post_each",
    "prove",
    "reverse",
    "set_account_state",
    "statement",
    "total_day",
    "trial_balance",
]
