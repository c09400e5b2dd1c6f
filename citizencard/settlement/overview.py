"""The living city at a glance: what the newcomer's home page shows, in a fixed number of statements however large the city is.

Two readings, because they cost differently: `pulse` is what changes with every tap and reads by indexes; `holdings` adds up every card and
every purse.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Text, func, select, text, type_coerce
from sqlalchemy.orm import Session

from citizencard.cards.models import Card, CardState
from citizencard.clock import BEIJING
from citizencard.db import is_postgresql
from citizencard.purse.uploads.journeys import Tap, latest_taps
from citizencard.purse.uploads.judge import NEWEST
from citizencard.purse.uploads.models import TapFinding, TapRecord, Verdict
from citizencard.purse.uploads.records import RecordKind
from citizencard.settlement.findings.choosing import undecided_taps
from citizencard.settlement.models import BookProof
from citizencard.terminals.models import TerminalBinding
from ledger.models import LedgerDay

MINUTES: Final = 60
LATEST: Final = 10
_MINUTE: Final = timedelta(minutes=1)
_MINUTE_CHARACTERS: Final = 16

# A card's purse and what is on its way to it are one holder's money: a chip that was loaded and is not proven would else count as a debt.
# A purse below zero is the company's loss and never taken from other people's money, as in the custody certificate.
_HELD: Final = text(
    "SELECT CAST(COALESCE(sum(CASE WHEN h.held_fen > 0 THEN h.held_fen ELSE 0 END), 0) AS bigint) AS held_fen,"
    " CAST(COALESCE(sum(h.under_way_fen), 0) AS bigint) AS under_way_fen FROM ("
    " SELECT b.holder, sum(b.balance_fen) AS held_fen,"
    " sum(CASE WHEN b.family = 'inload:<card>' THEN b.balance_fen ELSE 0 END) AS under_way_fen FROM ("
    " SELECT a.family,"
    " CASE WHEN a.family IN ('purse:<card>', 'inload:<card>')"
    " THEN replace(replace(a.code, 'purse:', ''), 'inload:', '') ELSE a.code END AS holder,"
    " a.posted_credits_fen - a.posted_debits_fen + CASE WHEN a.locked THEN 0 ELSE"
    " COALESCE((SELECT sum(t.amount_fen) FROM ledger_transfer t WHERE t.credit_id = a.id AND t.id > a.folded_to), 0)"
    " - COALESCE((SELECT sum(t.amount_fen) FROM ledger_transfer t WHERE t.debit_id = a.id AND t.id > a.folded_to), 0)"
    " END AS balance_fen FROM ledger_account a"
    " WHERE a.family IN ('purse:<card>', 'inload:<card>', 'due:<card>', 'wallet:<account>', 'deposit:<card>')"
    " ) AS b GROUP BY b.holder) AS h"
)


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the city has, counted card by card and purse by purse.

    Args:
        cards_in_use: active cards.
        held_fen: money of cardholders: on chips, on its way onto a chip, on-line, deposits; each holder at least zero.
        under_way_fen: of which released to a chip that has not proven it yet.
    """

    cards_in_use: int
    held_fen: int
    under_way_fen: int


@dataclass(frozen=True, slots=True)
class LastProof:
    """The last time that the books were recomputed from their transfers.

    Args:
        at: when.
        transfers, accounts: how many were looked at.
        differences: what did not agree; 0 means proved.
    """

    at: datetime
    transfers: int
    accounts: int
    differences: int


@dataclass(frozen=True, slots=True)
class Pulse:
    """What changes with every tap.

    Args:
        at: the instant that all of it is of.
        business_day: the open day of the books; None when there is no city yet.
        terminals_bound: terminals that have a payee now.
        taps_today: purchases since midnight in Beijing that have come in, accepted or suspicious.
        taps_waiting: purchases whose payee a person has yet to decide.
        findings: things about taps that a person should look at.
        per_minute: the last 60 minutes by time of the tap, oldest first, none left out.
        latest: the taps that came in last, latest first.
        proof: None when the books were never proved.
    """

    at: datetime
    business_day: date | None
    terminals_bound: int
    taps_today: int
    taps_waiting: int
    findings: int
    per_minute: tuple[tuple[datetime, int], ...]
    latest: tuple[Tap, ...]
    proof: LastProof | None


