"""Whose tap was it? The binding as of each tap, for whole batches, and the devices that may speak for a terminal number."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from citizencard.terminals.models import Psam, TerminalBinding, TerminalKey

MAX_QUESTIONS: Final = 20_000


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
    if not questions:
        return []
    numbers = {number for number, _ in questions}
    registered = set(session.scalars(select(Psam.terminal_number).where(Psam.terminal_number.in_(numbers))))
    bound = _bound(session, numbers, min(at for _, at in questions), max(at for _, at in questions))
    return [_as_of(bound.get(number, ()), at) or BindingAt(number in registered) for number, at in questions]


def _bound(
    session: Session, numbers: set[bytes], earliest: datetime, latest: datetime
) -> dict[bytes, list[tuple[datetime, datetime | None, BindingAt]]]:
    """The bindings of a few numbers that held at any time between two instants: few, since somebody has to change a module for each."""
    wanted = select(
        TerminalBinding.terminal_number,
        TerminalBinding.valid_from,
        TerminalBinding.valid_to,
        TerminalBinding.terminal_id,
        TerminalBinding.merchant_id,
        TerminalBinding.line,
    ).where(
        TerminalBinding.terminal_number.in_(numbers),
        TerminalBinding.valid_from <= latest,
        or_(TerminalBinding.valid_to.is_(None), TerminalBinding.valid_to > earliest),
    )
    found: dict[bytes, list[tuple[datetime, datetime | None, BindingAt]]] = {}
    for row in session.execute(wanted):
        binding = BindingAt(registered=True, terminal_id=row.terminal_id, merchant_id=row.merchant_id, line=row.line)
        found.setdefault(row.terminal_number, []).append((row.valid_from, row.valid_to, binding))
    return found


def _as_of(bound: Sequence[tuple[datetime, datetime | None, BindingAt]], at: datetime) -> BindingAt | None:
    for valid_from, valid_to, binding in bound:
        if valid_from <= at and (valid_to is None or at < valid_to):
            return binding
    return None


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
