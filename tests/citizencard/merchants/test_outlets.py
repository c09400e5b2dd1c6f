"""Outlets of merchants."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from citizencard.audit import Actor
from citizencard.merchants.errors import (
    MerchantDetailsInvalid,
    MerchantOutletClosed,
    MerchantOutletNameTaken,
    UnknownMerchant,
    UnknownMerchantOutlet,
)
from citizencard.merchants.outlets import (
    NewOutlet,
    close_outlet,
    list_outlets,
    open_outlet,
    open_outlet_by_id,
    outlet_by_id,
    outlets_by_id,
)
from citizencard.merchants.registry import register_merchant


def test_outlets_are_opened_found_and_closed(session: Session, clerk: Actor, now: datetime) -> None:
    """A metro company's stations are found by company and page by page; a closed one stays known."""
    metro = register_merchant(session, "Metro", "metro", now=now).id
    shop = register_merchant(session, "Shop", "shop", now=now).id
    made = [
        open_outlet(session, NewOutlet(metro, f" Station {n} ", "1 Ring Road", "05:00-23:30"), clerk, now)
        for n in range(3)
    ]
    ids = sorted(outlet.id for outlet in made)
    assert made[0].name == "Station 0"
    page = list_outlets(session, merchant_id=metro, limit=2)
    assert [row.id for row in [*page, *list_outlets(session, merchant_id=metro, after=page[-1].id)]] == ids
    assert list_outlets(session, merchant_id=shop) == []
    closed = close_outlet(session, ids[0], clerk, now + timedelta(days=1))
    assert outlet_by_id(session, closed.id).closed_at == now + timedelta(days=1)
    with pytest.raises(MerchantOutletClosed):
        close_outlet(session, ids[0], clerk, now)
    with pytest.raises(MerchantOutletClosed):
        open_outlet_by_id(session, ids[0])
    assert set(outlets_by_id(session, [ids[0], ids[1], "mout_none"])) == set(ids[:2])


def test_what_cannot_be_an_outlet_is_refused_with_every_fault(session: Session, clerk: Actor, now: datetime) -> None:
    """Two doors of one name at one merchant would send the repairman to the wrong one."""
    merchant = register_merchant(session, "Shop", "shop", now=now).id
    open_outlet(session, NewOutlet(merchant, "Main Street", "1 Main Street"), clerk, now)
    with pytest.raises(MerchantDetailsInvalid) as refused:
        open_outlet(session, NewOutlet(merchant, " ", "a" * 201, "b" * 121), clerk, now)
    assert str(refused.value).count(";") == 2
    with pytest.raises(UnknownMerchant):
        open_outlet(session, NewOutlet("mer_none", "x", "y"), clerk, now)
    with pytest.raises(UnknownMerchantOutlet):
        outlet_by_id(session, "mout_none")
    with pytest.raises(MerchantOutletNameTaken):
        open_outlet(session, NewOutlet(merchant, "Main Street", "2 Main Street"), clerk, now)
