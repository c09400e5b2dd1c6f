"""The chart of accounts: whose money, on which terms."""

import pytest
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.chart import CHART, CLIENT_LIABILITY_FAMILIES, COVER_FAMILIES, POOL_OF, Pool, UnknownAccountPattern
from ledger import AccountType, balance, balances_of_family, existing, open_accounts

# Code, type, floor, ceiling, locked, pool.
TABLE = """
bank:custody A - - der C
bank:own A - - der O
transit:deposit A - - der C
transit:payout:custody L - - der C
transit:payout:own L - - der O
transit:own A - - der O
psp:stripe A - - der C
psp:stripe:payout A - - der C
psp:stripe:dispute A - - der O
till:till_1 A 0 - lock C
vault:out_1 A 0 - lock C
purse:card_1 L - - der C
inload:card_1 L 0 - lock C
due:card_1 L 0 - lock C
wallet:acc_1 L 0 100000 lock C
refund:pay_1 L 0 - lock C
merchant:mer_1:unconfirmed L - - der C
merchant:mer_1:clearing L - - der C
merchant:mer_1:payable L - - der C
merchant:mer_1:suspense L - - der C
merchant:unknown:suspense L - - der C
merchant:mer_1:held L 0 - lock C
merchant:mer_1:guarantee L 0 - lock O
merchant:mer_1:subsidy L - - der O
deposit:card_1 L 0 - lock C
suspense:bank L - - der C
suspense:cash L - - der C
unclaimed:purse L - - der C
owed:sponsor:spo_1 A - - der O
owed:holder:card_1 A - - der O
rent:deferred L - - der O
tax:vat L - - der O
income:fee:merchant I - - der O
income:fee:card I - - der O
income:rent I - - der O
income:deposit I - - der O
expense:psp_fee X - - der O
expense:purse_loss X - - der O
expense:hotlist_loss X - - der O
expense:goodwill X - - der O
expense:dispute X - - der O
equity:opening Q - - der O
""".strip().splitlines()
TYPES = {
    "A": AccountType.ASSET,
    "L": AccountType.LIABILITY,
    "I": AccountType.INCOME,
    "X": AccountType.EXPENSE,
    "Q": AccountType.EQUITY,
}


@pytest.mark.parametrize("line", TABLE, ids=lambda line: line.split()[0])
def test_chart_is_the_agreed_table(line: str) -> None:
    """Every account of the agreed table has its type, limits, way of keeping the balance and owner."""
    code, kind, floor, ceiling, kept, pool = line.split()
    new = chart.account(code)
    assert new.type is TYPES[kind]
    assert new.floor_fen == (None if floor == "-" else int(floor))
    assert new.ceiling_fen == (None if ceiling == "-" else int(ceiling))
    assert new.locked == (kept == "lock")
    assert POOL_OF[new.family] is {"C": Pool.CLIENT, "O": Pool.OWN}[pool]


def test_table_names_every_row_of_the_chart() -> None:
    """The chart holds nothing that was not agreed."""
    assert {chart.row_of(line.split()[0]).pattern for line in TABLE} == {row.pattern for row in CHART}


@pytest.mark.parametrize(
    "code",
    [
        "",
        "purse:",
        "purse:card_1:x",
        "purse:card 1",
        "merchant:m:profit",
        "merchant::clearing",
        "income:gifts",
        "expense:",
        "owed:friend:x",
        "owed:holder:",
        "bank:other",
        "Purse:card_1",
        "purse:card_1\n",
    ],
)
def test_unknown_pattern_cannot_be_opened(code: str, session: Session) -> None:
    """Nobody opens an account that the chart does not know."""
    with pytest.raises(UnknownAccountPattern):
        chart.open_missing(session, ["purse:card_1", code])
    assert existing(session, ["purse:card_1"]) == set()


def test_names_fit_the_chart() -> None:
    """Each name that the code makes is an account of the chart."""
    codes = [
        *(name("id_1") for name in (chart.till, chart.vault, chart.purse, chart.inload, chart.due, chart.wallet)),
        *(name("id_1") for name in (chart.refund, chart.deposit, chart.unconfirmed, chart.clearing, chart.payable)),
        *(name("id_1") for name in (chart.merchant_suspense, chart.held, chart.guarantee, chart.subsidy)),
        chart.merchant_suspense(),
        chart.owed("sponsor", "spo_1"),
        chart.unclaimed("wallet"),
        chart.income("fee:merchant"),
        chart.expense("goodwill"),
    ]
    assert len({chart.account(code).code for code in codes}) == len(codes)


def test_registered_holder_may_hold_more() -> None:
    """An on-line account holds ¥1,000, and ¥5,000 once the holder's name is known."""
    assert chart.account("wallet:acc_1").ceiling_fen == 100_000
    assert chart.account("wallet:acc_1", registered=True).ceiling_fen == 500_000
    assert chart.account("due:card_1", registered=True).ceiling_fen is None


def test_missing_accounts_are_opened_once(session: Session) -> None:
    """Opening what is there already changes nothing, whatever terms it has by now."""
    open_accounts(session, [chart.account("wallet:acc_1", registered=True)])
    for _ in range(2):
        chart.open_missing(session, ["wallet:acc_1", "wallet:acc_2", "wallet:acc_2", chart.BANK_CUSTODY])
    assert [account.code for account in balances_of_family(session, "wallet:<account>")] == [
        "wallet:acc_1",
        "wallet:acc_2",
    ]
    assert balance(session, "wallet:acc_1").ceiling_fen == 500_000
    assert balance(session, "wallet:acc_2").ceiling_fen == 100_000


def test_pools_of_the_custody_certificate() -> None:
    """What the city owes to clients, and what covers it, hold no money of the company."""
    assert all(POOL_OF[family] is Pool.CLIENT for family in (*CLIENT_LIABILITY_FAMILIES, *COVER_FAMILIES))
    assert "purse:<card>" in CLIENT_LIABILITY_FAMILIES
    assert "merchant:<m>:subsidy" not in CLIENT_LIABILITY_FAMILIES
    assert "transit:payout:custody" not in CLIENT_LIABILITY_FAMILIES
    assert set(COVER_FAMILIES) == {
        "bank:custody",
        "transit:deposit",
        "psp:stripe",
        "psp:stripe:payout",
        "till:<till>",
        "vault:<outlet>",
    }
