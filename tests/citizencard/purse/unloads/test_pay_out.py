"""Cash for what came off a chip: only for a card that is given up, empty, and no more than the books know of."""

import pytest

from citizencard import chart
from citizencard.cards.as_of import hotlisted_at
from citizencard.cards.models import CardState
from citizencard.db import reading, transaction
from citizencard.purse.unloads import pay_out
from citizencard.purse.unloads.errors import CashOutTooLarge, ChipNotEmpty, ShadowBelowZero, UnloadStateForbids
from citizencard.purse.unloads.lookup import unloads_of_card
from ledger import Transfer, post, prove
from ledger.errors import BalanceTooLow
from tests.citizencard.cards.make_cards import stored_card
from tests.citizencard.purse.loads.make_loads import City, Money
from tests.citizencard.purse.unloads.make_unloads import loaded_card, pay, recover, run, stored, torn, wish


def test_card_is_given_up_and_its_money_paid_in_cash(city: City) -> None:
    """All of it off the chip, out of the till, on a slip; the card is closed and on the hotlist, and nothing is paid twice."""
    card, chip = loaded_card(city)
    unload = wish(city, card)
    with pytest.raises(UnloadStateForbids):
        pay(city, unload)
    assert run(city, unload, chip).outcome == "unloaded"
    paid = pay(city, unload)
    assert (paid.state, paid.slip_serial, paid.till_id) == ("paid_out", 2, city.till.id)
    assert city.money(card) == Money(purse=0, due=0, till=0)
    assert stored_card(city.sessions, card.id).state == CardState.CLOSED
    with reading(city.sessions) as session:
        assert hotlisted_at(session, [card.serial], [city.now]) == [True]
        assert prove(session).differences == ()
        assert [found.id for found in unloads_of_card(session, card.id)] == [unload.id]
    with pytest.raises(UnloadStateForbids):
        pay(city, unload)


def test_cash_is_not_paid_while_money_is_on_the_chip(city: City) -> None:
    """A card with money left, loaded again since, or with an order that is open, goes on living: its money waits in `due`."""
    card, chip = loaded_card(city)
    part = wish(city, card, 4_000)
    assert run(city, part, chip).outcome == "unloaded"
    with pytest.raises(ChipNotEmpty):
        pay(city, part)
    rest = wish(city, card)
    torn(city, rest, chip, "after", 3)
    with pytest.raises(UnloadStateForbids):
        pay(city, rest)
    assert recover(city, rest, chip).outcome == "unloaded"
    city.loaded(card, chip, 100)
    with pytest.raises(ChipNotEmpty):
        pay(city, rest)
    assert city.money(card) == Money(purse=100, due=10_000, till=10_100)


def test_shadow_below_zero_is_looked_into_before_cash_is_paid(city: City) -> None:
    """The chip gave back more than the books know of (a forged record took it): the proof is booked, the cash waits."""
    card, chip = loaded_card(city)
    with transaction(city.sessions) as session:
        chart.open_missing(session, [chart.clearing("m_forger")])
        forged = Transfer("tap:forged", chart.purse(card.id), chart.clearing("m_forger"), 1_000, "tap", city.now)
        post(session, [forged], now=city.now)
    unload = wish(city, card)
    assert run(city, unload, chip).outcome == "unloaded"
    assert city.money(card) == Money(purse=-1_000, due=10_000, till=10_000)
    with pytest.raises(ShadowBelowZero):
        pay(city, unload)


def test_till_and_limit_are_held(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    """No till pays what it has not, and no counter pays more than the limit."""
    card, chip = loaded_card(city)
    other, second = loaded_card(city, 5_000)
    for held, reader in ((other, second), (card, chip)):
        unload = wish(city, held)
        assert run(city, unload, reader).outcome == "unloaded"
    with transaction(city.sessions) as session:
        chart.open_missing(session, [chart.vault("out")])
        away = Transfer("slip:x", chart.vault("out"), chart.till(city.till.id), 6_000, "to_vault", city.now)
        post(session, [away], now=city.now)
    with pytest.raises(BalanceTooLow):
        pay(city, unload)
    assert (stored(city, unload).state, stored_card(city.sessions, card.id).state) == ("proven", "active")
    monkeypatch.setattr(pay_out, "CASH_OUT_LIMIT_FEN", 9_999)
    with pytest.raises(CashOutTooLarge):
        pay(city, unload)
