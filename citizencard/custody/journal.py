"""The journal of keys: written in the transaction that audits the act, read page by page, compared with what the keeper holds."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizencard import audit
from citizencard.audit import Actor
from citizencard.custody.errors import TransferRepeated, TwoPeopleNeeded
from citizencard.custody.models import KeyAct, KeyJournalEntry
from citizencard.db import flush_unique
from citizencard.keys.vault_file import KeyInfo, KeyState

MAX_PAGE: Final = 200
KEEPER: Final = "keeper"
"""In the place of a key's id: the key that the vault file is encrypted with."""


@dataclass(frozen=True, slots=True)
class Done:
    """What was done to a key.

    Args:
        act: what.
        key: the key as it is now; None for the keeper's own.
        people: who was at it; the first one is the actor of the audit.
        reason: why, naming nobody by number.
        detail: numbers and check values; never a key.
        verify_until: of a retiring key: last day of the taps that it may still verify.
        transfer_id: of an imported file.
        record_hash: SHA-256 of the printed record.
    """

    act: KeyAct
    key: KeyInfo | None
    people: tuple[Actor, ...]
    reason: str = ""
    detail: dict[str, Any] = field(default_factory=dict)
    verify_until: date | None = None
    transfer_id: str | None = None
    record_hash: bytes | None = None


def check_two(people: Iterable[Actor], *, wanted: int = 2) -> None:
    """Refuse what one person does alone, under whatever logins.

    Raises:
        TwoPeopleNeeded: fewer different people.
    """
    known = {person.person_id for person in people if person.kind == "staff" and person.person_id}
    if len(known) < wanted:
        raise TwoPeopleNeeded(f"{wanted} different people are needed")


def write(session: Session, done: Done, realm: str, now: datetime) -> KeyJournalEntry:
    """Write an act down, in the journal and in the audit trail.

    Raises:
        TransferRepeated: the file was imported before.
        ReasonUnfit: see `audit.record`.
    """
    key_id = KEEPER if done.key is None else done.key.key_id
    entry = KeyJournalEntry(
        act=str(done.act),
        key_id=key_id,
        check_value="" if done.key is None else done.key.check_value.hex().upper(),
        state="" if done.key is None else str(done.key.state),
        realm=realm,
        verify_until=done.verify_until,
        transfer_id=done.transfer_id,
        reason=done.reason,
        people=[person.person_id or person.id for person in done.people],
        detail=done.detail,
        record_hash=done.record_hash,
        recorded_at=now,
    )
    session.add(entry)
    flush_unique(session, TransferRepeated("the file was imported before"))
    after = {"check_value": entry.check_value, "state": entry.state, "people": entry.people, **done.detail}
    audit.record(session, done.people[0], f"key.{done.act}", key_id, reason=done.reason, after=after, now=now)
    return entry


def page(session: Session, *, before: int | None = None, limit: int = MAX_PAGE) -> list[KeyJournalEntry]:
    """The journal, newest first: entries with an id below `before`, at most 200."""
    chosen = select(KeyJournalEntry).order_by(KeyJournalEntry.id.desc()).limit(min(limit, MAX_PAGE))
    if before is not None:
        chosen = chosen.where(KeyJournalEntry.id < before)
    return list(session.scalars(chosen))


def check_new_transfer(session: Session, transfer_id: str) -> None:
    """Refuse a file that came before, ahead of unwrapping anything.

    Raises:
        TransferRepeated: it is in the journal.
    """
    if session.scalar(select(KeyJournalEntry.id).where(KeyJournalEntry.transfer_id == transfer_id)) is not None:
        raise TransferRepeated("the file was imported before")


def latest(session: Session, act: KeyAct | None = None) -> dict[str, KeyJournalEntry]:
    """The last entry of each key, of one act if it is named."""
    newest = select(func.max(KeyJournalEntry.id)).group_by(KeyJournalEntry.key_id)
    if act is not None:
        newest = newest.where(KeyJournalEntry.act == act)
    found = session.scalars(select(KeyJournalEntry).where(KeyJournalEntry.id.in_(newest)))
    return {entry.key_id: entry for entry in found}


def differences(session: Session, inventory: Iterable[KeyInfo]) -> list[str]:
    """What the keeper holds and the journal does not know of, one sentence each; keys made with the keeper itself begin in no journal.

    A sentence means: a change whose process died before it was written down, a keeper brought back from an older copy, or a change made
    behind the journal's back.
    """
    known = {key_id: entry for key_id, entry in latest(session).items() if key_id != KEEPER}
    found = []
    for info in inventory:
        entry = known.pop(info.key_id, None)
        if entry is None:
            if info.version > 1 or info.state is not KeyState.ACTIVE:
                found.append(f"{info.key_id} is {info.state} in the keeper and not in the journal")
        elif entry.check_value != info.check_value.hex().upper():
            found.append(
                f"{info.key_id} has check value {info.check_value.hex().upper()}, the journal {entry.check_value}"
            )
        elif entry.state != info.state:
            found.append(f"{info.key_id} is {info.state}, by the journal {entry.state}")
    return [*found, *(f"{key_id} is in the journal and not in the keeper" for key_id in sorted(known))]
