"""How a device says it is: one row a device, the newest word. It helps those who look after devices and decides about no money."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.dialects.postgresql import insert as insert_on_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_on_sqlite
from sqlalchemy.orm import Session

from citizencard.db import is_postgresql
from citizencard.terminals.models import MAX_FAULTS_CHARACTERS, MAX_SOFTWARE_CHARACTERS, TerminalHeartbeat
from citizencard.terminals.registry import terminal_by_id


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a device says of itself.

    Args:
        software: name and version, the first 64 characters are kept.
        parameter_version, hotlist_version: what it works with; 0 when it has none.
        records_waiting: taps that it has not been answered about.
        oldest_waiting_at: time of the oldest of them; None when there is none.
        clock_offset_s: server time minus its own, whole seconds; 0 when it never was told one.
        free_kb: room left for records, KiB.
        faults: what is broken, in its own words, the first 200 characters are kept; empty when nothing is.
    """

    software: str
    parameter_version: int
    hotlist_version: int
    records_waiting: int
    oldest_waiting_at: datetime | None
    clock_offset_s: int
    free_kb: int
    faults: str = ""


def record_heartbeat(session: Session, terminal_id: str, said: Heartbeat, now: datetime) -> None:
    """Keep what a device says of itself, in place of what it said before. Of two at once the later instant stays.

    Raises:
        UnknownTerminal: there is none with this id.
    """
    terminal_by_id(session, terminal_id)
    values = {
        "at": now,
        "software": said.software[:MAX_SOFTWARE_CHARACTERS],
        "parameter_version": said.parameter_version,
        "hotlist_version": said.hotlist_version,
        "records_waiting": said.records_waiting,
        "oldest_waiting_at": said.oldest_waiting_at,
        "clock_offset_s": said.clock_offset_s,
        "free_kb": said.free_kb,
        "faults": said.faults[:MAX_FAULTS_CHARACTERS],
    }
    insert = insert_on_postgresql if is_postgresql(session) else insert_on_sqlite
    session.execute(
        insert(TerminalHeartbeat)
        .values(terminal_id=terminal_id, **values)
        .on_conflict_do_update(index_elements=["terminal_id"], set_=values, where=TerminalHeartbeat.at <= now)
    )


def heartbeat_of(session: Session, terminal_id: str) -> TerminalHeartbeat | None:
    """What a device said of itself last; None when it never did."""
    return session.get(TerminalHeartbeat, terminal_id, populate_existing=True)
