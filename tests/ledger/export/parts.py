"""One period, one balance and one transfer with everything that a transfer can have, for tests of each format."""

from datetime import date, timedelta

from ledger import AccountType
from ledger.export import Period
from ledger.export.reading import Entry, Held
from tests.ledger.make import AT

PERIOD = Period(date(2026, 11, 1), date(2026, 11, 30), 16, 17, final=True)
HELD = Held("wallet:a_1", AccountType.LIABILITY, "wallet:<account>", "CNY", -1_234_56)
EMPTY = Held("psp:stripe", AccountType.ASSET, "psp:stripe", "CNY", 0)
ENTRY = Entry(
    id=17,
    reference="-slip:7",
    debit="psp:stripe",
    debit_type=AccountType.ASSET,
    credit="wallet:a_1",
    credit_type=AccountType.LIABILITY,
    amount_fen=5_005,
    currency="CNY",
    kind="topup",
    occurred_at=AT,
    recorded_at=AT + timedelta(microseconds=1),
    business_date=date(2026, 11, 21),
    journal="j:1",
    reverses=9,
    metadata='{"a":"x\\"y\\\\z","b":[1]}',
)
