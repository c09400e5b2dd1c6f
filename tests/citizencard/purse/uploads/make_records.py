"""A small city with genuine cards, and records that those cards really signed; files are built here by hand, byte by byte.

Keys are the regression masters of tests/citizencard/keys/make_vault.py, so records need no card: the TAC is computed as a card would.
"""

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.approvals.decisions import Proposal, approve, execute, propose
from citizencard.audit import Actor
from citizencard.cards.models import Card, CardState, CardStateChange, ChipKind, HotlistEntry
from citizencard.cards.stock import Delivery, receive_chips
from citizencard.clock import BEIJING, beijing_date
from citizencard.db import Sessions, new_id, reading, transaction
from citizencard.keys.hsm import KeyRole
from citizencard.merchants.registry import NewLine, register_line, register_merchant
from citizencard.purse.uploads.records import PurchaseRecord
from citizencard.tariffs.versions import PUBLISH, publish, publish_payload
from citizencard.terminals.enrolment import enrol, issue_enrolment_code
from citizencard.terminals.registry import BIND, NewBinding, bind_terminal, register_psam, register_terminal
from hardware.card import crypto
from hardware.card.files import application_serial
from ledger import balances, existing, open_first_day
from tests.citizencard.cards.make_cards import bare_person
from tests.citizencard.keys.make_vault import REGRESSION_MASTERS

ISSUER: Final = bytes.fromhex("01013302FFFFFFFF")
CITY_FACTOR: Final = bytes.fromhex("3302FF0000000000")
MAKER: Final = Actor("staff", "staff_maker", person_id="P-1", role="finance", workstation="W-1")
CHECKER: Final = Actor("staff", "staff_checker", person_id="P-2", role="supervisor", workstation="W-2")
ADULT: Final = 1
SENIOR: Final = 3
SPONSOR: Final = "transport_bureau"
NO_ANCHOR: Final = bytes(7)
UNREGISTERED: Final = bytes.fromhex("330299999999")

TARIFF: Final[dict[str, Any]] = {
    "format": 2,
    "name": "fares of a small city",
    "version": 3,
    "effective_from": "2026-11-20T00:00:00+08:00",
    "currency": "CNY",
    "source": {"page": "made for tests", "grade": "K", "date": "2026-11", "sample": True},
    "transit": {
        "classes": {"01": {"name": "adult"}, "03": {"name": "senior70"}},
        "modes": {"bus": {}},
        "lines": {"1": {"mode": "bus", "fare": {"flat": "2.00"}}, "2": {"mode": "bus", "fare": {"flat": "2.00"}}},
        "concessions": [
            {"classes": ["01"], "pays": "0.9", "sponsor": SPONSOR},
            {"classes": ["03"], "pays": "0", "sponsor": SPONSOR},
        ],
        "transfers": [
            {"minutes": 60, "less": "1.00", "order": "discount_then_reduce", "most_in_a_row": 1, "sponsor": SPONSOR}
        ],
    },
}


@dataclass(frozen=True, slots=True)
class Device:
    """A validator of the city: registered, enrolled, and bound to a line if it has one."""

    terminal_id: str
    number: bytes
    psam_serial: bytes
    line: int
    key: Ed25519PrivateKey = field(repr=False)


@dataclass(frozen=True, slots=True)
class TestCard:
    """A card of the city, as a terminal sees it."""

    __test__ = False

    card_id: str
    serial: bytes
    card_class: int

    @property
    def tac_key(self) -> bytes:
        """The folded TAC key in this card."""
        dtk = crypto.diversify_chain(REGRESSION_MASTERS[KeyRole.TAC], [CITY_FACTOR, self.serial[-8:]])
        return crypto.fold_tac_key(dtk)


