"""Thousands of records by one statement."""

from datetime import datetime
from typing import Any

from sqlalchemy import event, select
from sqlalchemy.orm import Session

from citizencard.db import Sessions, transaction
from citizencard.purse.uploads.known import Upload, keep_upload
from citizencard.purse.uploads.models import TapRecord
from citizencard.purse.uploads.tap_rows import COLUMNS, insert_taps
from ledger.instants import canonical
from tests.citizencard.purse.uploads.make_records import City

NAMES = [name for name, _ in COLUMNS]


def row(ordinal: int, **other: object) -> tuple[object, ...]:
    """A record's values; what is not said is as small as it may be."""
    values: dict[str, object] = dict.fromkeys(NAMES, 0)
    values |= dict.fromkeys(("reason", "identity", "card_id", "card_class", "merchant_id", "line", "tapped_at"))
    values |= {"verdict": "accepted", "card_serial": "0" * 20, "tac": "0" * 8, "digest": f"{ordinal:064x}"}
    return tuple((values | {"ordinal": ordinal} | other)[name] for name in NAMES)


def insert(session: Session, city: City, now: datetime, rows: list[tuple[object, ...]]) -> dict[int, int]:
    upload = keep_upload(session, Upload("file", city.bus1.terminal_id, b"raw", now))
    shared = {
        "batch_id": upload,
        "terminal_number": city.bus1.number.hex().upper(),
        "received_at": canonical(now),
    }
    explanations: list[dict[str, Any]] = [
        {"paid_fen": 1},
        {"why": 'a "quote", a \\ and 中文', "lines": [{"facts": {"n": 2}}]},
    ]
    return insert_taps(session, shared, rows, explanations)


def test_every_column_arrives_and_what_is_there_stays(sessions: Sessions, city: City, now: datetime) -> None:
    """Whatever a record says is what is read back; of equal bytes and of equal taps the first stays, and the others are told apart."""
    full = row(
        7,
        identity="a" * 32,
        reason="hotlisted",
        verdict="suspicious",
        tapped_at=canonical(now),
        explanation=1,
        amount_fen=2**32 - 1,
        line=2,
        card_class=3,
        card_id="card_1",
        merchant_id="mer_1",
    )
    with transaction(sessions) as session:
        first = insert(session, city, now, [full, row(8), row(9, digest=f"{8:064x}"), row(10, identity="a" * 32)])
        assert sorted(first) == [7, 8]
        assert insert(session, city, now, [full]) == {}
        found = session.get_one(TapRecord, first[7])
        assert (found.tapped_at, found.received_at, found.amount_fen) == (now, now, 2**32 - 1)
        assert (found.verdict, found.reason, found.identity) == ("suspicious", "hotlisted", "a" * 32)
        assert (found.line, found.card_class, found.card_id, found.merchant_id) == (2, 3, "card_1", "mer_1")
        assert found.explanation == {"why": 'a "quote", a \\ and 中文', "lines": [{"facts": {"n": 2}}]}
        assert session.get_one(TapRecord, first[8]).explanation == {"paid_fen": 1}
        assert session.get_one(TapRecord, first[8]).tapped_at is None


def test_a_large_batch_is_one_statement_in_the_order_given(sessions: Sessions, city: City, now: datetime) -> None:
    """Five thousand records cost one round trip, and their ids rise as they were given."""
    with transaction(sessions) as session:
        statements: list[str] = []
        bind = session.get_bind()
        event.listen(bind, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
        ids = insert(session, city, now, [row(ordinal) for ordinal in range(5_000)])
        assert sum("INTO tap_record" in one for one in statements) == 1
        assert [ids[ordinal] for ordinal in range(5_000)] == sorted(ids.values())
        assert len(session.scalars(select(TapRecord.id)).all()) == 5_000
