"""Who signed a request, and was it sent before: what the HTTP face asks before it lets a terminal in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as insert_on_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_on_sqlite
from sqlalchemy.orm import Session

from citizencard.db import is_postgresql
from citizencard.terminals.errors import (
    NonceInvalid,
    NonceReplayed,
    TerminalDisabled,
    TerminalNotEnrolled,
    UnknownTerminal,
)
from citizencard.terminals.models import (
    MAX_NONCE_CHARACTERS,
    TERMINAL_NUMBER_BYTES,
    Terminal,
    TerminalBinding,
    TerminalKey,
    TerminalNonce,
    TerminalState,
)

NONCE_LIFE: Final = timedelta(minutes=10)
"""Twice the clock tolerance of 300 s, so that no signature outlives the memory of its nonce."""
MIN_NONCE_CHARACTERS: Final = 16


@dataclass(frozen=True, slots=True)
class Signer:
    """A terminal that may speak, and the key that its requests must be signed with.

    Args:
        terminal_id: `term_…`.
        public_key: 32 bytes.
    """

    terminal_id: str
    public_key: bytes


def signer(session: Session, key_id: str) -> Signer:
    """Find the terminal that a request's key id names.

    A key id is either a terminal number (12 digits: the device that the number was bound to last) or a terminal's own id, for devices
    without a security module, such as the collector of a depot.

    Raises, in this order:
        UnknownTerminal: nobody is named so.
        TerminalDisabled: it may not speak at present.
        TerminalNotEnrolled: it has brought no key.
    """
    terminal_id: str | None = key_id
    if len(key_id) == 2 * TERMINAL_NUMBER_BYTES and key_id.isascii() and key_id.isdigit():
        last = select(TerminalBinding.terminal_id).where(TerminalBinding.terminal_number == bytes.fromhex(key_id))
        terminal_id = session.scalars(last.order_by(TerminalBinding.id.desc()).limit(1)).one_or_none()
    terminal = None if terminal_id is None else session.get(Terminal, terminal_id)
    if terminal is None:
        raise UnknownTerminal("no terminal is named so", terminal=key_id)
    if terminal.state != TerminalState.ACTIVE:
        raise TerminalDisabled(f"terminal {terminal.id} is disabled", terminal=terminal.id)
    key = session.scalars(
        select(TerminalKey.public_key).where(TerminalKey.terminal_id == terminal.id, TerminalKey.retired_at.is_(None))
    ).one_or_none()
    if key is None:
        raise TerminalNotEnrolled(f"terminal {terminal.id} has no key", terminal=terminal.id)
    return Signer(terminal.id, key)


def take_nonce(session: Session, terminal_id: str, nonce: str, *, now: datetime) -> None:
    """Use up a request's nonce. Two requests with one nonce at once: one of them is refused, on both databases.

    Called after the signature was verified, in a transaction of its own that is committed whatever becomes of the request. Nonces
    older than ten minutes are forgotten.

    Raises:
        NonceInvalid: shorter than 16 or longer than 88 characters.
        NonceReplayed: this terminal used it in the last ten minutes.
    """
    if not MIN_NONCE_CHARACTERS <= len(nonce) <= MAX_NONCE_CHARACTERS:
        raise NonceInvalid(f"a nonce has {MIN_NONCE_CHARACTERS} to {MAX_NONCE_CHARACTERS} characters")
    session.execute(
        delete(TerminalNonce).where(TerminalNonce.terminal_id == terminal_id, TerminalNonce.used_at < now - NONCE_LIFE)
    )
    values = {"terminal_id": terminal_id, "nonce": nonce, "used_at": now}
    insert = insert_on_postgresql if is_postgresql(session) else insert_on_sqlite
    taken = session.execute(
        insert(TerminalNonce).values(values).on_conflict_do_nothing().returning(TerminalNonce.nonce)
    ).one_or_none()
    if taken is None:
        raise NonceReplayed("the request was sent before")
