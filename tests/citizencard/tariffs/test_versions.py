"""The life of a tariff: two people, the future only, every version kept."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from citizencard.tariffs.errors import (
    NoTariffInForce,
    TariffBackdated,
    TariffInvalid,
    TariffNotApproved,
    TariffVersionTaken,
    UnknownTariffVersion,
)
from citizencard.tariffs.models import TariffVersion
from citizencard.tariffs.versions import (
    PUBLISH,
    digest_of,
    in_force,
    list_versions,
    publish,
    publish_payload,
    tariff_version,
    tariffs_as_of,
)
from tests.citizencard.tariffs.make_tariffs import published
from tests.citizencard.terminals.make_terminals import approved


def version(number: int, effective_from: datetime) -> dict[str, Any]:
    return published(0) | {"version": number, "effective_from": effective_from.isoformat()}


def put(session: Session, document: dict[str, Any], now: datetime) -> TariffVersion:
    return publish(session, document, approved(session, PUBLISH, publish_payload(document), now), now=now)


def test_the_newest_whose_time_has_come_is_in_force(session: Session, now: datetime) -> None:
    """Fares change at the announced second, and the one before stays known for taps that name it."""
    tomorrow = now + timedelta(days=1)
    put(session, version(3, now - timedelta(days=300)), now)
    put(session, version(4, tomorrow), now)
    assert in_force(session, tomorrow - timedelta(seconds=1)).version == 3
    assert in_force(session, tomorrow).version == 4
    assert [row.version for row in list_versions(session)] == [4, 3]
    assert [row.version for row in list_versions(session, before=4)] == [3]
    assert tariff_version(session, 3).digest == digest_of(version(3, now - timedelta(days=300)))
    with pytest.raises(NoTariffInForce):
        in_force(session, now - timedelta(days=301))
    with pytest.raises(UnknownTariffVersion):
        tariff_version(session, 5)


def test_a_tap_is_priced_by_the_version_it_names(session: Session, now: datetime) -> None:
    """A device that has not fetched the new fares yet is right by the old ones; an unknown version falls back to what was in force."""
    assert tariffs_as_of(session, [(3, now)]) == [None]
    put(session, version(3, now - timedelta(days=1)), now)
    put(session, version(4, now + timedelta(hours=1)), now)
    asked = [(3, now + timedelta(hours=2)), (99, now), (99, now + timedelta(hours=1)), (99, now - timedelta(days=2))]
    found = tariffs_as_of(session, asked)
    assert [None if tariff is None else tariff.version for tariff in found] == [3, 3, 4, None]


def test_no_tariff_changes_the_past(session: Session, now: datetime) -> None:
    """Taps that were priced stay priced; only the first tariff of a city may begin before it is published."""
    put(session, version(3, now - timedelta(days=1)), now)
    with pytest.raises(TariffBackdated):
        put(session, version(4, now - timedelta(seconds=1)), now)
    put(session, version(4, now + timedelta(days=2)), now)
    with pytest.raises(TariffBackdated):
        put(session, version(5, now + timedelta(days=1)), now)
    with pytest.raises(TariffVersionTaken):
        put(session, version(4, now + timedelta(days=3)), now)
    with pytest.raises(DatabaseError), session.begin_nested():
        session.execute(text("UPDATE tariff_version SET digest = ''"))


def test_two_people_agree_on_exactly_this(session: Session, now: datetime) -> None:
    """A fare that was changed after the second person looked at it is not published."""
    document = version(3, now)
    approval = approved(session, PUBLISH, publish_payload(document), now)
    changed = document | {"lines": {"1": {"base_fen": 300}}}
    with pytest.raises(TariffNotApproved):
        publish(session, changed, approval, now=now)
    with pytest.raises(TariffNotApproved):
        publish(session, document, "apr_none", now=now)
    with pytest.raises(TariffInvalid):
        publish(session, {"version": 3}, approval, now=now)
    assert publish(session, document, approval, now=now).version == 3
