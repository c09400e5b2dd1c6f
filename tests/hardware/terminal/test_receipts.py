"""Receipts: only an answer that names its batch and its records is one."""

from typing import Any

import pytest

from hardware.terminal.errors import ReceiptInvalid
from hardware.terminal.receipts import BatchReceipt
from tests.hardware.terminal.records import RECORD, TERMINAL, receipt_document


def test_a_receipt_says_per_record_what_became_of_it() -> None:
    """The reason of a rejection reaches the driver's display."""
    document = receipt_document(TERMINAL, 7, (RECORD, "rejected"))
    document["verdicts"][0]["reason"] = "bad_tac"
    receipt = BatchReceipt.parse(document)
    assert (receipt.terminal, receipt.batch) == (TERMINAL, 7)
    (verdict,) = receipt.verdicts
    assert (verdict.terminal_sequence, verdict.tac, verdict.reason) == (1, RECORD.tac, "bad_tac")
    assert verdict.is_final


@pytest.mark.parametrize(
    "change",
    [
        {"object": "problem"},
        {"verdicts": None},
        {"verdicts": [{}] * 1001},
        {"verdicts": ["accepted"]},
        {"verdicts": [{"terminal_sequence": True}]},
        {"verdicts": [{"terminal_sequence": 1, "card_serial": "0310"}]},
        {"terminal": "33020000000Z"},
        {"batch": "7"},
    ],
)
def test_what_is_no_receipt_deletes_nothing(change: dict[str, Any]) -> None:
    """A proxy's page, a cut answer or a foreign document is refused as a whole."""
    with pytest.raises(ReceiptInvalid):
        BatchReceipt.parse({**receipt_document(TERMINAL, 7, (RECORD, "accepted")), **change})
    with pytest.raises(ReceiptInvalid):
        BatchReceipt.parse(None)
