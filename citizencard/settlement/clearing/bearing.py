"""Who bears a good TAC on a card that the hotlist names: its holder, the merchant, or the company.

The holder before the loss took effect, and of a class that cannot be reported lost. The merchant if its terminal had the card on its list,
or went on with a list longer than the contract allows after a newer one was published. Else the company: nobody at the terminal could know.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import and_, or_, select, text
from sqlalchemy.orm import Session

from citizencard.cards.classes import CLASSES
from citizencard.cards.models import BlockKind, HotlistBlock, HotlistEntry, HotlistPublication
from citizencard.purse.uploads.models import FindingKind, Reason, TapRecord
from citizencard.settlement.clearing.asking import Portion, asked_from
from citizencard.settlement.clearing.found import Found
from citizencard.settlement.clearing.limits import LIST_MAY_BE_OLD
from citizencard.terminals.models import AcknowledgedKind, TerminalAcknowledgement, TerminalBinding


class Bearer(StrEnum):
    """Whose loss it is."""

    HOLDER = "holder"
    MERCHANT = "merchant"
    COMPANY = "company"


_HOTLISTED: Final = (
    "SELECT r.id FROM {asked} JOIN tap_record r ON r.card_serial = q.subject AND r.card_counter BETWEEN q.low AND q.high"
    " AND r.identity IS NOT NULL AND r.reason = '{reason}'"
    " WHERE NOT EXISTS (SELECT 1 FROM tap_finding f WHERE f.record_id = r.id AND f.kind IN ({kinds})) ORDER BY r.id"
)
KIND_OF: Final = {
    Bearer.HOLDER: FindingKind.HOLDER_BEARS,
    Bearer.MERCHANT: FindingKind.MERCHANT_BEARS,
    Bearer.COMPANY: FindingKind.COMPANY_BEARS,
}
"""The finding that says so."""


class Why(StrEnum):
    """The sentence of the rule that decides."""

    NOT_IN_EFFECT = "not_in_effect"
    ON_ITS_LIST = "on_its_list"
    LIST_TOO_OLD = "list_too_old"
    COULD_NOT_KNOW = "could_not_know"


@dataclass(frozen=True, slots=True)
class Bearing:
    """Who bears a tap.

    Args:
        bearer: whose loss it is.
        why: the reason.
        worked_with: version of the hotlist that the terminal had acknowledged at the time of the tap; 0 when it had none.
        listed_in: the version in which the card came onto the list; None when none was published with it.
    """

    bearer: Bearer
    why: Why
    worked_with: int
    listed_in: int | None


@dataclass(frozen=True, slots=True)
class _Listing:
    """From when until when the list named a card, and in which versions."""

    effective_from: datetime
    removed_from: datetime | None
    listed_in: int | None
    unlisted_in: int | None

    def counts_at(self, at: datetime) -> bool:
        return self.effective_from <= at and (self.removed_from is None or at < self.removed_from)

    def is_in(self, version: int) -> bool:
        listed = self.listed_in is not None and self.listed_in <= version
        return listed and (self.unlisted_in is None or self.unlisted_in > version)


def bearer(session: Session, record_ids: Collection[int]) -> Mapping[int, Bearing]:
    """Who bears each of these taps, by record id; taps without a time or a card are left out. A fixed number of statements.

    Args:
        session: read only.
        record_ids: taps that are suspicious because the hotlist named their card.
    """
    chosen = select(TapRecord).where(TapRecord.id.in_(sorted(set(record_ids))), TapRecord.card_id.is_not(None))
    records = [row for row in session.scalars(chosen) if row.tapped_at is not None]
    if not records:
        return {}
    listings, blocks = _listings(session, records), _blocks(session)
    worked_with = _worked_with(session, records)
    published = session.execute(
        select(HotlistPublication.version, HotlistPublication.published_at).order_by(HotlistPublication.version)
    ).all()
    versions = [(row.version, row.published_at) for row in published]
    found = {}
    for row in records:
        names = listings.get(row.card_serial, []) + [
            one for first, last, one in blocks if first <= row.card_serial <= last
        ]
        found[row.id] = _bearing(row, names, worked_with.get(row.id, 0), versions)
    return found


def _bearing(
    row: TapRecord, names: Sequence[_Listing], version: int, versions: Sequence[tuple[int, datetime]]
) -> Bearing:
    at = row.tapped_at
    counting = [one for one in names if at is not None and one.counts_at(at)]
    known = [one.listed_in for one in counting if one.listed_in is not None]
    listed_in = min(known) if known else None
    card_class = CLASSES.get(row.card_class or 0)
    if at is None or not counting or card_class is None or not card_class.lossable:
        return Bearing(Bearer.HOLDER, Why.NOT_IN_EFFECT, version, listed_in)
    if any(one.is_in(version) for one in counting):
        return Bearing(Bearer.MERCHANT, Why.ON_ITS_LIST, version, listed_in)
    newer = next((published_at for number, published_at in versions if number > version), None)
    if newer is not None and newer <= at - LIST_MAY_BE_OLD:
        return Bearing(Bearer.MERCHANT, Why.LIST_TOO_OLD, version, listed_in)
    return Bearing(Bearer.COMPANY, Why.COULD_NOT_KNOW, version, listed_in)


def _listings(session: Session, records: Sequence[TapRecord]) -> dict[bytes, list[_Listing]]:
    serials = sorted({row.card_serial for row in records})
    found: dict[bytes, list[_Listing]] = {}
    for row in session.scalars(select(HotlistEntry).where(HotlistEntry.serial.in_(serials)).order_by(HotlistEntry.id)):
        one = _Listing(row.effective_from, row.removed_from, row.listed_in, row.unlisted_in)
        found.setdefault(row.serial, []).append(one)
    return found


def _blocks(session: Session) -> list[tuple[bytes, bytes, _Listing]]:
    rows = session.scalars(select(HotlistBlock).where(HotlistBlock.kind == BlockKind.RANGE).order_by(HotlistBlock.id))
    return [
        (
            bytes.fromhex(row.first),
            bytes.fromhex(row.last),
            _Listing(row.effective_from, row.removed_from, row.listed_in, row.unlisted_in),
        )
        for row in rows
    ]


def _worked_with(session: Session, records: Sequence[TapRecord]) -> dict[int, int]:
    """The hotlist that the terminal of each tap had acknowledged by then, by record id."""
    row, given = TapRecord, TerminalAcknowledgement
    last = (
        select(given.version)
        .join(
            TerminalBinding,
            and_(
                TerminalBinding.terminal_number == row.terminal_number,
                TerminalBinding.valid_from <= row.tapped_at,
                or_(TerminalBinding.valid_to.is_(None), TerminalBinding.valid_to > row.tapped_at),
            ),
        )
        .where(
            given.terminal_id == TerminalBinding.terminal_id,
            given.kind == AcknowledgedKind.HOTLIST,
            given.acknowledged_at <= row.tapped_at,
        )
        .order_by(given.acknowledged_at.desc(), given.id.desc())
        .limit(1)
        .correlate(row)
        .scalar_subquery()
    )
    chosen = select(row.id, last.label("version")).where(row.id.in_([one.id for one in records]))
    return {found.id: found.version for found in session.execute(chosen) if found.version is not None}


def hotlisted(session: Session, portion: Portion) -> list[Found]:
    """Who bears the new taps of a portion that are in doubt because the hotlist named their card.

    Said once: what a terminal had acknowledged by the time of a tap does not change any more.
    """
    kinds = ", ".join(f"'{kind}'" for kind in KIND_OF.values())
    statement = text(_HOTLISTED.format(asked=asked_from(session), reason=Reason.HOTLISTED, kinds=kinds))
    ids = list(session.scalars(statement, {"asked": portion.asked()}))
    return [
        Found(record_id, KIND_OF[one.bearer], {"why": str(one.why), "list": one.worked_with})
        for record_id, one in sorted(bearer(session, ids).items())
    ]
