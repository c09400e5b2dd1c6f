"""Settling a hold in one part or several (flow 16), and trying a part that comes too late as a purchase (flow 17).

Order of locks: the hold's row, then the ledger's. The row's lock makes parts, a release and a reversal of one hold take turns.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.accounts.errors import (
    HoldAmountExceeded,
    HoldIsOver,
    HoldNotKnown,
    NumberOfAnotherTerminal,
    PurchaseInvalid,
    SettlementReused,
)
from citizencard.accounts.holds.models import HoldSettlement, OnlineHold
from citizencard.accounts.holds.placing import find_row, hold_reference, name_of
from citizencard.accounts.models import PurchaseReason, PurchaseVerdict
from citizencard.accounts.proof import DATE_BYTES, MAX_NUMBER, TIME_BYTES, PurchaseName
from citizencard.accounts.spending import reason_of
from citizencard.clock import from_beijing_bcd
from citizencard.terminals.errors import TerminalDisabled
from citizencard.terminals.models import TerminalState
from citizencard.terminals.registry import terminal_by_id
from ledger import HoldState, Settlement, find_hold, post_each, settle_hold, settlement_transfer
from ledger.holds import MAX_SETTLEMENTS


@dataclass(frozen=True, slots=True)
class SettlementClaim:
    """What a terminal says that it has delivered.

    Args:
        name: of the hold.
        n: number of the part, 1 to 999; with the hold it names the part for ever.
        amount_fen: at most what is left of the hold.
        date, time: when it was delivered; 4 and 3 bytes BCD, Beijing.
        final: nothing more will come: what is left is given back.
    """

    name: PurchaseName
    n: int
    amount_fen: int
    date: bytes
    time: bytes
    final: bool = False

    @property
    def happened_at(self) -> datetime:
        """The terminal's date and time as an instant in UTC.

        Raises:
            ValueError: no moment of the calendar.
        """
        return from_beijing_bcd(self.date, self.time)

    def check(self) -> None:
        """Refuse what is not well formed; nothing is written down about it.

        Raises:
            PurchaseInvalid: names the field.
        """
        self.name.check()
        if not 1 <= self.n <= MAX_SETTLEMENTS:
            raise PurchaseInvalid(f"parts are 1 to {MAX_SETTLEMENTS}", field="n")
        if not 1 <= self.amount_fen <= MAX_NUMBER:
            raise PurchaseInvalid("amount_fen is not well formed", field="amount_fen")
        try:
            fits = (len(self.date), len(self.time)) == (DATE_BYTES, TIME_BYTES) and self.happened_at is not None
        except ValueError:
            fits = False
        if not fits:
            raise PurchaseInvalid("date and time name no moment", field="date")


@dataclass(frozen=True, slots=True)
class SettlementAnswer:
    """What a terminal is told; the same however often it asks.

    Args:
        reference: the part's name in the books.
        verdict: approved: the merchant is paid. Refused: the hold had expired, and the account did not pay either.
        reason: why it was refused; None when approved.
        is_late: the hold had expired, so the part was tried as a purchase.
    """

    reference: str
    verdict: PurchaseVerdict
    reason: PurchaseReason | None
    is_late: bool


def settle(session: Session, terminal_id: str, claim: SettlementClaim, now: datetime) -> SettlementAnswer:
    """Pay the merchant a part of a hold. A terminal settles what it held itself, also when its number has been bound elsewhere since.

    Raises, nothing being written:
        PurchaseInvalid: not well formed.
        HoldNotKnown: there is no hold of this name.
        NumberOfAnotherTerminal: it is another terminal's.
        SettlementReused: the part was settled with another amount or time.
        TerminalDisabled: the sender may not speak.
        HoldIsOver: refused, reversed, released, or settled with its last part.
        HoldAmountExceeded: less than this is left; tells how much.
    """
    claim.check()
    row = find_row(session, claim.name, lock=True)
    if row is None:
        raise HoldNotKnown("no such hold", terminal=claim.name.terminal.hex())
    if row.terminal_id != terminal_id:
        raise NumberOfAnotherTerminal("another terminal's hold", terminal=claim.name.terminal.hex())
    parts = list(session.scalars(select(HoldSettlement).where(HoldSettlement.hold_id == row.id)))
    for part in parts:
        if part.n == claim.n:
            return _answer(part, claim)
    if terminal_by_id(session, terminal_id).state != TerminalState.ACTIVE:
        raise TerminalDisabled(f"terminal {terminal_id} is disabled", terminal=terminal_id)
    _check_open(row, parts, claim.amount_fen)
    part = _pay(session, row, claim, now)
    session.add(part)
    session.flush()
    return _answer(part, claim)


def is_settled_to_the_end(parts: list[HoldSettlement], amount_fen: int) -> bool:
    """Whether nothing of a hold can be settled any more: the last part was paid, or all of it."""
    paid = [part for part in parts if part.verdict == PurchaseVerdict.APPROVED]
    return any(part.is_final for part in paid) or sum(part.amount_fen for part in paid) >= amount_fen


def _check_open(row: OnlineHold, parts: list[HoldSettlement], amount_fen: int) -> None:
    is_ended = row.reversed_at is not None or row.released_at is not None
    if row.verdict != PurchaseVerdict.APPROVED or is_ended or is_settled_to_the_end(parts, row.amount_fen):
        raise HoldIsOver("nothing of this hold can be settled", hold=hold_reference(name_of(row)))
    left_fen = row.amount_fen - sum(part.amount_fen for part in parts if part.verdict == PurchaseVerdict.APPROVED)
    if amount_fen > left_fen:
        raise HoldAmountExceeded(f"{left_fen} fen are left", left_fen=left_fen)


def _pay(session: Session, row: OnlineHold, claim: SettlementClaim, now: datetime) -> HoldSettlement:
    reference = hold_reference(claim.name)
    held = find_hold(session, reference)
    wanted = Settlement(reference, claim.n, claim.amount_fen, claim.happened_at, final=claim.final)
    is_late = held.state is not HoldState.OPEN or now >= held.expires_at
    reason = None
    if is_late:
        refusal = post_each(session, [settlement_transfer(held, wanted)], now=now)[0].refusal
        reason = None if refusal is None else reason_of(refusal)
    else:
        settle_hold(session, wanted, now=now)
    return HoldSettlement(
        hold_id=row.id,
        n=claim.n,
        amount_fen=claim.amount_fen,
        is_final=claim.final,
        is_late=is_late,
        happened_at=claim.happened_at,
        verdict=PurchaseVerdict.APPROVED if reason is None else PurchaseVerdict.REFUSED,
        reason=reason,
        received_at=now,
    )


def _answer(part: HoldSettlement, claim: SettlementClaim) -> SettlementAnswer:
    reference = f"settle:{hold_reference(claim.name)}:{claim.n}"
    if (part.amount_fen, part.happened_at, part.is_final) != (claim.amount_fen, claim.happened_at, claim.final):
        raise SettlementReused("the part was settled otherwise", reference=reference)
    return SettlementAnswer(
        reference=reference,
        verdict=PurchaseVerdict(part.verdict),
        reason=None if part.reason is None else PurchaseReason(part.reason),
        is_late=part.is_late,
    )
