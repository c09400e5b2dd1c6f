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
from ledger.cuts import draw_cut
from ledger.days import ClosedDay, DayTotals, close_day, open_day, open_first_day, total_day
from ledger.folding import Folded, fold
from ledger.heads import Head, head_differences, last_head, read_head, signed_head, verify_seals
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
from ledger.hot import post_hot
from ledger.integrity import Proof, prove
from ledger.journal import post, post_each, reverse
from ledger.models import AccountState, AccountType, HoldState
from ledger.past import PastBalance, PastTrialBalance, balance_at, balance_on, trial_balance_at, trial_balance_on
from ledger.seals import Progress, Sealed, seal
from ledger.stops import Stopped, release, stop, stopped
from ledger.transfers import Posted, Transfer, Verdict

__all__ = [
    "AboveCeiling",
    "AccountState",
    "AccountType",
    "Balance",
    "ClosedDay",
    "DayTotals",
    "Difference",
    "Folded",
    "Head",
    "Held",
    "HoldState",
    "NewAccount",
    "NewHold",
    "PastBalance",
    "PastTrialBalance",
    "Posted",
    "Progress",
    "Proof",
    "Sealed",
    "SettledHold",
    "Settlement",
    "StatementLine",
    "StatementPage",
    "Stopped",
    "Transfer",
    "TrialBalance",
    "TrialBalanceRow",
    "Verdict",
    "balance",
    "balance_at",
    "balance_on",
    "balances",
    "balances_of_family",
    "close_day",
    "draw_cut",
    "existing",
    "expire_holds",
    "find_hold",
    "fold",
    "head_differences",
    "hold",
    "last_head",
    "open_accounts",
    "open_day",
    "open_first_day",
    "post",
    "post_each",
    "post_hot",
    "prove",
    "read_head",
    "release",
    "release_hold",
    "reverse",
    "seal",
    "set_account_state",
    "settle_hold",
    "settlement_transfer",
    "signed_head",
    "statement",
    "stop",
    "stopped",
    "total_day",
    "trial_balance",
    "trial_balance_at",
    "trial_balance_on",
    "verify_seals",
]
