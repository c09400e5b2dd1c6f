"""The two gates of a parking lot: what a driver sees and whether the bar rises. All prices are the server's."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hardware.card.bcd import BEIJING
from hardware.card.channel import CardChannel
from hardware.errors import UplinkRefused, UplinkUnavailable
from hardware.terminal.online import Bill, ask_to_pay, card_at, read_serial
from hardware.terminal.traces import Traces
from hardware.terminal.uplink import Uplink

ENTRIES: Final = "/terminals/parking/entries"
QUOTES: Final = "/terminals/parking/quotes"
EXITS: Final = "/terminals/parking/exits"
SAME_CAR: Final = timedelta(minutes=10)
"""So soon after its entry a card that is inside already is the car still waiting at the bar, whose answer was lost."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What became of a car at a gate.

    Args:
        is_open: the bar rises.
        amount_fen: what was paid; None at the entry and when nothing was decided.
        stay_id: the stay; empty when there is none.
        text: one sentence for the display.
    """

    is_open: bool
    amount_fen: int | None
    stay_id: str
    text: str


class EntryGate:
    """The bar at the way in.

    Args:
        uplink: its line to the server.
        traces: its names.
    """

    def __init__(self, uplink: Uplink, traces: Traces) -> None:
        self._uplink = uplink
        self._traces = traces

    def enter(self, card: CardChannel, at: datetime) -> Passage:
        """Let a car in.

        Raises:
            CardRefused, MalformedCardData, CardRemoved: the card cannot be read.
            UplinkUnavailable: no answer; presented again, the card is known to be this car.
            UplinkRefused: the gate is not set up.
        """
        serial = read_serial(card)
        name = self._traces.take()
        try:
            answer = self._uplink.post(ENTRIES, {**name.as_json(), **card_at(serial, at)})
        finally:
            # Nothing is paid at an entry, so there is nothing to take back; a stay that did begin answers the next try.
            self._traces.close(name)
        stay_id, outcome = str(answer.get("stay_id") or ""), answer.get("outcome")
        if outcome == "entered":
            return Passage(is_open=True, amount_fen=None, stay_id=stay_id, text="welcome")
        if outcome == "entry_repeated":
            since = _instant(answer.get("entered_at"))
            if abs(at - since) <= SAME_CAR:
                return Passage(is_open=True, amount_fen=None, stay_id=stay_id, text="welcome")
            text = f"this card is inside since {since.astimezone(BEIJING):%m-%d %H:%M}; please call"
            return Passage(is_open=False, amount_fen=None, stay_id=stay_id, text=text)
        return Passage(is_open=False, amount_fen=None, stay_id="", text=f"not admitted: {answer.get('reason')}")


class ExitGate:
    """The bar at the way out.

    Args:
        uplink: its line to the server.
        traces: its names.
    """

    def __init__(self, uplink: Uplink, traces: Traces) -> None:
        self._uplink = uplink
        self._traces = traces

    def quote(self, serial: bytes, at: datetime) -> dict[str, object]:
        """What the stay costs if it ends at this second, with the reason; as the server answers.

        Raises:
            UplinkRefused: `no_open_stay`, or the gate is not set up.
            UplinkUnavailable: no answer.
        """
        return self._uplink.post(QUOTES, card_at(serial, at))

    def leave(self, card: CardChannel, at: datetime) -> Passage:
        """Show what the stay costs, let the card sign for it, and open when it is paid.

        Raises:
            CardRefused, MalformedCardData, CardRemoved: the card gave no proof; nothing was paid.
            UplinkUnavailable: no answer; what was asked for is, or will be, taken back, and the stay goes on.
            UplinkRefused: the gate is not set up.
        """
        serial = read_serial(card)
        try:
            quoted = self.quote(serial, at)
            amount_fen = _whole(quoted.get("amount_fen"))
            verdict = ask_to_pay(self._uplink, self._traces, Bill(EXITS, card, serial, amount_fen, at))
        except UplinkRefused as refused:
            if refused.problem not in ("no_open_stay", "amount_differs"):
                raise
            text = "this card did not come in here" if refused.problem == "no_open_stay" else "please present again"
            return Passage(is_open=False, amount_fen=None, stay_id="", text=text)
        stay_id = str(quoted.get("stay_id") or "")
        if not verdict.approved:
            text = f"¥{amount_fen // 100}.{amount_fen % 100:02d} not paid: {verdict.reason}"
            return Passage(is_open=False, amount_fen=None, stay_id=stay_id, text=text)
        text = f"thank you: ¥{amount_fen // 100}.{amount_fen % 100:02d}"
        return Passage(is_open=True, amount_fen=amount_fen, stay_id=stay_id, text=text)


def _whole(value: object) -> int:
    if type(value) is not int or value < 0:
        raise UplinkUnavailable("the quote has no amount")
    return value


def _instant(value: object) -> datetime:
    try:
        instant = datetime.fromisoformat(str(value))
    except ValueError:
        raise UplinkUnavailable("the answer has no time") from None
    if instant.tzinfo is None:
        raise UplinkUnavailable("the answer has no time")
    return instant
