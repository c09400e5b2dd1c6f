"""A device changes its own key: the old key asks for it, the new one proves that the device has it.

What the new key signs (Ed25519) is one ASCII text of four lines without an end of line after the last:

    citizencard-terminal-key-rotation-1
    key id of the request: terminal number (12 digits) or terminal id
    old public key, 64 upper-case hexadecimal digits
    new public key, 64 upper-case hexadecimal digits

A device that got no answer asks again, signed by the old key or by the new one, and is told the same.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.audit import Actor, record
from citizencard.db import flush_unique
from citizencard.terminals.enrolment import check_public_key, signed_by
from citizencard.terminals.errors import DeviceKeyChanged, KeyPossessionInvalid, PublicKeyTaken, TerminalNotEnrolled
from citizencard.terminals.models import Terminal, TerminalKey

DOMAIN: Final = "citizencard-terminal-key-rotation-1"


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a device asks for.

    Args:
        terminal_id: which device, as its key id says.
        key_id: as in the request.
        new_key: 32 bytes.
        possession: the new key's signature over `rotation_message`, 64 bytes.
    """

    terminal_id: str
    key_id: str
    new_key: bytes
    possession: bytes


@dataclass(frozen=True, slots=True)
class RotationKeys:
    """The key that is, or was, replaced, and the keys that may sign the request."""

    old_key: bytes
    may_sign: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Rotated:
    """A device's key from `since` on."""

    terminal_id: str
    public_key: bytes
    since: datetime


def rotation_message(key_id: str, old_key: bytes, new_key: bytes) -> bytes:
    """What the new key signs: see the module."""
    return "\n".join((DOMAIN, key_id, old_key.hex().upper(), new_key.hex().upper())).encode("ascii")


def rotation_keys(session: Session, terminal_id: str, new_key: bytes) -> RotationKeys:
    """Who may sign a request for this new key: the device's key; after the change that it asks for, also the one before.

    Raises:
        TerminalNotEnrolled: the device has no key.
    """
    current, former = _current(session, terminal_id)
    if former is not None and current.public_key == new_key:
        return RotationKeys(former.public_key, (new_key, former.public_key))
    return RotationKeys(current.public_key, (current.public_key,))


def rotate_key(session: Session, rotation: Rotation, keys: RotationKeys, actor: Actor, now: datetime) -> Rotated:
    """Replace a device's key. What the old one signed before stays signed; new requests it signs no more.

    Asked again for the same, also at the same moment, nothing more is changed.

    Args:
        session: joined, never committed.
        rotation: what is asked for.
        keys: what `rotation_keys` said when the request was verified.
        actor: the device.
        now: when the new key begins to count.

    Raises, in this order:
        PublicKeyInvalid: see `check_public_key`.
        KeyPossessionInvalid: the new key has not signed for this change.
        DeviceKeyChanged: the device has got another key since the request was verified.
        PublicKeyTaken: another device, or an earlier time, has this key.
    """
    check_public_key(rotation.new_key)
    message = rotation_message(rotation.key_id, keys.old_key, rotation.new_key)
    if not signed_by([rotation.new_key], rotation.possession, message):
        raise KeyPossessionInvalid("the new key has not signed for the change")
    session.execute(select(Terminal.id).where(Terminal.id == rotation.terminal_id).with_for_update(key_share=True))
    current, former = _current(session, rotation.terminal_id)
    if former is not None and (current.public_key, former.public_key) == (rotation.new_key, keys.old_key):
        return Rotated(rotation.terminal_id, current.public_key, current.enrolled_at)
    if current.public_key != keys.old_key:
        raise DeviceKeyChanged("the device has another key by now", terminal=rotation.terminal_id)
    taken = PublicKeyTaken("the device key is known already")
    if session.scalar(select(TerminalKey.id).where(TerminalKey.public_key == rotation.new_key)) is not None:
        raise taken
    current.retired_at = now
    session.flush()
    session.add(
        TerminalKey(
            terminal_id=rotation.terminal_id,
            public_key=rotation.new_key,
            enrolled_at=now,
            rotated_from_id=current.id,
        )
    )
    flush_unique(session, taken)
    before, after = {"public_key": keys.old_key.hex()}, {"public_key": rotation.new_key.hex()}
    record(session, actor, "terminal.rotate_key", rotation.terminal_id, before=before, after=after, now=now)
    return Rotated(rotation.terminal_id, rotation.new_key, now)


def _current(session: Session, terminal_id: str) -> tuple[TerminalKey, TerminalKey | None]:
    current = session.scalars(
        select(TerminalKey)
        .where(TerminalKey.terminal_id == terminal_id, TerminalKey.retired_at.is_(None))
        .execution_options(populate_existing=True)
    ).one_or_none()
    if current is None:
        raise TerminalNotEnrolled(f"terminal {terminal_id} has no key", terminal=terminal_id)
    former = None if current.rotated_from_id is None else session.get(TerminalKey, current.rotated_from_id)
    return current, former
