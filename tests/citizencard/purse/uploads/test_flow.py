"""Uploads from end to end: what comes in, what is said about it, and where the money is afterwards."""

from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from citizencard import chart
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.uploads.errors import FileSignatureInvalid, ForeignTerminal, UploadFieldInvalid
from citizencard.purse.uploads.flow import take_batch, take_records
from citizencard.purse.uploads.models import TapRecord, UploadBatch
from citizencard.purse.uploads.receipts import BatchReceipt
from citizencard.tariffs.versions import PUBLISH, publish, publish_payload
from tests.citizencard.purse.uploads.make_records import (
    SPONSOR,
    TARIFF,
    UNREGISTERED,
    City,
    anchored,
    approved,
    file_of,
    json_of,
    seal,
    signed,
    tap,
    unsealed,
)


def said(receipt: BatchReceipt) -> list[tuple[str, str | None]]:
    """Verdict and reason of each record."""
    return [(verdict.verdict, verdict.reason) for verdict in receipt.verdicts]


def test_the_published_day(sessions: Sessions, vault: SoftwareVault, city: City, now: datetime) -> None:
    """Adult 2.00 × 0.9 = 1.80, other line within the hour 0.80, 70+ rides free, and the sponsor pays every difference."""
    first = tap(city.bus1, city.adult, now - timedelta(minutes=50), 180)
    second = tap(city.bus2, city.adult, now - timedelta(minutes=20), 80, **anchored(first))
    free = tap(city.bus1, city.senior, now - timedelta(minutes=10), 0)
    assert said(take_batch(sessions, vault, city.bus1.terminal_id, file_of(city.bus1, [first, free]), now)) == [
        ("accepted", None),
        ("accepted", None),
    ]
    receipt = take_records(sessions, vault, city.bus2.terminal_id, json_of(city.bus2, [second]), now)
    assert said(receipt) == [("accepted", None)]
    assert receipt.verdicts[0].findings == ()
    assert city.balances(sessions) == {
        chart.purse(city.adult.card_id): -260,
        chart.purse(city.senior.card_id): 0,
        chart.purse(city.lost.card_id): 0,
        chart.clearing(city.merchant_id): 260,
        chart.merchant_suspense(city.merchant_id): 0,
        chart.merchant_suspense(): 0,
        chart.subsidy(city.merchant_id): 20 + 120 + 200,
        chart.owed("sponsor", SPONSOR): 20 + 120 + 200,
    }


def test_resend_repeats_the_first_verdict(sessions: Sessions, vault: SoftwareVault, city: City, now: datetime) -> None:
    """A batch whose answer was lost is sent again: nothing moves, and every answer to a repeat is the same to the byte."""
    good, forged = tap(city.bus1, city.adult, now, 180), tap(city.bus1, city.adult, now, 180)
    raw = file_of(city.bus1, [good, replace(forged, tac=bytes(4)), good])
    first = take_batch(sessions, vault, city.bus1.terminal_id, raw, now)
    assert said(first) == [("accepted", None), ("rejected", "bad_tac"), ("duplicate", None)]
    money = city.balances(sessions)
    later = now + timedelta(days=40)
    second = take_batch(sessions, vault, city.bus1.terminal_id, raw, later)
    third = take_batch(sessions, vault, city.bus1.terminal_id, raw, later + timedelta(days=1))
    assert second.as_json() == third.as_json()
    assert [(one.verdict, one.original) for one in second.verdicts] == [
        ("duplicate", "accepted"),
        ("duplicate", "rejected"),
        ("duplicate", "accepted"),
    ]
    assert city.balances(sessions) == money


def test_forged_copy_first(sessions: Sessions, vault: SoftwareVault, city: City, now: datetime) -> None:
    """Who sends a forged copy first cannot shut out the genuine tap: it is paid, once."""
    genuine = tap(city.bus1, city.adult, now, 180)
    forged = replace(genuine, tac=bytes([genuine.tac[0] ^ 1]) + genuine.tac[1:])
    assert said(take_records(sessions, vault, city.bus1.terminal_id, json_of(city.bus1, [forged]), now)) == [
        ("rejected", "bad_tac")
    ]
    assert said(take_batch(sessions, vault, city.bus1.terminal_id, file_of(city.bus1, [genuine]), now)) == [
        ("accepted", None)
    ]
    assert city.balances(sessions)[chart.purse(city.adult.card_id)] == -180


