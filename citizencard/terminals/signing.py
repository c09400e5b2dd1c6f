"""Who signed a request, and was it sent before: what the HTTP face asks before it lets a terminal in.

Both are asked for every request, so on PostgreSQL each is one prepared statement in one round trip. A device that was disabled, unbound or
given another key a moment ago is answered by what holds now: nothing about it is remembered between requests.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert as insert_on_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_on_sqlite
from sqlalchemy.orm import Session

from citizencard.db import Sessions, is_postgresql, transaction
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
from ledger import prepared
from ledger.prepared import Statement, Step

NONCE_LIFE: Final = timedelta(minutes=10)
"""Twice the clock tolerance of 300 s, so that no signature outlives the memory of its nonce."""
MIN_NONCE_CHARACTERS: Final = 16
MAX_FORGOTTEN: Final = 5_000
"""Nonces that are forgotten at once: few enough to hold nobody up."""

_SPEAKS: Final = """
SELECT t.id, k.public_key FROM terminal t
JOIN terminal_key k ON k.terminal_id = t.id AND k.retired_at IS NULL
WHERE t.state = 'active' AND t.id = {terminal}
"""
_BY_ID: Final = Statement("terminals_signer_by_id", _SPEAKS.format(terminal="$1::text"))
_BY_NUMBER: Final = Statement(
    "terminals_signer_by_number",
    _SPEAKS.format(
        terminal="(SELECT b.terminal_id FROM terminal_binding b WHERE b.terminal_number = $1::text ORDER BY b.id DESC LIMIT 1)"
    ),
)
_TAKE: Final = Statement(
    "terminals_take_nonce",
    "INSERT INTO terminal_nonce AS n (terminal_id, nonce, used_at) VALUES ($1::text, $2::text, $3::timestamptz)"
    " ON CONFLICT (terminal_id, nonce) DO UPDATE SET used_at = excluded.used_at WHERE n.used_at < $4::timestamptz RETURNING 1",
)


@dataclass(frozen=True, slots=True)
class Nonce:
    """A nonce under which a terminal has sent a request."""

    terminal_id: str
    value: str

    def check(self) -> None:
        """Refuse what is of no usable length.

        Raises:
            NonceInvalid: shorter than 16 or longer than 88 characters.
        """
        if not MIN_NONCE_CHARACTERS <= len(self.value) <= MAX_NONCE_CHARACTERS:
            raise NonceInvalid(f"a nonce has {MIN_NONCE_CHARACTERS} to {MAX_NONCE_CHARACTERS} characters")

    def step(self, now: datetime) -> Step:
        """Using it up as a step of `ledger.prepared`; it answers a row if the nonce was free, and none if it was used."""
        return Step(_TAKE, (self.terminal_id, self.value, now.isoformat(), (now - NONCE_LIFE).isoformat()))


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
    if _is_number(key_id):
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


def speaking(sessions: Sessions, key_id: str) -> Signer | None:
    """As `signer`, in one round trip, where that can be done and nothing stands against it; None says nothing: ask `signer`."""
    bind = sessions.kw["bind"]
    if not prepared.usable(bind) or not key_id.isascii() or "\0" in key_id:
        return None
    statement = _BY_NUMBER if _is_number(key_id) else _BY_ID
    with prepared.line(bind) as line:
        found = line.ask(Step(statement, (key_id,)))
    terminal_id, public_key = (found.get_value(0, 0), found.get_value(0, 1)) if found.ntuples else (None, None)
    return (
        None if not terminal_id or not public_key else Signer(terminal_id.decode(), bytes.fromhex(public_key.decode()))
    )


def take_nonce(session: Session, nonce: Nonce, *, now: datetime) -> None:
    """Use up a request's nonce. Two requests with one nonce at once: one of them is refused, on both databases.

    Called after the signature was verified.

    Raises:
        NonceInvalid: of no usable length.
        NonceReplayed: this terminal used it in the last ten minutes.
    """
    nonce.check()
    insert = insert_on_postgresql if is_postgresql(session) else insert_on_sqlite
    entered = insert(TerminalNonce).values(terminal_id=nonce.terminal_id, nonce=nonce.value, used_at=now)
    taken = session.execute(
        entered.on_conflict_do_update(
            index_elements=[TerminalNonce.terminal_id, TerminalNonce.nonce],
            set_={"used_at": entered.excluded.used_at},
            where=TerminalNonce.used_at < now - NONCE_LIFE,
        ).returning(TerminalNonce.nonce),
        execution_options={"populate_existing": True},
    ).one_or_none()
    if taken is None:
        raise NonceReplayed("the request was sent before")


def use_up(sessions: Sessions, nonce: Nonce, now: datetime) -> None:
    """As `take_nonce`, in a transaction of its own: what becomes of the request does not give the nonce back.

    Raises:
        NonceInvalid, NonceReplayed: see `take_nonce`.
    """
    nonce.check()
    bind = sessions.kw["bind"]
    if not prepared.usable(bind):
        with transaction(sessions) as session:
            take_nonce(session, nonce, now=now)
        return
    with prepared.line(bind) as line:
        taken = line.ask(nonce.step(now)).ntuples
    if not taken:
        raise NonceReplayed("the request was sent before")


def forget_nonces(session: Session, *, now: datetime) -> int:
    """Forget nonces that are older than ten minutes, the oldest first, at most MAX_FORGOTTEN; returns how many.

    Nobody depends on it to be punctual: an old nonce that was not forgotten yet may be used again all the same.
    """
    name = tuple_(TerminalNonce.terminal_id, TerminalNonce.nonce)
    old = select(TerminalNonce.terminal_id, TerminalNonce.nonce).where(TerminalNonce.used_at < now - NONCE_LIFE)
    chosen = old.order_by(TerminalNonce.used_at).limit(MAX_FORGOTTEN).with_for_update(skip_locked=True)
    forgotten = session.execute(
        delete(TerminalNonce).where(name.in_(chosen)), execution_options={"synchronize_session": False}
    )
    return int(forgotten.rowcount)  # type: ignore[attr-defined] # a DELETE has one


def _is_number(key_id: str) -> bool:
    return len(key_id) == 2 * TERMINAL_NUMBER_BYTES and key_id.isascii() and key_id.isdigit()
