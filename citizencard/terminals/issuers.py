"""The list of partner issuers, whose cards of other cities our terminals know: admitted and withdrawn by two people, published by version.

The interoperability rules of the Ministry of Transport give terminals thirty days to know a new city, and seven to forget one.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from citizencard.approvals.decisions import Proposal, execute, propose
from citizencard.approvals.models import Approval
from citizencard.audit import Actor, record
from citizencard.cards.numbering import ISSUER
from citizencard.db import flush_unique
from citizencard.terminals.errors import IssuerAdmitted, IssuerInvalid, IssuerWithdrawn, UnknownIssuer
from citizencard.terminals.lists.models import ISSUER_BYTES, IssuerPublication, PartnerIssuer
from ledger import barrier

ADMIT: Final = "issuer.admit"
WITHDRAW_ISSUER: Final = "issuer.withdraw"
MAX_ISSUERS: Final = 1_000
MAX_NAME_CHARACTERS: Final = 120
CITY_DIGITS: Final = 4
ISSUERS_LOCK: Final = int.from_bytes(b"ISSUER")
"""Of PostgreSQL: those who publish take turns."""


@dataclass(frozen=True, slots=True)
class NewIssuer:
    """An issuer to be admitted.

    Args:
        issuer: the 8 bytes of EF15 of its cards.
        city: 4 digits.
        name: for displays, at most 120 characters.
        admitted_from: from this instant on, or from its approval if that is later; None: from its approval.
    """

    issuer: bytes
    city: str
    name: str
    admitted_from: datetime | None = None

    def payload(self) -> dict[str, Any]:
        """What the approval must hold, exactly."""
        return {
            "issuer": self.issuer.hex().upper(),
            "city": self.city,
            "name": self.name,
            "admitted_from": None if self.admitted_from is None else self.admitted_from.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class ListedIssuer:
    """An entry of the list as devices get it."""

    issuer: bytes
    city: str
    name: str


@dataclass(frozen=True, slots=True)
class IssuerList:
    """A version of the list; version 0 is empty."""

    version: int
    issuers: tuple[ListedIssuer, ...]


def propose_admission(session: Session, new: NewIssuer, actor: Actor, now: datetime) -> Approval:
    """Put the admission of an issuer before a second person.

    Raises, in this order:
        IssuerInvalid: it is ourselves, or no issuer, city or name.
        IssuerAdmitted: it is on the list.
        FourEyesNeeded: the proposer is not known as a person.
    """
    if len(new.issuer) != ISSUER_BYTES or new.issuer == ISSUER:
        raise IssuerInvalid("this is no other issuer", reason="issuer")
    if len(new.city) != CITY_DIGITS or not (new.city.isascii() and new.city.isdecimal()):
        raise IssuerInvalid("a city has four digits", reason="city")
    if not 1 <= len(new.name.strip()) <= MAX_NAME_CHARACTERS:
        raise IssuerInvalid(f"a name has 1 to {MAX_NAME_CHARACTERS} characters", reason="name")
    _check_free(session, new.issuer)
    return propose(session, Proposal(ADMIT, new.issuer.hex().upper(), new.payload()), actor, now)


def admit_as_approved(session: Session, approval: Approval, actor: Actor, now: datetime) -> PartnerIssuer:
    """Carry an approved admission out, in the transaction of the approval.

    Raises:
        ApprovalNotGiven, ApprovalAlreadyExecuted, ApprovalExpired, ApprovalPayloadDiffers: see `approvals.execute`.
        IssuerAdmitted: it is on the list by now.
    """
    given = approval.payload
    begins = given["admitted_from"]
    new = NewIssuer(
        bytes.fromhex(given["issuer"]),
        given["city"],
        given["name"],
        None if begins is None else datetime.fromisoformat(begins),
    )
    execute(session, approval.id, new.payload(), actor, now)
    _check_free(session, new.issuer)
    row = PartnerIssuer(
        issuer=new.issuer,
        city=new.city,
        name=new.name.strip(),
        recorded_at=now,
        admitted_from=now if new.admitted_from is None else max(new.admitted_from, now),
        approval_id=approval.id,
    )
    session.add(row)
    flush_unique(session, _admitted(new.issuer))
    record(session, actor, ADMIT, str(row.id), after=new.payload(), now=now)
    return row


def propose_withdrawal(session: Session, issuer_id: int, reason: str, actor: Actor, now: datetime) -> Approval:
    """Put the withdrawal of an issuer before a second person; it takes effect with the approval.

    Raises, in this order:
        UnknownIssuer: there is none with this number.
        IssuerWithdrawn: it was withdrawn before.
        FourEyesNeeded, ReasonUnfit: see `propose`.
    """
    row = _admitted_one(session, issuer_id)
    return propose(session, Proposal(WITHDRAW_ISSUER, str(row.id), {"issuer_id": row.id}, reason), actor, now)


def withdraw_issuer_as_approved(session: Session, approval: Approval, actor: Actor, now: datetime) -> PartnerIssuer:
    """Carry an approved withdrawal out, in the transaction of the approval.

    Raises:
        ApprovalNotGiven, ApprovalAlreadyExecuted, ApprovalExpired, ApprovalPayloadDiffers: see `approvals.execute`.
        UnknownIssuer, IssuerWithdrawn: as in `propose_withdrawal`.
    """
    execute(session, approval.id, approval.payload, actor, now)
    row = _admitted_one(session, approval.payload["issuer_id"])
    row.withdrawn_from, row.end_approval_id = max(now, row.admitted_from), approval.id
    session.flush()
    record(session, actor, WITHDRAW_ISSUER, str(row.id), reason=approval.reason, now=now)
    return row


def list_issuers(session: Session, *, after: int = 0, limit: int = 100) -> list[PartnerIssuer]:
    """A page of all issuers that are or were admitted, by their number."""
    rows = select(PartnerIssuer).where(PartnerIssuer.id > after).order_by(PartnerIssuer.id).limit(min(limit, 200))
    return list(session.scalars(rows))


def issuers_are_due(session: Session, now: datetime) -> bool:
    """Whether a change waits for the next version of the list."""
    return session.scalar(select(PartnerIssuer.id).where(_due(now)).limit(1)) is not None


def publish_issuers(session: Session, now: datetime) -> int:
    """Publish what is due, if anything is; returns the version in force, 0 while nothing was ever published."""
    if not issuers_are_due(session, now):
        return issuer_version(session)
    barrier.take_turns(session, ISSUERS_LOCK)
    before = issuer_version(session)
    changed = False
    for row in session.scalars(select(PartnerIssuer).where(_due(now)).order_by(PartnerIssuer.id).with_for_update()):
        ended = row.withdrawn_from is not None and row.withdrawn_from <= now
        if row.listed_in is None:
            # What came and went between two versions was on none.
            row.listed_in = before if ended else before + 1
            row.unlisted_in = before if ended else None
            changed |= not ended
        else:
            row.unlisted_in, changed = before + 1, True
    session.flush()
    if not changed:
        return before
    issuers = len(_entries(session, before + 1))
    session.add(IssuerPublication(version=before + 1, published_at=now, issuers=issuers))
    session.flush()
    return before + 1


def issuer_version(session: Session) -> int:
    """The version of the list in force."""
    return session.scalar(select(func.max(IssuerPublication.version))) or 0


def issuer_list(session: Session) -> IssuerList:
    """The list in force, sorted by issuer."""
    version = issuer_version(session)
    return IssuerList(version, _entries(session, version))


def _due(now: datetime) -> Any:  # noqa: ANN401 # a condition of the library
    return or_(
        PartnerIssuer.listed_in.is_(None) & (PartnerIssuer.admitted_from <= now),
        PartnerIssuer.listed_in.is_not(None)
        & PartnerIssuer.unlisted_in.is_(None)
        & (PartnerIssuer.withdrawn_from <= now),
    )


def _entries(session: Session, version: int) -> tuple[ListedIssuer, ...]:
    rows = session.scalars(
        select(PartnerIssuer)
        .where(
            PartnerIssuer.listed_in <= version,
            or_(PartnerIssuer.unlisted_in.is_(None), PartnerIssuer.unlisted_in > version),
        )
        .order_by(PartnerIssuer.issuer)
        .limit(MAX_ISSUERS)
    )
    return tuple(ListedIssuer(row.issuer, row.city, row.name) for row in rows)


def _check_free(session: Session, issuer: bytes) -> None:
    is_open = PartnerIssuer.withdrawn_from.is_(None)
    if session.scalar(select(PartnerIssuer.id).where(PartnerIssuer.issuer == issuer, is_open)) is not None:
        raise _admitted(issuer)
    if (session.scalar(select(func.count()).select_from(PartnerIssuer).where(is_open)) or 0) >= MAX_ISSUERS:
        raise IssuerInvalid(f"the list holds {MAX_ISSUERS} issuers", reason="too_many")


def _admitted(issuer: bytes) -> IssuerAdmitted:
    return IssuerAdmitted("the issuer is on the list", issuer=issuer.hex().upper())


def _admitted_one(session: Session, issuer_id: int) -> PartnerIssuer:
    row = session.scalars(select(PartnerIssuer).where(PartnerIssuer.id == issuer_id).with_for_update()).one_or_none()
    if row is None:
        raise UnknownIssuer("there is no such issuer", issuer_id=issuer_id)
    if row.withdrawn_from is not None:
        raise IssuerWithdrawn("the issuer was withdrawn before", issuer_id=issuer_id)
    return row