def test_suspicious_taps(sessions: Sessions, vault: SoftwareVault, city: City, now: datetime) -> None:
    """A chip that has paid is debited whatever else is wrong; the money waits where a person decides."""
    soon, old = now + timedelta(minutes=11), now - timedelta(days=31)
    records = [
        tap(city.bus1, city.lost, now, 180),
        tap(city.bus1, city.adult, soon, 180),
        tap(city.bus1, city.adult, now, 5_001),
        tap(city.bus1, city.lost, now - timedelta(hours=2), 180),
        tap(city.bus1, city.adult, old, 180),
    ]
    receipt = take_batch(sessions, vault, city.bus1.terminal_id, file_of(city.bus1, records), now)
    assert said(receipt) == [
        ("suspicious", "hotlisted"),
        ("suspicious", "date_out_of_range"),
        ("suspicious", "over_limit"),
        ("accepted", None),
        ("suspicious", "unbound_psam"),
    ]
    found = city.balances(sessions)
    assert found[chart.purse(city.lost.card_id)] == -360
    assert found[chart.purse(city.adult.card_id)] == -180 - 5_001 - 180
    assert found[chart.merchant_suspense(city.merchant_id)] == 180 + 180 + 5_001
    assert found[chart.merchant_suspense()] == 180
    assert found[chart.clearing(city.merchant_id)] == 180


def test_unregistered_module(sessions: Sessions, vault: SoftwareVault, city: City, now: datetime) -> None:
    """A genuine tap at a module we never issued can be brought in by a collector; its money belongs to nobody yet."""
    stranger = replace(city.collector, number=UNREGISTERED)
    records = [tap(stranger, city.adult, now, 180), tap(stranger, city.adult, now, 200)]
    as_json = json_of(stranger, records[:1])
    assert said(take_records(sessions, vault, city.collector.terminal_id, as_json, now)) == [
        ("suspicious", "unregistered_psam")
    ]
    as_file = file_of(stranger, records)
    assert said(take_batch(sessions, vault, city.collector.terminal_id, as_file, now)) == [
        ("duplicate", "unregistered_psam"),
        ("suspicious", "unregistered_psam"),
    ]
    found = city.balances(sessions)
    assert found[chart.merchant_suspense()] == 380
    assert found[chart.purse(city.adult.card_id)] == -380


def test_who_may_speak(sessions: Sessions, vault: SoftwareVault, city: City, now: datetime) -> None:
    """A depot carries signed files of any terminal, but nobody makes records for another's number."""
    record = tap(city.bus1, city.adult, now, 180)
    with pytest.raises(ForeignTerminal):
        take_records(sessions, vault, city.bus2.terminal_id, json_of(city.bus1, [record]), now)
    with pytest.raises(FileSignatureInvalid):
        take_batch(
            sessions, vault, city.bus1.terminal_id, seal(unsealed(city.bus1, [record.encode()]), city.bus2.key), now
        )
    carried = take_batch(sessions, vault, city.collector.terminal_id, file_of(city.bus1, [record]), now)
    assert said(carried) == [("accepted", None)]
    with reading(sessions) as session:
        kept = {row.outcome: row.form for row in session.scalars(select(UploadBatch))}
    assert kept == {"foreign_terminal": "json", "file_signature_invalid": "file", "taken": "file"}


def test_reused_sequence(sessions: Sessions, vault: SoftwareVault, city: City, now: datetime) -> None:
    """Two taps under one terminal sequence were both debited on chips: both are paid; which came first means nothing."""
    first = tap(city.bus1, city.adult, now, 180)
    other = tap(city.bus1, city.adult, now - timedelta(minutes=1), 180, terminal_sequence=first.terminal_sequence)
    take_records(sessions, vault, city.bus1.terminal_id, json_of(city.bus1, [first]), now)
    receipt = take_records(sessions, vault, city.bus1.terminal_id, json_of(city.bus1, [other]), now)
    assert receipt.verdicts[0].verdict == "accepted"
    assert receipt.verdicts[0].findings == ()
    assert city.balances(sessions)[chart.clearing(city.merchant_id)] == 360


