"""What a terminal and the server say to each other around a shift."""

from datetime import UTC, datetime

import pytest

from hardware.errors import UplinkUnavailable
from hardware.terminal.shifts import Condition, Gap, Orders, ShiftTotals, SignIn, SignOut, Upcoming, Versions, instant

NUMBER = "330200000001"
SIGN_IN = {
    "batch": 4,
    "parameter_version": 3,
    "upcoming": [{"version": 4, "effective_from": "2026-11-22T00:00:00+08:00"}],
    "hotlist_version": 12,
    "issuer_version": 1,
    "gaps": [{"terminal_number": NUMBER, "first": 18, "last": 20}],
    "server_time": "2026-11-21T00:30:00Z",
}
BEAT = {**SIGN_IN, "fetch": ["hotlist"], "upload_now": True, "rotate_key": False, "heartbeat_every_s": 300}
SIGN_OUT = {"agrees": False, "records": 40, "amount_fen": 7_200, "missing": [{"first": 23, "last": 23}]}


def test_answers_are_read() -> None:
    """The device learns what is in force, what will be, what is missing, and what it is to do."""
    signed_in, orders, out = SignIn.parse(SIGN_IN), Orders.parse(BEAT), SignOut.parse(SIGN_OUT)
    assert signed_in.versions == orders.versions == Versions(3, 12, 1)
    assert signed_in.upcoming == orders.upcoming == (Upcoming(4, datetime(2026, 11, 21, 16, tzinfo=UTC)),)
    assert signed_in.gaps == orders.gaps == (Gap(bytes.fromhex(NUMBER), 18, 20),)
    assert (orders.fetch, orders.upload_now, orders.rotate_key) == (("hotlist",), True, False)
    assert (out.agrees, out.records, out.amount_fen, out.missing) == (False, 40, 7_200, ((23, 23),))


@pytest.mark.parametrize(
    ("kind", "document"),
    [
        (SignIn, {**SIGN_IN, "batch": "4"}),
        (SignIn, {**SIGN_IN, "server_time": "2026-11-21T00:30:00"}),
        (SignIn, {**SIGN_IN, "gaps": [{"terminal_number": "x", "first": 1, "last": 2}]}),
        (SignIn, {**SIGN_IN, "upcoming": {}}),
        (Orders, {**BEAT, "fetch": ["everything"]}),
        (Orders, {**BEAT, "issuer_version": -1}),
        (SignOut, {**SIGN_OUT, "agrees": 1}),
        (SignOut, {**SIGN_OUT, "missing": [7]}),
    ],
)
def test_answer_of_somebody_else_is_no_answer(
    kind: type[SignIn] | type[Orders] | type[SignOut], document: dict[str, object]
) -> None:
    """A proxy that answers for the server changes nothing on the device."""
    with pytest.raises(UplinkUnavailable, match="cannot be read"):
        kind.parse(document)


def test_what_is_sent_is_what_the_page_says() -> None:
    """Names and forms as published."""
    assert Gap(bytes.fromhex(NUMBER), 1, 2).as_json() == {"terminal_number": NUMBER, "first": 1, "last": 2}
    at = datetime(2026, 11, 21, tzinfo=UTC)
    said = Condition(1, at, at, 5).as_json()
    assert instant(said["oldest_waiting_at"]) == instant(said["device_time"]) == at
    assert Condition(0, None, at, 5).as_json()["oldest_waiting_at"] is None
    totals = ShiftTotals(5, 17, 58, 41, 7_380).as_json()
    assert totals == {"batch": 5, "first_sequence": 17, "last_sequence": 58, "records": 41, "amount_fen": 7_380}
