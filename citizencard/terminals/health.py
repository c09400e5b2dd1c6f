"""Which devices are silent, which work with something old, where records wait: what those look at who look after devices."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, and_, false, func, or_, select
from sqlalchemy.orm import Session

from citizencard.cards.hotlist_publications import latest
from citizencard.tariffs.errors import NoTariffInForce
from citizencard.tariffs.versions import in_force
from citizencard.terminals.errors import UnknownTerminal
from citizencard.terminals.models import (
    Terminal,
    TerminalBinding,
    TerminalHeartbeat,
    TerminalKey,
    TerminalKind,
    TerminalState,
)
from citizencard.terminals.software import required_software

MAX_PAGE: Final = 200
SILENT_AFTER_H: Final[Mapping[TerminalKind, int]] = {
    TerminalKind.BUS_VALIDATOR: 24,
    TerminalKind.METRO_GATE: 1,
    TerminalKind.PARKING_ENTRY: 1,
    TerminalKind.PARKING_EXIT: 1,
    TerminalKind.TAXI: 48,
    TerminalKind.FUEL_PUMP: 2,
    TerminalKind.POS: 72,
    TerminalKind.KIOSK: 1,
    TerminalKind.COLLECTOR: 48,
}
"""Hours without a word after which a device of a kind is called silent: fixed ones are on line always, buses come home once a day."""
BEHIND: Final = ("software", "parameters", "hotlist")
"""What a device can work with an old version of."""


@dataclass(frozen=True, slots=True)
class Current:
    """What devices should work with now.

    Args:
        parameter_version, hotlist_version: the newest in force.
        software: by kind.
    """

    parameter_version: int
    hotlist_version: int
    software: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which devices are asked for; what is None does not matter.

    Args:
        kind, state: as in the registry.
        merchant_id: whom they earn for, or will as soon as their binding begins.
        outlet_id: where they stand.
        silent: with or without a word for longer than their kind may be.
        behind: `software`, `parameters` or `hotlist`; `any` for at least one of them.
        after: the last id of the page before.
        limit: at most 200 a page.
    """

    kind: str | None = None
    merchant_id: str | None = None
    outlet_id: str | None = None
    state: str | None = None
    silent: bool | None = None
    behind: str | None = None
    after: str = ""
    limit: int = MAX_PAGE


@dataclass(frozen=True, slots=True)
class TerminalHealth:
    """A device, what it said last, whom it earns for, and what is to be seen to.

    Args:
        terminal: the device.
        heartbeat: its last; None when it never said anything.
        binding: the open one, in force or to come.
        silent: active, with a key, and unheard for longer than its kind may be.
        behind: what it works with an old version of.
    """

    terminal: Terminal
    heartbeat: TerminalHeartbeat | None
    binding: TerminalBinding | None
    silent: bool
    behind: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Figures:
    """All devices in numbers."""

    terminals: int
    disabled: int
    silent: int
    behind: int
    records_waiting: int


def current_versions(session: Session, now: datetime) -> Current:
    """What devices should work with at this instant: the tariff in force, the newest published hotlist, the software of each kind."""
    try:
        parameter_version = in_force(session, now).version
    except NoTariffInForce:
        parameter_version = 0
    return Current(parameter_version, latest(session).version, required_software(session))


def list_health(session: Session, wanted: Wanted, current: Current, now: datetime) -> list[TerminalHealth]:
    """A page of devices by id, in one statement."""
    silent, behind = _silent(now), _behind(current)
    chosen = _seen(silent, behind).where(Terminal.id > wanted.after)
    for condition in _conditions(wanted, silent, behind):
        chosen = chosen.where(condition)
    rows = session.execute(chosen.order_by(Terminal.id).limit(min(wanted.limit, MAX_PAGE)))
    return [_health(row) for row in rows]


def health_of(session: Session, terminal_id: str, current: Current, now: datetime) -> TerminalHealth:
    """One device.

    Raises:
        UnknownTerminal: there is none with this id.
    """
    row = session.execute(_seen(_silent(now), _behind(current)).where(Terminal.id == terminal_id)).one_or_none()
    if row is None:
        raise UnknownTerminal(f"no terminal {terminal_id}", terminal=terminal_id)
    return _health(row)


