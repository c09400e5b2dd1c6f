"""The protocol's page: the taps that it shows are taps that our cards and modules make, to the byte."""

import json
import re
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hardware.card import crypto
from hardware.card.apdu import CommandApdu
from hardware.card.files import ManagementData, PublicApplicationData
from hardware.card.psam import CreditSamForPurchase, InitSamForPurchase
from hardware.card.purse import DebitForPurchase, InitializeForPurchase, UpdateCompoundCache
from hardware.card.transit import TripRecord
from hardware.terminal.batch import Batch, BatchHead, TapRecord, encode_batch

PAGE = (Path(__file__).parents[3] / "hardware" / "terminal" / "PROTOCOL.md").read_text(encoding="utf-8")
SECTION = PAGE.split("\n## Cards and security modules\n")[1].split("\n## ")[0]
CITY = bytes.fromhex("3302FF0000000000")
NUMBER = bytes.fromhex("330200000001")


def exchanged() -> list[tuple[str, bytes, bytes]]:
    """Who was asked what and answered what, in the order of the page; answers without their status."""
    lines = re.findall(r"^(PSAM|card) ([<>]) ([0-9A-F ]+)$", SECTION, re.MULTILINE)
    pairs = zip(lines[::2], lines[1::2], strict=True)
    return [(who, bytes.fromhex(asked), bytes.fromhex(told)[:-2]) for (who, _, asked), (_, _, told) in pairs]


def shown(name: str) -> bytes:
    """A value of the worked example."""
    found = re.search(rf"^{re.escape(name)} +([0-9A-F ]+)$", SECTION, re.MULTILINE)
    assert found, name
    return bytes.fromhex(found[1])


def test_the_tap_on_the_page_is_a_tap() -> None:
    """Each command is what our validator sends for what the answers before it said, and the record is what came of it."""
    tap = exchanged()
    answers = [told for _, _, told in tap]
    commands = [CommandApdu.from_bytes(asked) for _, asked, _ in tap]
    public, management = PublicApplicationData.decode(answers[5]), ManagementData.decode(answers[6])
    begin = InitializeForPurchase(1, 180, NUMBER, compound=True)
    assert commands[8] == begin.command()
    started = begin.parse(answers[8])
    assert (started.balance_fen, started.offline_seq) == (10_000, 1)
    date, time = bytes.fromhex("20261121"), bytes.fromhex("083020")
    order = InitSamForPurchase(
        started.random, 1, 180, 9, date, time, started.key_version, started.algorithm, (public.factor, CITY)
    )
    assert commands[9] == order.command()
    ordered = InitSamForPurchase.parse(answers[9])
    trip = TripRecord.decode(commands[10].data)
    assert commands[10] == UpdateCompoundCache(0x1E, 0, trip.encode()).command()
    debit = DebitForPurchase(ordered.terminal_seq, date, time, ordered.mac1)
    assert commands[11] == debit.command()
    proof = debit.parse(answers[11])
    assert commands[12] == CreditSamForPurchase(proof.mac2).command()
    raw = re.search(r"^([0-9A-F]{192})$", SECTION, re.MULTILINE)
    assert raw
    record = TapRecord.decode(bytes.fromhex(raw[1]))
    assert (record.card_serial, record.card_class, record.tac) == (public.serial, management.card_class, proof.tac)
    assert (record.terminal_sequence, record.card_counter, record.amount_fen) == (ordered.terminal_seq, 1, 180)
    assert record.balance_after_fen == trip.balance_fen == started.balance_fen - 180


def test_the_macs_on_the_page_are_right() -> None:
    """Whoever recomputes them from the published test keys gets the same: our cards, our modules and the page mean one algorithm."""
    factor = bytes.fromhex("3302000000000012")
    of_city = crypto.diversify(shown("TAC master"), CITY)
    of_card = crypto.diversify(of_city, factor)
    folded = crypto.fold_tac_key(of_card)
    assert (of_city, of_card, folded) == (shown("of the city"), shown("of the card"), shown("TAC key, halves xor"))
    assert crypto.tac(folded, shown("covered")) == shown("TAC")
    purchase = crypto.diversify_chain(bytes(range(0x40, 0x50)), [CITY, factor])
    session = crypto.purchase_session_key(purchase, bytes.fromhex("8BCD564C"), 1, 2)
    assert (purchase, session) == (shown("purchase key"), shown("session key"))
    covered = shown("covered")
    assert crypto.purchase_mac1(session, 180, 9, NUMBER, covered[-7:-3], covered[-3:]) == shown("MAC1")
    assert crypto.purchase_mac2(session, 180) == shown("MAC2")
    _, asked, told = exchanged()[-1]
    internal = crypto.diversify_chain(bytes(range(0xD0, 0xE0)), [CITY, factor])
    assert crypto.external_authenticate_cryptogram(internal, CommandApdu.from_bytes(asked).data) == told


def test_the_batch_on_the_page_is_a_batch() -> None:
    """A vendor who packs the example gets the same bytes as we do, and the JSON form says the same."""
    section = PAGE.split("\n## Batch file, layout 1\n")[1].split("\n## ")[0]
    rows = re.findall(r"^([0-9A-F]{4})  ([0-9A-F]+)  ", section, re.MULTILINE)
    data = b"".join(bytes.fromhex(digits) for _, digits in rows)
    assert [int(at, 16) for at, _ in rows] == [
        sum(len(digits) // 2 for _, digits in rows[:n]) for n in range(len(rows))
    ]
    raw = re.search(r"^([0-9A-F]{192})$", SECTION, re.MULTILINE)
    assert raw
    head = BatchHead(NUMBER, data[14:24], 5, 3, 13, bytes.fromhex("20261121083100"))
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    assert data == encode_batch(head, [TapRecord.decode(bytes.fromhex(raw[1]))], key.sign)
    form = re.search(r"```json\n(.+?)\n```", section, re.DOTALL)
    assert form
    assert json.loads(form[1]) == Batch(5, data).as_json()
