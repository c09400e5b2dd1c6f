"""What payers and staff see of payments."""

import pytest

from citizencard.checkout.errors import PaymentUnknown
from citizencard.checkout.views import payment_of_person, payments_of_person
from citizencard.db import reading
from tests.citizencard.checkout.make_checkout import Office


def test_a_person_sees_his_payments_and_nobody_elses(desk: Office) -> None:
    """Newest first, with the slip; a stranger's payment is unknown."""
    paid = desk.paid_bill()
    desk.later(minutes=1)
    begun = desk.begin_top_up()
    with reading(desk.sessions) as session:
        mine = payments_of_person(session, desk.works.person_id)
        assert payments_of_person(session, desk.works.neighbour_id) == []
        assert payment_of_person(session, paid.id, desk.works.person_id) == mine[1]
        for payment_id in (paid.id, "pay_none"):
            with pytest.raises(PaymentUnknown):
                payment_of_person(session, payment_id, desk.works.neighbour_id)
    assert [payment.id for payment in mine] == [begun.id, paid.id]
    assert [payment.receipt_token is not None for payment in mine] == [False, True]
