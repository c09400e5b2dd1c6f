"""A device changes its own key."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizencard.audit import Actor
from citizencard.db import Sessions, transaction
from citizencard.terminals.bindings import keys_of_terminal
from citizencard.terminals.enrolment import enrol, issue_enrolment_code
from citizencard.terminals.errors import (
    DeviceKeyChanged,
    KeyPossessionInvalid,
    PublicKeyInvalid,
    PublicKeyTaken,
    TerminalNotEnrolled,
)
from citizencard.terminals.models import TerminalKey
from citizencard.terminals.registry import register_terminal
from citizencard.terminals.rotation import Rotation, rotate_key, rotation_keys, rotation_message
from citizencard.terminals.signing import signer

HOUR = timedelta(hours=1)
WORKERS = 4
PROTOCOL = Path(__file__).parents[3] / "hardware/terminal/PROTOCOL.md"


def raw(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def enrolled(session: Session, now: datetime) -> tuple[str, Ed25519PrivateKey]:
    terminal_id, key = register_terminal(session, "Bus 1", "bus_validator", now=now).id, Ed25519PrivateKey.generate()
    enrol(session, issue_enrolment_code(session, terminal_id, now=now), raw(key), now=now)
    return terminal_id, key


def asked(terminal_id: str, old: Ed25519PrivateKey, new: Ed25519PrivateKey) -> Rotation:
    message = rotation_message(terminal_id, raw(old), raw(new))
    return Rotation(terminal_id, terminal_id, raw(new), new.sign(message))


def test_the_new_key_counts_and_the_old_one_still_proves_what_it_signed(session: Session, now: datetime) -> None:
    """The device goes on under its new key; a file that the old one signed in the morning is still its own at noon."""
    terminal_id, old = enrolled(session, now)
    device, new = Actor("terminal", terminal_id), Ed25519PrivateKey.generate()
    keys = rotation_keys(session, terminal_id, raw(new))
    assert (keys.old_key, keys.may_sign) == (raw(old), (raw(old),))
    rotated = rotate_key(session, asked(terminal_id, old, new), keys, device, now + HOUR)
    assert (rotated.public_key, rotated.since) == (raw(new), now + HOUR)
    assert signer(session, terminal_id).public_key == raw(new)
    assert keys_of_terminal(session, terminal_id) == [raw(old), raw(new)]
    again = rotation_keys(session, terminal_id, raw(new))
    assert again.may_sign == (raw(new), raw(old))
    assert rotate_key(session, asked(terminal_id, old, new), again, device, now + 2 * HOUR) == rotated
    third = Ed25519PrivateKey.generate()
    assert rotation_keys(session, terminal_id, raw(third)).may_sign == (raw(new),)


def test_what_the_new_key_signs_is_what_the_page_for_vendors_says() -> None:
    """The page's example, keys of the seeds 00 to 1F and 20 to 3F, is what this code makes of them."""
    old, new = (Ed25519PrivateKey.from_private_bytes(bytes(range(first, first + 32))) for first in (0, 32))
    message = rotation_message("330200000001", raw(old), raw(new))
    page = PROTOCOL.read_text(encoding="utf-8")
    assert f"```\n{message.decode()}\n```" in page
    assert f'"possession": "{new.sign(message).hex().upper()}"' in page


def test_only_who_has_both_keys_changes_one(session: Session, now: datetime) -> None:
    """Neither a signature for another device or another old key, nor a key that somebody has, nor one that is none."""
    terminal_id, old = enrolled(session, now)
    other_id, other = enrolled(session, now)
    device, new = Actor("terminal", terminal_id), Ed25519PrivateKey.generate()
    keys = rotation_keys(session, terminal_id, raw(new))
    for message in (
        rotation_message(other_id, raw(old), raw(new)),
        rotation_message(terminal_id, raw(other), raw(new)),
        rotation_message(terminal_id, raw(old), raw(other)),
        b"",
    ):
        with pytest.raises(KeyPossessionInvalid):
            rotate_key(session, Rotation(terminal_id, terminal_id, raw(new), new.sign(message)), keys, device, now)
    with pytest.raises(PublicKeyTaken):
        rotate_key(session, asked(terminal_id, old, other), keys, device, now)
    with pytest.raises(PublicKeyInvalid):
        rotate_key(session, Rotation(terminal_id, terminal_id, bytes(32), bytes(64)), keys, device, now)
    keyless = register_terminal(session, "new", "pos", now=now).id
    with pytest.raises(TerminalNotEnrolled):
        rotation_keys(session, keyless, raw(new))
    assert signer(session, terminal_id).public_key == raw(old)


def test_a_key_that_was_replaced_meanwhile_changes_nothing(session: Session, now: datetime) -> None:
    """A clerk has let the device in with another key while its request was on the way: the request is too late."""
    terminal_id, old = enrolled(session, now)
    new = Ed25519PrivateKey.generate()
    keys = rotation_keys(session, terminal_id, raw(new))
    enrol(session, issue_enrolment_code(session, terminal_id, now=now), raw(Ed25519PrivateKey.generate()), now=now)
    with pytest.raises(DeviceKeyChanged):
        rotate_key(session, asked(terminal_id, old, new), keys, Actor("terminal", terminal_id), now)


def test_of_many_at_once_one_changes_the_key(committed: Sessions, now: datetime) -> None:
    """The same request four times at one moment is one change; of four different new keys one wins, and only that one counts."""
    with transaction(committed) as session:
        terminal_id, old = enrolled(session, now)
    device, gate = Actor("terminal", terminal_id), Barrier(WORKERS)

    def run(new: Ed25519PrivateKey, from_key: Ed25519PrivateKey) -> Callable[[], str]:
        with transaction(committed) as session:
            keys = rotation_keys(session, terminal_id, raw(new))

        def go() -> str:
            gate.wait()
            try:
                with transaction(committed) as session:
                    rotate_key(session, asked(terminal_id, from_key, new), keys, device, now)
            except DeviceKeyChanged:
                return "late"
            return raw(new).hex()

        return go

    same = Ed25519PrivateKey.generate()
    different = [Ed25519PrivateKey.generate() for _ in range(WORKERS)]
    with ThreadPoolExecutor(WORKERS) as pool:
        alike = [run(same, old) for _ in range(WORKERS)]
        assert set(pool.map(lambda go: go(), alike)) == {raw(same).hex()}
        unlike = [run(new, same) for new in different]
        outcomes = list(pool.map(lambda go: go(), unlike))
    assert outcomes.count("late") == WORKERS - 1
    with transaction(committed) as session:
        assert signer(session, terminal_id).public_key.hex() in outcomes
        assert session.scalar(select(func.count()).select_from(TerminalKey)) == 3
