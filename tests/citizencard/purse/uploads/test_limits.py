"""Who may guess no longer, until a person says otherwise."""

from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy import select

from citizencard.audit import AuditEntry, ReasonUnfit
from citizencard.db import Sessions, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.uploads.errors import LimitReleased, UnknownLimit
from citizencard.purse.uploads.flow import take_batch
from citizencard.purse.uploads.limits import BAD_TACS_OF_CARD, open_limits, release_limit
from tests.citizencard.purse.uploads.make_records import MAKER, City, file_of, tap


def test_a_person_releases_a_limit_once_and_says_why(
    sessions: Sessions, vault: SoftwareVault, city: City, now: datetime
) -> None:
    """The act is in the audit with its reason; a second release, one without a reason and one of nothing are refused."""
    for card in (city.adult, city.lost):
        records = [replace(tap(city.bus1, card, now, 180), tac=bytes(4)) for _ in range(BAD_TACS_OF_CARD)]
        take_batch(sessions, vault, city.bus1.terminal_id, file_of(city.bus1, records), now)
    with transaction(sessions) as session:
        first, second = open_limits(session, 0, 50)
        assert [one.subject for one in (first, second)] == [
            card.serial.hex().upper() for card in (city.adult, city.lost)
        ]
        assert [one.id for one in open_limits(session, 0, 1)] == [first.id]
        assert [one.id for one in open_limits(session, first.id, 50)] == [second.id]
        with pytest.raises(ReasonUnfit):
            release_limit(session, first.id, MAKER, " ", now)
        release_limit(session, first.id, MAKER, "broken reader", now)
        with pytest.raises(LimitReleased):
            release_limit(session, first.id, MAKER, "broken reader", now)
        with pytest.raises(UnknownLimit):
            release_limit(session, second.id + 1, MAKER, "broken reader", now)
        assert (first.released_at, first.released_by, first.reason) == (now, MAKER.id, "broken reader")
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.act == "upload_limit.release"))
        assert (entry.subject, entry.reason) == (f"upload_limit:{first.id}", "broken reader")
