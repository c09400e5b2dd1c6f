"""One-time codes: once more, and by four eyes."""

from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from citizencard.approvals.decisions import LIFE, approve
from citizencard.approvals.errors import ApprovalAlreadyExecuted, ApprovalExpired, ApprovalNotGiven
from citizencard.terminals.enrolment import enrol, issue_enrolment_code
from citizencard.terminals.errors import (
    EnrolmentCodeInvalid,
    InvitationForeign,
    InvitationNeeded,
    UnknownTerminal,
)
from citizencard.terminals.fitting.invitations import (
    collect_again,
    collect_code,
    invite_again,
    issue_first_code,
    propose_invitation,
)
from citizencard.terminals.registry import register_terminal
from citizencard.terminals.signing import signer
from tests.citizencard.terminals.make_terminals import CHECKER, MAKER


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


def enrolled(session: Session, now: datetime) -> str:
    terminal_id = register_terminal(session, "bus 26", "bus_validator", now=now).id
    enrol(session, issue_first_code(session, terminal_id, MAKER, now), new_key(), now=now)
    return terminal_id


def new_key() -> bytes:
    return Ed25519PrivateKey.generate().public_key().public_bytes_raw()


def test_a_device_with_a_key_gets_a_code_by_four_eyes_only(session: Session, now: datetime) -> None:
    """A clerk alone cannot let another device speak as this one; the code is the proposer's, once, after the second yes."""
    terminal_id = enrolled(session, now)
    with pytest.raises(InvitationNeeded):
        issue_first_code(session, terminal_id, MAKER, now)
    proposed = propose_invitation(session, terminal_id, "the board was replaced", MAKER, now).id
    with pytest.raises(ApprovalNotGiven):
        collect_code(session, terminal_id, proposed, MAKER, now)
    assert collect_again(session, terminal_id, proposed, MAKER, now) is None
    approve(session, proposed, CHECKER, now)
    with pytest.raises(InvitationForeign):
        collect_code(session, terminal_id, proposed, CHECKER, now)
    with pytest.raises(ApprovalNotGiven):
        collect_code(session, "term_other", proposed, MAKER, now)
    lost = collect_code(session, terminal_id, proposed, MAKER, now)
    with pytest.raises(ApprovalAlreadyExecuted):
        collect_code(session, terminal_id, proposed, MAKER, now)
    code = collect_again(session, terminal_id, proposed, MAKER, now)
    assert code is not None
    with pytest.raises(EnrolmentCodeInvalid):
        enrol(session, lost, new_key(), now=now)
    key = new_key()
    later = now + timedelta(minutes=1)
    assert enrol(session, code, key, now=later).terminal_id == terminal_id
    assert collect_again(session, terminal_id, proposed, MAKER, later) is None
    assert signer(session, terminal_id).public_key == key


def test_an_invitation_that_is_too_old_gives_no_code(session: Session, now: datetime) -> None:
    """Three days after the proposal it is proposed anew."""
    terminal_id = enrolled(session, now)
    proposed = propose_invitation(session, terminal_id, "the board was replaced", MAKER, now).id
    approve(session, proposed, CHECKER, now)
    with pytest.raises(ApprovalExpired):
        collect_code(session, terminal_id, proposed, MAKER, now + LIFE)
    with pytest.raises(UnknownTerminal):
        propose_invitation(session, "term_none", "x", MAKER, now)
