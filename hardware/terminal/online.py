"""A payment from the card's on-line account: the card signs for exactly this purchase, and the server answers.

The challenge and the requests are in README.md; the server's side is written from that page and shares no code with this one.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hardware.card.bcd import bcd_date, bcd_time
from hardware.card.channel import CardChannel, send
from hardware.card.files import PUBLIC_DATA_BYTES, PublicApplicationData
from hardware.card.profile import INTERNAL_KID, PUBLIC_DATA_SFI, PURSE_AID
from hardware.card.purse import internal_authenticate, read_binary, select_application
from hardware.errors import HardwareError, MalformedCardData, UplinkRefused, UplinkUnavailable
from hardware.terminal.traces import EventName, Traces
from hardware.terminal.uplink import Uplink

PURCHASES: Final = "/terminals/online-purchases"
REVERSALS: Final = "/terminals/online-reversals"
CHALLENGE_BYTES: Final = 8
PROOF_BYTES: Final = 8
SERVER_FAULT: Final = 500
"""From this HTTP status on nobody knows what the server has done."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the server said about a payment.

    Args:
        approved: hand over the goods, open the gate.
        reason: the server's slug when it is refused, empty otherwise.
        name: of the event.
    """

    approved: bool
    reason: str
    name: EventName


def challenge(name: EventName, amount_fen: int, at: datetime) -> bytes:
    """The 8 bytes that the card has to sign.

    Args:
        name: of the event.
        amount_fen: 0 to 2**32 - 1.
        at: aware; whole seconds count.
    """
    numbers = b"".join(number.to_bytes(4) for number in (name.batch, name.trace, amount_fen))
    return hashlib.sha256(name.terminal + numbers + bcd_date(at) + bcd_time(at)).digest()[:CHALLENGE_BYTES]


def read_serial(card: CardChannel) -> bytes:
    """Select the purse and read the card's application serial, 10 bytes; the purse stays selected.

    Raises:
        CardRefused, MalformedCardData, CardRemoved: the card cannot be used.
    """
    send(card, select_application(PURSE_AID))
    return PublicApplicationData.decode(send(card, read_binary(PUBLIC_DATA_SFI, PUBLIC_DATA_BYTES))).serial


def prove(card: CardChannel, challenge8: bytes) -> bytes:
    """Let the card, its purse selected, sign a challenge: INTERNAL AUTHENTICATE, 8 bytes.

    Raises:
        CardRefused, CardRemoved: there is no proof.
        MalformedCardData: an answer of another length.
    """
    proof = send(card, internal_authenticate(challenge8, INTERNAL_KID))
    if len(proof) != PROOF_BYTES:
        raise MalformedCardData("proof", f"must have {PROOF_BYTES} bytes")
    return proof


def card_at(serial: bytes, at: datetime) -> dict[str, object]:
    """The fields that say which card it is, and when."""
    return {
        "card_serial": serial.hex().upper(),
        "date": bcd_date(at).hex().upper(),
        "time": bcd_time(at).hex().upper(),
    }


def purchase(uplink: Uplink, traces: Traces, card: CardChannel, amount_fen: int, at: datetime) -> Verdict:
    """Pay an amount from the card's account.

    When no answer comes, the purchase is taken back at once, or, if that has no answer either, by the next `take_back_open`.

    Args:
        uplink: the line to the server.
        traces: where names come from.
        card: the card in the field, powered up.
        amount_fen: 1 to 2**32 - 1.
        at: the terminal's clock.

    Raises:
        CardRefused, MalformedCardData, CardRemoved: the card gave no proof; nothing was sent.
        UplinkRefused: the request itself is not taken; no money moved.
        UplinkUnavailable: no answer; the purchase is, or will be, taken back.
    """
    serial = read_serial(card)
    return ask_to_pay(uplink, traces, Bill(PURCHASES, card, serial, amount_fen, at))


@dataclass(frozen=True, slots=True)
class Bill:
    """What a card is asked to pay: the route, the card with its purse selected, its serial, the amount in fen, and when."""

    route: str
    card: CardChannel
    serial: bytes
    amount_fen: int
    at: datetime


def ask_to_pay(
    uplink: Uplink, traces: Traces, bill: Bill, keep: Callable[[EventName], None] = lambda _name: None
) -> Verdict:
    """Let the card sign and the server decide; see `purchase`. An approval is given to `keep` before its name is done with."""
    name = traces.take()
    try:
        proof = prove(bill.card, challenge(name, bill.amount_fen, bill.at))
        request = {**name.as_json(), **card_at(bill.serial, bill.at), "amount_fen": bill.amount_fen}
        answer = uplink.post(bill.route, {**request, "proof": proof.hex().upper()})
    except HardwareError as error:
        is_fault = isinstance(error, UplinkRefused) and error.status >= SERVER_FAULT
        if is_fault or isinstance(error, UplinkUnavailable):
            take_back(uplink, traces, name)
        else:
            # Nothing was sent, or the server has refused to look at it: there is nothing to take back.
            traces.close(name)
        raise
    # A hold is ended by a release as well as by a reversal.
    is_void = answer.get("is_reversed", answer.get("is_ended"))
    approved = answer.get("verdict") == "approved" and is_void is False
    if approved:
        keep(name)
    traces.close(name)
    return Verdict(approved, "" if approved else str(answer.get("reason") or "reversed"), name)


def take_back(uplink: Uplink, traces: Traces, name: EventName) -> str:
    """Reverse what was asked for under a name, whatever became of it; its outcome as the server's slug.

    Raises:
        UplinkUnavailable: no answer; the name stays open.
        UplinkRefused: the server does not know this terminal any more; the name stays open.
    """
    outcome = str(uplink.post(REVERSALS, name.as_json()).get("outcome"))
    traces.close(name)
    return outcome


def take_back_open(uplink: Uplink, traces: Traces) -> int:
    """Take back everything that never had an answer; returns how many that were. For the start of a shift.

    Raises:
        UplinkUnavailable, UplinkRefused: the rest stays open.
    """
    names = traces.open_names()
    for name in names:
        take_back(uplink, traces, name)
    return len(names)
