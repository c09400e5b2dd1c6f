"""Findings follow the set: found, withdrawn when explained, found again; one row each."""

from datetime import datetime, timedelta

from sqlalchemy import select

from citizencard.db import transaction
from citizencard.purse.uploads.models import FindingKind, TapFinding, TapRecord
from citizencard.settlement.clearing.found import Found, settle_findings
from tests.citizencard.settlement.histories.make_histories import Nights


def test_a_finding_comes_and_goes(nights: Nights) -> None:
    """What was not looked at stays as it is; what was and is not found is withdrawn, with the time; found again, it stands."""
    nights.upload(nights.ride(30))
    kind = FindingKind.SEQUENCE_GAP
    with transaction(nights.sessions) as session:
        (record_id,) = session.scalars(select(TapRecord.id))
        found = Found(record_id, kind, {"first": 1, "last": 2})
        settle_findings(session, [found], [], nights.now)
        settle_findings(session, [], [], nights.now + timedelta(hours=1))
        row = session.scalars(select(TapFinding)).one()
        assert row.detail == {"first": 1, "last": 2}
        assert _withdrawn(row) is None
        settle_findings(session, [], [(record_id, str(kind))], nights.now + timedelta(hours=2))
        assert _withdrawn(row) == nights.now + timedelta(hours=2)
        settle_findings(session, [], [(record_id, str(kind))], nights.now + timedelta(hours=3))
        assert _withdrawn(row) == nights.now + timedelta(hours=2)
        again = Found(record_id, kind, {"first": 2, "last": 2})
        settle_findings(session, [again], [(record_id, str(kind))], nights.now + timedelta(hours=4))
        assert (row.detail, row.found_at) == ({"first": 2, "last": 2}, nights.now)
        assert _withdrawn(row) is None


def _withdrawn(row: TapFinding) -> datetime | None:
    return row.withdrawn_at
