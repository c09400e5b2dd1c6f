"""The gates of a lot, the terminal's side: when the bar rises, and when it does not."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from hardware.errors import UplinkRefused, UplinkUnavailable
from hardware.terminal.online import challenge
from hardware.terminal.parking import EntryGate, ExitGate
from hardware.terminal.traces import EventName
from tests.hardware.emulator.make_cards import SERIAL
from tests.hardware.terminal.online_calls import AT, Line, line
from tests.hardware.terminal.records import TERMINAL
from tests.hardware.terminal.rides import adult_card
from tests.hardware.terminal.server import Answer

STAY = "prk_7h2k9mwp4r8t3v6x1y5z"
QUOTE = {"stay_id": STAY, "amount_fen": 700}
PAID = {"verdict": "approved", "reason": None, "is_reversed": False, "stay_id": STAY, "amount_fen": 700}


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Line]:
    with line(tmp_path) as made:
        yield made


def test_welcome(gate: Line) -> None:
    """A car with a good card comes in."""
    gate.server.answers = [Answer(200, {"outcome": "entered", "stay_id": STAY, "entered_at": "2026-11-21T01:30:00Z"})]
    passage = EntryGate(gate.uplink, gate.traces).enter(adult_card(), AT)
    assert (passage.is_open, passage.stay_id) == (True, STAY)
    ((path, body),) = gate.sent()
    assert path == "/terminals/parking/entries"
    assert body == {
        "terminal_number": "330200000001", "batch": 5, "trace": 1, "card_serial": SERIAL.hex().upper(),
        "date": "20261121", "time": "093000",
    }  # fmt: skip


@pytest.mark.parametrize(("before", "is_open"), [(0, True), (10, True), (11, False)])
def test_card_that_is_inside_already(gate: Line, before: int, is_open: bool) -> None:
    """A car whose answer was lost is let in; a card that is inside for longer makes the gate call somebody."""
    entered_at = (AT - timedelta(minutes=before)).isoformat()
    gate.server.answers = [Answer(200, {"outcome": "entry_repeated", "stay_id": STAY, "entered_at": entered_at})]
    passage = EntryGate(gate.uplink, gate.traces).enter(adult_card(), AT)
    assert passage.is_open is is_open
    assert is_open or "11-21 09:19" in passage.text


def test_who_cannot_pay_does_not_come_in(gate: Line) -> None:
    """The driver reads why, in front of the bar and not behind it."""
    gate.server.answers = [Answer(200, {"outcome": "refused", "reason": "no_account", "stay_id": None})]
    passage = EntryGate(gate.uplink, gate.traces).enter(adult_card(), AT)
    assert not passage.is_open
    assert "no_account" in passage.text


def test_entry_without_an_answer_leaves_nothing_open(gate: Line) -> None:
    """The bar stays down, and the next try has its own name."""
    gate.server.answers = [Answer(None), Answer(200, {"outcome": "entered", "stay_id": STAY})]
    with pytest.raises(UplinkUnavailable):
        EntryGate(gate.uplink, gate.traces).enter(adult_card(), AT)
    EntryGate(gate.uplink, gate.traces).enter(adult_card(), AT)
    assert [body["trace"] for _, body in gate.sent()] == [1, 2]
    assert gate.traces.open_names() == []


@pytest.mark.parametrize("entered_at", [None, "soon", "2026-11-21T09:30:00"])
def test_answer_that_makes_no_sense_opens_nothing(gate: Line, entered_at: object) -> None:
    """A gate trusts what it understands."""
    gate.server.answers = [Answer(200, {"outcome": "entry_repeated", "stay_id": STAY, "entered_at": entered_at})]
    with pytest.raises(UplinkUnavailable):
        EntryGate(gate.uplink, gate.traces).enter(adult_card(), AT)


@pytest.mark.parametrize("amount_fen", [0, 700])
def test_card_signs_for_what_was_quoted(gate: Line, amount_fen: int) -> None:
    """The driver pays what the gate has shown, at the second at which it was shown; a free stay is signed for too."""
    gate.server.answers = [
        Answer(200, QUOTE | {"amount_fen": amount_fen}),
        Answer(200, PAID | {"amount_fen": amount_fen}),
    ]
    card = adult_card()
    passage = ExitGate(gate.uplink, gate.traces).leave(card, AT)
    assert (passage.is_open, passage.amount_fen, passage.stay_id) == (True, amount_fen, STAY)
    (_, quote), (path, body) = gate.sent()
    assert path == "/terminals/parking/exits"
    assert {name: body[name] for name in quote} == quote
    signed = challenge(EventName(TERMINAL, 5, 1), amount_fen, AT)
    assert body["amount_fen"] == amount_fen
    assert len(body["proof"]) == 16
    assert signed != challenge(EventName(TERMINAL, 5, 1), amount_fen + 1, AT)


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([Answer(404, {"code": "no_open_stay"})], "did not come in"),
        ([Answer(200, QUOTE), Answer(409, {"code": "amount_differs"})], "present again"),
        (
            [Answer(200, QUOTE), Answer(200, PAID | {"verdict": "refused", "reason": "insufficient_funds"})],
            "¥7.00 not paid: insufficient_funds",
        ),
    ],
)
def test_bar_stays_down_and_says_why(gate: Line, answers: list[Answer], words: str) -> None:
    """A driver who cannot leave is told the reason, and nothing is left open."""
    gate.server.answers = list(answers)
    passage = ExitGate(gate.uplink, gate.traces).leave(adult_card(), AT)
    assert not passage.is_open
    assert words in passage.text
    assert gate.traces.open_names() == []


def test_exit_without_an_answer_is_taken_back(gate: Line) -> None:
    """The bar stays down and the driver has not paid."""
    gate.server.answers = [Answer(200, QUOTE), Answer(None), Answer(200, {"outcome": "reversed"})]
    with pytest.raises(UplinkUnavailable):
        ExitGate(gate.uplink, gate.traces).leave(adult_card(), AT)
    assert [path for path, _ in gate.sent()][-1] == "/terminals/online-reversals"
    assert gate.traces.open_names() == []


@pytest.mark.parametrize(
    ("answer", "error"),
    [(Answer(403, {"code": "not_a_gate"}), UplinkRefused), (Answer(200, {"amount_fen": -1}), UplinkUnavailable)],
)
def test_gate_that_is_not_set_up_is_out_of_service(gate: Line, answer: Answer, error: type[Exception]) -> None:
    """A gate at the wrong place takes no money."""
    gate.server.answers = [answer]
    with pytest.raises(error):
        ExitGate(gate.uplink, gate.traces).leave(adult_card(), AT)
