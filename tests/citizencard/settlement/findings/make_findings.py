"""Taps that somebody has to decide about, and two people who do."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.approvals.decisions import approve
from citizencard.approvals.models import Approval
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.decisions.models import Outcome
from citizencard.purse.uploads.flow import take_batch, take_records
from citizencard.purse.uploads.models import TapRecord
from citizencard.settlement.findings.deciding import decide_as_approved, propose_decisions
from citizencard.settlement.findings.lines import DecisionLine
from tests.citizencard.purse.uploads.make_records import (
    CHECKER,
    MAKER,
    UNREGISTERED,
    City,
    file_of,
    json_of,
    make_city,
    signed,
    tap,
)

MINUTE = timedelta(minutes=1)


def doubtful_day(sessions: Sessions, vault: SoftwareVault, now: datetime) -> City:
    """A city with a paid and a free ride in order, two rides on a lost card, one of a stranger's module, and a forged one.

    Records 1 and 2 are in order (2 at a wrong price), 3 and 4 of the lost card (1.80 each), 5 forged, 6 of no merchant (2.00).
    """
    city = make_city(sessions, now)
    records = [
        tap(city.bus1, city.adult, now - 50 * MINUTE, 180),
        tap(city.bus1, city.senior, now - 40 * MINUTE, 100),
        tap(city.bus1, city.lost, now - 30 * MINUTE, 180),
        tap(city.bus1, city.lost, now - 20 * MINUTE, 180),
        replace(tap(city.bus1, city.adult, now - 10 * MINUTE, 180), tac=bytes(4)),
    ]
    take_batch(sessions, vault, city.bus1.terminal_id, file_of(city.bus1, records), now)
    stray = signed(tap(city.bus1, city.adult, now - 5 * MINUTE, 200), city.adult, UNREGISTERED)
    take_records(
        sessions, vault, city.collector.terminal_id, json_of(city.collector, [stray], number=UNREGISTERED), now
    )
    return city


def ids_of(session: Session) -> list[int]:
    """All records, in the order of their taps."""
    return list(session.scalars(select(TapRecord.id).order_by(TapRecord.tapped_at)))


def ids(sessions: Sessions) -> list[int]:
    """The same, in a reading of its own."""
    with reading(sessions) as session:
        return ids_of(session)


def line(record_id: int, outcome: str, amount_fen: int, merchant_id: str | None = None) -> DecisionLine:
    """One line of a decision."""
    return DecisionLine(record_id, Outcome(outcome), amount_fen, merchant_id)


def proposed(sessions: Sessions, lines: Sequence[DecisionLine], now: datetime) -> str:
    """The maker proposes; returns the approval's id."""
    with transaction(sessions) as session:
        return propose_decisions(session, lines, "seen on the camera", MAKER, now).id


def agreed(sessions: Sessions, approval_id: str, now: datetime) -> None:
    """The checker agrees, and it is carried out."""
    with transaction(sessions) as session:
        approval: Approval = approve(session, approval_id, CHECKER, now)
        decide_as_approved(session, approval, CHECKER, now)


def decided(sessions: Sessions, lines: Sequence[DecisionLine], now: datetime) -> str:
    """Both; returns the approval's id."""
    approval_id = proposed(sessions, lines, now)
    agreed(sessions, approval_id, now)
    return approval_id