def holdings(session: Session) -> Holdings:
    """Count cards and money, in two statements."""
    cards = select(func.count()).select_from(Card).where(Card.state == CardState.ACTIVE)
    money = session.execute(_HELD).one()
    return Holdings(session.scalars(cards).one(), money.held_fen, money.under_way_fen)


def pulse(session: Session, now: datetime) -> Pulse:
    """Look at the city at an instant, in six statements."""
    counts = _counts(session, now)
    return Pulse(
        at=now,
        business_day=counts["business_day"],
        terminals_bound=counts["terminals_bound"],
        taps_today=counts["taps_today"],
        taps_waiting=counts["taps_waiting"],
        findings=counts["findings"],
        per_minute=_last_minutes(session, now),
        latest=tuple(latest_taps(session, LATEST)),
        proof=_last_proof(session),
    )


def _counts(session: Session, now: datetime) -> Mapping[str, Any]:
    midnight = datetime.combine(now.astimezone(BEIJING).date(), time(), BEIJING)
    today = select(func.count()).where(_counted(), TapRecord.tapped_at >= midnight, TapRecord.tapped_at <= now + NEWEST)
    bound = select(func.count()).select_from(TerminalBinding).where(TerminalBinding.valid_to.is_(None))
    counted = select(
        select(LedgerDay.day).where(LedgerDay.state == "open").scalar_subquery().label("business_day"),
        bound.scalar_subquery().label("terminals_bound"),
        today.scalar_subquery().label("taps_today"),
        undecided_taps().label("taps_waiting"),
        select(func.count())
        .select_from(TapFinding)
        .where(TapFinding.withdrawn_at.is_(None))
        .scalar_subquery()
        .label("findings"),
    )
    return dict(session.execute(counted).mappings().one())


def _counted() -> ColumnElement[bool]:
    """Purchases with a good cryptogram: the chip has paid."""
    return (TapRecord.kind == RecordKind.PURCHASE) & (TapRecord.verdict != Verdict.REJECTED)


def _last_minutes(session: Session, now: datetime) -> tuple[tuple[datetime, int], ...]:
    """Sixty minutes up to the present one; up to a later one when terminals' clocks run ahead, by no more than is tolerated."""
    present = now.replace(second=0, microsecond=0)
    if is_postgresql(session):
        minute: ColumnElement[Any] = func.date_trunc("minute", TapRecord.tapped_at)
    else:
        # The text of an instant on SQLite: 2026-11-21T00:30 are its first 16 characters.
        minute = func.substr(type_coerce(TapRecord.tapped_at, Text), 1, _MINUTE_CHARACTERS)
    found = session.execute(
        select(minute, func.count())
        .where(_counted(), TapRecord.tapped_at > present - MINUTES * _MINUTE, TapRecord.tapped_at <= now + NEWEST)
        .group_by(minute)
    )
    counts = {_instant(when): int(count) for when, count in found}
    last = max([present, *counts])
    return tuple((when, counts.get(when, 0)) for when in (last - ago * _MINUTE for ago in range(MINUTES - 1, -1, -1)))


def _instant(minute: datetime | str) -> datetime:
    return datetime.fromisoformat(f"{minute}:00+00:00") if isinstance(minute, str) else minute


def _last_proof(session: Session) -> LastProof | None:
    found = session.scalars(select(BookProof).order_by(BookProof.id.desc()).limit(1)).one_or_none()
    return None if found is None else LastProof(found.proved_at, found.transfers, found.accounts, found.differences)