def test_changed_claims_are_the_same_tap(sessions: Sessions, vault: SoftwareVault, city: City, now: datetime) -> None:
    """A copy with another counter, balance, line or anchor is the same tap: nobody gets a fen more."""
    record = tap(city.bus1, city.adult, now, 180)
    take_records(sessions, vault, city.bus1.terminal_id, json_of(city.bus1, [record]), now)
    money = city.balances(sessions)
    copies = [
        replace(record, card_counter=8),
        replace(record, balance_after_fen=1),
        replace(record, line=2),
        replace(record, tariff_version=99),
        replace(record, anchor_line=2, anchor_time=bytes.fromhex("20261121080000")),
    ]
    receipt = take_records(sessions, vault, city.bus1.terminal_id, json_of(city.bus1, copies), now)
    assert said(receipt) == [("duplicate", None)] * 5
    assert city.balances(sessions) == money


def test_records_without_money(sessions: Sessions, vault: SoftwareVault, city: City, now: datetime) -> None:
    """Entries, exits and unconfirmed purchases are kept and answered; only a TAC moves money."""
    record = replace(tap(city.bus1, city.adult, now, 180), tac=bytes(4))
    records = [replace(record, kind=kind) for kind in (2, 3, 4)]
    raw = file_of(city.bus1, records)
    receipt = take_batch(sessions, vault, city.bus1.terminal_id, raw, now)
    assert said(receipt) == [("accepted", None)] * 3
    assert [verdict.findings for verdict in receipt.verdicts] == [("unconfirmed_purchase",), (), ()]
    proof = signed(record, city.adult, city.bus1.number)
    assert said(take_batch(sessions, vault, city.bus1.terminal_id, file_of(city.bus1, [proof]), now)) == [
        ("accepted", None)
    ]
    assert city.balances(sessions)[chart.clearing(city.merchant_id)] == 180
    with reading(sessions) as session:
        assert len(session.scalars(select(TapRecord)).all()) == 4


def test_clock_gone_wild_keeps_nothing_else_back(
    sessions: Sessions, vault: SoftwareVault, city: City, now: datetime
) -> None:
    """A record of the first day of the calendar is malformed, and the genuine one beside it is paid."""
    good = tap(city.bus1, city.adult, now, 180)
    wild = replace(good, date=bytes.fromhex("00010101"), time=bytes(3), terminal_sequence=good.terminal_sequence + 1)
    receipt = take_batch(sessions, vault, city.bus1.terminal_id, file_of(city.bus1, [wild, good]), now)
    assert [verdict.verdict for verdict in receipt.verdicts] == ["rejected", "accepted"]
    assert receipt.verdicts[0].reason == "malformed"


def test_half_a_character_is_refused_like_any_unknown_field(
    sessions: Sessions, vault: SoftwareVault, city: City, now: datetime
) -> None:
    """JSON can name half of a surrogate pair, which no text can hold: refused and kept, without a fault of ours."""
    with pytest.raises(UploadFieldInvalid):
        take_records(sessions, vault, city.bus1.terminal_id, {"terminal": "\ud800"}, now)


def test_tariff_to_come_brings_no_money_from_the_sponsor(
    sessions: Sessions, vault: SoftwareVault, city: City, now: datetime
) -> None:
    """A terminal names the fares of next month, free for everybody, for a ride of today: judged by today's, and a person is told."""
    free = deepcopy(TARIFF) | {"version": 4, "effective_from": (now + timedelta(days=30)).isoformat()}
    free["transit"]["concessions"][0]["pays"] = "0"
    with transaction(sessions) as session:
        publish(session, free, approved(session, PUBLISH, publish_payload(free), now), now=now)
    ride = tap(city.bus1, city.adult, now, 0, tariff_version=4)
    receipt = take_batch(sessions, vault, city.bus1.terminal_id, file_of(city.bus1, [ride]), now)
    assert receipt.verdicts[0].verdict == "accepted"
    assert receipt.verdicts[0].findings == ("price_difference", "unknown_tariff")
    # What today's tariff takes off an adult's fare, and not the whole of it.
    assert city.balances(sessions)[chart.owed("sponsor", SPONSOR)] == 20
