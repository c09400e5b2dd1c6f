"""The life of a tariff: two people, the future only, every version kept."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from citizencard.tariffs import shelf
from citizencard.tariffs.document import check
from citizencard.tariffs.errors import (
    NoTariffInForce,
    TariffBackdated,
    TariffInvalid,
    TariffNotApproved,
    TariffNotForDevices,
    TariffVersionTaken,
    UnknownTariffVersion,
)
from citizencard.tariffs.models import TariffVersion, TariffWithdrawal
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
from tests.citizencard.tariffs.small_city import document
from tests.citizencard.terminals.make_terminals import approved


def put(session: Session, tariff: dict[str, Any], now: datetime) -> TariffVersion:
    return publish(session, tariff, approved(session, PUBLISH, publish_payload(tariff), now), now=now)


def test_the_newest_whose_time_has_come_is_in_force(session: Session, now: datetime) -> None:
    """Fares change at the announced second, and the one before stays known for taps that name it."""
    tomorrow = now + timedelta(days=1)
    put(session, document(3, now - timedelta(days=300)), now)
    put(session, document(4, tomorrow), now)
    assert in_force(session, tomorrow - timedelta(seconds=1)).version == 3
    assert in_force(session, tomorrow).version == 4
    assert [row.version for row in list_versions(session)] == [4, 3]
    assert [row.version for row in list_versions(session, before=4)] == [3]
    assert tariff_version(session, 3).digest == digest_of(document(3, now - timedelta(days=300)))
    with pytest.raises(NoTariffInForce):
        in_force(session, now - timedelta(days=301))
    with pytest.raises(UnknownTariffVersion):
        tariff_version(session, 5)


def test_a_tap_is_priced_by_the_version_it_names(session: Session, now: datetime) -> None:
    """A device that has not fetched the new fares yet is right by the old ones; an unknown version falls back to what was in force."""
    assert tariffs_as_of(session, [(3, now)]) == [None]
    put(session, document(3, now - timedelta(days=1)), now)
    put(session, document(4, now + timedelta(hours=1)), now)
    asked = [(3, now + timedelta(hours=2)), (99, now), (99, now + timedelta(hours=1)), (99, now - timedelta(days=2))]
    found = tariffs_as_of(session, asked)
    assert [None if tariff is None else tariff.version for tariff in found] == [3, 3, 4, None]


def test_what_devices_cannot_charge_by_is_not_published(session: Session, now: datetime) -> None:
    """No version takes effect that every validator of the city would have to refuse."""
    dinars = {**document(3, now), "currency": "KWD"}
    dinars["transit"]["lines"]["1"]["fare"] = {"flat": "5000000.000"}
    with pytest.raises(TariffNotForDevices):
        put(session, dinars, now)
    assert list_versions(session) == []


def test_a_withdrawn_version_never_takes_effect(session: Session, now: datetime) -> None:
    """Passengers pay by what was in force before, also those whose device names the version that was withdrawn."""
    put(session, document(3, now - timedelta(days=1)), now)
    tomorrow = now + timedelta(days=1)
    put(session, document(4, tomorrow, "5.00"), now)
    session.add(
        TariffWithdrawal(version=4, approval_id=approved(session, "tariff.withdraw", {}, now), withdrawn_at=now)
    )
    session.flush()
    assert in_force(session, tomorrow).version == 3
    (tariff,) = tariffs_as_of(session, [(4, tomorrow)])
    assert tariff is not None
    assert tariff.version == 3
    assert put(session, document(5, now + timedelta(hours=1)), now).version == 5
    with pytest.raises(TariffVersionTaken):
        put(session, document(4, tomorrow), now)
    with pytest.raises(DatabaseError), session.begin_nested():
        session.execute(text("DELETE FROM tariff_withdrawal"))


def test_a_batch_does_not_wait_for_a_document_that_was_read_lately(
    session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hundred thousand taps a day are priced by one tariff, which is fetched and checked once; another of the same number is not it."""
    monkeypatch.setattr("citizencard.tariffs.versions.shelf", shelf.Shelf())
    put(session, document(3, now - timedelta(days=1)), now)
    statements: list[str] = []
    bind = session.get_bind()
    event.listen(bind, "before_cursor_execute", lambda *about: statements.append(about[2]))
    (first,) = tariffs_as_of(session, [(3, now)])
    assert len(statements) == 2
    (second,) = tariffs_as_of(session, [(3, now)])
    assert second is first
    assert len(statements) == 3


def test_no_tariff_changes_the_past(session: Session, now: datetime) -> None:
    """Taps that were priced stay priced; only the first tariff of a city may begin before it is published."""
    put(session, document(3, now - timedelta(days=1)), now)
    with pytest.raises(TariffBackdated):
        put(session, document(4, now - timedelta(seconds=1)), now)
    put(session, document(4, now + timedelta(days=2)), now)
    with pytest.raises(TariffBackdated):
        put(session, document(5, now + timedelta(days=1)), now)
    with pytest.raises(TariffVersionTaken):
        put(session, document(4, now + timedelta(days=3)), now)
    with pytest.raises(DatabaseError), session.begin_nested():
        session.execute(text("UPDATE tariff_version SET digest = ''"))


def test_two_people_agree_on_exactly_this(session: Session, now: datetime) -> None:
    """A fare that was changed after the second person looked at it is not published."""
    agreed = document(3, now)
    approval = approved(session, PUBLISH, publish_payload(agreed), now)
    with pytest.raises(TariffNotApproved):
        publish(session, document(3, now, "3.00"), approval, now=now)
    with pytest.raises(TariffNotApproved):
        publish(session, agreed, "apr_none", now=now)
    with pytest.raises(TariffInvalid):
        publish(session, {"version": 3}, approval, now=now)
    assert publish(session, agreed, approval, now=now).version == 3


def test_an_old_document_stops_no_batch(session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The chips have paid: a version that this program cannot read gives no price, one that a stricter check would refuse its own."""
    monkeypatch.setattr("citizencard.tariffs.versions.shelf", shelf.Shelf())
    begun = now - timedelta(days=1)
    unread = document(3, begun) | {"format": 1}
    late = document(4, begun)
    late["transit"]["concessions"] = [{"pays": "0.9"}, *late["transit"]["concessions"]]
    assert check(late) != []
    for row in (unread, late):
        session.add(
            TariffVersion(
                version=row["version"],
                effective_from=begun,
                document=row,
                digest=digest_of(row),
                approval_id=approved(session, PUBLISH, publish_payload(row), now),
                published_at=now,
            )
        )
    session.flush()
    first, second = tariffs_as_of(session, [(3, now), (4, now)])
    assert first is None
    assert second is not None
    assert second.version == 4
