"""Loads whose card went away: only proof ends them, and nobody can play money back."""

from datetime import datetime

import pytest
from sqlalchemy import select

from citizencard.audit import AuditEntry
from citizencard.cards.flow import start_job
from citizencard.cards.models import Card
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.loads.errors import LoadStateForbids
from citizencard.purse.loads.loads import disprove_load, last_attempt
from citizencard.purse.loads.models import Load
from citizencard.staff.models import Till
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.channel import exchange
from hardware.emulator import EmulatedCard, TearPhase
from tests.citizencard.cards.make_cards import issue_card
from tests.citizencard.purse.loads.make_loads import City, Money, chip_balance

INITIALIZE = 0x50
PROVE = 0x5A
BEFORE_CREDIT: TearPhase = "before"
AFTER_CREDIT: TearPhase = "after"


@pytest.fixture
def city(sessions: Sessions, vault: SoftwareVault, now: datetime) -> City:
    """A city with an open day and a till."""
    return City.open(sessions, vault, now)


def _torn(city: City, phase: TearPhase) -> tuple[Card, EmulatedCard, Load]:
    """A load whose card went away when MAC2 was on its way to it."""
    card, chip = issue_card(city.sessions, city.hsm, city.now)
    load = city.request(card)
    station = city.station(chip)
    chip.tear(2, phase)
    assert station.run(city.load_order(load, chip), city.now).outcome == "torn"
    return card, chip, city.stored(load)


def _break_disprove(city: City, load: Load) -> None:
    """What no card can bring about: a disproof of a load that was credited."""
    with transaction(city.sessions) as session:
        attempt = last_attempt(session, load.id)
        assert attempt is not None
        disprove_load(session, load.id, attempt.id, city.deed())


def test_stored_proof_of_the_card_ends_a_credited_load(city: City) -> None:
    """The card was credited and its answer lost: its stored TAC brings the money from `inload` to the shadow."""
    card, chip, load = _torn(city, AFTER_CREDIT)
    assert city.money(card) == Money(inload=10_000, till=10_000)
    assert city.recover(load, chip).outcome == "loaded"
    assert city.money(card) == Money(purse=10_000, till=10_000)
    assert chip_balance(chip) == 10_000
    with pytest.raises(LoadStateForbids):
        city.recover(load, chip)


def test_counter_proves_where_the_stored_proof_is_withheld(city: City) -> None:
    """A workstation that hides the stored TAC gains nothing: the probe's counter says the same."""
    card, chip, load = _torn(city, AFTER_CREDIT)
    station = city.station(chip)
    station.carry = lambda command: ResponseApdu(b"", 0x9406) if command.ins == PROVE else exchange(chip, command)
    assert station.run(city.recover_order(load, chip), city.now).outcome == "loaded"
    assert city.money(card) == Money(purse=10_000, till=10_000)


def test_uncredited_load_is_given_back_by_a_clerk(city: City) -> None:
    """Disproved by a probe, the money waits; the clerk's decision returns it to the till it came from, once."""
    card, chip, load = _torn(city, BEFORE_CREDIT)
    with pytest.raises(LoadStateForbids):
        city.give_back(load)
    assert city.recover(load, chip).outcome == "disproven"
    assert city.money(card) == Money(inload=10_000, till=10_000)
    assert city.give_back(load).given_back_to == f"till:{city.till.id}"
    assert city.money(card) == Money()
    with pytest.raises(LoadStateForbids):
        city.give_back(load)
    with pytest.raises(LoadStateForbids):
        city.load(load, chip)
    assert city.recover(load, chip).outcome == "given_back"
    assert chip_balance(chip) == 0


def test_closed_till_gives_nothing_back(city: City) -> None:
    """When the till's shift is over the money stays the holder's, in `due`."""
    card, chip, load = _torn(city, BEFORE_CREDIT)
    assert city.recover(load, chip).outcome == "disproven"
    with transaction(city.sessions) as session:
        session.get_one(Till, city.till.id).closed_at = city.now
    assert city.give_back(load).given_back_to == f"due:{card.id}"
    assert city.money(card) == Money(due=10_000, till=10_000)


def test_one_payment_may_take_many_attempts(city: City) -> None:
    """Torn and disproved again and again, a load is paid once and arrives once."""
    card, chip, load = _torn(city, BEFORE_CREDIT)
    for _ in range(3):
        assert city.recover(load, chip).outcome == "disproven"
        station = city.station(chip)
        chip.tear(2, BEFORE_CREDIT)
        assert station.run(city.load_order(load, chip), city.now).outcome == "torn"
    assert city.recover(load, chip).outcome == "disproven"
    assert city.load(load, chip).outcome == "loaded"
    assert city.money(card) == Money(purse=10_000, till=10_000)
    with reading(city.sessions) as session:
        attempt = last_attempt(session, load.id)
        assert attempt is not None
        assert attempt.number == 5
    assert city.stored(load).slip_serial == 1


