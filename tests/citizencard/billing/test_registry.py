"""Utility services."""

import pytest
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.billing.errors import ServiceDetailsInvalid, ServiceNameTaken, ServiceUnknown
from citizencard.billing.registry import NewService, find_service, list_services, register_service
from citizencard.db import Sessions, transaction
from citizencard.merchants.errors import UnknownMerchant
from citizencard.merchants.registry import register_merchant
from ledger import existing
from tests.citizencard.billing.make_bills import RULE, Waterworks


def test_service_has_its_place_in_the_books(works: Waterworks, sessions: Sessions) -> None:
    """What residents pay for water can be booked from the first bill on."""
    with transaction(sessions) as session:
        service = find_service(session, works.service_id)
        assert (service.merchant_id, service.rule, service.currency) == (works.merchant_id, RULE, "cny")
        assert existing(session, [chart.clearing(works.merchant_id)])
        assert [one.id for one in list_services(session)] == [works.service_id]
        assert list_services(session, after=works.service_id) == []


def register(session: Session, works: Waterworks, merchant_id: str, name: str = "gas", rule: str = RULE) -> str:
    return register_service(session, NewService(merchant_id, name, rule), works.deed()).id


@pytest.mark.parametrize(
    ("name", "rule"), [("", RULE), ("x" * 121, RULE), ("gas", ""), ("gas", "a b"), ("gas", "a.b"), ("gas", "r" * 61)]
)
def test_details_that_are_not_usable_are_named(works: Waterworks, sessions: Sessions, name: str, rule: str) -> None:
    """A slip of the finance desk is told before anything is billed."""
    with transaction(sessions) as session, pytest.raises(ServiceDetailsInvalid) as refusal:
        register(session, works, works.merchant_id, name, rule)
    assert refusal.value.fields["faults"]


def test_only_a_utility_bills(works: Waterworks, sessions: Sessions) -> None:
    """A bus company sends no water bills, and a merchant that is not there none at all."""
    with transaction(sessions) as session:
        bus = register_merchant(session, "bus", "bus", now=works.now)
        with pytest.raises(ServiceDetailsInvalid):
            register(session, works, bus.id)
        with pytest.raises(UnknownMerchant):
            register(session, works, "mer_x")
        with pytest.raises(ServiceUnknown):
            find_service(session, "utl_x")


def test_name_is_given_once(works: Waterworks, sessions: Sessions) -> None:
    """Two services of one name could not be told apart on a slip."""
    with pytest.raises(ServiceNameTaken), transaction(sessions) as session:
        register(session, works, works.merchant_id, " 居民生活用水 ")
