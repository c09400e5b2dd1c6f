"""Names of events: one name, one event, whatever kind it is."""

from datetime import datetime

import pytest

from citizencard.accounts.errors import NumberOfAnotherTerminal, TraceReused
from citizencard.accounts.names import check_forestalled, take_name
from citizencard.accounts.proof import PurchaseName
from citizencard.db import Sessions, transaction
from citizencard.keys.vault import SoftwareVault
from tests.citizencard.accounts.make_accounts import Shop


def test_name_is_taken_once(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """The second who wants a name is told so; only a reversal that came first lets the late event be refused in peace."""
    shop = Shop.open(sessions, vault, now)
    one, other = shop.city.bus1.terminal_id, shop.city.bus2.terminal_id
    taken, reversed_before, free = (shop.name(trace) for trace in (1, 2, 3))
    shop.take_back(reversed_before)
    shop.buy(shop.claim(100, trace=4))
    with transaction(sessions) as session:
        assert take_name(session, one, taken, now)
        assert not take_name(session, one, taken, now)
        assert not take_name(session, one, reversed_before, now)
        check_forestalled(session, one, reversed_before)
        names: tuple[PurchaseName, ...] = (taken, free, shop.name(4))
        for name in names:
            with pytest.raises(TraceReused):
                check_forestalled(session, one, name)
        with pytest.raises(NumberOfAnotherTerminal):
            check_forestalled(session, other, taken)
