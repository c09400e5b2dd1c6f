"""A kiosk, the device's side. Every cut of power and every torn card is walked against the real server in tests/api/test_kiosk.py."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hardware.card import crypto
from hardware.card.purse import InitializeForLoad, LoadInitialization
from hardware.errors import UplinkRefused, UplinkUnavailable
from hardware.terminal.kiosk import Ending, Kiosk, LoadResult
from tests.hardware.emulator.make_cards import CITY_FACTOR, KEYS
from tests.hardware.terminal.online_calls import AT, Line, line
from tests.hardware.terminal.records import TERMINAL
from tests.hardware.terminal.rides import adult_card
from tests.hardware.terminal.server import Answer

PAGE = (Path(__file__).parents[3] / "hardware" / "terminal" / "PROTOCOL.md").read_text(encoding="utf-8")
SECTION = PAGE.split("\n## Loads at kiosks\n")[1].split("\n## ")[0]
FACTOR = bytes.fromhex("3302000000000012")
AUTHORISED = {"state": "authorised", "date": "20261121", "time": "093000", "mac2": "00000000"}


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Line]:
    with line(tmp_path) as made:
        yield made


def _kiosk(hall: Line, tmp_path: Path) -> Kiosk:
    return Kiosk(hall.uplink, hall.traces, tmp_path / "loads.json")


# Source: the byte example of hardware/terminal/PROTOCOL.md, recomputed from the published test keys.
def test_published_load_is_what_cards_and_server_compute() -> None:
    """A vendor who checks the bytes of the page finds one algorithm: MAC1, MAC2, TAC and the probe."""
    lines = re.findall(r"^card ([<>]) ([0-9A-F ]+)$", SECTION, re.MULTILINE)
    asked, told, credit, tac, probe, probed = (bytes.fromhex(text) for _, text in lines[1:])
    key = crypto.diversify_chain(KEYS.masters["load"], [CITY_FACTOR, FACTOR])
    said = LoadInitialization.decode(told[:-2])
    session = crypto.load_session_key(key, said.random, said.online_seq)
    date, time = bytes.fromhex("20261121"), bytes.fromhex("093000")
    assert asked == InitializeForLoad(1, 1_000, TERMINAL).command().to_bytes()
    assert said.mac1 == crypto.load_mac1(session, 10_000, 1_000, crypto.TTI_LOAD, TERMINAL)
    assert credit[12:16] == crypto.load_mac2(session, 1_000, crypto.TTI_LOAD, TERMINAL, date, time)
    signed = crypto.load_tac_input(11_000, said.online_seq, 1_000, crypto.TTI_LOAD, TERMINAL, date, time)
    of_card = crypto.diversify_chain(KEYS.masters["tac"], [CITY_FACTOR, FACTOR])
    assert tac[:-2] == crypto.tac(crypto.fold_tac_key(of_card), signed)
    value = probe[10:16]
    again = LoadInitialization.decode(probed[:-2])
    session = crypto.load_session_key(key, again.random, again.online_seq)
    assert again.mac1 == crypto.load_mac1(session, 10_000, 1_000, crypto.TTI_LOAD, value)
    assert f'"initialized":"{told[:-2].hex().upper()}"' in SECTION
    assert f'"mac2":"{credit[12:16].hex().upper()}"' in SECTION
    assert f'"tac":"{tac[:-2].hex().upper()}"' in SECTION


def test_load_without_an_answer_stays_on_the_disk(hall: Line, tmp_path: Path) -> None:
    """Nobody knows whether money is on its way: the load waits for its card, across restarts, and no reversal is sent for it."""
    hall.server.answers = [Answer(None)]
    with pytest.raises(UplinkUnavailable):
        _kiosk(hall, tmp_path).load(adult_card(), 1_000, "due", AT)
    kept = _kiosk(hall, tmp_path).open_loads()
    assert [(entry.load_id, entry.amount_fen, entry.source, entry.tac) for entry in kept] == [
        ("330200000001.5.1", 1_000, "due", b"")
    ]
    assert hall.traces.open_names() == []
    hall.server.answers = [Answer(500, {})]
    with pytest.raises(UplinkRefused):
        _kiosk(hall, tmp_path).load(adult_card(), 1_000, "due", AT)
    hall.server.answers = [Answer(404, {"code": "unknown_load"}), Answer(200, {"outcome": "remembered"})]
    result = _kiosk(hall, tmp_path).finish(adult_card(), AT)
    assert result == LoadResult(Ending.NOT_LOADED, 1_000, "never_began")
    assert [path for path, _ in hall.sent()][-2:] == ["/terminals/loads/probes", "/terminals/online-reversals"]
    assert _kiosk(hall, tmp_path).open_loads() == []


def test_card_that_refuses_mac2_leaves_the_load_open(hall: Line, tmp_path: Path) -> None:
    """A wrong MAC2, or a state that is not `authorised`: the holder is told that it is open, never that it is done."""
    kiosk = _kiosk(hall, tmp_path)
    hall.server.answers = [Answer(200, AUTHORISED)]
    assert kiosk.load(adult_card(), 1_000, "account", AT).ending is Ending.OPEN
    ended = {
        "load_id": "330200000001.5.1",
        "state": "given_back",
        "amount_fen": 1_000,
        "online_seq": None,
        "probe": None,
    }
    hall.server.answers = [Answer(200, ended)]
    assert kiosk.load(adult_card(), 1_000, "account", AT) == LoadResult(Ending.NOT_LOADED, 1_000)
    hall.server.answers = [Answer(200, {"state": "reserved"})]
    assert kiosk.load(adult_card(), 1_000, "account", AT).ending is Ending.OPEN
    assert len(kiosk.open_loads()) == 1


def test_name_that_is_taken_takes_nothing_back(hall: Line, tmp_path: Path) -> None:
    """A kiosk that has lost count does not reverse what another event of its own has done."""
    hall.server.answers = [Answer(409, {"code": "trace_reused"})]
    kiosk = _kiosk(hall, tmp_path)
    assert kiosk.load(adult_card(), 1_000, "due", AT).reason == "trace_reused"
    assert [path for path, _ in hall.sent()] == ["/terminals/loads"]
    assert kiosk.open_loads() == []
    hall.server.answers = [Answer(404, {"code": "unknown_load"})]
    assert kiosk.finish(adult_card(), AT) is None
    assert kiosk.give_back(adult_card()) is None
    hall.server.answers = [Answer(None)]
    with pytest.raises(UplinkUnavailable):
        kiosk.balance(adult_card(), AT)
    assert hall.traces.open_names() == []


def test_proof_is_kept_until_somebody_has_judged_it(hall: Line, tmp_path: Path) -> None:
    """A TAC on the disk survives a server that cannot or will not look at it; only one that is no proof is given up for a probe."""
    kiosk = _kiosk(hall, tmp_path)
    hall.server.answers = [Answer(200, {"state": "reserved"})]
    kiosk.load(adult_card(), 1_000, "due", AT)
    path = tmp_path / "loads.json"
    path.write_text(path.read_text().replace('"tac": ""', '"tac": "11223344"'))
    for refusal in (Answer(403, {"code": "terminal_disabled"}), Answer(500, {})):
        hall.server.answers = [refusal]
        with pytest.raises(UplinkRefused):
            _kiosk(hall, tmp_path).catch_up()
    hall.server.answers = [Answer(403, {"code": "card_not_genuine"})]
    assert _kiosk(hall, tmp_path).catch_up() == 0
    assert [entry.tac for entry in _kiosk(hall, tmp_path).open_loads()] == [b""]
    path.write_text(path.read_text().replace('"tac": ""', '"tac": "11223344"'))
    hall.server.answers = [Answer(200, {"state": "proven"})]
    assert _kiosk(hall, tmp_path).catch_up() == 1
    assert _kiosk(hall, tmp_path).open_loads() == []
