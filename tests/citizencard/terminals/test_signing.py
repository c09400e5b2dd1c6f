"""Who signed a request, and was it sent before."""

import threading
from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizencard.db import Sessions, reading, transaction
from citizencard.terminals.enrolment import enrol, issue_enrolment_code
from citizencard.terminals.errors import (
    NonceInvalid,
    NonceReplayed,
    TerminalDisabled,
    TerminalNotEnrolled,
    UnknownTerminal,
)
from citizencard.terminals.models import TerminalNonce, TerminalState
from citizencard.terminals.registry import NewBinding, register_terminal, set_terminal_state
from citizencard.terminals.signing import (
    NONCE_LIFE,
    Nonce,
    forget_nonces,
    signer,
    speaking,
    take_nonce,
    use_up,
)
from tests.citizencard.terminals.make_terminals import bind, bus_company, psam

NONCE = "n" * 24


def test_terminal_is_found_by_its_number_or_its_id(session: Session, now: datetime) -> None:
    """A validator signs with the number in its module, a collector without a module with its own id."""
    merchant, module = bus_company(session, now), psam(session, 1, now)
    terminal, key = (
        register_terminal(session, "Bus 1", "bus_validator", now=now),
        Ed25519PrivateKey.generate().public_key(),
    )
    with pytest.raises(UnknownTerminal):
        signer(session, "330200000001")
    bind(session, NewBinding(terminal.id, module, merchant, 1), now)
    with pytest.raises(TerminalNotEnrolled):
        signer(session, "330200000001")
    enrol(session, issue_enrolment_code(session, terminal.id, now=now), key.public_bytes_raw(), now=now)
    for key_id in ("330200000001", terminal.id):
        found = signer(session, key_id)
        assert (found.terminal_id, found.public_key) == (terminal.id, key.public_bytes_raw())
    set_terminal_state(session, terminal.id, TerminalState.DISABLED)
    with pytest.raises(TerminalDisabled):
        signer(session, "330200000001")
    for nobody in ("", "330200000002", "term_none", "33020000000\u0661"):
        with pytest.raises(UnknownTerminal):
            signer(session, nobody)


def test_nonce_is_good_once_in_ten_minutes(session: Session, now: datetime) -> None:
    """A recorded request is refused; after ten minutes its signature is too old anyway, and the nonce is forgotten."""
    one, other = (register_terminal(session, name, "bus_validator", now=now).id for name in ("Bus 1", "Bus 2"))
    take_nonce(session, Nonce(one, NONCE), now=now)
    take_nonce(session, Nonce(other, NONCE), now=now)
    with pytest.raises(NonceReplayed):
        take_nonce(session, Nonce(one, NONCE), now=now + NONCE_LIFE)
    take_nonce(session, Nonce(one, NONCE), now=now + NONCE_LIFE + timedelta(seconds=1))
    assert session.scalars(select(func.count()).select_from(TerminalNonce)).one() == 2
    for unusable in ("short", "n" * 89):
        with pytest.raises(NonceInvalid):
            take_nonce(session, Nonce(one, unusable), now=now)


def test_of_two_replays_at_once_one_is_refused(committed: Sessions, now: datetime) -> None:
    """Whoever replays a request in the same instant gains nothing, on either database."""
    with transaction(committed) as session:
        terminal_id = register_terminal(session, "Bus 1", "bus_validator", now=now).id
    start, answers = threading.Barrier(4), []

    def send() -> None:
        start.wait()
        try:
            with transaction(committed) as session:
                take_nonce(session, Nonce(terminal_id, NONCE), now=now)
        except NonceReplayed:
            answers.append("refused")
        else:
            answers.append("taken")

    threads = [threading.Thread(target=send) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["refused"] * 3 + ["taken"]
    with reading(committed) as session:
        assert session.scalars(select(func.count()).select_from(TerminalNonce)).one() == 1


def test_nonces_are_forgotten_when_they_are_over(committed: Sessions, now: datetime) -> None:
    """Ten minutes after its request a nonce is only in the way; one that is still there may be used again all the same."""
    with transaction(committed) as session:
        terminal_id = register_terminal(session, "Bus 1", "bus_validator", now=now).id
    for number in range(3):
        use_up(committed, Nonce(terminal_id, f"{NONCE}{number}"), now)
    with pytest.raises(NonceReplayed):
        use_up(committed, Nonce(terminal_id, f"{NONCE}0"), now + NONCE_LIFE)
    later = now + NONCE_LIFE + timedelta(seconds=1)
    use_up(committed, Nonce(terminal_id, f"{NONCE}0"), later)
    with transaction(committed) as session:
        assert forget_nonces(session, now=later) == 2
    with pytest.raises(NonceInvalid):
        use_up(committed, Nonce(terminal_id, "short"), now)
    assert speaking(committed, terminal_id) is None, "it has brought no key"
