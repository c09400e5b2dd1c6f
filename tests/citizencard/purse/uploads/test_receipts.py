"""The receipt that a terminal reads."""

import json
from datetime import UTC, datetime

from citizencard.purse.uploads.limits import KeptReason
from citizencard.purse.uploads.models import Verdict
from citizencard.purse.uploads.receipts import BatchReceipt, KeptRecord, RecordVerdict
from hardware.terminal import receipts as device
from tests.citizencard.purse.uploads.make_records import a_card, a_device, tap

AT = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)


def test_device_reads_what_the_server_says() -> None:
    """One verdict per record in file order; the four counts add up; the terminal understands it, and what it has to keep."""
    bus = a_device(1)
    records = [tap(bus, a_card(1), AT, 180) for _ in range(4)]
    receipt = BatchReceipt(
        bus.number,
        7,
        (
            RecordVerdict(records[0], Verdict.ACCEPTED, findings=("price_difference",)),
            RecordVerdict(records[1], Verdict.REJECTED, reason="bad_tac"),
            RecordVerdict(records[2], Verdict.DUPLICATE, Verdict.SUSPICIOUS, "hotlisted"),
        ),
        (KeptRecord(records[3], KeptReason.CARD),),
    )
    document = receipt.as_json()
    assert json.loads(receipt.as_text()) == document
    assert document["counts"] == {"accepted": 1, "suspicious": 0, "rejected": 1, "duplicate": 1}
    assert document["verdicts"][2] == {
        "terminal_sequence": records[2].terminal_sequence,
        "card_serial": records[2].card_serial.hex().upper(),
        "tac": records[2].tac.hex().upper(),
        "verdict": "duplicate",
        "original": "suspicious",
        "reason": "hotlisted",
        "findings": [],
    }
    read = device.BatchReceipt.parse(document)
    assert (read.terminal, read.batch) == (bus.number, 7)
    assert read.kept == {(records[3].terminal_sequence, records[3].card_serial, records[3].tac)}
    assert [one.verdict for one in read.verdicts] == ["accepted", "rejected", "duplicate"]
