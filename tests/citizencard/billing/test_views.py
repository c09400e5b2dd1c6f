"""Bills as people see them."""

import pytest

from citizencard.billing.models import BillState
from citizencard.billing.paying import pay_from_account
from citizencard.billing.views import bills_of_customer, masked
from citizencard.db import reading, transaction
from tests.citizencard.billing.make_bills import HOUSE, Waterworks, file_of, row


@pytest.mark.parametrize(
    ("number", "shown"),
    [("1", "····"), ("12", "····2"), ("1234", "····34"), ("12345678", "····5678"), (HOUSE, "····3344")],
)
def test_number_is_masked(number: str, shown: str) -> None:
    """Nobody reads a household's number over a shoulder; a short one shows at most half."""
    assert masked(number) == shown


def test_household_sees_its_bills(works: Waterworks) -> None:
    """The clerk who is told a number sees what is billed to it, what it is made of, and the slip of what is paid."""
    works.take(file_of(row("A"), row("B", quantity=35), row("C", customer_number="999")))
    bill_id = works.found("A").id
    with transaction(works.sessions) as session:
        paid = pay_from_account(session, bill_id, works.account_id, works.deed())
    with reading(works.sessions) as session:
        found = {view.serial: view for view in bills_of_customer(session, HOUSE, works.service_id)}
        assert bills_of_customer(session, HOUSE, "utl_x") == []
        first = bills_of_customer(session, HOUSE, limit=1)
        rest = bills_of_customer(session, HOUSE, after=first[0].id)
    assert set(found) == {"A", "B"}
    assert {view.serial for view in first + rest} == {"A", "B"}
    assert (found["A"].state, found["A"].receipt_token) == (BillState.PAID, paid.receipt.token)
    assert (found["B"].state, found["B"].receipt_token, found["B"].household) == (BillState.OPEN, None, "····3344")
    assert [part.what for part in found["B"].parts] == ["tier", "tier", "tier", "add_on"]
    assert sum(part.minor for part in found["B"].quote.lines) == found["B"].quote.minor == found["B"].amount_fen
    assert found["A"].service_name == "居民生活用水"
    assert HOUSE not in repr(found["A"])