@dataclass(frozen=True, slots=True)
class City:
    """Two lines of one company, a validator on each, a collector without a line, three cards."""

    merchant_id: str
    bus1: Device
    bus2: Device
    collector: Device
    adult: TestCard
    senior: TestCard
    lost: TestCard

    def balances(self, sessions: Sessions) -> dict[str, int]:
        """All balances that taps can move, on the normal side; accounts not opened count 0."""
        codes = [chart.purse(card.card_id) for card in (self.adult, self.senior, self.lost)]
        codes += [chart.clearing(self.merchant_id), chart.merchant_suspense(self.merchant_id)]
        codes += [chart.merchant_suspense(), chart.subsidy(self.merchant_id), chart.owed("sponsor", SPONSOR)]
        with reading(sessions) as session:
            known = existing(session, codes)
            found = balances(session, sorted(known))
        return {code: found[code].balance_fen if code in found else 0 for code in codes}


def approved(session: Session, act: str, payload: Mapping[str, Any], now: datetime) -> str:
    """Four eyes have agreed on it and it is executed; returns the approval's id."""
    approval = propose(session, Proposal(act, "test", payload), MAKER, now)
    approve(session, approval.id, CHECKER, now)
    execute(session, approval.id, payload, CHECKER, now)
    return approval.id


def make_city(sessions: Sessions, now: datetime, tariff: Mapping[str, Any] = TARIFF) -> City:
    """Set the city up a day before `now`, and begin its books."""
    then = now - timedelta(hours=24)
    with transaction(sessions) as session:
        open_first_day(session, beijing_date(now), now=then)
        merchant = register_merchant(session, "City Bus", "bus", now=then)
        for number in (1, 2):
            register_line(session, NewLine(number, merchant.id, f"Line {number}", 200), now=then)
        publish(
            session, tariff, approved(session, PUBLISH, publish_payload(tariff), then), now=then - timedelta(days=2)
        )
        bus1, bus2 = (make_device(session, number, merchant.id, then) for number in (1, 2))
        return City(
            merchant_id=merchant.id,
            bus1=bus1,
            bus2=bus2,
            collector=make_device(session, 0, None, then),
            adult=make_card(session, 1, ADULT, then),
            senior=make_card(session, 2, SENIOR, then),
            lost=make_card(session, 3, ADULT, then, lost_from=now - timedelta(hours=1)),
        )


def a_device(line: int, terminal_id: str = "term_of_a_test") -> Device:
    """The validator of a line, known to no registry."""
    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"device {line}".encode()).digest())
    return Device(terminal_id, bytes.fromhex(f"3302{line:08d}"), bytes.fromhex(f"3302{line:016d}"), line, key)


def a_card(number: int, card_class: int = ADULT) -> TestCard:
    """The card with this number, known to no registry."""
    return TestCard("card_of_a_test", application_serial("3302", f"{number:011d}"), card_class)


def make_device(session: Session, line: int, merchant_id: str | None, now: datetime) -> Device:
    """A validator with a key of its own; line 0 makes one that is bound to nobody."""
    terminal = register_terminal(session, f"Bus {line}", "bus_validator", now=now)
    device = a_device(line, terminal.id)
    public_key = device.key.public_key().public_bytes_raw()
    enrol(session, issue_enrolment_code(session, terminal.id, now=now), public_key, now=now)
    if merchant_id is not None:
        register_psam(session, device.psam_serial, device.number, now=now)
        binding = NewBinding(terminal.id, device.psam_serial, merchant_id, line, now)
        bind_terminal(session, binding, approved(session, BIND, binding.payload(), now), now=now)
    return device


def make_card(
    session: Session, number: int, card_class: int, since: datetime, *, lost_from: datetime | None = None
) -> TestCard:
    """An active card, on the hotlist from an instant if one is given."""
    serial, chip = a_card(number).serial, number.to_bytes(8)
    receive_chips(session, Delivery(ChipKind.CARD, "B-1", (chip,)), actor=MAKER, now=since)
    card = Card(
        id=new_id("card"),
        person_id=bare_person(session, since),
        card_class=card_class,
        state=CardState.ACTIVE,
        serial=serial,
        chip_serial=chip,
        key_version=1,
        valid_from=beijing_date(since),
        valid_until=beijing_date(since) + timedelta(days=3650),
        applied_at=since,
        changed_at=since,
    )
    session.add(card)
    session.flush()
    session.add(
        CardStateChange(
            card_id=card.id, serial=serial, act="activate", state=CardState.ACTIVE, reason="", effective_at=since
        )
    )
    if lost_from is not None:
        session.add(
            HotlistEntry(card_id=card.id, serial=serial, reason="lost", recorded_at=since, effective_from=lost_from)
        )
    session.flush()
    return TestCard(card.id, serial, card_class)


