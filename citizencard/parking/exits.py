"""Cars that leave: the stay is found and priced, the money moves and the stay ends, all in one transaction or not at all.

Order of locks: the gate's terminal, the card, the stay, the purchase's row, then the ledger's. A refused exit is written down too, so
that its name says the same for ever; the stay stays open, and the gate tries again under the next name.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.accounts.errors import NumberOfAnotherTerminal
from citizencard.accounts.models import PurchaseReason, PurchaseVerdict
from citizencard.accounts.proof import PurchaseClaim, PurchaseName
from citizencard.accounts.purchases import CLOCK_WINDOW, decide, find_purchase
from citizencard.cards.as_of import known_cards
from citizencard.cards.states import locked_card
from citizencard.db import flush_unique
from citizencard.parking.errors import AmountDiffers, NoOpenStay, PassageNameReused
from citizencard.parking.gates import check_gate, gate_of, lock_terminal
from citizencard.parking.models import Direction, ParkingExit, ParkingGate, ParkingStay, StayState
from citizencard.parking.passages import ExitClaim
from citizencard.parking.stays import find_open_stay, price_of


@dataclass(frozen=True, slots=True)
class ExitAnswer:
    """What the gate is told, the same however often it asks.

    Args:
        reference: the purchase's name in the books, also of a free stay, which has no purchase.
        stay_id: the stay.
        amount_fen: what it costs.
        verdict: approved: open the gate; refused: the stay goes on.
        reason: why it was refused; None when approved.
        is_reversed: it was approved and then reversed: the stay goes on.
    """

    reference: str
    stay_id: str
    amount_fen: int
    verdict: PurchaseVerdict
    reason: PurchaseReason | None
    is_reversed: bool


@dataclass(frozen=True, slots=True)
class _Judged:
    terminal_id: str
    stay_id: str
    reason: PurchaseReason | None


def earlier_exit(session: Session, terminal_id: str, claim: ExitClaim) -> ExitAnswer | None:
    """The answer that the exit got before; None if it has not been judged.

    Raises:
        NumberOfAnotherTerminal: the exit is another terminal's.
        PassageNameReused: the name already stands for an exit of other content.
    """
    row = find_exit(session, claim.name)
    return None if row is None else _answer(row, terminal_id, claim)


def find_exit(session: Session, name: PurchaseName) -> ParkingExit | None:
    """The exit's row. Whoever is about to change it holds the terminal's lock."""
    wanted = select(ParkingExit).where(
        ParkingExit.terminal_number == name.terminal, ParkingExit.batch == name.batch, ParkingExit.trace == name.trace
    )
    return session.scalars(wanted, execution_options={"populate_existing": True}).one_or_none()


def decide_exit(session: Session, terminal_id: str, claim: ExitClaim, now: datetime, *, is_proved: bool) -> ExitAnswer:
    """Judge an exit by what holds now; if nothing speaks against it, the stay is paid and ends.

    Args:
        session: joins the caller's transaction.
        terminal_id: who sent it; its signature was checked.
        claim: well formed.
        now: when it arrived.
        is_proved: the vault found the card's proof good.

    Raises, nothing being written:
        UnknownTerminal, TerminalDisabled, NumberOfAnotherTerminal, BatchNotGiven, NotAGate: the sender may not speak.
        PassageNameReused, TraceReused: the name already stands for something else.
        NoOpenStay: the card is not inside.
        AmountDiffers: the stay costs another amount at that time; tells which.
    """
    lock_terminal(session, terminal_id)
    row = find_exit(session, claim.name)
    if row is not None:
        return _answer(row, terminal_id, claim)
    gate = gate_of(session, terminal_id, Direction.EXIT)
    known = known_cards(session, [claim.card_serial]).get(claim.card_serial)
    card = None if known is None else locked_card(session, known.card_id)
    check_gate(session, gate, claim.name, now)
    stay = None if card is None else find_open_stay(session, gate, card.id, lock=True)
    if stay is None:
        raise NoOpenStay("the card is not inside", lot=gate.lot)
    due_fen = price_of(session, stay, claim.happened_at).minor
    if due_fen != claim.amount_fen:
        raise AmountDiffers(f"the stay costs {due_fen} fen", amount_fen=due_fen, stay_id=stay.id)
    reason = (
        _pay(session, terminal_id, claim, now, is_proved=is_proved)
        if due_fen
        else _free_objection(session, claim, now, is_proved=is_proved)
    )
    if reason is None:
        _end(stay, gate, claim)
    return _answer(_write(session, _Judged(terminal_id, stay.id, reason), claim, now), terminal_id, claim)


def _pay(
    session: Session, terminal_id: str, claim: ExitClaim, now: datetime, *, is_proved: bool
) -> PurchaseReason | None:
    purchase = PurchaseClaim(claim.name, claim.card_serial, claim.amount_fen, claim.date, claim.time, claim.proof)
    answer = decide(session, terminal_id, purchase, now, is_proved=is_proved)
    return PurchaseReason.REVERSED_BEFORE if answer.is_reversed else answer.reason


def _free_objection(session: Session, claim: ExitClaim, now: datetime, *, is_proved: bool) -> PurchaseReason | None:
    """A free stay ends with a proof alone: no money moves, so neither the account nor the card's state matters."""
    earlier = find_purchase(session, claim.name)
    if earlier is not None and earlier.reason != PurchaseReason.REVERSED_BEFORE:
        raise _reused(claim.name)
    if earlier is not None:
        return PurchaseReason.REVERSED_BEFORE
    if not is_proved:
        return PurchaseReason.BAD_PROOF
    return PurchaseReason.CLOCK if abs(claim.happened_at - now) > CLOCK_WINDOW else None


