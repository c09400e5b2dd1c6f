"""What a thief of the database, of its dump or of the server's log reads in clear about anybody: nothing."""

import base64
import itertools
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from citizencard.cards import classes
from citizencard.cards.models import Card, CardState
from citizencard.db import Sessions, make_engine, make_sessions, reading, transaction
from citizencard.idempotency.models import IdempotencyKey
from citizencard.keys.hsm import KeyRole
from citizencard.keys.vault import SoftwareVault
from citizencard.people.models import Person
from citizencard.people.registry import unsealed
from citizencard.staff.models import Outlet
from demo.city import City, running
from demo.day import Day
from demo.folder import Folder
from demo.founding import Founding
from demo.residents import residents_of_day
from demo.telling import Story
from hardware.card.profile import KEY_VERSION
from tests.citizencard.keys.make_vault import random_vault
from tests.conftest import DRILL_SIZE
from tests.drills.canaries import Canary, Scanner, as_superuser
from tests.journeys.world import World
from tests.postgres import free_port

CARD_KEYS = (KeyRole.LOAD, KeyRole.PURCHASE, KeyRole.TAC, KeyRole.INTERNAL, KeyRole.APPLICATION_CONTROL)
SECRET_NAMES = ("password", "secret", "token", "pin")
MEANT_TO_BE_SHOWN = ("receipt", "verify")
KINDS = {
    "ID number",
    "name",
    "phone",
    "vault key",
    "card key",
    "passphrase",
    "session token",
    "password",
    "totp_secret",
}
PIN = "739264018257"
"""As long as a chip takes: six bytes do not turn up by chance."""