def test_played_back_announcement_brings_no_money_back(city: City) -> None:
    """A clerk records the card's announcement before the load and plays it back afterwards to have the cash returned: refused."""
    card, chip = issue_card(city.sessions, city.hsm, city.now)
    load = city.request(card)
    station = city.station(chip)
    recorded: list[ResponseApdu] = []

    def credit_and_hide(command: CommandApdu) -> ResponseApdu:
        response = exchange(chip, command)
        if command.ins == INITIALIZE:
            recorded.append(response)
        return ResponseApdu(b"", 0x6F00) if command.ins == 0x52 else response

    station.carry = credit_and_hide
    assert station.run(city.load_order(load, chip), city.now).outcome == "undecided"
    assert chip_balance(chip) == 10_000

    def play_back(command: CommandApdu) -> ResponseApdu:
        if command.ins == INITIALIZE:
            return recorded[0]
        return ResponseApdu(b"", 0x9406) if command.ins == PROVE else exchange(chip, command)

    station = city.station(chip)
    station.carry = play_back
    assert station.run(city.recover_order(load, chip), city.now).outcome == "card_not_genuine"
    assert city.stored(load).state == "authorised"
    with pytest.raises(LoadStateForbids):
        city.give_back(load)
    assert city.recover(load, chip).outcome == "loaded"
    assert city.money(card) == Money(purse=10_000, till=10_000)


def test_played_back_probe_brings_no_money_back(city: City) -> None:
    """Not even the answer to an earlier probe fits: each probe asks for another value."""
    _, chip, load = _torn(city, BEFORE_CREDIT)
    station = city.station(chip)
    station.run(city.recover_order(load, chip), city.now)
    probed = next(response for command, response in station.trace if command.ins == INITIALIZE)
    station = city.station(chip)
    chip.tear(2, AFTER_CREDIT)
    assert station.run(city.load_order(load, chip), city.now).outcome == "torn"
    station = city.station(chip)
    station.carry = lambda command: (
        probed
        if command.ins == INITIALIZE
        else ResponseApdu(b"", 0x9406)
        if command.ins == PROVE
        else exchange(chip, command)
    )
    assert station.run(city.recover_order(load, chip), city.now).outcome == "card_not_genuine"
    assert city.stored(load).state == "authorised"


def test_another_genuine_card_decides_nothing(city: City) -> None:
    """A probe answered by somebody else's card neither proves nor disproves."""
    _, chip, load = _torn(city, AFTER_CREDIT)
    _, other = issue_card(city.sessions, city.hsm, city.now)
    other.reset()
    station = city.station(chip)
    station.carry = lambda command: exchange(other, command)
    assert station.run(city.recover_order(load, chip), city.now).outcome == "card_not_genuine"
    assert city.stored(load).state == "authorised"


def test_proof_after_a_give_back_is_the_holders_debt_and_an_alarm(city: City) -> None:
    """Should money ever be given back for a load that was credited, the shadow follows the chip and the holder owes it."""
    card, chip, load = _torn(city, AFTER_CREDIT)
    _break_disprove(city, load)
    city.give_back(load)
    assert city.recover(load, chip).outcome == "loaded"
    assert city.money(card) == Money(purse=10_000, owed=10_000)
    stored = city.stored(load)
    assert (stored.state, stored.proven_late_at) == ("given_back", city.now)
    with reading(city.sessions) as session:
        acts = session.scalars(select(AuditEntry.act).where(AuditEntry.subject == load.id)).all()
    assert "load.proven_after_give_back" in acts
    city.recover(load, chip)
    assert city.money(card) == Money(purse=10_000, owed=10_000)


def test_later_load_explains_the_counter_of_one_given_back(city: City) -> None:
    """After a give-back the same counter may serve another load: its success is no debt of the holder."""
    card, chip, load = _torn(city, BEFORE_CREDIT)
    city.recover(load, chip)
    city.give_back(load)
    city.loaded(card, chip, 500)
    assert city.recover(load, chip).outcome == "given_back"
    assert city.money(card) == Money(purse=500, till=500)


def test_load_that_was_never_booked_cannot_be_recovered(city: City) -> None:
    """Nothing was paid, so there is nothing to find out."""
    card, chip = issue_card(city.sessions, city.hsm, city.now)
    load = city.request(card)
    with pytest.raises(LoadStateForbids):
        start_job(city.bench, city.recover_order(load, chip), city.now)


def test_a_later_loads_credit_proves_nothing_for_one_given_back(city: City) -> None:
    """Cash of a disproven load is back, the next load of the same counter is credited and torn: only that one is proven by the counter."""
    card, chip, first = _torn(city, BEFORE_CREDIT)
    assert city.recover(first, chip).outcome == "disproven"
    city.give_back(first)
    second = city.request(card, 300)
    station = city.station(chip)
    chip.tear(2, AFTER_CREDIT)
    assert station.run(city.load_order(second, chip), city.now).outcome == "torn"
    assert chip_balance(chip) == 300
    assert city.recover(first, chip).outcome == "given_back"
    assert city.money(card) == Money(inload=300, till=300)
    assert city.recover(second, chip).outcome == "loaded"
    assert city.money(card) == Money(purse=300, till=300)
