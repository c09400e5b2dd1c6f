"""A device becomes known once, by a code in a clerk's hand and a key of its own."""

from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.terminals.enrolment import CODE_LIFE, check_public_key, enrol, issue_enrolment_code, signed_by
from citizencard.terminals.errors import EnrolmentCodeInvalid, PublicKeyInvalid, PublicKeyTaken, UnknownTerminal
from citizencard.terminals.models import EnrolmentCode, TerminalKey
from citizencard.terminals.registry import register_terminal


def public_key() -> bytes:
    return Ed25519PrivateKey.generate().public_key().public_bytes_raw()


def test_code_is_good_once(session: Session, now: datetime) -> None:
    """A code that was overheard is of no use after the device used it; the device itself may ask again."""
    terminal, key = register_terminal(session, "Bus 1", "bus_validator", now=now), public_key()
    code = issue_enrolment_code(session, terminal.id, now=now)
    assert enrol(session, code, key, now=now).terminal_id == terminal.id
    assert enrol(session, code.upper(), key, now=now).terminal_id == terminal.id
    with pytest.raises(EnrolmentCodeInvalid):
        enrol(session, code, public_key(), now=now)
    assert session.scalars(select(TerminalKey.public_key)).all() == [key]


def test_code_expires_and_is_replaced(session: Session, now: datetime) -> None:
    """A code lives 24 hours, and a new one makes the old one void; the table holds hashes only."""
    terminal = register_terminal(session, "Bus 1", "bus_validator", now=now)
    first = issue_enrolment_code(session, terminal.id, now=now)
    second = issue_enrolment_code(session, terminal.id, now=now)
    with pytest.raises(EnrolmentCodeInvalid):
        enrol(session, first, public_key(), now=now)
    with pytest.raises(EnrolmentCodeInvalid):
        enrol(session, second, public_key(), now=now + CODE_LIFE)
    with pytest.raises(EnrolmentCodeInvalid):
        enrol(session, "0" * 32, public_key(), now=now)
    assert not any(second.encode() in row.code_hash for row in session.scalars(select(EnrolmentCode)))
    assert enrol(session, second, public_key(), now=now + CODE_LIFE - timedelta(seconds=1))
    with pytest.raises(UnknownTerminal):
        issue_enrolment_code(session, "term_none", now=now)


def test_each_device_has_its_own_key(session: Session, now: datetime) -> None:
    """One key in two devices would let one speak for the other; a new key retires the old one."""
    one, other = (
        register_terminal(session, "Bus 1", "bus_validator", now=now),
        register_terminal(session, "Bus 2", "bus_validator", now=now),
    )
    key, newer = public_key(), public_key()
    enrol(session, issue_enrolment_code(session, one.id, now=now), key, now=now)
    with pytest.raises(PublicKeyTaken):
        enrol(session, issue_enrolment_code(session, other.id, now=now), key, now=now)
    enrol(session, issue_enrolment_code(session, one.id, now=now), newer, now=now)
    current = session.scalars(select(TerminalKey.public_key).where(TerminalKey.retired_at.is_(None))).all()
    assert current == [newer]


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (b"", "0 bytes"),
        (bytes(31), "31 bytes"),
        # y = 2 is on no point of the curve; y = p and above are not reduced (RFC 8032 §5.1.3).
        ((2).to_bytes(32, "little"), "not a point"),
        ((2**255 - 19).to_bytes(32, "little"), "not a point"),
        ((1 | 1 << 255).to_bytes(32, "little"), "not a point"),
        # The points of order 1, 2 and 4: anybody could sign for them.
        ((1).to_bytes(32, "little"), "small order"),
        ((2**255 - 20).to_bytes(32, "little"), "small order"),
        ((0).to_bytes(32, "little"), "small order"),
    ],
)
def test_useless_keys_are_refused(key: bytes, reason: str) -> None:
    """A key that is no point, or a point for which everybody can sign, is noticed at enrolment and not on the first ride."""
    with pytest.raises(PublicKeyInvalid, match=reason):
        check_public_key(key)


def test_published_key_and_signature() -> None:
    """RFC 8032 §7.1, test 1: the key is taken, the signature over the empty message verifies, a changed one does not."""
    key = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
    signature = bytes.fromhex(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )
    check_public_key(key)
    assert signed_by([public_key(), key], signature, b"")
    assert not signed_by([key], signature, b"\x00")
    assert not signed_by([], signature, b"")
