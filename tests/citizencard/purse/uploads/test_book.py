"""Booking under attack, in any order, at the same time, and across crashes: a tap is paid exactly once."""

import random
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.hsm import TacQuestion
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.uploads import limits
from citizencard.purse.uploads.flow import take_batch, take_records
from citizencard.purse.uploads.models import TapRecord, UploadBatch
from citizencard.purse.uploads.receipts import BatchReceipt
from citizencard.purse.uploads.records import PurchaseRecord
from ledger import Transfer, post, prove
from tests.citizencard.purse.uploads.make_records import (
    City,
    Device,
    anchored,
    file_of,
    json_of,
    make_city,
    seal,
    tap,
    unsealed,
)

UPLOADS_AT_ONCE = 20


def flipped(record: PurchaseRecord) -> list[bytes]:
    """The record with each of its 768 bits flipped, one at a time."""
    raw = record.encode()
    return [
        raw[: bit // 8] + bytes([raw[bit // 8] ^ (0x80 >> bit % 8)]) + raw[bit // 8 + 1 :]
        for bit in range(8 * len(raw))
    ]


def rows(sessions: Sessions) -> int:
    with reading(sessions) as session:
        return session.scalars(select(func.count()).select_from(TapRecord)).one()


@pytest.fixture
def _nobody_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """No limit on bad TACs: all copies are judged at once."""
    for name in ("BAD_TACS_OF_TERMINAL", "BAD_TACS_OF_CARD"):
        monkeypatch.setattr(limits, name, 10_000)


@pytest.mark.usefixtures("_nobody_counts")
def test_every_flipped_bit_of_an_accepted_record(
    sessions: Sessions, vault: SoftwareVault, city: City, now: datetime
) -> None:
    """Whoever changes any bit of a paid tap, with digest and signature made anew, moves 0 fen more to anybody."""
    first = tap(city.bus2, city.adult, now - timedelta(minutes=30), 180)
    record = tap(city.bus1, city.adult, now, 80, **anchored(first))
    take_batch(sessions, vault, city.bus1.terminal_id, file_of(city.bus1, [record]), now)
    money = city.balances(sessions)
    assert money[chart.clearing(city.merchant_id)] == 80
    copies = seal(unsealed(city.bus1, flipped(record)), city.bus1.key)
    receipt = take_batch(sessions, vault, city.bus1.terminal_id, copies, now)
    counts = receipt.counts()
    assert counts["accepted"] == counts["suspicious"] == 0
    assert counts["duplicate"] + counts["rejected"] == 768
    assert city.balances(sessions) == money


@pytest.mark.usefixtures("_nobody_counts")
def test_every_flipped_bit_before_the_genuine_record(
    sessions: Sessions, vault: SoftwareVault, city: City, now: datetime
) -> None:
    """Changed copies that come first are rejected or are the tap itself: it is paid once, and no sponsor pays more than is right."""
    first = tap(city.bus2, city.adult, now - timedelta(minutes=30), 180)
    record = tap(city.bus1, city.adult, now, 80, **anchored(first))
    copies = flipped(record)
    random.Random(7).shuffle(copies)
    take_batch(sessions, vault, city.bus1.terminal_id, seal(unsealed(city.bus1, copies), city.bus1.key), now)
    take_batch(sessions, vault, city.bus1.terminal_id, file_of(city.bus1, [record]), now)
    money = city.balances(sessions)
    assert money[chart.clearing(city.merchant_id)] == 80
    assert money[chart.purse(city.adult.card_id)] == -80
    assert money[chart.subsidy(city.merchant_id)] <= 120


def test_flipped_headers(sessions: Sessions, vault: SoftwareVault, city: City, now: datetime) -> None:
    """A paid tap sent again under another terminal number, batch or module earns nobody anything."""
    record = tap(city.bus1, city.adult, now, 180)
    take_batch(sessions, vault, city.bus1.terminal_id, file_of(city.bus1, [record]), now)
    money = city.balances(sessions)
    for number in (city.bus2.number, bytes.fromhex("330200000003"), bytes.fromhex("330200000101")):
        device = replace(city.bus1, number=number, key=city.bus2.key if number == city.bus2.number else city.bus1.key)
        receipt = take_batch(sessions, vault, city.bus1.terminal_id, file_of(device, [record]), now)
        assert receipt.counts()["rejected"] == 1
    for device in (replace(city.bus1, psam_serial=city.bus2.psam_serial), city.bus1):
        receipt = take_batch(sessions, vault, city.bus1.terminal_id, file_of(device, [record], batch=9), now)
        assert receipt.counts()["duplicate"] == 1
    assert city.balances(sessions) == money


def a_day(city: City, now: datetime) -> list[tuple[Device, PurchaseRecord]]:
    """Rides of a day: transfers, free rides, a lost card, an unregistered module, a reused sequence, forged copies, odd copies."""
    stranger = replace(city.collector, number=bytes.fromhex("330277777777"))
    day: list[tuple[Device, PurchaseRecord]] = []
    for minute in range(0, 120, 20):
        first = tap(city.bus1, city.adult, now - timedelta(minutes=minute + 15), 180)
        second = tap(city.bus2, city.adult, now - timedelta(minutes=minute), 80, **anchored(first))
        day += [(city.bus1, first), (city.bus2, second)]
        day.append((city.bus1, tap(city.bus1, city.senior, now - timedelta(minutes=minute + 1), 0)))
    day.append((city.bus1, tap(city.bus1, city.lost, now, 180)))
    day.append((city.bus2, tap(city.bus2, city.lost, now - timedelta(hours=2), 180)))
    day.append((stranger, tap(stranger, city.adult, now, 180)))
    again = tap(city.bus1, city.adult, now - timedelta(hours=3), 180, terminal_sequence=day[0][1].terminal_sequence)
    day.append((city.bus1, again))
    forged = [(device, replace(record, tac=bytes(4))) for device, record in day[:6]]
    renumbered = [(device, replace(record, card_counter=record.card_counter + 1)) for device, record in day[:6]]
    return day + forged + renumbered


@pytest.mark.parametrize("seed", range(8))
def test_any_order_split_and_repetition(
    sessions: Sessions, vault: SoftwareVault, city: City, now: datetime, seed: int
) -> None:
    """However a day's records are ordered, cut into uploads, repeated and carried, every balance is the same."""
    chance = random.Random(seed)
    day = a_day(city, now)
    sent = day + chance.choices(day, k=len(day))
    if seed:
        chance.shuffle(sent)
    position = 0
    while position < len(sent):
        size = chance.randint(1, 12)
        _send(sessions, vault, city, sent[position : position + size], now)
        position += size
    _send(sessions, vault, city, day, now)
    assert city.balances(sessions) == {
        chart.purse(city.adult.card_id): -(6 * 180 + 6 * 80 + 180 + 180),
        chart.purse(city.senior.card_id): 0,
        chart.purse(city.lost.card_id): -360,
        chart.clearing(city.merchant_id): 6 * 180 + 6 * 80 + 180 + 180,
        chart.merchant_suspense(city.merchant_id): 180,
        chart.merchant_suspense(): 180,
        chart.subsidy(city.merchant_id): 6 * 20 + 6 * 120 + 6 * 200 + 20 + 20,
        chart.owed("sponsor", "transport_bureau"): 6 * 20 + 6 * 120 + 6 * 200 + 20 + 20,
    }
    with transaction(sessions) as session:
        assert prove(session).differences == ()


def _send(
    sessions: Sessions, vault: SoftwareVault, city: City, part: Sequence[tuple[Device, PurchaseRecord]], now: datetime
) -> None:
    """Upload a part of the day: one batch per terminal number, as a file carried by the collector or as JSON by the terminal."""
    numbers = dict.fromkeys(device.number for device, _ in part)
    for index, number in enumerate(numbers):
        device = next(device for device, _ in part if device.number == number)
        records = [record for one, record in part if one.number == number]
        if index % 2:
            take_records(sessions, vault, device.terminal_id, json_of(device, records), now)
        else:
            take_batch(sessions, vault, city.collector.terminal_id, file_of(device, records), now)


def test_twenty_identical_uploads_at_once(committed: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A terminal that is impatient twenty times over books its batch once, and every copy gets a verdict on every record."""
    city = make_city(committed, now)
    records = [tap(city.bus1, card, now, 180) for card in (city.adult, city.lost) for _ in range(10)]
    raw = file_of(city.bus1, records)
    start, receipts, faults = threading.Barrier(UPLOADS_AT_ONCE), [], []

    def upload() -> None:
        start.wait()
        try:
            receipts.append(take_batch(committed, vault, city.bus1.terminal_id, raw, now))
        except Exception as fault:  # noqa: BLE001 # a thread's fault must reach the test
            faults.append(fault)

    threads = [threading.Thread(target=upload) for _ in range(UPLOADS_AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    firsts = [receipt for receipt in receipts if receipt.counts()["duplicate"] == 0]
    assert len(firsts) == 1
    assert len(receipts) == UPLOADS_AT_ONCE
    assert len({str(receipt.as_json()) for receipt in receipts if receipt is not firsts[0]}) == 1
    assert city.balances(committed)[chart.purse(city.adult.card_id)] == -1_800
    assert city.balances(committed)[chart.merchant_suspense(city.merchant_id)] == 1_800
    with reading(committed) as session:
        assert session.scalars(select(func.count()).select_from(UploadBatch)).one() == 1
    with transaction(committed) as session:
        assert prove(session).differences == ()


def test_overlapping_uploads_at_once(committed: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """Batches that share taps, in different orders and from different carriers at once: no deadlock, each tap paid once."""
    city = make_city(committed, now)
    records = [tap(city.bus1, city.adult, now - timedelta(seconds=index), 180) for index in range(40)]
    uploads = []
    for seed in range(8):
        mine = random.Random(seed).sample(records, 30)
        uploads.append(file_of(city.bus1, mine, batch=seed))
    faults: list[Exception] = []

    def upload(raw: bytes) -> None:
        try:
            take_batch(committed, vault, city.collector.terminal_id, raw, now)
        except Exception as fault:  # noqa: BLE001 # a thread's fault must reach the test
            faults.append(fault)

    threads = [threading.Thread(target=upload, args=(raw,)) for raw in [*uploads, file_of(city.bus1, records)]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert city.balances(committed)[chart.clearing(city.merchant_id)] == 40 * 180
    assert rows(committed) == 40


def test_statements_do_not_grow_with_the_batch(
    sessions: Sessions, vault: SoftwareVault, city: City, now: datetime
) -> None:
    """Four hundred taps ask the database as often as four do."""
    statements: list[str] = []
    connection = sessions.kw["bind"]
    event.listen(connection, "before_cursor_execute", lambda *args: statements.append(args[2]))
    counts = []
    for size in (4, 400):
        cards = (city.adult, city.lost, city.senior)
        records = [tap(city.bus1, cards[index % 3], now - timedelta(seconds=index), 180) for index in range(size)]
        records[1] = replace(records[1], tac=bytes(4))
        raw = file_of(city.bus1, records)
        statements.clear()
        take_batch(sessions, vault, city.bus1.terminal_id, raw, now)
        counts.append(len(statements))
    assert counts[0] == counts[1], counts


class DeafVault:
    """A vault whose line is down."""

    realm = "test"

    def tacs_are_valid(self, questions: Sequence[TacQuestion]) -> list[bool]:
        raise ConnectionError(f"{len(questions)} questions, no answer")


def test_nothing_is_kept_when_the_vault_is_away(
    sessions: Sessions, vault: SoftwareVault, city: City, now: datetime
) -> None:
    """Without the vault no verdict is given: the terminal keeps its records, and gets them judged when it sends them again."""
    raw = file_of(city.bus1, [tap(city.bus1, city.adult, now, 180)])
    with pytest.raises(ConnectionError):
        take_batch(sessions, DeafVault(), city.bus1.terminal_id, raw, now)  # type: ignore[arg-type] # only this question is asked
    assert rows(sessions) == 0
    assert take_batch(sessions, vault, city.bus1.terminal_id, raw, now).counts()["accepted"] == 1


def test_a_crash_while_booking_leaves_nothing(
    sessions: Sessions, vault: SoftwareVault, city: City, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records, findings and money stand or fall together: after a crash before the commit the batch is as if it never came."""
    records = [replace(tap(city.bus1, city.adult, now, 180), tariff_version=9)]
    raw = file_of(city.bus1, records)

    def crash(session: Session, transfers: Sequence[Transfer], *, now: datetime) -> None:
        post(session, transfers, now=now)
        raise RuntimeError("the power is gone")

    with monkeypatch.context() as cut:
        cut.setattr("citizencard.purse.uploads.book.post", crash)
        with pytest.raises(RuntimeError, match="power"):
            take_batch(sessions, vault, city.bus1.terminal_id, raw, now)
    assert rows(sessions) == 0
    receipt: BatchReceipt = take_batch(sessions, vault, city.bus1.terminal_id, raw, now)
    assert receipt.verdicts[0].verdict == "accepted"
    assert receipt.verdicts[0].findings == ("unknown_tariff",)
