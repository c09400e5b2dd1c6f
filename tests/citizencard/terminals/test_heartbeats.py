"""What devices say of themselves."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizencard.terminals.errors import UnknownTerminal
from citizencard.terminals.heartbeats import Heartbeat, heartbeat_of, record_heartbeat
from citizencard.terminals.models import TerminalHeartbeat
from citizencard.terminals.registry import register_terminal


def test_the_newest_word_of_a_device_is_kept(session: Session, now: datetime) -> None:
    """One row a device, whatever it says and however often; a word that was overtaken on its way changes nothing."""
    terminal_id = register_terminal(session, "Bus 1", "bus_validator", now=now).id
    assert heartbeat_of(session, terminal_id) is None
    first = Heartbeat("validator 1", 1, 2, 3, now - timedelta(hours=1), -4, 5, "printer")
    record_heartbeat(session, terminal_id, first, now)
    later = now + timedelta(minutes=5)
    record_heartbeat(session, terminal_id, Heartbeat("v" * 80, 2, 3, 0, None, 0, 6, "f" * 300), later)
    record_heartbeat(session, terminal_id, first, now)
    found = heartbeat_of(session, terminal_id)
    assert found is not None
    assert (found.at, found.software, found.faults) == (later, "v" * 64, "f" * 200)
    assert (found.parameter_version, found.records_waiting, found.oldest_waiting_at) == (2, 0, None)
    assert session.scalar(select(func.count()).select_from(TerminalHeartbeat)) == 1
    with pytest.raises(UnknownTerminal):
        record_heartbeat(session, "term_none", first, now)
