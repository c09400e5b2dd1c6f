"""Whose tap was it, for thousands of taps, and which devices may speak for a number."""

from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import event
from sqlalchemy.orm import Session

from citizencard.terminals.bindings import MAX_QUESTIONS, bindings_as_of, keys_of_number, keys_of_terminal
from citizencard.terminals.enrolment import enrol, issue_enrolment_code
from citizencard.terminals.registry import NewBinding, register_terminal
from tests.citizencard.terminals.make_terminals import bind, bus_company, number, psam


def test_two_statements_however_many_taps(session: Session, now: datetime) -> None:
    """A day's batch asks the registry as little as a single tap does."""
    merchant, module = bus_company(session, now), psam(session, 1, now)
    bind(
        session, NewBinding(register_terminal(session, "Bus 1", "bus_validator", now=now).id, module, merchant, 1), now
    )
    statements: list[str] = []
    connection = session.connection()
    event.listen(connection, "before_cursor_execute", lambda *args: statements.append(args[2]))
    counts = []
    for size in (1, 3_000):
        statements.clear()
        found = bindings_as_of(session, [(number(1), now + timedelta(seconds=second)) for second in range(size)])
        assert [one.merchant_id for one in found] == [merchant] * size
        counts.append(len(statements))
    assert counts == [2, 2]
    assert bindings_as_of(session, []) == []
    with pytest.raises(ValueError, match="at most"):
        bindings_as_of(session, [(number(1), now)] * (MAX_QUESTIONS + 1))


def test_devices_of_a_number(session: Session, now: datetime) -> None:
    """A device that was swapped still holds records of its number: its old keys are remembered beside the new device's."""
    merchant, module = bus_company(session, now), psam(session, 1, now)
    keys = [Ed25519PrivateKey.generate().public_key().public_bytes_raw() for _ in range(3)]
    old, new = (
        register_terminal(session, "old", "bus_validator", now=now).id,
        register_terminal(session, "new", "bus_validator", now=now).id,
    )
    for terminal_id, key in ((old, keys[0]), (old, keys[1]), (new, keys[2])):
        enrol(session, issue_enrolment_code(session, terminal_id, now=now), key, now=now)
    bind(session, NewBinding(old, module, merchant, 1), now)
    bind(session, NewBinding(new, module, merchant, 1), now + timedelta(days=1))
    assert keys_of_number(session, number(1)) == {old: keys[:2], new: keys[2:]}
    assert keys_of_number(session, number(2)) == {}
    assert keys_of_terminal(session, old) == keys[:2]
