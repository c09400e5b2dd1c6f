"""Unloads for tests: asked for, run through the real jobs, looked at."""

from citizencard.cards.models import Card
from citizencard.cards.reader_jobs import JobOrder, JobStep
from citizencard.db import reading, transaction
from citizencard.purse.unloads.flow import UNLOAD
from citizencard.purse.unloads.models import Unload
from citizencard.purse.unloads.pay_out import pay_out
from citizencard.purse.unloads.recovery import RECOVER_UNLOAD
from citizencard.purse.unloads.unloads import UnloadWish, find_unload, request_unload, withdraw_unload
from hardware.emulator import EmulatedCard, TearPhase
from tests.citizencard.cards.make_cards import CLERK, issue_card
from tests.citizencard.purse.loads.make_loads import City

COMMANDS = 3
"""SELECT, INITIALIZE FOR UNLOAD, DEBIT FOR UNLOAD; all there is needs GET BALANCE before INITIALIZE."""
DEBIT = 0x54


def loaded_card(city: City, amount_fen: int = 10_000) -> tuple[Card, EmulatedCard]:
    """An active card with so much on its chip."""
    card, chip = issue_card(city.sessions, city.hsm, city.now)
    city.loaded(card, chip, amount_fen)
    return card, chip


def wish(city: City, card: Card, amount_fen: int | None = None) -> Unload:
    """Ask for an unload; of all there is without an amount."""
    with transaction(city.sessions) as session:
        return request_unload(session, UnloadWish(card.id, amount_fen), city.deed())


def order(unload: Unload, chip: EmulatedCard) -> JobOrder:
    """The job that unloads."""
    return JobOrder(UNLOAD, unload.id, chip.atr, CLERK)


def run(city: City, unload: Unload, chip: EmulatedCard) -> JobStep:
    """Run it to its end."""
    return city.station(chip).run(order(unload, chip), city.now)


def recover_order(unload: Unload, chip: EmulatedCard) -> JobOrder:
    """The job that finds out what became of an unload."""
    return JobOrder(RECOVER_UNLOAD, unload.id, chip.atr, CLERK)


def recover(city: City, unload: Unload, chip: EmulatedCard) -> JobStep:
    """Run that job to its end."""
    return city.station(chip).run(recover_order(unload, chip), city.now)


def torn(city: City, unload: Unload, chip: EmulatedCard, phase: TearPhase, command: int = COMMANDS - 1) -> None:
    """Run the job, and have the card torn out at this command."""
    station = city.station(chip)
    chip.tear(command, phase)
    assert station.run(order(unload, chip), city.now).outcome == "torn"


def stored(city: City, unload: Unload) -> Unload:
    """The unload as the database has it."""
    with reading(city.sessions) as session:
        found = find_unload(session, unload.id)
        session.expunge_all()
    return found


def pay(city: City, unload: Unload) -> Unload:
    """Close the card and pay in cash."""
    with transaction(city.sessions) as session:
        return pay_out(session, unload.id, city.till.id, city.deed())


def withdraw(city: City, unload: Unload) -> Unload:
    """Give up an unload whose MAC2 never left."""
    with transaction(city.sessions) as session:
        return withdraw_unload(session, unload.id, city.deed())
