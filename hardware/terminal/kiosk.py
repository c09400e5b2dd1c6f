"""A kiosk: tells a card's holder the balance, and puts money on the chip (圈存) from what waits for it (补登) or from the account.

A load is in the journal before anything is sent, and its TAC before the server is told. Whatever broke, the card's next contact ends it:
the stored TAC, else a probe. The kiosk's word ends nothing. The requests are in PROTOCOL.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from hardware.card.channel import CardChannel, send
from hardware.card.crypto import TTI_LOAD
from hardware.card.profile import KEY_INDEX, PURSE_AID
from hardware.card.purse import CreditForLoad, GetTransactionProve, InitializeForLoad, select_application
from hardware.errors import CardRefused, HardwareError, UplinkRefused
from hardware.terminal.journal import Journal
from hardware.terminal.online import REVERSALS, SERVER_FAULT, card_at, challenge, prove, read_serial
from hardware.terminal.traces import EventName, Traces
from hardware.terminal.uplink import Uplink

BALANCES: Final = "/terminals/balances"
LOADS: Final = "/terminals/loads"
PROBES: Final = "/terminals/loads/probes"
PROOFS: Final = "/terminals/loads/proofs"
GIVE_BACKS: Final = "/terminals/loads/give-backs"
AUTHORISED, PROVEN, DISPROVEN = "authorised", "proven", "disproven"
DUE, ACCOUNT = "due", "account"
OTHER_OPEN: Final = "load_already_open"
NOT_GENUINE: Final = "card_not_genuine"
NAME_TAKEN: Final = "trace_reused"
NEVER_BEGAN: Final = "never_began"
NOTHING_FEN: Final = 0


class Ending(StrEnum):
    """How a load stands for the resident: on the chip, not on it, or not known until the card comes back."""

    LOADED = "loaded"
    NOT_LOADED = "not_loaded"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What the display says.

    Args:
        ending: how the load stands.
        amount_fen: how much it is about.
        reason: the server's slug when it was refused, empty otherwise.
    """

    ending: Ending
    amount_fen: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OpenLoad:
    """A load that has not come to its end.

    Args:
        load_id: the server's name for it.
        name: of the event; None for a load that was begun elsewhere.
        serial: the card's application serial, 10 bytes.
        amount_fen: how much.
        source: `due` or `account`; empty for a load that was begun elsewhere.
        tac: the card's proof that it was credited, 4 bytes; empty while there is none.
    """

    load_id: str
    name: EventName | None
    serial: bytes
    amount_fen: int
    source: str
    tac: bytes = b""


