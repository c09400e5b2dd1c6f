"""Who did what to what, and why: rows that are never changed and hold no personal data."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Literal

from sqlalchemy.orm import Session

from citizencard.audit.models import REASON_CHARS, AuditEntry
from citizencard.db import Sessions, transaction
from citizencard.errors import CitizencardError

ID_NUMBER_OR_MOBILE = re.compile(r"(?<!\d)(?:\d{17}[\dXx]|\d{15}|1[3-9]\d{9})(?!\d)")
"""What a citizen's number (18 digits, 15 before 1999) or a mobile number looks like inside a text."""

ActorKind = Literal["staff", "terminal", "resident", "system"]


class AuditError(CitizencardError):
    """The act cannot be written down."""

    code = "audit_refused"


class ReasonUnfit(AuditError):
    """The reason is missing, too long, or holds a person's number."""

    code = "reason_unfit"
    public: ClassVar[tuple[str, ...]] = ("max_chars",)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts.

    Args:
        kind: staff, terminal, resident, or the system by itself.
        id: the staff member's, terminal's or resident's id; the command's name for the system.
        person_id: the human behind a login; four eyes compare this, not the login.
        role: the role the act was done in.
        workstation: where it was done.
        request_id: the request it belongs to, to find it in the log.
    """

    kind: ActorKind
    id: str
    person_id: str | None = None
    role: str = ""
    workstation: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Access:
    """A look at personal data: who looks, what for (1 to 200 characters), and when."""

    actor: Actor
    reason: str
    now: datetime


def record(  # noqa: PLR0913 # an audit row is this wide, and the words before and after are clearer here than in a value
    session: Session,
    actor: Actor,
    act: str,
    subject: str,
    *,
    reason: str = "",
    before: object = None,
    after: object = None,
    now: datetime,
) -> AuditEntry:
    """Write an act down in the transaction of the change itself: both are stored or neither.

    Before a row gets its number, trigger `audit_entry_enter` takes the ledger's barrier shared: who has recorded never asks for it alone.

    Args:
        session: the caller's transaction.
        actor: who acts.
        act: what was done, such as `card.activate`; at most 64 characters.
        subject: id of what it was done to; at most 96 characters.
        reason: why, in words without a person's number.
        before: what the subject looked like, as JSON values. Only its hash is kept. Never personal data in clear: eighteen
            digits can be found from their hash by trying.
        after: the same, after the act.
        now: the instant to write beside it.

    Raises:
        ReasonUnfit: the reason is too long or holds something like a citizen's or a mobile number.
    """
    if len(reason) > REASON_CHARS or ID_NUMBER_OR_MOBILE.search(reason):
        raise ReasonUnfit(
            f"a reason has at most {REASON_CHARS} characters and names nobody by number", max_chars=REASON_CHARS
        )
    entry = AuditEntry(
        recorded_at=now,
        actor_kind=actor.kind,
        actor_id=actor.id,
        person_id=actor.person_id,
        role=actor.role,
        workstation=actor.workstation,
        act=act,
        subject=subject,
        reason=reason,
        before_hash=None if before is None else content_hash(before),
        after_hash=None if after is None else content_hash(after),
        request_id=actor.request_id,
    )
    session.add(entry)
    session.flush()
    return entry


def record_reading(sessions: Sessions, access: Access, act: str, subject: str) -> None:
    """Write down that somebody is about to see personal data, and commit. Show the data only after this returned: no audit, no data.

    Raises:
        ReasonUnfit: no reason was given, or it is too long or names somebody by number.
    """
    if not access.reason.strip():
        raise ReasonUnfit("seeing personal data needs a reason", max_chars=REASON_CHARS)
    with transaction(sessions) as session:
        record(session, access.actor, act, subject, reason=access.reason, now=access.now)


def canonical_json(value: object) -> bytes:
    """The one byte form of JSON values: keys sorted, no spaces, UTF-8; dates and instants in ISO form, bytes as lower-case hex.

    Raises:
        ValueError: the value holds a float (no amount is ever one) or something that is not JSON.
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def content_hash(value: object) -> bytes:
    """SHA-256 of the canonical JSON, 32 bytes."""
    return hashlib.sha256(canonical_json(value)).digest()


def _plain(value: object) -> object:
    match value:
        case None | bool() | int() | str():
            return value
        case date():
            return value.isoformat()
        case bytes():
            return value.hex()
        case Mapping():
            return {str(key): _plain(item) for key, item in value.items()}
        case Sequence():
            return [_plain(item) for item in value]
        case _:
            raise ValueError(f"{type(value).__name__} has no canonical form")
