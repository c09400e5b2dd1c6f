"""Whose tap was it? The binding as of each tap, for whole batches, and the devices that may speak for a terminal number."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from citizencard.db import is_postgresql
from citizencard.terminals.models import Psam, TerminalBinding, TerminalKey

MAX_QUESTIONS: Final = 20_000

# The questions as a table q(n, number, at), unfolded from one JSON parameter; instants as UtcDateTime writes them.
_ASKED_POSTGRESQL: Final = (
    "(SELECT ordinality - 1 AS n, value ->> 0 AS number, CAST(value ->> 1 AS timestamptz) AS at"
    " FROM jsonb_array_elements(CAST(:asked AS jsonb)) WITH ORDINALITY) q"
)
_ASKED_SQLITE: Final = (
    "(SELECT key n, json_extract(value, '$[0]') number, json_extract(value, '$[1]') AS at FROM json_each(:asked)) q"
)
_BOUND: Final = (
    "SELECT q.n, b.terminal_id, b.merchant_id, b.line FROM {asked} JOIN terminal_binding b"
    " ON b.terminal_number = q.number AND b.valid_from <= q.at AND (b.valid_to IS NULL OR b.valid_to > q.at)"
)


@dataclass(frozen=True, slots=True)
class BindingAt:
    """What the registry says about a terminal number at an instant.

    Args:
        registered: the number was issued by us.
        terminal_id, merchant_id, line: of the binding then; all None when it was not bound.
    """

    registered: bool
    terminal_id: str | None = None
    merchant_id: str | None = None
    line: int | None = None


def bindings_as_of(session: Session, questions: Sequence[tuple[bytes, datetime]]) -> list[BindingAt]:
    """Who was to be paid, for each (terminal number, instant): in the order of the questions, two statements in all.

    Raises:
        ValueError: more than MAX_QUESTIONS.
    """
    if len(questions) > MAX_QUESTIONS:
        raise ValueError(f"{len(questions)} questions, at most {MAX_QUESTIONS} at once")
    distinct = sorted(set(questions))
    if not distinct:
        return []
    numbers = {number for number, _ in distinct}
    registered = set(session.scalars(select(Psam.terminal_number).where(Psam.terminal_number.in_(numbers))))
    answers = {question: BindingAt(question[0] in registered) for question in distinct}
    asked = json.dumps(
        [(number.hex().upper(), at.astimezone(UTC).isoformat(timespec="microseconds")) for number, at in distinct]
    )
    unfolded = _ASKED_POSTGRESQL if is_postgresql(session) else _ASKED_SQLITE
    for row in session.execute(text(_BOUND.format(asked=unfolded)), {"asked": asked}):
        answers[distinct[row.n]] = BindingAt(
            registered=True, terminal_id=row.terminal_id, merchant_id=row.merchant_id, line=row.line
        )
    return [answers[question] for question in questions]


def keys_of_number(session: Session, number: bytes) -> dict[str, list[bytes]]:
    """Public keys, old ones too, of every device that was ever bound to a terminal number; empty when none ever was.

    A device swapped yesterday still holds records of the day before; its signature decides that they are its own.
    """
    bound = select(TerminalBinding.terminal_id).where(TerminalBinding.terminal_number == number).distinct()
    keys: dict[str, list[bytes]] = {terminal_id: [] for terminal_id in session.scalars(bound)}
    known = select(TerminalKey.terminal_id, TerminalKey.public_key).where(TerminalKey.terminal_id.in_(keys))
    for terminal_id, public_key in session.execute(known.order_by(TerminalKey.id)):
        keys[terminal_id].append(public_key)
    return keys


def keys_of_terminal(session: Session, terminal_id: str) -> list[bytes]:
    """Public keys of one device, old ones too."""
    known = select(TerminalKey.public_key).where(TerminalKey.terminal_id == terminal_id)
    return list(session.scalars(known.order_by(TerminalKey.id)))