def health_figures(session: Session, current: Current, now: datetime) -> Figures:
    """All devices in numbers, in one statement."""
    behind = or_(*_behind(current).values())
    counted = _joined(
        func.count(Terminal.id),
        func.count(Terminal.id).filter(Terminal.state == TerminalState.DISABLED),
        func.count(Terminal.id).filter(_silent(now)),
        func.count(Terminal.id).filter(behind),
        func.coalesce(func.sum(TerminalHeartbeat.records_waiting), 0),
    )
    terminals, disabled, silent, late, waiting = session.execute(counted).one()
    return Figures(terminals, disabled, silent, late, int(waiting))


def _seen(silent: ColumnElement[bool], behind: Mapping[str, ColumnElement[bool]]) -> Select[*tuple[Any, ...]]:
    flags = [silent.label("silent"), *(behind[name].label(name) for name in BEHIND)]
    return _joined(Terminal, TerminalHeartbeat, TerminalBinding, *flags)


def _joined(*columns: Any) -> Select[*tuple[Any, ...]]:  # noqa: ANN401 # whatever can be selected
    is_open = and_(TerminalBinding.terminal_id == Terminal.id, TerminalBinding.valid_to.is_(None))
    return (
        select(*columns)
        .select_from(Terminal)
        .outerjoin(TerminalHeartbeat, TerminalHeartbeat.terminal_id == Terminal.id)
        .outerjoin(TerminalBinding, is_open)
    )


def _health(row: Row[*tuple[Any, ...]]) -> TerminalHealth:
    late = tuple(name for name in BEHIND if getattr(row, name))
    return TerminalHealth(row[0], row[1], row[2], bool(row.silent), late)


def _silent(now: datetime) -> ColumnElement[bool]:
    said = func.coalesce(TerminalHeartbeat.at, Terminal.registered_at)
    came = func.coalesce(Terminal.signed_in_at, Terminal.registered_at)
    unheard = [
        and_(Terminal.kind == kind, said < now - timedelta(hours=hours), came < now - timedelta(hours=hours))
        for kind, hours in SILENT_AFTER_H.items()
    ]
    has_key = select(TerminalKey.id).where(TerminalKey.terminal_id == Terminal.id, TerminalKey.retired_at.is_(None))
    return and_(Terminal.state == TerminalState.ACTIVE, has_key.exists(), or_(*unheard))


def _behind(current: Current) -> dict[str, ColumnElement[bool]]:
    """What of a heartbeat is old. A device that never said anything is not behind: it is silent, or has yet to begin."""
    software = [
        and_(Terminal.kind == kind, TerminalHeartbeat.software != wanted) for kind, wanted in current.software.items()
    ]
    said = TerminalHeartbeat.terminal_id.is_not(None)
    return {
        "software": and_(said, or_(false(), *software)),
        "parameters": and_(said, TerminalHeartbeat.parameter_version < current.parameter_version),
        "hotlist": and_(said, TerminalHeartbeat.hotlist_version < current.hotlist_version),
    }


def _conditions(
    wanted: Wanted, silent: ColumnElement[bool], behind: Mapping[str, ColumnElement[bool]]
) -> Sequence[ColumnElement[bool]]:
    asked: list[tuple[object, ColumnElement[bool]]] = [
        (wanted.kind, Terminal.kind == wanted.kind),
        (wanted.merchant_id, TerminalBinding.merchant_id == wanted.merchant_id),
        (wanted.outlet_id, Terminal.outlet_id == wanted.outlet_id),
        (wanted.state, Terminal.state == wanted.state),
        (wanted.silent, silent if wanted.silent else ~silent),
        (wanted.behind, or_(*behind.values()) if wanted.behind == "any" else behind.get(wanted.behind or "", false())),
    ]
    return [condition for given, condition in asked if given is not None]
