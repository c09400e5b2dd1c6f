"""Payments from accounts, the terminal's side: what the card signs, and what happens when nobody answers."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from citizencard.accounts.proof import PurchaseName, purchase_challenge
from hardware.card import crypto
from hardware.card.bcd import bcd_date, bcd_time
from hardware.card.channel import send
from hardware.card.purse import select_application
from hardware.errors import CardRefused, UplinkRefused, UplinkUnavailable
from hardware.terminal.online import challenge, purchase, take_back_open
from hardware.terminal.traces import EventName
from tests.hardware.emulator.make_cards import CITY_FACTOR, KEYS, SERIAL
from tests.hardware.terminal.online_calls import AT, Line, line
from tests.hardware.terminal.records import TERMINAL
from tests.hardware.terminal.rides import adult_card, fresh
from tests.hardware.terminal.server import Answer

PAGE = Path(__file__).parents[3] / "hardware" / "terminal" / "PROTOCOL.md"
APPROVED = {"verdict": "approved", "reason": None, "is_reversed": False}


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Line]:
    with line(tmp_path) as made:
        yield made


# Source: the byte example of hardware/terminal/PROTOCOL.md.
def test_published_example_is_what_both_sides_compute() -> None:
    """A vendor who builds from the page gets what the server expects."""
    covered, wanted = re.findall(r"^(?:covered|challenge) +([0-9A-F]+)$", PAGE.read_text(), re.MULTILINE)
    assert covered == "3302000000010000000500000011000002BC20261121093000"
    assert challenge(EventName(TERMINAL, 5, 17), 700, AT).hex().upper() == wanted
    date_time = bcd_date(AT) + bcd_time(AT)
    assert purchase_challenge(PurchaseName(TERMINAL, 5, 17), 700, date_time).hex().upper() == wanted
    assert bytes.fromhex(covered) == TERMINAL + bytes.fromhex("0000000500000011000002BC") + date_time


def test_card_signs_for_exactly_this_purchase(till: Line) -> None:
    """The proof that is sent is the card's own, over this terminal, name, amount and time."""
    till.server.answers = [Answer(200, APPROVED), Answer(200, APPROVED)]
    assert purchase(till.uplink, till.traces, adult_card(), 250, AT).approved
    assert purchase(till.uplink, till.traces, adult_card(), 251, AT).approved
    key = crypto.diversify_chain(KEYS.masters["internal"], [CITY_FACTOR, SERIAL[-8:]])
    for trace, (path, body) in enumerate(till.sent(), 1):
        proof = crypto.triple_des_encrypt(key, challenge(EventName(TERMINAL, 5, trace), 249 + trace, AT))
        assert path == "/terminals/online-purchases"
        assert body == {
            "terminal_number": "330200000001", "batch": 5, "trace": trace, "card_serial": SERIAL.hex().upper(),
            "amount_fen": 249 + trace, "date": "20261121", "time": "093000", "proof": proof.hex().upper(),
        }  # fmt: skip
    assert till.traces.open_names() == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"verdict": "refused", "reason": "insufficient_funds", "is_reversed": False}, "insufficient_funds"),
        ({"verdict": "approved", "reason": None, "is_reversed": True}, "reversed"),
        ({}, "reversed"),
    ],
)
def test_nothing_is_handed_over_without_approval(till: Line, answer: dict[str, object], reason: str) -> None:
    """Whatever is not a plain approval is a refusal, and the name is done with."""
    till.server.answers = [Answer(200, answer)]
    verdict = purchase(till.uplink, till.traces, adult_card(), 250, AT)
    assert (verdict.approved, verdict.reason) == (False, reason)
    assert till.traces.open_names() == []


@pytest.mark.parametrize("first", [Answer(None), Answer(503), Answer(500, {"code": "internal_error"})])
def test_without_an_answer_the_purchase_is_taken_back(till: Line, first: Answer) -> None:
    """A customer who leaves without the goods has not paid, although the terminal never heard what became of it."""
    till.server.answers = [first, Answer(200, {"outcome": "reversed"})]
    with pytest.raises((UplinkUnavailable, UplinkRefused)):
        purchase(till.uplink, till.traces, adult_card(), 250, AT)
    (_, bought), (path, reversal) = till.sent()
    assert path == "/terminals/online-reversals"
    assert reversal == {name: bought[name] for name in ("terminal_number", "batch", "trace")}
    assert till.traces.open_names() == []


def test_what_nobody_answered_stays_open_until_it_is(till: Line) -> None:
    """With the line down for good, the reversal waits for the next shift; it is never forgotten."""
    till.server.answers = [Answer(None), Answer(None)]
    with pytest.raises(UplinkUnavailable):
        purchase(till.uplink, till.traces, adult_card(), 250, AT)
    assert len(till.traces.open_names()) == 1
    till.server.answers = [Answer(200, {"outcome": "remembered"})]
    assert take_back_open(till.uplink, till.traces) == 1
    assert till.traces.open_names() == []
    assert take_back_open(till.uplink, till.traces) == 0


def test_refused_request_needs_no_reversal(till: Line) -> None:
    """What the server would not even look at cannot have moved money."""
    till.server.answers = [Answer(403, {"code": "number_of_another_terminal"})]
    with pytest.raises(UplinkRefused):
        purchase(till.uplink, till.traces, adult_card(), 250, AT)
    assert len(till.sent()) == 1
    assert till.traces.open_names() == []


def test_card_without_the_purse_sends_nothing(till: Line) -> None:
    """A foreign card costs nobody a request."""
    with pytest.raises(CardRefused):
        purchase(till.uplink, till.traces, fresh("psam"), 250, AT)
    assert till.sent() == []
    with pytest.raises(CardRefused):
        send(fresh("psam"), select_application(b"12345"))
