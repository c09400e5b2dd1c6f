"""Payments as rows."""

import pytest

from citizencard.billing.errors import BillUnknown
from citizencard.checkout.errors import CheckoutAmountDiffers, CheckoutAmountInvalid
from citizencard.checkout.orders import NewCheckout
from tests.citizencard.billing.make_bills import file_of, row
from tests.citizencard.checkout.make_checkout import Office


@pytest.mark.parametrize("amount_fen", [0, -1, 100_000_000])
def test_only_an_amount_is_an_amount(desk: Office, amount_fen: int) -> None:
    """Nothing, less than nothing and more than the provider takes are refused."""
    with pytest.raises(CheckoutAmountInvalid):
        desk.begin(NewCheckout("top_up", desk.works.account_id, amount_fen, None))


def test_a_bill_must_be_there(desk: Office) -> None:
    """A made-up bill is not paid."""
    with pytest.raises(BillUnknown):
        desk.begin_bill("bil_none")


def test_a_bill_that_was_corrected_is_not_paid_in_its_old_version(desk: Office) -> None:
    """The utility corrects the bill while the page is open: the resident is shown the new amount first."""
    begun = desk.begin_bill()
    desk.works.take(file_of(row(quantity=20)))
    with pytest.raises(CheckoutAmountDiffers) as refused:
        desk.confirm(begun.id)
    assert refused.value.public_fields() == {"amount_fen": 5_500}
    assert desk.fake.books.charged == {}
