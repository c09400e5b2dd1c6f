"""What may happen to an unload, and what each contact with the card is told about it."""

from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.audit import AuditEntry
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.unloads.errors import UnloadStateForbids
from citizencard.purse.unloads.lookup import unloads_of_card
from citizencard.purse.unloads.unloads import authorise, disprove_unload, last_attempt, prove_unload
from tests.citizencard.purse.loads.make_loads import City, Money
from tests.citizencard.purse.unloads.make_unloads import loaded_card, run, stored, wish, withdraw


def test_nobody_moves_an_unload_past_its_states(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """Nothing is owed by a word: without an order that left the house there is neither proof nor disproof, and an end is an end."""
    city = City.open(sessions, vault, now)
    card, chip = loaded_card(city)
    unload = wish(city, card, 4_000)
    acts: tuple[Callable[[Session], object], ...] = (
        lambda session: authorise(session, unload.id, 1, city.deed()),
        lambda session: prove_unload(session, unload.id, "mac3", city.deed()),
        lambda session: disprove_unload(session, unload.id, 1, city.deed()),
    )
    for act in acts:
        with pytest.raises(UnloadStateForbids), transaction(sessions) as session:
            act(session)
    assert withdraw(city, unload).state == "withdrawn"
    with pytest.raises(UnloadStateForbids):
        run(city, unload, chip)
    assert city.money(card) == Money(purse=10_000, till=10_000)


def test_every_act_is_in_the_audit_trail(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """Asked for, announced, ordered, proved: four entries in this order, and the same proof again adds none."""
    city = City.open(sessions, vault, now)
    card, chip = loaded_card(city)
    unload = wish(city, card, 4_000)
    assert run(city, unload, chip).outcome == "unloaded"
    with transaction(sessions) as session:
        prove_unload(session, unload.id, "mac3", city.deed())
    with reading(sessions) as session:
        acts = session.scalars(
            select(AuditEntry.act).where(AuditEntry.subject == unload.id).order_by(AuditEntry.id)
        ).all()
        attempt = last_attempt(session, unload.id)
        assert attempt is not None
        assert (attempt.amount_fen, attempt.old_balance_fen, attempt.outcome) == (4_000, 10_000, "proven")
        assert [found.id for found in unloads_of_card(session, card.id)] == [unload.id]
    assert [act for act in acts if act.startswith("unload.")] == [
        "unload.request",
        "unload.announce",
        "unload.authorise",
        "unload.prove",
    ]
    assert repr(stored(city, unload)) == f"Unload({unload.id}, 4000 fen, proven)"
    assert city.money(card) == Money(purse=6_000, due=4_000, till=10_000)
