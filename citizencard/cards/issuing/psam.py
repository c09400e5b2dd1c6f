"""Security modules: ordering one for a terminal number, and the reader job `personalise_psam` that makes it."""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.audit import record
from citizencard.cards.errors import ChipNotBlank, PsamStateForbids, TerminalNumberTaken, UnknownChip, UnknownPsamOrder
from citizencard.cards.issuing import psam_proof
from citizencard.cards.issuing.personalise import PERSONALISED, chip_serial_of
from citizencard.cards.issuing.proof import NOT_PROVED
from citizencard.cards.issuing.psam_plan import PsamPlan
from citizencard.cards.issuing.stages import Writer
from citizencard.cards.issuing.writing import AGAIN, FRESH, begin_writing, go_on_writing
from citizencard.cards.models import CardStock, ChipKind, PsamOrder, PsamState, StockState
from citizencard.cards.numbering import CITY, ISSUING_TERMINAL, next_psam_serial
from citizencard.cards.reader_jobs import CARD_REFUSED, TORN, CardAnswer, JobContext, Move
from citizencard.cards.states import Deed
from citizencard.cards.stock import locked_chip, move_chip, take_chip
from citizencard.clock import beijing_date
from citizencard.db import new_id, reading
from citizencard.keys.hsm import CardKeyHolder, HolderKind
from hardware.card.profile import KEY_VERSION, PsamProfile

PERSONALISE_PSAM: Final = "personalise_psam"


def order_psam(session: Session, terminal_number: bytes, deed: Deed) -> PsamOrder:
    """Order a security module; its serial is given here, its chip when it is made.

    Args:
        session: joins the caller's transaction.
        terminal_number: 6 BCD bytes beginning with the city, never used before.
        deed: who orders it.

    Raises:
        TerminalNumberTaken: it was given to a module before, or is our own desks'.
        ValueError: not a terminal number of this city.
    """
    digits = terminal_number.hex()
    if len(digits) != 2 * len(ISSUING_TERMINAL) or not digits.isdecimal() or not digits.startswith(CITY):
        raise ValueError("a terminal number has 12 digits and begins with the city")
    known = session.scalar(select(PsamOrder.id).where(PsamOrder.terminal_number == terminal_number))
    if known is not None or terminal_number == ISSUING_TERMINAL:
        raise TerminalNumberTaken("a terminal number is given once", terminal_number=digits)
    order = PsamOrder(
        id=new_id("psam"),
        serial=next_psam_serial(session),
        terminal_number=terminal_number,
        state=PsamState.ORDERED,
        ordered_at=deed.now,
        changed_at=deed.now,
    )
    session.add(order)
    session.flush()
    record(session, deed.actor, "psam.order", order.id, after={"terminal_number": digits}, now=deed.now)
    return order


class PersonalisePsam:
    """Made like a card: stages under the chip's control keys, then proof by use; torn anywhere, a new job starts over."""

    def begin(self, context: JobContext, atr: bytes) -> Move:
        """Bind order and chip, and start with the chip's control key.

        Raises:
            UnknownPsamOrder, UnknownChip: no such order, or a chip that is not ours.
            PsamStateForbids: made already, or given up.
            ChipNotBlank: the chip was begun for something else.
        """
        chip_serial = chip_serial_of(atr)
        order, chip = _look(context, chip_serial)
        if order.chip_serial is None:
            order.key_version = context.hsm.chip_key_versions()[-1]
        mode = FRESH if chip.has_transport_key else AGAIN
        move = begin_writing(_plan(context, order, chip), mode)
        effect = partial(_bind, context=context, chip_serial=chip_serial, key_version=order.key_version)
        return Move(move.state, move.commands, effect=effect)

    def go_on(self, context: JobContext, state: Mapping[str, Any], answer: CardAnswer) -> Move:
        """One stage, or one part of the proof."""
        order, chip = _look(context, None)
        if state["phase"] not in {psam_proof.SELECTING, psam_proof.PROVING}:
            return go_on_writing(_plan(context, order, chip), state, answer)
        if answer.torn:
            return Move(outcome=TORN)
        if answer.refusal is not None:
            return Move(outcome=CARD_REFUSED, ticks=(f"refused with {answer.refusal.sw:04X}",))
        if state["phase"] == psam_proof.SELECTING:
            return psam_proof.ask(context.now, order.key_version or KEY_VERSION)
        if not psam_proof.is_proved(context.hsm, order.terminal_number, state, answer.responses[-1].data):
            return Move(outcome=NOT_PROVED)
        return Move(outcome=PERSONALISED, ticks=("root key proved",), effect=partial(_made, context=context))


def _look(context: JobContext, claimed: bytes | None) -> tuple[PsamOrder, CardStock]:
    with reading(context.sessions) as session:
        order = session.get(PsamOrder, context.subject_id)
        if order is None:
            raise UnknownPsamOrder("no such order", psam_order_id=context.subject_id)
        _check(order, claimed)
        chip = session.get(CardStock, order.chip_serial or claimed)
        if chip is None or chip.kind != ChipKind.PSAM:
            raise UnknownChip("not in our stock", chip_serial=(order.chip_serial or claimed or b"").hex().upper())
        if order.chip_serial is None and chip.state != StockState.BLANK:
            raise ChipNotBlank(f"chip is {chip.state}", chip_serial=chip.chip_serial.hex().upper(), state=chip.state)
        session.expunge_all()
    return order, chip


def _check(order: PsamOrder, claimed: bytes | None) -> None:
    if order.state != PsamState.ORDERED:
        raise PsamStateForbids(f"order is {order.state}", psam_order_id=order.id, state=order.state)
    if claimed is not None and order.chip_serial not in {None, claimed}:
        raise PsamStateForbids("begun on another chip", psam_order_id=order.id, state=order.state)


def _plan(context: JobContext, order: PsamOrder, chip: CardStock) -> PsamPlan:
    version = order.key_version or KEY_VERSION
    holder = CardKeyHolder(chip.chip_serial, kind=HolderKind.PSAM, key_version=version)
    others = tuple(other for other in context.hsm.chip_key_versions() if other != version)
    profile = PsamProfile(version)
    return PsamPlan(Writer(context.hsm, holder, profile.dialect), order, beijing_date(context.now), profile, others)


def _locked(session: Session, order_id: str) -> PsamOrder:
    return session.scalars(
        select(PsamOrder).where(PsamOrder.id == order_id).with_for_update(),
        execution_options={"populate_existing": True},
    ).one()


def _bind(session: Session, *, context: JobContext, chip_serial: bytes, key_version: int | None) -> None:
    order = _locked(session, context.subject_id)
    _check(order, chip_serial)
    if order.chip_serial is None:
        take_chip(session, chip_serial, ChipKind.PSAM, now=context.now)
        order.chip_serial = chip_serial
        order.key_version = key_version
    session.flush()


def _made(session: Session, *, context: JobContext) -> None:
    order = _locked(session, context.subject_id)
    _check(order, None)
    if order.chip_serial is None:
        raise ValueError("a module without a chip cannot have proved its key")
    order.state = PsamState.PERSONALISED
    order.changed_at = context.now
    chip = locked_chip(session, order.chip_serial, ChipKind.PSAM)
    move_chip(session, chip, StockState.PERSONALISED, now=context.now)
    record(session, context.actor, "psam.personalise", order.id, now=context.now)
