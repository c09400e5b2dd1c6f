"""Parameters of devices by version."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from citizencard.tariffs.errors import NoTariffInForce
from citizencard.tariffs.models import TariffVersion
from citizencard.tariffs.versions import PUBLISH, publish, publish_payload
from citizencard.terminals.errors import VersionUnknown
from citizencard.terminals.parameters import device_table, upcoming, version_in_force
from hardware.terminal.fares import DeviceTable
from tests.citizencard.purse.uploads.make_records import TARIFF
from tests.citizencard.terminals.make_terminals import approved

DAY = timedelta(days=1)


def put_in_force(session: Session, version: int, effective_from: datetime, now: datetime) -> TariffVersion:
    document: Mapping[str, Any] = {**TARIFF, "version": version, "effective_from": effective_from.isoformat()}
    return publish(session, document, approved(session, PUBLISH, publish_payload(document), now), now=now)


def test_tomorrows_fares_are_to_be_had_today_and_no_others(session: Session, now: datetime) -> None:
    """What devices can fetch: what is in force and what will be. Yesterday's fares charge nobody any more."""
    assert (version_in_force(session, now), upcoming(session, now)) == (0, [])
    with pytest.raises(NoTariffInForce):
        device_table(session, None, now)
    put_in_force(session, 3, now - DAY, now)
    put_in_force(session, 5, now + DAY, now)
    assert version_in_force(session, now) == 3
    assert [(one.version, one.effective_from) for one in upcoming(session, now)] == [(5, now + DAY)]
    today, tomorrow = device_table(session, None, now), device_table(session, 5, now)
    assert (today.version, DeviceTable.parse(today.table).version) == (3, 3)
    assert (tomorrow.effective_from, DeviceTable.parse(tomorrow.table).effective_from) == (now + DAY, now + DAY)
    assert device_table(session, 3, now).table is today.table, "compiled once"
    for version, at in ((4, now), (6, now), (3, now + DAY)):
        with pytest.raises(VersionUnknown):
            device_table(session, version, at)
