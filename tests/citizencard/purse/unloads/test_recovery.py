"""Unloads whose card went away: only proof decides whether the holder is owed anything."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from citizencard.audit import AuditEntry
from citizencard.cards.flow import start_job
from citizencard.db import reading, transaction
from citizencard.purse.unloads.errors import UnloadStateForbids
from citizencard.purse.unloads.models import Unload
from citizencard.purse.unloads.unloads import disprove_unload, last_attempt
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.channel import exchange
from tests.citizencard.purse.loads.make_loads import City, Money, chip_balance
from tests.citizencard.purse.unloads.make_unloads import (
    loaded_card,
    order,
    recover,
    recover_order,
    run,
    stored,
    torn,
    wish,
)

INITIALIZE, PROVE = 0x50, 0x5A


def _disprove_wrongly(city: City, unload: Unload) -> None:
    """What no card can bring about: a disproof of an unload that was debited."""
    with transaction(city.sessions) as session:
        attempt = last_attempt(session, unload.id)
        assert attempt is not None
        disprove_unload(session, unload.id, attempt.id, city.deed())
        disprove_unload(session, unload.id, attempt.id, city.deed())


def test_stored_mac3_of_the_card_ends_a_debited_unload(city: City) -> None:
    """The card was debited and its answer lost: its stored MAC3 makes the money due, once."""
    card, chip = loaded_card(city)
    unload = wish(city, card, 4_000)
    torn(city, unload, chip, "after")
    assert city.money(card) == Money(purse=10_000, till=10_000)
    assert recover(city, unload, chip).outcome == "unloaded"
    with reading(city.sessions) as session:
        found = last_attempt(session, unload.id)
        assert found is not None
        assert (found.outcome, found.proof) == ("proven", "mac3")
    assert city.money(card) == Money(purse=6_000, due=4_000, till=10_000)
    with pytest.raises(UnloadStateForbids):
        recover(city, unload, chip)


def test_counter_proves_where_the_stored_proof_is_withheld(city: City) -> None:
    """A chip emptied to the last fen, its stored MAC3 hidden: the probe's counter says the same."""
    card, chip = loaded_card(city)
    unload = wish(city, card)
    torn(city, unload, chip, "after", 3)
    station = city.station(chip)
    station.carry = lambda command: ResponseApdu(b"", 0x9406) if command.ins == PROVE else exchange(chip, command)
    assert station.run(recover_order(unload, chip), city.now).outcome == "unloaded"
    assert (chip_balance(chip), city.money(card)) == (0, Money(purse=0, due=10_000, till=10_000))


def test_torn_recovery_is_simply_done_again(city: City) -> None:
    """Power lost while the card is asked changes nothing: the next time finds the same answer."""
    card, chip = loaded_card(city)
    unload = wish(city, card, 4_000)
    torn(city, unload, chip, "inside")
    for command in range(4):
        station = city.station(chip)
        chip.tear(command, "after")
        assert station.run(recover_order(unload, chip), city.now).outcome == "torn"
        assert stored(city, unload).state == "authorised"
    assert recover(city, unload, chip).outcome == "unload_disproven"
    assert recover(city, unload, chip).outcome == "unload_disproven"
    assert city.money(card) == Money(purse=10_000, till=10_000)


def test_answers_recorded_before_prove_and_disprove_nothing(city: City) -> None:
    """A probe has a fresh terminal number: no answer that a workstation recorded earlier fits it."""
    card, chip = loaded_card(city)
    first = wish(city, card, 1_000)
    recorded: list[tuple[int, ResponseApdu]] = []

    def record(command: CommandApdu) -> ResponseApdu:
        recorded.append((command.ins, exchange(chip, command)))
        return recorded[-1][1]

    station = city.station(chip)
    chip.tear(2, "before")
    assert station.run(order(first, chip), city.now).outcome == "torn"
    station = city.station(chip)
    station.carry = record
    assert station.run(recover_order(first, chip), city.now).outcome == "unload_disproven"
    assert run(city, wish(city, card, 1_000), chip).outcome == "unloaded"
    second = wish(city, card, 2_000)
    torn(city, second, chip, "after")
    of_the_first = {instruction: response for instruction, response in recorded if response.ok}

    def played(command: CommandApdu) -> ResponseApdu:
        return (
            ResponseApdu(b"", 0x9406)
            if command.ins == PROVE
            else of_the_first.get(command.ins, exchange(chip, command))
        )

    station = city.station(chip)
    station.carry = played
    assert station.run(recover_order(second, chip), city.now).outcome == "card_not_genuine"
    assert stored(city, second).state == "authorised"
    assert recover(city, second, chip).outcome == "unloaded"
    assert city.money(card) == Money(purse=7_000, due=3_000, till=10_000)


