"""Loads without a chip: the vault's answers, the slips, the rules of the states."""

from datetime import date, datetime
from pathlib import Path

import pytest

from citizencard.cards.models import Card, CardState
from citizencard.cards.reader_jobs import JobContext
from citizencard.db import Sessions, transaction
from citizencard.purse.loads import errors
from citizencard.purse.loads.evidence import is_genuine, mac2_of, proves_credit
from citizencard.purse.loads.kinds import READER_JOBS
from citizencard.purse.loads.loads import (
    LoadWish,
    authorise,
    disprove_load,
    find_load,
    give_back,
    locked_load,
    prove_load,
    request_load,
)
from citizencard.purse.loads.models import Load, LoadAttempt, LoadState
from citizencard.purse.loads.subject import look
from citizencard.staff.errors import TillUnknown
from hardware.card.purse import LoadInitialization
from tests.citizencard.cards.make_cards import CLERK, applied_card, issue_card
from tests.citizencard.keys.make_vault import random_vault, regression_vault
from tests.citizencard.purse.loads.make_loads import City

SERIAL = bytes.fromhex("03103302000000000001")
TERMINAL = bytes.fromhex("330200000001")
RANDOM = bytes.fromhex("01020304")


def _card(now: datetime) -> Card:
    return Card(
        id="card_1",
        person_id="per_1",
        card_class=1,
        state=CardState.ACTIVE,
        serial=SERIAL,
        key_version=1,
        valid_from=date(2026, 1, 1),
        valid_until=date(2036, 1, 1),
        applied_at=now,
        changed_at=now,
    )


def test_regression_values_of_a_load(tmp_path: Path, now: datetime) -> None:
    """Own regression set: ¥100 at terminal 330200000001, random 01020304, counter 0, on an empty card.

    MAC1 F0AB159A, MAC2 C1B6915B, TAC 3FCCF8C3; each with one bit changed proves nothing.
    """
    vault, card = regression_vault(tmp_path), _card(now)
    load = Load(id="load_1", card_id=card.id, amount_fen=10_000)
    attempt = LoadAttempt(
        online_seq=0,
        old_balance_fen=0,
        key_version=1,
        algorithm=0,
        random=RANDOM,
        terminal=TERMINAL,
        date=bytes.fromhex("20260101"),
        time=bytes.fromhex("080000"),
    )
    told = LoadInitialization(0, 0, 1, 0, RANDOM, bytes.fromhex("F0AB159A"))
    assert is_genuine(vault, card, told, 10_000, TERMINAL)
    for other in (
        LoadInitialization(1, 0, 1, 0, RANDOM, told.mac1),
        LoadInitialization(0, 1, 1, 0, RANDOM, told.mac1),
        LoadInitialization(0, 0, 2, 0, RANDOM, told.mac1),
        LoadInitialization(0, 0, 1, 4, RANDOM, told.mac1),
        LoadInitialization(0, 0, 1, 0, RANDOM, bytes(4)),
    ):
        assert not is_genuine(vault, card, other, 10_000, TERMINAL)
    assert not is_genuine(vault, card, told, 10_000, bytes(6))
    assert mac2_of(vault, card, load, attempt).hex().upper() == "C1B6915B"
    assert proves_credit(vault, card, load, attempt, bytes.fromhex("3FCCF8C3"))
    assert not proves_credit(vault, card, load, attempt, bytes.fromhex("3FCCF8C2"))


def test_nothing_ends_without_having_begun(sessions: Sessions, tmp_path: Path, now: datetime) -> None:
    """A load that took no money can neither be authorised, disproved nor given back."""
    city = City.open(sessions, random_vault(tmp_path), now)
    card, _ = issue_card(sessions, city.hsm, now)
    load = city.request(card)
    with transaction(sessions) as session:
        with pytest.raises(errors.LoadStateForbids):
            authorise(session, load.id, 1, city.deed())
        with pytest.raises(errors.LoadStateForbids):
            disprove_load(session, load.id, 1, city.deed())
        with pytest.raises(errors.LoadStateForbids):
            give_back(session, load.id, city.deed())
        prove_load(session, load.id, city.deed())
        assert find_load(session, load.id).state == LoadState.REQUESTED
        with pytest.raises(errors.UnknownLoad):
            locked_load(session, "load_none")


def test_only_active_cards_and_open_tills(sessions: Sessions, tmp_path: Path, now: datetime) -> None:
    """A card that is not in its holder's hands, or a till that does not exist, takes no money."""
    city = City.open(sessions, random_vault(tmp_path), now)
    card, _ = issue_card(sessions, city.hsm, now)
    with transaction(sessions) as session:
        applied = applied_card(session, now)
        with pytest.raises(errors.CardNotLoadable):
            request_load(session, LoadWish(applied.id, 100, city.till.id), city.deed())
        with pytest.raises(TillUnknown):
            request_load(session, LoadWish(card.id, 100, "till_none"), city.deed())


def test_load_is_looked_at_with_its_card(sessions: Sessions, tmp_path: Path, now: datetime) -> None:
    """Before the first attempt there is none, and no counter is proven."""
    city = City.open(sessions, random_vault(tmp_path), now)
    card, _ = issue_card(sessions, city.hsm, now)
    load = city.request(card)
    found = look(JobContext(sessions, city.hsm, "job_none", load.id, CLERK, now))
    assert (found.card.id, found.attempt, found.proven_counter) == (card.id, None, -1)
    assert found.load.requested_at == now


def test_all_reader_jobs_of_the_city() -> None:
    """The names that workstations and pages use."""
    assert set(READER_JOBS) == {
        "personalise",
        "personalise_psam",
        "load",
        "recover_load",
        "unload",
        "recover_unload",
    }
    assert "10000 fen" in repr(Load(id="load_1", amount_fen=10_000, state="requested"))
