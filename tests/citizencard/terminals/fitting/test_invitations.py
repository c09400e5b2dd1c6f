"""An enrolment code once more."""

from datetime import datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from citizencard.terminals.enrolment import enrol, issue_enrolment_code
from citizencard.terminals.errors import EnrolmentCodeInvalid, UnknownTerminal
from citizencard.terminals.fitting.invitations import invite_again
from citizencard.terminals.registry import register_terminal


def test_lost_code_is_replaced_until_the_device_has_a_key(session: Session, now: datetime) -> None:
    """The code that got lost enrols nobody, and a device that is known is not invited again by a repeated request."""
    terminal_id = register_terminal(session, "bus 26", "bus_validator", now=now).id
    lost = issue_enrolment_code(session, terminal_id, now=now)
    code = invite_again(session, terminal_id, now=now)
    key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    assert code is not None
    with pytest.raises(EnrolmentCodeInvalid):
        enrol(session, lost, key, now=now)
    enrol(session, code, key, now=now)
    assert invite_again(session, terminal_id, now=now) is None
    with pytest.raises(UnknownTerminal):
        invite_again(session, "term_none", now=now)
