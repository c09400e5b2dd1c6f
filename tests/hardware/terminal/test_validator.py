"""Rides on the emulated card: what the passenger pays, what the chip holds and what will be uploaded are one and the same."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from hardware.card import profile
from hardware.card.channel import send
from hardware.card.purse import read_record
from hardware.card.transit import TransferAnchor, TripRecord
from hardware.errors import OutboxFull, PsamRefused
from hardware.terminal.batch import RecordKind
from hardware.terminal.errors import DeviceTableNotInForce, PsamAbsent, PsamMismatch, PsamSequenceReused, UnknownLine
from hardware.terminal.fares import DeviceTable
from hardware.terminal.hotlist import Hotlist
from hardware.terminal.outbox import Outbox
from hardware.terminal.validator import BusValidator, Outcome
from tests.hardware.emulator.make_cards import ISSUER, SERIAL
from tests.hardware.terminal.hotlists import full
from tests.hardware.terminal.published import FLAT, changed
from tests.hardware.terminal.records import TERMINAL
from tests.hardware.terminal.rides import (
    LOADED_FEN,
    MORNING,
    OTHER_SERIAL,
    OTHER_TERMINAL,
    SETTINGS,
    TABLE,
    Bus,
    Meddler,
    adult_card,
    balance_of,
    bus,
    fresh,
    newest_log,
    other_bus,
    tac_is_good,
)


@pytest.fixture
def line_1(tmp_path: Path) -> Iterator[Bus]:
    with bus(tmp_path / "outbox.sqlite") as made:
        yield made


def test_a_ride_is_on_the_chip_and_in_the_outbox_alike(line_1: Bus) -> None:
    """An adult pays ¥1.80; chip, its log, its trip record and the record to be uploaded say the same; the TAC is good."""
    card = adult_card()
    result = line_1.tap(card, MORNING + timedelta(microseconds=700_000))
    record = result.record
    assert (result.outcome, result.amount_fen, result.balance_fen) == (Outcome.ACCEPTED, 180, 9_820)
    assert result.is_green
    assert record is not None
    assert balance_of(card) == 9_820
    log = newest_log(card)
    assert (log.sequence, log.amount_fen, log.terminal) == (record.card_counter + 1, 180, TERMINAL)
    trip = TripRecord.decode(send(card, read_record(profile.TRIP_SFI, 1)))
    assert (trip.line, trip.amount_fen, trip.balance_fen) == (1, 180, 9_820)
    assert trip.anchor == TransferAnchor(1, MORNING)
    assert (record.kind, record.type, record.issuer, record.card_serial) == (RecordKind.PURCHASE, 9, ISSUER, SERIAL)
    assert (record.date.hex(), record.time.hex()) == ("20261121", "083000")
    assert (record.line, record.stop, record.card_class, record.base_fare_fen) == (1, 4, 1, 200)
    assert (record.tariff_version, record.anchor_line, record.anchor_time) == (3, 0, bytes(7))
    assert tac_is_good(record)
    assert line_1.batch() == [record]


def test_a_transfer_is_cheaper_once(line_1: Bus, tmp_path: Path) -> None:
    """The second ride within the hour on another line costs ¥0.80, carries the first as its anchor, and sets none itself."""
    card = adult_card()
    line_1.tap(card)
    with other_bus(tmp_path / "other.sqlite") as line_2:
        second = line_2.tap(card, MORNING + timedelta(minutes=59)).record
    third = line_1.tap(card, MORNING + timedelta(minutes=70)).record
    assert second is not None
    assert third is not None
    assert (second.amount_fen, second.anchor_line, second.anchor_time.hex()) == (80, 1, "20261121083000")
    assert tac_is_good(second, OTHER_TERMINAL)
    assert (third.amount_fen, third.anchor_line, third.anchor_time) == (180, 0, bytes(7))
    assert balance_of(card) == LOADED_FEN - 180 - 80 - 180


def test_a_free_ride_is_a_ride(line_1: Bus) -> None:
    """A person over 70 pays nothing and leaves a signed record, even with an empty card, so that the sponsor can pay."""
    card = adult_card(balance_fen=0, card_class=3)
    record = line_1.tap(card).record
    assert record is not None
    assert (record.amount_fen, record.base_fare_fen, record.card_class) == (0, 200, 3)
    assert tac_is_good(record)


def test_a_listed_card_is_refused_where_the_list_has_arrived(line_1: Bus) -> None:
    """The device that knows refuses; the one whose list is old takes the card, and the host judges the record."""
    card = adult_card()
    assert line_1.tap(card).outcome is Outcome.ACCEPTED
    line_1.validator.hotlist = Hotlist.parse(full(13, SERIAL))
    refused = line_1.tap(card, MORNING + timedelta(hours=2))
    assert (refused.outcome, refused.record, refused.is_green) == (Outcome.HOTLISTED, None, False)
    assert line_1.tap(adult_card(OTHER_SERIAL)).outcome is Outcome.ACCEPTED
    assert balance_of(card) == LOADED_FEN - 180


@pytest.mark.parametrize(
    ("day", "outcome"),
    [
        (datetime(2036, 12, 31, 15, 59, 59, tzinfo=UTC), Outcome.ACCEPTED),
        (datetime(2036, 12, 31, 16, 0, 0, tzinfo=UTC), Outcome.NOT_VALID),
    ],
)
def test_a_card_rides_until_the_end_of_its_last_day_in_beijing(line_1: Bus, day: datetime, outcome: Outcome) -> None:
    """The printed expiry date is the last day, by the clock of the city."""
    assert line_1.tap(adult_card(), day).outcome is outcome


def test_who_does_not_ride_is_told_why_and_is_not_debited(tmp_path: Path) -> None:
    """Foreign card, unknown class, too little money: red with its own words, and the chip as before."""
    with bus(tmp_path / "a.sqlite", issuer=bytes(8)) as elsewhere:
        assert elsewhere.tap(adult_card()).outcome is Outcome.FOREIGN
    with bus(tmp_path / "b.sqlite") as line_1:
        assert line_1.tap(adult_card(card_class=2)).outcome is Outcome.UNKNOWN_CLASS
        poor = adult_card(balance_fen=179)
        result = line_1.tap(poor)
        assert (result.outcome, result.text) == (Outcome.BALANCE_TOO_LOW, "the balance is below ¥1.80")
        assert balance_of(poor) == 179
        assert line_1.tap(fresh("psam")).outcome is Outcome.CARD_FAULT
        assert line_1.batch() == []


def test_a_card_that_cannot_prove_its_debit_is_red_and_unconfirmed(line_1: Bus) -> None:
    """A forged card has no MAC2: no green light, no record with its TAC; if it was genuine after all, its proof comes later."""
    card = adult_card()
    result = line_1.tap(Meddler(card, ins=0x54, flip=4))
    assert (result.outcome, result.record) == (Outcome.NOT_GENUINE, None)
    assert line_1.outbox.counts().torn == 1
    card.reset()
    again = line_1.tap(card, MORNING + timedelta(seconds=5))
    assert (again.outcome, balance_of(card)) == (Outcome.RECOVERED, LOADED_FEN - 180)
    assert [record.kind for record in line_1.batch()] == [RecordKind.PURCHASE]


def test_a_psam_of_another_city_debits_nobody(tmp_path: Path) -> None:
    """A wrong MAC1 is refused by the chip; nothing waits for an answer that is already known."""
    with bus(tmp_path / "outbox.sqlite") as line_1:
        card = adult_card()
        result = line_1.tap(Meddler(card, ins=0x50, flip=14))
        assert (result.outcome, "9302" in result.text) == (Outcome.CARD_FAULT, True)
        assert balance_of(card) == LOADED_FEN
        assert line_1.batch() == []


def test_a_full_outbox_touches_no_card(tmp_path: Path) -> None:
    """What cannot be kept must not be debited."""
    with Outbox(tmp_path / "outbox.sqlite", limit_records=1) as outbox:
        validator = BusValidator(fresh("psam"), outbox, TABLE, SETTINGS, Hotlist())
        validator.tap(adult_card(), MORNING)
        card = Meddler(adult_card(OTHER_SERIAL))
        with pytest.raises(OutboxFull):
            validator.tap(card, MORNING)
        assert card.count == 0


def test_a_terminal_that_is_not_set_up_takes_nobody(tmp_path: Path) -> None:
    """A line without a fare, or a table of next year, is the operator's trouble and is reported as that."""
    with bus(tmp_path / "outbox.sqlite", line=9) as line_9, pytest.raises(UnknownLine):
        line_9.tap(adult_card())
    with bus(tmp_path / "outbox.sqlite") as line_1:
        line_1.validator.table = DeviceTable.parse(changed(FLAT.table, 0x10, "FFFFFFFF"))
        with pytest.raises(DeviceTableNotInForce):
            line_1.tap(adult_card())


