"""Watching reader jobs."""

from datetime import datetime

import pytest

from citizencard.cards.errors import UnknownReaderJob
from citizencard.cards.flow import start_job
from citizencard.cards.issuing.kinds import ISSUING_JOBS
from citizencard.cards.lookup import kind_of_job, see_job
from citizencard.cards.reader_jobs import Workbench
from citizencard.db import Sessions, reading
from citizencard.keys.vault import SoftwareVault
from tests.citizencard.cards.make_cards import application, blank, personalise_order
from tests.citizencard.cards.reader import Workstation


def test_watcher_sees_progress_but_no_commands(sessions: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """Who watches a job sees what was achieved and how it ended; neither token nor commands."""
    card, chip = application(sessions, vault, now), blank(sessions, vault, now)
    station = Workstation(Workbench(sessions, vault, ISSUING_JOBS), chip)
    begun = start_job(station.bench, personalise_order(card, chip), now)
    with reading(sessions) as session:
        seen = see_job(session, begun.job_id)
    assert (seen.done, seen.step, seen.ticks) == (False, 1, ())
    station.finish(begun, now)
    with reading(sessions) as session:
        ended = see_job(session, begun.job_id)
        assert kind_of_job(session, begun.job_id) == "personalise"
        with pytest.raises(UnknownReaderJob):
            see_job(session, "job_none")
        with pytest.raises(UnknownReaderJob):
            kind_of_job(session, "job_none")
    assert (ended.done, ended.outcome, ended.subject_id) == (True, "personalised", card.id)
    assert ended.ticks.index("key purchase") < ended.ticks.index("load key and internal key proved")
    assert begun.token not in repr(ended)