class Kiosk:
    """The on-line side of a kiosk.

    Args:
        uplink: its line to the server.
        traces: its names.
        path: file of its open loads.

    Raises:
        DeviceInvalid: the file cannot be used.
    """

    def __init__(self, uplink: Uplink, traces: Traces, path: Path) -> None:
        self._uplink, self._traces = uplink, traces
        self._journal = Journal(path, lambda entry: _read(entry, traces.terminal), _written)

    def open_loads(self) -> list[OpenLoad]:
        """What is open, oldest first."""
        return self._journal.entries()

    def balance(self, card: CardChannel, at: datetime) -> dict[str, object]:
        """What the server tells the holder: `verdict`, `reason`, `balance_fen`, `due_fen`.

        Raises:
            CardRefused, MalformedCardData, CardRemoved: the card gave no proof; nothing was sent.
            UplinkRefused, UplinkUnavailable: no answer.
        """
        serial = read_serial(card)
        name = self._traces.take()
        try:
            proof = prove(card, challenge(name, NOTHING_FEN, at))
            return self._uplink.post(BALANCES, {**name.as_json(), **card_at(serial, at), "proof": proof.hex().upper()})
        finally:
            # An enquiry moves nothing, so nothing of it has to be taken back.
            self._traces.close(name)

    def load(self, card: CardChannel, amount_fen: int, source: str, at: datetime) -> LoadResult:
        """Put money on the chip. An open load of this card is brought to its end instead, and nothing new begins: it may be the same wish.

        Args:
            card: the card in the field, powered up.
            amount_fen: 1 or more.
            source: `due` or `account`.
            at: the terminal's clock.

        Raises:
            CardRefused, MalformedCardData, CardRemoved: the card cannot be used; nothing was sent.
            UplinkRefused, UplinkUnavailable: no answer; the load stays open, or never began.
        """
        serial = read_serial(card)
        for entry in self._journal.entries():
            if entry.serial == serial:
                result = self._finish(card, entry, at)
                if result.reason != NEVER_BEGAN:
                    return result
        name = self._traces.take()
        entry = OpenLoad(f"{name.terminal.hex()}.{name.batch}.{name.trace}", name, serial, amount_fen, source)
        try:
            request = self._request(card, entry, name, at)
        except HardwareError:
            self._traces.close(name)
            raise
        self._journal.add(entry)
        self._traces.close(name)
        return self._go_on(card, entry, request, at)

    def finish(self, card: CardChannel, at: datetime) -> LoadResult | None:
        """Bring the open load of a card to its end, whoever began it; None when there is none.

        Raises:
            CardRefused, MalformedCardData, CardRemoved: the card cannot be used now.
            UplinkRefused, UplinkUnavailable: no answer; the load stays open.
        """
        serial = read_serial(card)
        own = next((entry for entry in self._journal.entries() if entry.serial == serial), None)
        if own is not None:
            return self._finish(card, own, at)
        asked = self._asked(None, serial)
        if asked is None:
            return None
        amount_fen = int(str(asked["amount_fen"]))
        return self._finish(card, OpenLoad(str(asked["load_id"]), None, serial, amount_fen, ""), at)

    def give_back(self, card: CardChannel) -> LoadResult | None:
        """The resident wants the money back where it came from: only once the card has shown that it was not credited.

        Raises:
            As `finish`.
        """
        serial = read_serial(card)
        own = next((entry for entry in self._journal.entries() if entry.serial == serial), None)
        if own is None:
            return None
        result = self._find_out(card, own)
        if result.ending is not Ending.NOT_LOADED or own not in self._journal.entries():
            return result
        self._uplink.post(GIVE_BACKS, {"load_id": own.load_id, "card_serial": serial.hex().upper()})
        self._journal.remove(own)
        return result

    def catch_up(self) -> int:
        """After a restart, without any card: send the TACs that were not sent yet; returns how many loads came to their end.

        Raises:
            UplinkUnavailable, UplinkRefused: the rest stays open.
        """
        results = [self._send_tac(entry) for entry in self._journal.entries() if entry.tac]
        return sum(result.ending is Ending.LOADED for result in results)

    def _go_on(self, card: CardChannel, entry: OpenLoad, request: dict[str, object], at: datetime) -> LoadResult:
        """The rest of an attempt after INITIALIZE: the server, CREDIT, the TAC."""
        try:
            answer = self._uplink.post(LOADS, request)
        except UplinkRefused as refusal:
            if refusal.status >= SERVER_FAULT:
                raise
            return self._refused(card, entry, refusal.problem, at)
        if answer.get("state") == PROVEN:
            self._journal.remove(entry)
            return LoadResult(Ending.LOADED, entry.amount_fen)
        if answer.get("state") != AUTHORISED:
            return LoadResult(Ending.OPEN, entry.amount_fen, str(answer.get("state")))
        date, time, mac2 = (bytes.fromhex(str(answer.get(field))) for field in ("date", "time", "mac2"))
        try:
            tac = CreditForLoad.parse(send(card, CreditForLoad(date, time, mac2).command()))
        except HardwareError:
            return LoadResult(Ending.OPEN, entry.amount_fen)
        credited = replace(entry, tac=tac)
        self._journal.replace(entry, credited)
        return self._send_tac(credited)

    def _request(self, card: CardChannel, entry: OpenLoad, name: EventName, at: datetime) -> dict[str, object]:
        """Ask the card; its purse is selected."""
        proof = prove(card, challenge(name, entry.amount_fen, at)) if entry.source == ACCOUNT else b""
        said = send(card, InitializeForLoad(KEY_INDEX, entry.amount_fen, name.terminal).command())
        return {
            **name.as_json(),
            **card_at(entry.serial, at),
            "amount_fen": entry.amount_fen,
            "source": entry.source,
            "initialized": said.hex().upper(),
            **({"proof": proof.hex().upper()} if proof else {}),
        }

    def _refused(self, card: CardChannel, entry: OpenLoad, reason: str, at: datetime) -> LoadResult:
        """Nothing was booked now. Whether something is booked under this name from before, the server knows."""
        if reason == NAME_TAKEN:
            self._journal.remove(entry)
            return LoadResult(Ending.NOT_LOADED, entry.amount_fen, reason)
        result = self._find_out(card, entry)
        if result.reason != NEVER_BEGAN:
            return replace(result, reason=reason)
        other = self.finish(card, at) if reason == OTHER_OPEN else None
        return replace(other or result, reason=reason)

    def _finish(self, card: CardChannel, entry: OpenLoad, at: datetime) -> LoadResult:
        """Find out what became of a load; disproven, it is tried once more while the card is here."""
        result = self._find_out(card, entry)
        if result.ending is not Ending.NOT_LOADED or entry.name is None or entry not in self._journal.entries():
            return result
        send(card, select_application(PURSE_AID))
        return self._go_on(card, entry, self._request(card, entry, entry.name, at), at)

    def _find_out(self, card: CardChannel, entry: OpenLoad) -> LoadResult:
        """Ask the server what to ask the card, and the card that."""
        if entry.tac:
            return self._send_tac(entry)
        asked = self._asked(entry.load_id, entry.serial)
        if asked is None:
            return self._never_began(entry)
        if asked.get("probe") is None:
            self._journal.remove(entry)
            is_loaded = asked.get("state") == PROVEN
            return LoadResult(Ending.LOADED if is_loaded else Ending.NOT_LOADED, entry.amount_fen)
        send(card, select_application(PURSE_AID))
        tac = _stored_tac(card, int(str(asked["online_seq"])))
        if tac is not None:
            try:
                return self._proved(entry, {"tac": tac.hex().upper()})
            except UplinkRefused as refusal:
                if refusal.problem != NOT_GENUINE:
                    raise
        send(card, select_application(PURSE_AID))
        probe = InitializeForLoad(KEY_INDEX, entry.amount_fen, bytes.fromhex(str(asked["probe"])))
        return self._proved(entry, {"initialized": send(card, probe.command()).hex().upper()})

    def _send_tac(self, entry: OpenLoad) -> LoadResult:
        try:
            return self._proved(entry, {"tac": entry.tac.hex().upper()})
        except UplinkRefused as refusal:
            if refusal.problem != NOT_GENUINE:
                raise
            # The server does not take it as a proof: ask the card again when it comes back.
            self._journal.replace(entry, replace(entry, tac=b""))
            return LoadResult(Ending.OPEN, entry.amount_fen, refusal.problem)

    def _proved(self, entry: OpenLoad, said: dict[str, object]) -> LoadResult:
        evidence = {
            "load_id": entry.load_id,
            "card_serial": entry.serial.hex().upper(),
            "terminal_number": self._traces.terminal.hex().upper(),
        }
        state = self._uplink.post(PROOFS, {**evidence, **said}).get("state")
        if state == PROVEN:
            self._journal.remove(entry)
            return LoadResult(Ending.LOADED, entry.amount_fen)
        if state == DISPROVEN:
            return LoadResult(Ending.NOT_LOADED, entry.amount_fen)
        return LoadResult(Ending.OPEN, entry.amount_fen, str(state))

    def _asked(self, load_id: str | None, serial: bytes) -> dict[str, object] | None:
        """What the card has to be asked; None when the server knows of no such load."""
        wanted: dict[str, object] = {"card_serial": serial.hex().upper()}
        if load_id is not None:
            wanted["load_id"] = load_id
        try:
            return self._uplink.post(PROBES, wanted)
        except UplinkRefused as refusal:
            if refusal.problem == "unknown_load":
                return None
            raise

    def _never_began(self, entry: OpenLoad) -> LoadResult:
        """The request has not arrived. Its name is taken back, so that it cannot begin when it arrives late after all."""
        if entry.name is not None:
            self._uplink.post(REVERSALS, entry.name.as_json())
        self._journal.remove(entry)
        return LoadResult(Ending.NOT_LOADED, entry.amount_fen, NEVER_BEGAN)


def _stored_tac(card: CardChannel, online_seq: int) -> bytes | None:
    """The TAC of the card's last load, if it is the one with this counter."""
    try:
        return GetTransactionProve.parse(send(card, GetTransactionProve(TTI_LOAD, online_seq + 1).command())).tac
    except CardRefused:
        return None


def _written(entry: OpenLoad) -> dict[str, object]:
    name = entry.name
    return {
        "load_id": entry.load_id,
        "name": None if name is None else [name.batch, name.trace],
        "serial": entry.serial.hex(),
        "amount_fen": entry.amount_fen,
        "source": entry.source,
        "tac": entry.tac.hex(),
    }


def _read(entry: Mapping[str, object], terminal: bytes) -> OpenLoad:
    name = entry["name"]
    if name is not None and not isinstance(name, list):
        raise ValueError("a name is a pair of numbers")
    return OpenLoad(
        load_id=str(entry["load_id"]),
        name=None if name is None else EventName(terminal, int(name[0]), int(name[1])),
        serial=bytes.fromhex(str(entry["serial"])),
        amount_fen=int(str(entry["amount_fen"])),
        source=str(entry["source"]),
        tac=bytes.fromhex(str(entry["tac"])),
    )
