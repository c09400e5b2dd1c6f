"""A fuel pump: hold an amount, pump, settle what was pumped, give back the rest.

What was held is in the journal before the nozzle opens, and what was pumped before the server is told: after a cut of power the pump
settles what it has pumped, and gives back what it has not. The requests are in PROTOCOL.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from hardware.card.bcd import bcd_date, bcd_time
from hardware.card.channel import CardChannel
from hardware.errors import UplinkRefused
from hardware.terminal.errors import DeviceInvalid
from hardware.terminal.journal import Journal
from hardware.terminal.online import Bill, Verdict, ask_to_pay, read_serial
from hardware.terminal.traces import EventName, Traces
from hardware.terminal.uplink import Uplink

HOLDS: Final = "/terminals/holds"
SETTLEMENTS: Final = "/terminals/hold-settlements"
RELEASES: Final = "/terminals/hold-releases"
HOPELESS: Final = frozenset(
    {
        "hold_amount_exceeded",
        "hold_is_over",
        "hold_not_known",
        "number_of_another_terminal",
        "purchase_invalid",
        "settlement_reused",
        "shape_invalid",
    }
)
"""Refusals that stay what they are, however often one asks; any other is tried again later."""
ONLY_PART: Final = 1
"""A pump settles a hold in one part."""


@dataclass(frozen=True, slots=True)
class OpenHold:
    """A hold that has not come to its end.

    Args:
        name: of the event.
        held_fen: how much is reserved.
        pumped_fen: what was delivered; None while the nozzle is open.
        date, time: when, 4 and 3 bytes BCD, Beijing; empty while the nozzle is open.
        trouble: the server's slug when it has refused to settle: somebody must be called; empty otherwise.
    """

    name: EventName
    held_fen: int
    pumped_fen: int | None = None
    date: bytes = b""
    time: bytes = b""
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of a hold.

    Args:
        is_paid: the station has the money.
        amount_fen: how much; 0 when nothing was pumped.
        reason: the server's slug when it is not paid, empty otherwise.
    """

    is_paid: bool
    amount_fen: int
    reason: str = ""


class FuelPump:
    """A pump that is paid from on-line accounts.

    Args:
        uplink: its line to the server.
        traces: its names.
        path: file of its open holds.

    Raises:
        DeviceInvalid: the file cannot be used.
    """

    def __init__(self, uplink: Uplink, traces: Traces, path: Path) -> None:
        self._uplink, self._traces, self._path = uplink, traces, path
        self._journal = Journal(path, lambda entry: _read(entry, traces.terminal), _written)

    def open_holds(self) -> list[OpenHold]:
        """What is held, oldest first."""
        return self._journal.entries()

    def begin(self, card: CardChannel, held_fen: int, at: datetime) -> Verdict:
        """Hold an amount; approved, the nozzle may open. Without an answer the hold is taken back, now or at the next sign-in.

        Raises:
            CardRefused, MalformedCardData, CardRemoved: the card gave no proof; nothing was sent.
            UplinkRefused, UplinkUnavailable: see `online.purchase`.
        """

        def keep(name: EventName) -> None:
            self._journal.add(OpenHold(name, held_fen))

        return ask_to_pay(self._uplink, self._traces, Bill(HOLDS, card, read_serial(card), held_fen, at), keep)

    def end(self, name: EventName, pumped_fen: int, at: datetime) -> Settled:
        """The nozzle hangs again: settle what was pumped, or give everything back when that is nothing.

        Raises:
            DeviceInvalid: there is no such open hold, or more was pumped than was held.
            UplinkUnavailable, UplinkRefused: no answer, or none that settles anything now; it is settled by a later `catch_up`.
        """
        entry = next((entry for entry in self._journal.entries() if entry.name == name), None)
        if entry is None or not 0 <= pumped_fen <= entry.held_fen or entry.pumped_fen not in {None, pumped_fen}:
            raise DeviceInvalid(self._path, "no such open hold, or more than was held")
        if entry.pumped_fen is None:
            ended = replace(entry, pumped_fen=pumped_fen, date=bcd_date(at), time=bcd_time(at))
            self._journal.replace(entry, ended)
            entry = ended
        return self._settle(entry)

    def catch_up(self) -> int:
        """After a restart: settle what was pumped, give back what was not; returns how many came to an end. What is in trouble stays.

        Raises:
            UplinkUnavailable, UplinkRefused: the rest stays open.
        """
        ended = 0
        for entry in self._journal.entries():
            if not entry.trouble:
                self._settle(entry)
                ended += 1
        return ended

    def _settle(self, entry: OpenHold) -> Settled:
        if not entry.pumped_fen:
            self._post(entry, RELEASES, entry.name.as_json())
            return Settled(is_paid=False, amount_fen=0)
        request: dict[str, object] = {
            **entry.name.as_json(),
            "n": ONLY_PART,
            "amount_fen": entry.pumped_fen,
            "date": entry.date.hex().upper(),
            "time": entry.time.hex().upper(),
            "final": True,
        }
        answer = self._post(entry, SETTLEMENTS, request)
        is_paid = answer.get("verdict") == "approved"
        return Settled(is_paid, entry.pumped_fen, "" if is_paid else str(answer.get("reason")))

    def _post(self, entry: OpenHold, path: str, request: dict[str, object]) -> dict[str, object]:
        try:
            answer = self._uplink.post(path, request)
        except UplinkRefused as refusal:
            if refusal.problem in HOPELESS:
                self._journal.replace(entry, replace(entry, trouble=refusal.problem))
                return {"verdict": "refused", "reason": refusal.problem}
            raise
        self._journal.remove(entry)
        return answer


def _written(entry: OpenHold) -> dict[str, object]:
    return {
        "batch": entry.name.batch,
        "trace": entry.name.trace,
        "held_fen": entry.held_fen,
        "pumped_fen": entry.pumped_fen,
        "date": entry.date.hex(),
        "time": entry.time.hex(),
        "trouble": entry.trouble,
    }


def _read(entry: Mapping[str, object], terminal: bytes) -> OpenHold:
    pumped = entry["pumped_fen"]
    return OpenHold(
        name=EventName(terminal, int(str(entry["batch"])), int(str(entry["trace"]))),
        held_fen=int(str(entry["held_fen"])),
        pumped_fen=None if pumped is None else int(str(pumped)),
        date=bytes.fromhex(str(entry["date"])),
        time=bytes.fromhex(str(entry["time"])),
        trouble=str(entry["trouble"]),
    )
