"""The terminals' bench uploads what validators upload, and counts what was booked."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from bench.terminals.city import Device, make_city
from bench.terminals.sending import headers
from bench.terminals.serving import image_command
from bench.terminals.taps import Taps
from citizencard.db import make_engine, make_sessions, reading
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.uploads.flow import take_batch
from tests.citizencard.keys.make_vault import PASSPHRASE


def test_every_tap_of_the_bench_is_genuine_and_costs_two_transfers(
    clone_database: Callable[[str], str], tmp_path: Path
) -> None:
    """A record that is refused, free or without a subsidy would make the bench look fast: there are none, and no two are the same tap."""
    address, now = clone_database("postgresql"), datetime.now(UTC)
    city = make_city(address, tmp_path, now, validators=3, cards=50)
    vault = SoftwareVault.open(tmp_path / "regression.vault", PASSPHRASE, "test")
    sessions = make_sessions(make_engine(address))
    taps = Taps(city, now)
    for device, raw in [*taps.files(70, 20), *taps.files(30, 20)]:
        receipt = take_batch(sessions, vault, device.terminal_id, raw, now)
        assert receipt.counts()["accepted"] == len(receipt.verdicts) == int.from_bytes(raw[32:36])
        assert all(verdict.findings == () for verdict in receipt.verdicts)
    with reading(sessions) as session:
        booked = session.execute(text("SELECT kind, count(*) FROM ledger_transfer GROUP BY kind")).all()
        prices = set(session.execute(text("SELECT DISTINCT amount_fen FROM tap_record")).scalars())
    sessions.kw["bind"].dispose()
    assert dict(booked) == {"purchase": 100, "subsidy": 100}
    assert prices == {80, 100, 180}


def test_requests_are_signed_by_the_device_that_carries_the_file() -> None:
    """The signature covers what the protocol says, and no nonce comes twice."""
    device = Device("term_1", bytes.fromhex("330200000001"), bytes(10), 1, bytes(31) + b"\x01")
    first, second = headers(device, b"body"), headers(device, b"body")
    assert 'keyid="330200000001"' in first["Signature-Input"]
    assert first["Content-Digest"] == second["Content-Digest"]
    assert first["Signature-Input"] != second["Signature-Input"]


def test_the_server_is_started_as_in_its_image() -> None:
    """What is measured is what a city runs, but for the port."""
    command = image_command({"--port": "1", "--workers": "3"})
    assert command[command.index("--port") + 1 :][:1] == ["1"]
    assert command[command.index("--workers") + 1] == "3"
    assert command[-1].startswith("api.")
