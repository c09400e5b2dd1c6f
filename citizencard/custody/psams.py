"""The inventory of PSAMs: each with the terminal it is bound to, the keys it holds, until when it is good, and whose hands it is in."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard import audit
from citizencard.audit import Actor
from citizencard.cards.issuing.psam_plan import VALIDITY_YEARS
from citizencard.cards.models import PsamOrder, PsamState
from citizencard.clock import beijing_date
from citizencard.custody.errors import PsamMoveRefused, TwoPeopleNeeded, UnknownPsamInCustody
from citizencard.custody.models import PsamAct, PsamMovement
from citizencard.terminals.models import Psam, TerminalBinding

MAX_PAGE: Final = 200
NEXT_MOVES: Final[dict[PsamAct | None, frozenset[PsamAct]]] = {
    None: frozenset({PsamAct.RECEIVED}),
    PsamAct.RECEIVED: frozenset({PsamAct.STORED, PsamAct.ISSUED, PsamAct.LOST, PsamAct.DESTROYED}),
    PsamAct.STORED: frozenset({PsamAct.STORED, PsamAct.ISSUED, PsamAct.LOST, PsamAct.DESTROYED}),
    PsamAct.ISSUED: frozenset({PsamAct.RETURNED, PsamAct.LOST}),
    PsamAct.RETURNED: frozenset({PsamAct.STORED, PsamAct.ISSUED, PsamAct.LOST, PsamAct.DESTROYED}),
    PsamAct.LOST: frozenset({PsamAct.RETURNED}),
    PsamAct.DESTROYED: frozenset(),
}
"""Where a PSAM may go from where it is; one that was lost may be found."""


@dataclass(frozen=True, slots=True)
class Movement:
    """A PSAM that goes from one hand to the next.

    Args:
        serial: 10 bytes.
        act: where it goes.
        place: safe, terminal, firm; at most 64 characters.
        holds: key ids that a module of another house came with.
        reason: why, naming nobody by number.
    """

    serial: bytes
    act: PsamAct
    place: str
    holds: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PsamRecord:
    """A line of the inventory.

    Args:
        serial, terminal_number: 10 and 6 bytes.
        made: ordered, personalised, spoiled; `foreign` for a module of another house.
        valid_until: last day that is written in it; None until it is made, and for foreign modules.
        holds: ids of the purchase roots in it.
        bound_to: the terminal that it is bound to now.
        custody: the last movement's act; empty if there is none.
        place: where that was.
    """

    serial: bytes
    terminal_number: bytes
    made: str
    valid_until: date | None
    holds: tuple[str, ...]
    bound_to: str | None
    custody: str
    place: str


def move(
    session: Session, movement: Movement, actor: Actor, now: datetime, witness: Actor | None = None
) -> PsamMovement:
    """Write down that a PSAM went from one hand to the next.

    A module that is bound to a terminal is destroyed only when it was unbound, which takes four eyes of its own.

    Raises:
        UnknownPsamInCustody: no such module.
        PsamMoveRefused: it cannot go there from where it is, or a terminal is still bound to it.
        TwoPeopleNeeded: it is destroyed without a witness who is somebody else, or the actor is not known as a person.
        ReasonUnfit: see `audit.record`.
    """
    shown = movement.serial.hex().upper()
    record = find(session, movement.serial)
    last = PsamAct(record.custody) if record.custody else None
    if movement.act not in NEXT_MOVES[last]:
        raise PsamMoveRefused(f"it is {last or 'not received yet'}", psam_serial=shown, act=str(movement.act))
    if movement.act is PsamAct.DESTROYED and record.bound_to is not None:
        raise PsamMoveRefused("a terminal is bound to it: unbind it first", psam_serial=shown, act=str(movement.act))
    if actor.person_id is None or (witness is not None and witness.person_id in {None, actor.person_id}):
        raise TwoPeopleNeeded("the witness is somebody else")
    if movement.act is PsamAct.DESTROYED and witness is None:
        raise TwoPeopleNeeded("a destruction has a witness")
    row = PsamMovement(
        psam_serial=movement.serial,
        act=str(movement.act),
        place=movement.place,
        holds=list(movement.holds),
        reason=movement.reason,
        staff_id=actor.id,
        person_id=actor.person_id,
        witness_person_id=None if witness is None else witness.person_id,
        recorded_at=now,
    )
    session.add(row)
    session.flush()
    after = {"place": row.place, "holds": row.holds, "witness": row.witness_person_id}
    audit.record(session, actor, f"psam.{movement.act}", shown, reason=movement.reason, after=after, now=now)
    return row


def find(session: Session, serial: bytes) -> PsamRecord:
    """One module.

    Raises:
        UnknownPsamInCustody: no such module.
    """
    found = _records(session, [serial])
    if not found:
        raise UnknownPsamInCustody("no such PSAM", psam_serial=serial.hex().upper())
    return found[0]


def inventory(session: Session, *, after: bytes | None = None, limit: int = MAX_PAGE) -> list[PsamRecord]:
    """Modules by serial, those after one, at most 200."""
    size = min(limit, MAX_PAGE)
    serials: set[bytes] = set()
    for column in (PsamOrder.serial, Psam.serial):
        chosen = select(column).order_by(column).limit(size)
        serials |= set(session.scalars(chosen if after is None else chosen.where(column > after)))
    return _records(session, sorted(serials)[:size])


def history(session: Session, serial: bytes, limit: int = MAX_PAGE) -> list[PsamMovement]:
    """The custody log of a module, newest first, at most 200."""
    chosen = select(PsamMovement).where(PsamMovement.psam_serial == serial).order_by(PsamMovement.id.desc())
    return list(session.scalars(chosen.limit(min(limit, MAX_PAGE))))


def _records(session: Session, serials: list[bytes]) -> list[PsamRecord]:
    orders = {one.serial: one for one in session.scalars(select(PsamOrder).where(PsamOrder.serial.in_(serials)))}
    registered = {one.serial: one for one in session.scalars(select(Psam).where(Psam.serial.in_(serials)))}
    bound = select(TerminalBinding.psam_serial, TerminalBinding.terminal_id).where(
        TerminalBinding.psam_serial.in_(serials), TerminalBinding.valid_to.is_(None)
    )
    terminals = {row.psam_serial: row.terminal_id for row in session.execute(bound)}
    moved: dict[bytes, list[PsamMovement]] = {}
    movements = select(PsamMovement).where(PsamMovement.psam_serial.in_(serials)).order_by(PsamMovement.id)
    for one in session.scalars(movements):
        moved.setdefault(one.psam_serial, []).append(one)
    return [
        _record(orders.get(serial), registered.get(serial), terminals.get(serial), moved.get(serial, []))
        for serial in serials
        if serial in orders or serial in registered
    ]


def _record(
    order: PsamOrder | None, registered: Psam | None, terminal_id: str | None, moved: list[PsamMovement]
) -> PsamRecord:
    known = order or registered
    if known is None:
        raise ValueError("a module is ordered or registered")
    holds = {key_id for movement in moved for key_id in movement.holds}
    valid_until = None
    if order is not None and order.state == PsamState.PERSONALISED:
        holds.add(f"purchase-01-v{order.key_version or 1:02d}")
        valid_until = date(beijing_date(order.changed_at).year + VALIDITY_YEARS, 12, 31)
    return PsamRecord(
        known.serial,
        known.terminal_number,
        "foreign" if order is None else order.state,
        valid_until,
        tuple(sorted(holds)),
        terminal_id,
        moved[-1].act if moved else "",
        moved[-1].place if moved else "",
    )
