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
from ledger.holds import (
    Held,
    NewHold,
    SettledHold,
    Settlement,
    expire_holds,
    find_hold,
    hold,
    release_hold,
    settle_hold,
    settlement_transfer,
)
from ledger.integrity import Proof, prove
from ledger.journal import post, post_each, reverse
from ledger.models import AccountState, AccountType, HoldState
from ledger.transfers import Posted, Transfer, Verdict

__all__ = [
    "AboveCeiling",
    "AccountState",
    "AccountType",
    "Balance",
    "ClosedDay",
    "DayTotals",
    "Difference",
    "Held",
    "HoldState",
    "NewAccount",
    "NewHold",
    "Posted",
    "Proof",
    "SettledHold",
    "Settlement",
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
    "expire_holds",
    "find_hold",
    "hold",
    "open_accounts",
    "open_day",
    "open_first_day",
    "post",
    "post_each",
    "prove",
    "release_hold",
    "reverse",
    "set_account_state",
    "settle_hold",
    "settlement_transfer",
    "statement",
    "total_day",
    "trial_balance",
]
