"""A shift's totals against what has arrived."""

from dataclasses import replace
from datetime import datetime

import pytest

from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.sign_outs import Agreement, SignOut, sign_out
from citizencard.purse.uploads.flow import take_batch
from citizencard.terminals.errors import NotBound, SignOutInvalid, UnknownPsam, UnknownShift
from citizencard.terminals.lists.models import TerminalShift
from citizencard.terminals.shifts import sign_in
from tests.citizencard.keys.make_vault import regression_vault
from tests.citizencard.purse.uploads.make_records import City, file_of, make_city, tap


@pytest.fixture(scope="session")
def vault(tmp_path_factory: pytest.TempPathFactory) -> SoftwareVault:
    """The vault with the keys that the cards sign with."""
    return regression_vault(tmp_path_factory.mktemp("vault"))


@pytest.fixture
def city(sessions: Sessions, now: datetime) -> City:
    made = make_city(sessions, now)
    with transaction(sessions) as session:
        sign_in(session, made.bus1.terminal_id, "1.0", now=now)
    return made


def say(sessions: Sessions, city: City, said: SignOut, now: datetime) -> Agreement:
    with transaction(sessions) as session:
        return sign_out(session, city.bus1.terminal_id, said, now=now)


def test_totals_agree_once_everything_has_arrived(
    sessions: Sessions, vault: SoftwareVault, city: City, now: datetime
) -> None:
    """A bus is told which records are missing, sends them, and goes home with equal sums; a copy that came twice counts once."""
    records = [tap(city.bus1, city.adult, now, 180, terminal_sequence=sequence) for sequence in (4, 6, 7)]
    said = SignOut(1, city.bus1.psam_serial, 4, 8, 3, 540)

    def upload(*sent: int) -> None:
        take_batch(sessions, vault, city.bus1.terminal_id, file_of(city.bus1, [records[one] for one in sent]), now)

    assert say(sessions, city, said, now) == Agreement(1, agrees=False, records=0, amount_fen=0, missing=((4, 8),))
    upload(1)
    found = say(sessions, city, said, now)
    assert found == Agreement(1, agrees=False, records=1, amount_fen=180, missing=((4, 5), (7, 8)))
    upload(0, 1, 2)
    done = Agreement(1, agrees=True, records=3, amount_fen=540, missing=())
    assert [say(sessions, city, said, now) for _ in range(2)] == [done, done]
    with reading(sessions) as session:
        shift = session.get(TerminalShift, (city.bus1.terminal_id, 1))
        assert shift is not None
        assert (shift.agrees, shift.claimed, shift.arrived) == (
            True,
            {"first_sequence": 4, "last_sequence": 8, "records": 3, "amount_fen": 540},
            {"records": 3, "amount_fen": 540},
        )


def test_forged_record_does_not_spoil_a_shift(
    sessions: Sessions, vault: SoftwareVault, city: City, now: datetime
) -> None:
    """Somebody who sends a bad record under a bus's sequence changes nothing in its totals once the genuine one is there."""
    genuine = tap(city.bus1, city.adult, now, 180, terminal_sequence=4)
    forged = replace(genuine, amount_fen=90_000)
    for record in (forged, genuine):
        take_batch(sessions, vault, city.bus1.terminal_id, file_of(city.bus1, [record]), now)
    said = SignOut(1, city.bus1.psam_serial, 4, 4, 1, 180)
    assert say(sessions, city, said, now).agrees


def test_shift_without_a_ride_agrees(sessions: Sessions, city: City, now: datetime) -> None:
    """A bus that stood in the yard all day signs out too."""
    assert say(sessions, city, SignOut(1, city.bus1.psam_serial, 0, 0, 0, 0), now).agrees


def test_totals_that_cannot_be_compared_are_refused(sessions: Sessions, city: City, now: datetime) -> None:
    """Ranges the wrong way round, shifts that never began, modules of others: each has its own answer, and nothing is kept."""
    right = SignOut(1, city.bus1.psam_serial, 4, 8, 3, 540)
    for wrong in (
        replace(right, first_sequence=9),
        replace(right, first_sequence=0),
        replace(right, last_sequence=100_004),
        replace(right, records=6),
    ):
        with pytest.raises(SignOutInvalid):
            say(sessions, city, wrong, now)
    with pytest.raises(UnknownShift):
        say(sessions, city, replace(right, batch=2), now)
    with pytest.raises(NotBound):
        say(sessions, city, replace(right, psam_serial=city.bus2.psam_serial), now)
    with pytest.raises(UnknownPsam):
        say(sessions, city, replace(right, psam_serial=bytes(10)), now)
