"""The outbox: what was debited is kept through cuts of power, sent until it is judged, and never sent with another meaning."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hardware.errors import OutboxFull
from hardware.terminal.batch import Batch, RecordKind, TapRecord
from hardware.terminal.errors import OutboxInvalid, PsamSequenceReused, ReceiptInvalid
from hardware.terminal.outbox import Outbox, OutboxCounts
from hardware.terminal.receipts import BatchReceipt
from tests.hardware.terminal.records import HEAD, ISSUER, KEPT, KEY, SERIAL, TERMINAL, intent, receipt_document

TAC = bytes.fromhex("01020304")


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        yield outbox


def ride(outbox: Outbox, sequence: int, tac: bytes = TAC) -> TapRecord:
    outbox.begin(intent(sequence))
    return outbox.complete(sequence, tac)


def build(outbox: Outbox) -> Batch:
    batch = outbox.build_batch(HEAD, KEY.sign)
    assert batch is not None
    return batch


def receipt(batch: Batch, *verdicts: tuple[TapRecord, str]) -> BatchReceipt:
    return BatchReceipt.parse(receipt_document(TERMINAL, batch.number, *verdicts))


def test_a_built_batch_is_sent_unchanged_until_it_is_judged(outbox: Outbox) -> None:
    """New taps, lost answers and partial verdicts do not change a byte of what was signed."""
    first, second = ride(outbox, 1), ride(outbox, 2)
    batch = build(outbox)
    third = ride(outbox, 3)
    assert build(outbox) == batch
    assert outbox.apply_receipt(receipt(batch, (second, "suspicious"))) == 1
    assert build(outbox) == batch
    assert outbox.apply_receipt(receipt(batch, (first, "duplicate"), (second, "duplicate"))) == 1
    following = build(outbox)
    assert (following.number, following.records) == (batch.number + 1, [third])


@pytest.mark.parametrize("verdict", ["accepted", "suspicious", "rejected", "duplicate"])
def test_each_of_the_four_verdicts_ends_a_record(outbox: Outbox, verdict: str) -> None:
    """The host has the record and answers for it from here on, whatever it thinks of it."""
    tap = ride(outbox, 1)
    assert outbox.apply_receipt(receipt(build(outbox), (tap, verdict))) == 1
    assert outbox.counts() == OutboxCounts(waiting=0, torn=0, unconfirmed=0, open_batch=0)
    assert outbox.build_batch(HEAD, KEY.sign) is None


def test_nothing_else_ends_a_record(outbox: Outbox) -> None:
    """A word that is no verdict, another card, another TAC, another sequence: the record stays."""
    tap = ride(outbox, 1)
    batch = build(outbox)
    others = [
        (tap, "parked"),
        (replace(tap, card_serial=bytes(10)), "accepted"),
        (replace(tap, tac=bytes(4)), "accepted"),
        (replace(tap, terminal_sequence=2), "accepted"),
    ]
    assert outbox.apply_receipt(receipt(batch, *others)) == 0
    assert outbox.open_batch() == batch


def test_a_record_that_the_server_keeps_waiting_holds_up_no_other(outbox: Outbox) -> None:
    """Somebody guesses TACs of one card: its taps wait for a person, and what the others paid since is sent in the next batch."""
    parked, paid = ride(outbox, 1), ride(outbox, 2)
    assert outbox.apply_receipt(receipt(build(outbox), (parked, KEPT), (paid, "accepted"))) == 1
    later = ride(outbox, 3)
    following = build(outbox)
    assert (following.number, following.records) == (2, [parked, later])


def test_a_receipt_of_another_batch_or_terminal_ends_nothing(outbox: Outbox) -> None:
    """An answer that went astray deletes nobody's money."""
    tap = ride(outbox, 1)
    batch = build(outbox)
    for terminal, number in ((bytes(6), batch.number), (TERMINAL, batch.number + 1)):
        with pytest.raises(ReceiptInvalid):
            outbox.apply_receipt(BatchReceipt.parse(receipt_document(terminal, number, (tap, "accepted"))))
    assert outbox.open_batch() == batch


def test_a_card_that_never_comes_back_is_reported_once_without_a_tac(outbox: Outbox) -> None:
    """Nobody knows whether that chip was debited: the host is told so, once, in sequence order."""
    outbox.begin(intent(1))
    tap = ride(outbox, 2)
    batch = build(outbox)
    report, known = batch.records
    assert (report.kind, report.tac, report.terminal_sequence) == (RecordKind.UNCONFIRMED, bytes(4), 1)
    assert known == tap
    assert outbox.apply_receipt(receipt(batch, (report, "accepted"), (tap, "accepted"))) == 2
    assert outbox.build_batch(HEAD, KEY.sign) is None
    assert outbox.counts() == OutboxCounts(waiting=0, torn=1, unconfirmed=1, open_batch=0)


