"""Parameters of devices: the tariff in force as a device table, and those that will come, so that every device switches at one instant."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from citizencard.cards.hotlist_memory import Memory
from citizencard.tariffs.device import LAYOUT, compile_table
from citizencard.tariffs.errors import NoTariffInForce
from citizencard.tariffs.models import TariffVersion, TariffWithdrawal
from citizencard.tariffs.versions import in_force, read_version
from citizencard.terminals.errors import VersionUnknown

MAX_UPCOMING: Final = 10
"""Versions that are told ahead of their time."""
MAX_TABLES: Final = 4

_tables: Final = Memory[tuple[int, str], bytes](MAX_TABLES)


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A version that was published and has yet to take effect."""

    version: int
    effective_from: datetime


@dataclass(frozen=True, slots=True)
class DeviceTableOf:
    """A version in the bytes that devices read.

    Args:
        layout: of the bytes.
        version: of the tariff.
        effective_from: when it takes effect; a device that has it earlier waits.
        table: at most 8 MiB.
    """

    layout: int
    version: int
    effective_from: datetime
    table: bytes


def version_in_force(session: Session, now: datetime) -> int:
    """The version in force, 0 when there is none."""
    try:
        return in_force(session, now).version
    except NoTariffInForce:
        return 0


def upcoming(session: Session, now: datetime) -> list[Upcoming]:
    """Versions that take effect later, the next one first."""
    withdrawn = exists().where(TariffWithdrawal.version == TariffVersion.version)
    rows = session.execute(
        select(TariffVersion.version, TariffVersion.effective_from)
        .where(TariffVersion.effective_from > now, ~withdrawn)
        .order_by(TariffVersion.effective_from, TariffVersion.version)
        .limit(MAX_UPCOMING)
    )
    return [Upcoming(row.version, row.effective_from) for row in rows]


def device_table(session: Session, version: int | None, now: datetime) -> DeviceTableOf:
    """The table of the version in force, or of one that will come.

    Args:
        session: read only.
        version: None for the one in force.
        now: the present.

    Raises:
        NoTariffInForce: none is in force, and no other was asked for.
        VersionUnknown: the version is neither in force nor to come.
    """
    if version is None:
        row = in_force(session, now)
    else:
        wanted = {one.version for one in upcoming(session, now)} | {version_in_force(session, now)} - {0}
        found = session.get(TariffVersion, version) if version in wanted else None
        if found is None:
            raise VersionUnknown(f"no parameters version {version}", kind="parameters", version=version)
        row = found
    table = _tables.find((row.version, row.digest))
    if table is None:
        table = compile_table(read_version(row))
        _tables.keep((row.version, row.digest), table)
    return DeviceTableOf(LAYOUT, row.version, row.effective_from, table)