@pytest.mark.parametrize(("flags", "carried"), [("03", TransferAnchor(1, MORNING)), ("01", None)])
def test_the_card_carries_on_what_the_rule_counts_from(
    tmp_path: Path, flags: str, carried: TransferAnchor | None
) -> None:
    """Where a window counts from the first ride, its place on the card stays through the chain; else each ride takes its place."""
    table = DeviceTable.parse(changed(FLAT.table, 0x8B, flags))
    card = adult_card()
    with bus(tmp_path / "1.sqlite") as line_1, other_bus(tmp_path / "2.sqlite") as line_2:
        for one, minutes, fen in ((line_1, 0, 180), (line_2, 40, 80)):
            one.validator.table = table
            card.reset()
            at = MORNING + timedelta(minutes=minutes)
            assert one.tap(card, at).amount_fen == fen
        trip = TripRecord.decode(send(card, read_record(profile.TRIP_SFI, 1)))
        assert trip.anchor == (carried or TransferAnchor(2, at))
        card.reset()
        third = line_1.tap(card, MORNING + timedelta(minutes=61))
        # 61 minutes after the first ride on the same line, 21 after the second on another
        assert third.amount_fen == (180 if carried else 80)


def test_a_psam_that_was_set_back_never_signs_a_sequence_again(tmp_path: Path) -> None:
    """An old copy of the module goes out of service before it debits a card."""
    card = adult_card()
    with bus(tmp_path / "outbox.sqlite") as line_1:
        line_1.tap(card)
    with bus(tmp_path / "outbox.sqlite", fresh("psam")) as copied, pytest.raises(PsamSequenceReused):
        copied.tap(card, MORNING + timedelta(hours=2))
    assert balance_of(card) == LOADED_FEN - 180


def test_a_validator_works_with_its_own_psam_only(tmp_path: Path) -> None:
    """A module that was moved to another bus does not work there under either name; trouble with it is not the passenger's."""
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        for wrong in (replace(SETTINGS, terminal_number=OTHER_TERMINAL), replace(SETTINGS, psam_serial=bytes(10))):
            with pytest.raises(PsamMismatch):
                BusValidator(fresh("psam"), outbox, TABLE, wrong, Hotlist())
        with pytest.raises(PsamRefused):
            BusValidator(adult_card(), outbox, TABLE, SETTINGS, Hotlist())
        psam = fresh("psam")
        validator = BusValidator(psam, outbox, TABLE, SETTINGS, Hotlist())
        psam.power_off()
        card = adult_card()
        with pytest.raises(PsamAbsent):
            validator.tap(card, MORNING)
        assert balance_of(card) == LOADED_FEN
