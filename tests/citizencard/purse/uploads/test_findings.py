"""What a person should look at is kept with its record."""

from datetime import datetime

from sqlalchemy import select

from citizencard.db import Sessions, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.uploads.flow import take_records
from citizencard.purse.uploads.models import TapFinding, TapRecord
from tests.citizencard.purse.uploads.make_records import City, json_of, tap


def test_findings_stand_beside_their_record(
    sessions: Sessions, vault: SoftwareVault, city: City, now: datetime
) -> None:
    """Each with its figures, once, however often the record is sent; a record as it should be has none."""
    records = [tap(city.bus1, city.adult, now, 10), tap(city.bus1, city.adult, now, 180)]
    for _ in range(2):
        take_records(sessions, vault, city.bus1.terminal_id, json_of(city.bus1, records), now)
    with transaction(sessions) as session:
        (found,) = session.scalars(select(TapFinding)).all()
        assert (found.kind, found.detail) == ("price_difference", {"paid_fen": 10, "expected_fen": 180})
        assert found.found_at == now
        assert session.get_one(TapRecord, found.record_id).amount_fen == 10