def test_probe_makes_the_card_forget_the_order(city: City) -> None:
    """Disproved, an order is dead: a workstation that kept it back and sends it now is refused by the chip."""
    card, chip = loaded_card(city)
    unload = wish(city, card, 4_000)
    station = city.station(chip)
    kept: list[CommandApdu] = []

    def keep(command: CommandApdu) -> ResponseApdu:
        if command.ins == 0x54:
            kept.append(command)
            return ResponseApdu(b"", 0x6F00)
        return exchange(chip, command)

    station.carry = keep
    assert station.run(order(unload, chip), city.now).outcome == "unload_undecided"
    station = city.station(chip)
    assert station.run(recover_order(unload, chip), city.now).outcome == "unload_disproven"
    assert not exchange(chip, kept[0]).ok
    assert chip_balance(chip) == 10_000
    assert city.money(card) == Money(purse=10_000, till=10_000)


def test_counter_raised_by_a_later_order_proves_nothing(city: City) -> None:
    """Disproved, then another order: that the card counted on says nothing about the first one, proved or not."""
    card, chip = loaded_card(city)
    first = wish(city, card, 4_000)
    torn(city, first, chip, "before")
    assert recover(city, first, chip).outcome == "unload_disproven"
    load = city.request(card, 100)
    station = city.station(chip)
    chip.tear(2, "after")
    station.run(city.load_order(load, chip), city.now)
    assert (
        recover(city, first, chip).outcome == "unload_disproven"
    )  # the counter rose by a load that nobody has proved yet
    assert city.recover(load, chip).outcome == "loaded"
    assert recover(city, first, chip).outcome == "unload_disproven"
    second = wish(city, card, 4_000)
    torn(city, second, chip, "after")
    assert recover(city, first, chip).outcome == "unload_disproven"
    assert city.money(card).due == 0
    assert recover(city, second, chip).outcome == "unloaded"
    assert city.money(card) == Money(purse=6_100, due=4_000, till=10_100)


def test_load_given_back_is_not_proved_by_an_unload(city: City) -> None:
    """A load was disproved and its cash given back; an unload counts the card on: the load is not thought to be on the chip."""
    card, chip = loaded_card(city)
    load = city.request(card, 100)
    station = city.station(chip)
    chip.tear(2, "before")
    station.run(city.load_order(load, chip), city.now)
    assert city.recover(load, chip).outcome == "disproven"
    city.give_back(load)
    unload = wish(city, card, 4_000)
    torn(city, unload, chip, "after")
    assert city.recover(load, chip).outcome == "given_back"
    assert recover(city, unload, chip).outcome == "unloaded"
    assert city.recover(load, chip).outcome == "given_back"
    assert city.money(card) == Money(purse=6_000, due=4_000, till=10_000)


def test_proof_after_a_disproof_is_an_alarm_and_still_a_fact(city: City) -> None:
    """The chip gave the money and proves it: it is due, whatever was thought before."""
    card, chip = loaded_card(city)
    unload = wish(city, card, 4_000)
    torn(city, unload, chip, "after")
    _disprove_wrongly(city, unload)
    assert recover(city, unload, chip).outcome == "unloaded"
    assert stored(city, unload).proven_late_at is not None
    assert city.money(card) == Money(purse=6_000, due=4_000, till=10_000)
    with reading(city.sessions) as session:
        acts = set(session.scalars(select(AuditEntry.act).where(AuditEntry.subject == unload.id)))
    assert "unload.proven_after_disproof" in acts


def test_recovery_before_the_order_left_is_refused(city: City) -> None:
    """There is nothing to find out while MAC2 is in the house."""
    card, chip = loaded_card(city)
    unload = wish(city, card)
    with pytest.raises(UnloadStateForbids):
        start_job(city.bench, recover_order(unload, chip), city.now + timedelta(seconds=1))


def test_database_keeps_what_the_chip_announced(city: City) -> None:
    """No program rewrites an announcement, takes back a release or a proof, or removes one."""
    card, chip = loaded_card(city)
    unload = wish(city, card, 4_000)
    assert run(city, unload, chip).outcome == "unloaded"
    forbidden = (
        "UPDATE unload_attempt SET amount_fen = 1",
        "UPDATE unload_attempt SET mac2_released_at = NULL",
        "UPDATE unload_attempt SET outcome = 'disproven'",
        "UPDATE unload_attempt SET outcome = NULL",
        "DELETE FROM unload_attempt",
    )
    for statement in forbidden:
        # On PostgreSQL the server's role may not even try to delete.
        with pytest.raises(DBAPIError), transaction(city.sessions) as session:
            session.execute(text(statement))
