"""Two cities can be compared: by balances, findings that stand, and what is set aside; not by days or the order of rows."""

from citizencard.purse.uploads.models import FindingKind
from tests.citizencard.settlement.clearing.looking import state
from tests.citizencard.settlement.histories.make_histories import Nights


def test_the_state_names_money_and_findings(nights: Nights) -> None:
    """A fork: both taps by their names; the merchant's money is one sum, netted or not."""
    forked = [nights.ride(minutes, card_counter=5) for minutes in (60, 50)]
    nights.upload(*forked, nights.ride(40, card_counter=6))
    merchant = nights.city.merchant_id
    before = state(nights)
    assert (before.balances[f"merchant:{merchant}:earned"], before.findings, before.aside) == (
        540,
        frozenset(),
        frozenset(),
    )
    nights.close()
    after = state(nights)
    assert after.balances[f"merchant:{merchant}:earned"] == 180
    assert after.balances[f"merchant:{merchant}:suspense"] == 360
    names = {record.identity(nights.city.bus1.number) for record in forked}
    assert after.aside == names
    forks = {(name, detail) for kind, name, detail in after.findings if kind == FindingKind.COUNTER_FORK}
    assert forks == {(name, '{"counter": 5}') for name in names}
