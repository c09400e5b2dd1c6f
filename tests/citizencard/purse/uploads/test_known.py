"""What was said before is said again."""

from datetime import datetime

from sqlalchemy import select

from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.uploads.flow import take_records
from citizencard.purse.uploads.known import Upload, keep_upload, known_records
from citizencard.purse.uploads.models import UploadBatch
from tests.citizencard.purse.uploads.make_records import City, json_of, tap


def test_bytes_are_kept_once_for_each_outcome(sessions: Sessions, city: City, now: datetime) -> None:
    """A file that is sent a thousand times fills one row; refused first and taken later, two."""
    upload = Upload("file", city.bus1.terminal_id, b"\x00raw\xff", now)
    with transaction(sessions) as session:
        taken = keep_upload(session, upload)
        assert keep_upload(session, upload) == taken
        assert keep_upload(session, upload, "file_magic_wrong") != taken
        assert {row.raw for row in session.scalars(select(UploadBatch))} == {b"\x00raw\xff"}


def test_a_record_is_found_by_its_bytes_and_by_its_tap(
    sessions: Sessions, vault: SoftwareVault, city: City, now: datetime
) -> None:
    """Whoever brings a tap again, in whatever bytes, finds its first verdict with its findings."""
    record = tap(city.bus1, city.adult, now, 10)
    take_records(sessions, vault, city.bus1.terminal_id, json_of(city.bus1, [record]), now)
    digest, identity = record.digest(city.bus1.number), record.identity(city.bus1.number)
    with reading(sessions) as session:
        by_bytes, by_tap = known_records(session, [digest], []), known_records(session, [], [identity])
        assert known_records(session, ["0" * 64], ["0" * 32]) == {}
    assert by_bytes == by_tap
    assert by_bytes[digest].verdict == "accepted"
    assert by_bytes[identity].findings == ("price_difference",)