def test_a_proof_after_the_report_is_sent_as_a_purchase_with_the_same_fields(outbox: Outbox) -> None:
    """The passenger comes back next day: the record that the chip really signed is uploaded, and once only."""
    outbox.begin(intent(1))
    batch = build(outbox)
    tap = outbox.complete(1, TAC)
    assert replace(tap, kind=RecordKind.UNCONFIRMED, tac=bytes(4)) == batch.records[0]
    outbox.apply_receipt(receipt(batch, (batch.records[0], "accepted")))
    assert build(outbox).records == [tap]
    assert outbox.pending_of(ISSUER + SERIAL) == []


def test_a_debit_that_was_not_made_is_forgotten(outbox: Outbox) -> None:
    """A card whose counter did not move owes nothing for that attempt."""
    outbox.begin(intent(1))
    assert outbox.pending_of(ISSUER + SERIAL) == [intent(1)]
    outbox.drop(1)
    assert outbox.pending_of(ISSUER + SERIAL) == []
    assert outbox.build_batch(HEAD, KEY.sign) is None


def test_a_wrong_mac2_sends_the_record_back_to_waiting(outbox: Outbox) -> None:
    """A card that cannot prove its key is unconfirmed, unless the record is already on its way."""
    tap = ride(outbox, 1)
    outbox.take_back(tap)
    assert outbox.counts() == OutboxCounts(waiting=0, torn=1, unconfirmed=0, open_batch=0)
    other = ride(outbox, 2)
    batch = build(outbox)
    outbox.take_back(other)
    assert [r.kind for r in batch.records] == [RecordKind.UNCONFIRMED, RecordKind.PURCHASE]
    assert outbox.open_batch() == batch


def test_a_terminal_sequence_is_never_used_twice(outbox: Outbox) -> None:
    """Not after the record is gone, not after the attempt was dropped, not backwards."""
    ride(outbox, 5)
    outbox.begin(intent(7))
    outbox.drop(7)
    for sequence in (7, 5, 6):
        with pytest.raises(PsamSequenceReused):
            outbox.begin(intent(sequence))
    outbox.begin(intent(8))


def test_a_full_outbox_takes_no_more_taps(tmp_path: Path) -> None:
    """A terminal that cannot keep a record must not debit a card; after an upload it works again."""
    with Outbox(tmp_path / "outbox.sqlite", limit_records=2) as outbox:
        tap = ride(outbox, 1)
        outbox.begin(intent(2))
        with pytest.raises(OutboxFull, match="2 records"):
            outbox.begin(intent(3))
        other = outbox.complete(2, TAC)
        outbox.apply_receipt(receipt(build(outbox), (tap, "accepted"), (other, "rejected")))
        outbox.begin(intent(3))


def test_more_records_than_a_batch_holds_go_in_several(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In sequence order, none twice, none left; a report that found no room is dropped when its proof comes first."""
    monkeypatch.setattr("hardware.terminal.outbox.MAX_BATCH_RECORDS", 2)
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        for sequence in (1, 2, 3):
            ride(outbox, sequence)
        outbox.begin(intent(4))
        first = build(outbox)
        proven = outbox.complete(4, TAC)
        outbox.apply_receipt(receipt(first, *((tap, "accepted") for tap in first.records)))
        second = build(outbox)
        assert [tap.terminal_sequence for tap in first.records] == [1, 2]
        assert [tap.terminal_sequence for tap in second.records] == [3, 4]
        assert second.records[1] == proven


def test_everything_survives_a_cut_of_power(tmp_path: Path) -> None:
    """What is in the file is all there is: a second look at it sees the same, though nobody closed it."""
    path = tmp_path / "outbox.sqlite"
    dead = Outbox(path)
    tap = ride(dead, 1)
    dead.begin(intent(2))
    batch = build(dead)
    with Outbox(path) as outbox:
        assert outbox.open_batch() == batch
        assert batch.records[0] == tap
        assert outbox.pending_of(ISSUER + SERIAL) == [intent(2)]
        with pytest.raises(PsamSequenceReused):
            outbox.begin(intent(2))
    dead.close()


def test_the_server_may_raise_the_batch_number_but_never_lower_it(outbox: Outbox) -> None:
    """A new memory in an old terminal goes on where the old one ended."""
    outbox.raise_next_batch(41)
    outbox.raise_next_batch(3)
    ride(outbox, 1)
    assert build(outbox).number == 41


def test_the_file_is_the_owners_alone_and_of_this_format(tmp_path: Path) -> None:
    """Trips are personal data; a file of another format is left as it is."""
    path = tmp_path / "outbox.sqlite"
    Outbox(path).close()
    assert path.stat().st_mode & 0o777 == 0o600
    (tmp_path / "text").write_text("not a database, but long enough to be looked at as one" * 10)
    with pytest.raises(OutboxInvalid, match="not an outbox"):
        Outbox(tmp_path / "text")


def test_old_reports_are_forgotten_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal's memory is bounded even when torn cards never come back."""
    monkeypatch.setattr("hardware.terminal.outbox.MAX_REPORTED", 1)
    with Outbox(tmp_path / "outbox.sqlite") as outbox:
        outbox.begin(intent(1))
        outbox.begin(intent(2))
        batch = build(outbox)
        outbox.apply_receipt(receipt(batch, *((tap, "accepted") for tap in batch.records)))
        assert outbox.pending_of(ISSUER + SERIAL) == [intent(2)]
