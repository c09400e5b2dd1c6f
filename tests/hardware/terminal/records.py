"""Records, heads and keys that several tests of the terminal use."""

from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hardware.terminal.batch import BatchHead, RecordKind, TapRecord

TERMINAL = bytes.fromhex("330200000001")
PSAM_SERIAL = bytes.fromhex("33020000000000000001")
ISSUER = bytes.fromhex("01013302FFFFFFFF")
SERIAL = bytes.fromhex("03103302000000000014")
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
HEAD = BatchHead(TERMINAL, PSAM_SERIAL, 7, 3, 12, bytes.fromhex("20261121090000"))

RECORD = TapRecord(
    kind=RecordKind.PURCHASE,
    type=9,
    issuer=ISSUER,
    card_serial=SERIAL,
    terminal_sequence=1,
    card_counter=3,
    amount_fen=80,
    balance_after_fen=9740,
    date=bytes.fromhex("20261121"),
    time=bytes.fromhex("083000"),
    key_index=1,
    key_version=1,
    algorithm=0,
    tac=bytes.fromhex("BEED412A"),
    tariff_version=3,
    line=26,
    stop=4,
    card_class=1,
    base_fare_fen=200,
    anchor_line=25,
    anchor_time=bytes.fromhex("20261121080000"),
)


def record(terminal_sequence: int, **changes: Any) -> TapRecord:
    """The example record with another terminal sequence and any other fields changed."""
    return replace(RECORD, terminal_sequence=terminal_sequence, **changes)


def intent(terminal_sequence: int, **changes: Any) -> TapRecord:
    """The same before the card has answered: no TAC, unconfirmed."""
    return record(terminal_sequence, **{"kind": RecordKind.UNCONFIRMED, "tac": bytes(4), **changes})


KEPT = "kept"


def receipt_document(terminal: bytes, batch: int, *verdicts: tuple[TapRecord, str]) -> dict[str, Any]:
    """The JSON of a receipt with these verdicts; KEPT stands for none."""
    return {
        "object": "batch_receipt",
        "terminal": terminal.hex().upper(),
        "batch": batch,
        "verdicts": [
            {
                "terminal_sequence": tap.terminal_sequence,
                "card_serial": tap.card_serial.hex().upper(),
                "tac": tap.tac.hex().upper(),
                "verdict": verdict,
                "original": None,
                "reason": None,
                "findings": [],
            }
            for tap, verdict in verdicts
            if verdict != KEPT
        ],
        "kept": [
            {
                "terminal_sequence": tap.terminal_sequence,
                "card_serial": tap.card_serial.hex().upper(),
                "tac": tap.tac.hex().upper(),
                "reason": "too_many_bad_tacs_of_card",
            }
            for tap, verdict in verdicts
            if verdict == KEPT
        ],
        "counts": {},
    }