_SEQUENCES = itertools.count(1)
_COUNTERS = itertools.cycle(range(1, 60_000))


def tap(device: Device, card: TestCard, at: datetime, amount_fen: int, **claims: Any) -> PurchaseRecord:
    """A record of a ride that the card signed. Claims are fields that no TAC covers, such as the anchor; sequence and counter rise."""
    digits = f"{at.astimezone(BEIJING):%Y%m%d%H%M%S}"
    unsigned = PurchaseRecord(
        kind=1,
        type=claims.pop("type", crypto.TTI_COMPOUND_PURCHASE),
        issuer=ISSUER,
        card_serial=card.serial,
        terminal_sequence=claims.pop("terminal_sequence", None) or next(_SEQUENCES),
        card_counter=claims.pop("card_counter", None) or next(_COUNTERS),
        amount_fen=amount_fen,
        balance_after_fen=9_000,
        date=bytes.fromhex(digits[:8]),
        time=bytes.fromhex(digits[8:]),
        key_index=1,
        key_version=1,
        algorithm=0,
        tac=bytes(4),
        tariff_version=claims.pop("tariff_version", 3),
        line=claims.pop("line", device.line),
        stop=0,
        card_class=card.card_class,
        base_fare_fen=200,
        anchor_line=claims.pop("anchor_line", 0),
        anchor_time=claims.pop("anchor_time", NO_ANCHOR),
    )
    assert not claims, claims
    return signed(unsigned, card, claims.get("number", device.number))


def signed(record: PurchaseRecord, card: TestCard, number: bytes) -> PurchaseRecord:
    """The record with the TAC that the card gives for it."""
    return replace(record, tac=crypto.tac(card.tac_key, record.tac_input(number)))


def anchored(record: PurchaseRecord) -> dict[str, Any]:
    """Claims of a tap whose card carried this record as its transfer anchor."""
    return {"anchor_line": record.line, "anchor_time": record.date + record.time}


def file_of(device: Device, records: Sequence[PurchaseRecord], batch: int = 1) -> bytes:
    """The batch file of layout 1, written from hardware/terminal/PROTOCOL.md and signed by the device."""
    return seal(unsealed(device, [record.encode() for record in records], batch), device.key)


def unsealed(device: Device, records: Sequence[bytes], batch: int = 1) -> bytes:
    """Header, records and the trailer's count, total and reserve."""
    total = sum(int.from_bytes(record[26:30]) for record in records)
    first = int.from_bytes(records[0][20:24]) if records else 0
    header = (
        b"CCB1" + bytes([1, 64, 96, 112]) + device.number + device.psam_serial + batch.to_bytes(4) + first.to_bytes(4)
        + len(records).to_bytes(4) + total.to_bytes(8) + (3).to_bytes(4) + (0).to_bytes(4)
        + bytes.fromhex("20261121083000") + bytes(5)
    )  # fmt: skip
    assert len(header) == 64
    return header + b"".join(records) + len(records).to_bytes(4) + total.to_bytes(8) + bytes(4)


def seal(content: bytes, key: Ed25519PrivateKey) -> bytes:
    """Add the digest of header and records, and the signature over all before it."""
    digest = hashlib.sha256(content[:-16]).digest()
    return content + digest + key.sign(content + digest)


def json_of(
    device: Device, records: Sequence[PurchaseRecord], batch: int = 1, number: bytes | None = None
) -> dict[str, Any]:
    """The JSON form of a batch."""
    names = {"card_class": "class"}
    return {
        "terminal": (number or device.number).hex().upper(),
        "psam_serial": device.psam_serial.hex().upper(),
        "batch": batch,
        "records": [
            {
                names.get(name, name): value.hex().upper() if isinstance(value, bytes) else value
                for name in PurchaseRecord.__dataclass_fields__
                if name != "reserve"
                for value in [getattr(record, name)]
            }
            for record in records
        ],
    }