def _end(stay: ParkingStay, gate: ParkingGate, claim: ExitClaim) -> None:
    stay.state = StayState.LEFT
    stay.left_at = max(claim.happened_at, stay.entered_at)
    stay.exit_terminal_id = gate.terminal_id
    stay.amount_fen = claim.amount_fen
    stay.purchase_reference = claim.name.reference if claim.amount_fen else None


def _write(session: Session, judged: _Judged, claim: ExitClaim, now: datetime) -> ParkingExit:
    row = ParkingExit(
        terminal_number=claim.name.terminal,
        batch=claim.name.batch,
        trace=claim.name.trace,
        terminal_id=judged.terminal_id,
        card_serial=claim.card_serial,
        stay_id=judged.stay_id,
        amount_fen=claim.amount_fen,
        happened_at=claim.happened_at,
        verdict=PurchaseVerdict.APPROVED if judged.reason is None else PurchaseVerdict.REFUSED,
        reason=judged.reason,
        received_at=now,
    )
    session.add(row)
    flush_unique(session, _reused(claim.name))
    return row


def _answer(row: ParkingExit, terminal_id: str, claim: ExitClaim) -> ExitAnswer:
    if row.terminal_id != terminal_id:
        raise NumberOfAnotherTerminal("another terminal's exit", terminal=row.terminal_number.hex())
    content = (row.card_serial, row.amount_fen, row.happened_at)
    if content != (claim.card_serial, claim.amount_fen, claim.happened_at):
        raise _reused(claim.name)
    return ExitAnswer(
        reference=claim.name.reference,
        stay_id=row.stay_id,
        amount_fen=row.amount_fen,
        verdict=PurchaseVerdict(row.verdict),
        reason=None if row.reason is None else PurchaseReason(row.reason),
        is_reversed=row.reversed_at is not None,
    )


def _reused(name: PurchaseName) -> PassageNameReused:
    return PassageNameReused(
        "the name stands for another passage", terminal=name.terminal.hex(), batch=name.batch, trace=name.trace
    )
