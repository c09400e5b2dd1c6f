"""Partner issuers by version."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from citizencard.approvals.decisions import approve
from citizencard.terminals.issuers import (
    NewIssuer,
    admit_as_approved,
    issuer_list,
    issuers_are_due,
    propose_admission,
    propose_withdrawal,
    publish_issuers,
    withdraw_issuer_as_approved,
)
from citizencard.terminals.lists.models import PartnerIssuer
from tests.citizencard.terminals.make_terminals import CHECKER, MAKER

DAY = timedelta(days=1)
SHANGHAI = NewIssuer(bytes.fromhex("01012000FFFFFFFF"), "2000", "Shanghai")
CHONGQING = NewIssuer(bytes.fromhex("01014000FFFFFFFF"), "4000", "Chongqing")


def admit(session: Session, new: NewIssuer, now: datetime) -> PartnerIssuer:
    approval = propose_admission(session, new, MAKER, now)
    approve(session, approval.id, CHECKER, now)
    return admit_as_approved(session, approval, CHECKER, now)


def withdraw(session: Session, row: PartnerIssuer, now: datetime) -> None:
    approval = propose_withdrawal(session, row.id, "left", MAKER, now)
    approve(session, approval.id, CHECKER, now)
    withdraw_issuer_as_approved(session, approval, CHECKER, now)


def test_issuer_is_listed_from_its_day_on(session: Session, now: datetime) -> None:
    """A city that joins next month is on nobody's list today; one that came and went unseen makes no version."""
    later = NewIssuer(SHANGHAI.issuer, SHANGHAI.city, SHANGHAI.name, now + DAY)
    row = admit(session, later, now)
    assert publish_issuers(session, now) == 0
    assert publish_issuers(session, now + DAY) == 1
    assert [one.name for one in issuer_list(session).issuers] == ["Shanghai"]
    withdraw(session, row, now + 2 * DAY)
    withdraw(session, admit(session, CHONGQING, now + 2 * DAY), now + 2 * DAY)
    assert publish_issuers(session, now + 2 * DAY) == 2
    assert issuer_list(session).issuers == ()
    assert not issuers_are_due(session, now + 9 * DAY)