def test_nothing_of_a_demo_city_can_be_read_in_clear(
    database: str,
    clone_database: Callable[[str], str],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """After a day with people, cards, money and staff: no number, name, phone, key, password, secret or token in database or log."""
    home = Folder.for_database(clone_database(database) if database == "postgresql" else None, tmp_path)
    port = free_port()
    with running(home, port) as city:
        Founding(city, Story(StringIO())).found()
        assert Day(city, Story(StringIO())).play().proved
    canaries = list(canaries_of(city))
    assert {canary.kind for canary in canaries} >= KINDS
    scanner = Scanner(canaries)
    log = (home.path / "server.log").read_bytes()
    assert log
    found = scanner.scan_database(home.database_url) + scanner.scan("the server's log", log)
    record_property(
        DRILL_SIZE,
        f"{len(canaries)} secrets in {scanner.sought} spellings, {scanner.scanned_bytes} bytes; {len(found)} hits",
    )
    assert found == []
    assert_a_planted_one_is_found(scanner, home.database_url, canaries)


def assert_a_planted_one_is_found(scanner: Scanner, url: str, canaries: list[Canary]) -> None:
    """The same scan of the same database, with one number in one column, finds it in the column and in file or dump."""
    number = next(canary.secret for canary in canaries if canary.kind == "ID number")
    engine = make_engine(as_superuser(url))
    with engine.begin() as connection:
        connection.execute(text("UPDATE outlet SET name = :number"), {"number": number})
    engine.dispose()
    places = {what.partition(":")[0] for what in scanner.scan_database(url)}
    assert "outlet" in places
    assert len(places) >= 2


def canaries_of(city: City) -> Iterator[Canary]:
    """Everything that the demo knows and nobody else should."""
    for resident in residents_of_day(1):
        yield Canary("ID number", resident.document_number, guessable=True)
        yield Canary("name", resident.name)
        yield Canary("phone", resident.phone, guessable=True)
    for desk in city.desks.values():
        yield Canary("session token", str(desk._http.headers["Authorization"]).removeprefix("Bearer "))
    yield from secrets_in(city.state)
    for path in sorted(city.folder.path.glob("*")):
        if path.is_file() and any(word in path.name for word in ("passphrase", "secret")):
            yield from (Canary("passphrase", line) for line in path.read_text().split())
    passphrase = (city.folder.path / "vault.passphrase").read_text()
    vault = SoftwareVault.open(city.folder.path / "vault.json", passphrase, "test")
    engine = make_engine(city.folder.database_url)
    yield from keys_of(vault, make_sessions(engine))
    engine.dispose()


def secrets_in(state: Any, name: str = "") -> Iterator[Canary]:
    """Values in the demo's memory whose names say that they are secret."""
    if isinstance(state, dict):
        for key, value in state.items():
            yield from secrets_in(value, str(key))
    elif isinstance(state, list):
        for value in state:
            yield from secrets_in(value, name)
    elif (
        isinstance(state, str)
        and len(state) >= 8
        and any(word in name for word in SECRET_NAMES)
        and not any(word in name for word in MEANT_TO_BE_SHOWN)
    ):
        yield Canary(name, state)


def keys_of(vault: SoftwareVault, sessions: Sessions) -> Iterator[Canary]:
    """The roots, those diversified for the city, their halves, and the keys of every card that was made."""
    ring = vault._ring
    for key in itertools.chain(ring._roots.values(), ring._upper.values(), [ring._kek]):
        raw = key.reveal()
        yield from (Canary("vault key", piece) for piece in (raw, raw[:8], raw[8:16]))
    with reading(sessions) as session:
        cards = session.scalars(select(Card).where(Card.state == CardState.ACTIVE)).all()
    for card, role in itertools.product(cards, CARD_KEYS):
        assert card.serial is not None
        yield Canary("card key", vault._card_key(role, card.serial, KEY_VERSION, 0))


def test_pin_keys_and_people_of_a_journey_leave_no_trace(
    database: str, committed: Sessions, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A card is made with a PIN that we know, loaded and used: the PIN stands nowhere, packed or as text, nor do its holder's data."""
    for code, one in list(classes.CLASSES.items()):
        monkeypatch.setitem(classes.CLASSES, code, replace(one, initial_pin=PIN))
    vault = random_vault(tmp_path)
    world = World.found(committed, vault, tmp_path, now)
    rider = world.resident(loaded_fen=10_000)
    assert world.tap(world.bus1, rider).is_green
    assert world.upload(world.bus1)[0].verdict == "accepted"
    world.close()
    with reading(committed) as session:
        people = [unsealed(vault, person) for person in session.scalars(select(Person))]
    canaries = [Canary("PIN", PIN, guessable=True)]
    for person in people:
        canaries += [Canary("ID number", person.document_number, guessable=True), Canary("name", person.name)]
    scanner = Scanner([*canaries, *keys_of(vault, committed)])
    rider.chip.image.save(tmp_path / "chip.json")
    assert PIN in (tmp_path / "chip.json").read_text(), "the PIN that we look for is the one on the chip"
    url = committed.kw["bind"].url.render_as_string(hide_password=False)
    assert database in url
    assert scanner.scan_database(url) == []


CANARIES = (
    Canary("ID number", "33020319900101003X", guessable=True),
    Canary("name", "张示例"),
    Canary("phone", "13000000103", guessable=True),
    Canary("PIN", PIN, guessable=True),
    Canary("key", bytes(range(0x40, 0x50))),
    Canary("password", "correct horse battery"),
    Canary("TOTP secret", "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"),
    Canary("session token", "dGhpcyBpcyBhIHNlc3Npb24gdG9rZW4_-"),
)


@pytest.mark.parametrize("canary", CANARIES, ids=lambda one: one.kind)
def test_scanner_finds_each_spelling(canary: Canary) -> None:
    """The proof is worth what the search is worth: each form of each secret is found amid random bytes, and in clean ones nothing."""
    scanner = Scanner(CANARIES)
    assert scanner.scan("noise", os.urandom(200_000)) == []
    spellings = canary.spellings()
    assert {"UTF-8", "UTF-16 LE", "UTF-8, hex", "UTF-8, base64 0"} <= spellings.keys() or "bytes, hex" in spellings
    for name, piece in spellings.items():
        found = scanner.scan("noise", os.urandom(1_000) + piece + os.urandom(1_000))
        assert f"noise: {canary.kind} ({name})" in found


def test_scanner_sees_through_wrapping() -> None:
    """Base64 of a longer text, a packed number behind half a byte, a name in a JSON answer: found all the same."""
    scanner = Scanner(CANARIES)
    for before in range(6):
        wrapped = base64.b64encode(b"x" * before + "name=张示例;".encode())
        assert scanner.scan("answer", wrapped), before
    assert scanner.scan("record", bytes.fromhex("F13000000103")) == ["record: phone (BCD 1)"]
    assert scanner.scan("answer", json.dumps({"name": "张示例"}).encode()) == ["answer: name (JSON)"]


def test_scanner_reads_every_table_of_both_databases(committed: Sessions, now: datetime) -> None:
    """A secret in a structured column is found in its table, and in the file or the dump."""
    url = committed.kw["bind"].url.render_as_string(hide_password=False)
    with transaction(committed) as session:
        session.add(Outlet(id="out_1", name="张示例", opened_at=now))
        session.add(
            IdempotencyKey(
                scope="s",
                key="k",
                request_hash=bytes.fromhex("13000000103F"),
                status=200,
                answer={"body": "张示例"},
                created_at=now,
            )
        )
    found = Scanner(CANARIES).scan_database(url)
    assert {"outlet: name (UTF-8)", "idempotency_key: name (JSON)", "idempotency_key: phone (BCD 0)"} <= set(found)
    assert len({what.partition(":")[0] for what in found}) >= 3
