"""The city that uploads: a bus company with its lines and validators, cards in use, and the test vault that the server opens."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import insert
from sqlalchemy.orm import Session

from bench.terminals.sizes import CARDS, LINES, VALIDATORS
from citizencard.approvals.decisions import Proposal, approve, execute, propose
from citizencard.audit import Actor
from citizencard.cards.models import Card, CardState, CardStateChange, CardStock, ChipKind
from citizencard.clock import beijing_date
from citizencard.db import make_engine, make_sessions, transaction
from citizencard.merchants.registry import NewLine, register_line, register_merchant
from citizencard.people.models import Person
from citizencard.tariffs.versions import PUBLISH, publish, publish_payload
from citizencard.terminals.enrolment import enrol, issue_enrolment_code
from citizencard.terminals.registry import BIND, NewBinding, bind_terminal, register_psam, register_terminal
from hardware.card.files import application_serial
from ledger import open_first_day
from tests.citizencard.keys.make_vault import PASSPHRASE, regression_vault

ADULT: Final = 1
STUDENT: Final = 2
FARE_FEN: Final = 200
TARIFF_VERSION: Final = 3
SPONSOR: Final = "transport_bureau"
AGE: Final = timedelta(hours=24)
"""So long before the bench the city was there already."""
MAKER: Final = Actor("staff", "staff_maker", person_id="P-1", role="finance", workstation="W-1")
CHECKER: Final = Actor("staff", "staff_checker", person_id="P-2", role="supervisor", workstation="W-2")
TARIFF: Final[dict[str, Any]] = {
    "format": 2,
    "name": "fares of the bench",
    "version": TARIFF_VERSION,
    "currency": "CNY",
    "source": {"page": "made for the bench", "grade": "K", "date": "2026-11", "sample": True},
    "transit": {
        "classes": {"01": {"name": "adult"}, "02": {"name": "student"}},
        "modes": {"bus": {}},
        "lines": {str(number): {"mode": "bus", "fare": {"flat": "2.00"}} for number in range(1, LINES + 1)},
        "concessions": [
            {"classes": ["01"], "pays": "0.9", "sponsor": SPONSOR},
            {"classes": ["02"], "pays": "0.5", "sponsor": SPONSOR},
        ],
        "transfers": [
            {"minutes": 60, "less": "1.00", "order": "discount_then_reduce", "most_in_a_row": 1, "sponsor": SPONSOR}
        ],
    },
}


@dataclass(frozen=True, slots=True)
class Device:
    """A validator.

    Args:
        terminal_id: its row.
        number: 6 bytes, in its security module.
        psam_serial: 10 bytes.
        line: what it runs on.
        seed: 32 bytes, its private key.
    """

    terminal_id: str
    number: bytes
    psam_serial: bytes
    line: int
    seed: bytes = field(repr=False)

    @property
    def key(self) -> Ed25519PrivateKey:
        """The key that signs its requests and files."""
        return Ed25519PrivateKey.from_private_bytes(self.seed)


@dataclass(frozen=True, slots=True)
class Holder:
    """A card in use."""

    card_id: str
    serial: bytes
    card_class: int


@dataclass(frozen=True, slots=True)
class City:
    """What the generators of load need to know.

    Args:
        address: of the database, for the role of the app.
        environ: settings of the server, as environment variables.
        validators: buses of the company.
        holders: of cards.
    """

    address: str
    environ: Mapping[str, str] = field(repr=False)
    validators: tuple[Device, ...] = field(repr=False)
    holders: tuple[Holder, ...] = field(repr=False)


def make_city(address: str, folder: Path, now: datetime, *, validators: int = VALIDATORS, cards: int = CARDS) -> City:
    """Fill an empty database, and make the vault that the server opens.

    Args:
        address: of the database, for the role of the app.
        folder: for the vault and its passphrase.
        now: the present; the city is a day old.
        validators: how many there are.
        cards: how many there are.
    """
    sessions = make_sessions(make_engine(address))
    then = now - AGE
    with transaction(sessions) as session:
        open_first_day(session, beijing_date(now), now=then)
        bus = register_merchant(session, "City Bus", "bus", now=then).id
        for number in range(1, LINES + 1):
            register_line(session, NewLine(number, bus, f"Line {number}", FARE_FEN), now=then)
        tariff = {**TARIFF, "effective_from": f"{beijing_date(then):%Y-%m-%d}T00:00:00+08:00"}
        publish(session, tariff, _approved(session, PUBLISH, publish_payload(tariff), then), now=then - AGE)
    with transaction(sessions) as session:
        devices = tuple(_device(session, number, bus, 1 + number % LINES, then) for number in range(1, validators + 1))
    holders = tuple(_holder(number) for number in range(1, cards + 1))
    with transaction(sessions) as session:
        _insert(session, holders, then)
    sessions.kw["bind"].dispose()
    return City(address, _settings(address, folder), devices, holders)


def _settings(address: str, folder: Path) -> dict[str, str]:
    regression_vault(folder)
    passphrase = folder / "passphrase"
    descriptor = os.open(passphrase, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(PASSPHRASE)
    return {
        "CITIZENCARD_DATABASE_URL": address,
        "CITIZENCARD_VAULT_FILE": str(folder / "regression.vault"),
        "CITIZENCARD_VAULT_PASSPHRASE_FILE": str(passphrase),
        "CITIZENCARD_REALM": "test",
    }


def _approved(session: Session, act: str, payload: Mapping[str, Any], now: datetime) -> str:
    approval = propose(session, Proposal(act, "bench", payload), MAKER, now)
    approve(session, approval.id, CHECKER, now)
    execute(session, approval.id, payload, CHECKER, now)
    return approval.id


def _device(session: Session, number: int, merchant_id: str, line: int, now: datetime) -> Device:
    terminal = register_terminal(session, f"Device {number}", "bus_validator", now=now)
    device = Device(
        terminal.id,
        bytes.fromhex(f"3302{number:08d}"),
        bytes.fromhex(f"3302{number:016d}"),
        line,
        number.to_bytes(32),
    )
    public_key = device.key.public_key().public_bytes_raw()
    enrol(session, issue_enrolment_code(session, terminal.id, now=now), public_key, now=now)
    register_psam(session, device.psam_serial, device.number, now=now)
    binding = NewBinding(terminal.id, device.psam_serial, merchant_id, line, now)
    bind_terminal(session, binding, _approved(session, BIND, binding.payload(), now), now=now)
    return device


def _holder(number: int) -> Holder:
    card_class = STUDENT if number % 5 == 0 else ADULT
    return Holder(f"card_{number:020d}", application_serial("3302", f"{number:011d}"), card_class)


def _insert(session: Session, holders: Sequence[Holder], now: datetime) -> None:
    """All rows of the cards, table by table."""
    since, until = beijing_date(now), date(2036, 1, 1)
    rows = [(number, holder, f"per_{number:020d}") for number, holder in enumerate(holders, 1)]
    for model, values in (
        (Person, [_person(person_id, now) for _, _, person_id in rows]),
        (CardStock, [_chip(number, now) for number, _, _ in rows]),
        (
            Card,
            [
                {
                    "id": holder.card_id,
                    "person_id": person_id,
                    "card_class": holder.card_class,
                    "state": CardState.ACTIVE,
                    "serial": holder.serial,
                    "chip_serial": number.to_bytes(8),
                    "key_version": 1,
                    "valid_from": since,
                    "valid_until": until,
                    "applied_at": now,
                    "changed_at": now,
                }
                for number, holder, person_id in rows
            ],
        ),
        (
            CardStateChange,
            [
                {
                    "card_id": holder.card_id,
                    "serial": holder.serial,
                    "act": "activate",
                    "state": CardState.ACTIVE,
                    "reason": "",
                    "effective_at": now,
                }
                for _, holder, _ in rows
            ],
        ),
    ):
        session.execute(insert(model), values)


def _person(person_id: str, now: datetime) -> dict[str, Any]:
    """A person whose personal data nobody will decrypt."""
    return {
        "id": person_id,
        "document_type": "cn_id",
        "document_number": b"\x00",
        "document_index": person_id.encode(),
        "name": b"\x00",
        "registered_at": now,
    }


def _chip(number: int, now: datetime) -> dict[str, Any]:
    return {
        "chip_serial": number.to_bytes(8),
        "kind": ChipKind.CARD,
        "batch": "B-1",
        "state": "personalised",
        "has_transport_key": False,
        "received_at": now,
        "changed_at": now,
    }
