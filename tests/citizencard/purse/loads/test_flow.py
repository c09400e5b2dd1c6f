"""Money put on a chip, over the counter."""

from datetime import datetime

from citizencard.db import Sessions
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.loads.flow import LOADED
from tests.citizencard.cards.make_cards import issue_card
from tests.citizencard.purse.loads.make_loads import City, Money, chip_balance


def test_cash_arrives_on_the_chip(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A hundred yuan over the counter are in the till, on the chip and in its shadow, and nowhere else."""
    city = City.open(sessions, vault, now)
    card, chip = issue_card(sessions, vault, now)
    load = city.request(card)
    assert city.load(load, chip).outcome == LOADED
    assert city.stored(load).state == "proven"
    assert city.stored(load).slip_serial == 1
    assert chip_balance(chip) == 10_000
    assert city.money(card) == Money(purse=10_000, inload=0, till=10_000)
