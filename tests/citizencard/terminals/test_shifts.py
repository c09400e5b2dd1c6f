"""Sign-in, batch numbers, and what a terminal works with."""

import threading
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizencard.db import Sessions, transaction
from citizencard.terminals.errors import UnknownTerminal, VersionUnknown
from citizencard.terminals.models import AcknowledgedKind, TerminalAcknowledgement
from citizencard.terminals.registry import register_terminal, terminal_by_id
from citizencard.terminals.shifts import acknowledge, acknowledged_version, sign_in


def test_batch_numbers_only_rise(session: Session, now: datetime) -> None:
    """No two batches of a terminal ever have one number."""
    terminal = register_terminal(session, "Bus 1", "bus_validator", now=now)
    assert [sign_in(session, terminal.id, "1.0", now=now).batch for _ in range(3)] == [1, 2, 3]
    session.expire_all()
    found = terminal_by_id(session, terminal.id)
    assert (found.software, found.signed_in_at) == ("1.0", now)
    with pytest.raises(UnknownTerminal):
        sign_in(session, "term_none", "1.0", now=now)


def test_two_sign_ins_at_once_get_two_numbers(committed: Sessions, now: datetime) -> None:
    """A terminal that signs in twice because it was in a hurry has two batches, not one."""
    with transaction(committed) as session:
        terminal_id = register_terminal(session, "Bus 1", "bus_validator", now=now).id
    numbers: list[int] = []

    def enter() -> None:
        with transaction(committed) as session:
            numbers.append(sign_in(session, terminal_id, "1.0", now=now).batch)

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == [1, 2, 3, 4]


def test_what_a_terminal_worked_with_is_known_later(session: Session, now: datetime) -> None:
    """Who bears a tap on a lost card depends on the list that the terminal had at that time."""
    terminal_id = register_terminal(session, "Bus 1", "bus_validator", now=now).id
    hotlist, parameters = AcknowledgedKind.HOTLIST, AcknowledgedKind.PARAMETERS
    assert acknowledged_version(session, terminal_id, hotlist) is None
    acknowledge(session, terminal_id, hotlist, 4, now=now)
    acknowledge(session, terminal_id, hotlist, 4, now=now + timedelta(minutes=5))
    acknowledge(session, terminal_id, hotlist, 5, now=now + timedelta(hours=1))
    acknowledge(session, terminal_id, parameters, 3, now=now)
    assert acknowledged_version(session, terminal_id, hotlist) == 5
    assert acknowledged_version(session, terminal_id, hotlist, at=now + timedelta(minutes=59)) == 4
    assert acknowledged_version(session, terminal_id, hotlist, at=now - timedelta(seconds=1)) is None
    assert acknowledged_version(session, terminal_id, parameters) == 3
    assert session.scalars(select(func.count()).select_from(TerminalAcknowledgement)).one() == 3
    with pytest.raises(VersionUnknown):
        acknowledge(session, terminal_id, hotlist, 2**32, now=now)
    with pytest.raises(UnknownTerminal):
        acknowledge(session, "term_none", hotlist, 1, now=now)
