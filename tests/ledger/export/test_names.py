"""Account codes in other programs."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import AccountType
from ledger.export import names

CODES = st.text(alphabet="AaXxcZz09_.:-Bud", min_size=1, max_size=20)
TYPES = st.sampled_from(AccountType)
# Lexer of Beancount 2.3.5: a level begins with a capital or a digit; letters, digits and hyphens follow.
BEANCOUNT = re.compile(r"(Assets|Liabilities|Income|Expenses|Equity)(:[A-Z0-9][A-Za-z0-9-]*)+")


@given(TYPES, CODES)
def test_names_can_be_turned_back(kind: AccountType, code: str) -> None:
    """Two accounts of ours are never one account of theirs, and an auditor finds his way back."""
    assert names.from_hledger(names.hledger_name(kind, code)) == (kind, code)
    name = names.beancount_name(kind, code)
    assert BEANCOUNT.fullmatch(name), name
    assert names.from_beancount(name) == (kind, code)


@given(CODES, CODES)
def test_no_account_is_above_another_in_beancount(first: str, second: str) -> None:
    """A balance asserted of one account never counts the money of another."""
    above = names.beancount_name(AccountType.ASSET, first)
    assert not names.beancount_name(AccountType.ASSET, f"{first}:{second}").startswith(f"{above}:")


@given(st.text(alphabet="AssetEquiyOp:-udcX~b", max_size=24))
def test_only_our_own_names_mean_something(text: str) -> None:
    """What turns back turns forth into itself."""
    for name in (text, f"Assets:{text}", f"assets:{text}"):
        if found := names.from_beancount(name):
            assert names.beancount_name(*found) == name
        if found := names.from_hledger(name):
            assert names.hledger_name(*found) == name


def test_names_can_be_read() -> None:
    """People recognise the accounts of the city."""
    assert names.hledger_name(AccountType.LIABILITY, "merchant:m_1:clearing") == "liabilities:merchant:m_1:clearing"
    assert names.beancount_name(AccountType.LIABILITY, "merchant:m_1:due") == "Liabilities:Merchant-:M-u1-:Due"
    assert names.beancount_name(AccountType.ASSET, "psp:stripe") == "Assets:Psp-:Stripe"
    assert names.hledger_name(AccountType.ASSET, ":a::") == "assets:~:a:~:~"


@pytest.mark.parametrize("name", [names.HLEDGER_OPENING, names.BEANCOUNT_OPENING])
def test_counterpart_of_opening_balances_is_nobodys_account(name: str) -> None:
    """The account that opening balances stand against is not taken for one of the city's."""
    assert names.from_hledger(name) is None
    assert names.from_beancount(name) is None
