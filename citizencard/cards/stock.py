"""Chips as the maker delivers them: received in batches, taken for one card each, never used for a second."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from citizencard.audit import Actor, record
from citizencard.cards.errors import ChipKnown, ChipNotBlank, UnknownChip
from citizencard.cards.models import CardStock, ChipKind, StockState

MAX_BATCH: Final = 10_000


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a maker delivered.

    Args:
        kind: chips for cards or for PSAMs.
        batch: the maker's batch, which names the transport master.
        chip_serials: 8 bytes each, all different, at most MAX_BATCH.
    """

    kind: ChipKind
    batch: str
    chip_serials: tuple[bytes, ...]

    def __post_init__(self) -> None:
        """Hold the bounds."""
        if len(self.chip_serials) > MAX_BATCH or len(set(self.chip_serials)) != len(self.chip_serials):
            raise ValueError(f"a delivery has at most {MAX_BATCH} chips, each once")


def receive_chips(session: Session, delivery: Delivery, *, actor: Actor, now: datetime) -> None:
    """Enter a delivery into the stock, whole or not at all.

    Raises:
        ChipKnown: one of the chips is in stock already.
    """
    serials = delivery.chip_serials
    known = session.scalars(select(CardStock.chip_serial).where(CardStock.chip_serial.in_(serials)).limit(1)).first()
    if known is not None:
        raise ChipKnown("received before", chip_serial=known.hex().upper())
    session.add_all(
        CardStock(
            chip_serial=serial,
            kind=delivery.kind,
            batch=delivery.batch,
            state=StockState.BLANK,
            has_transport_key=True,
            received_at=now,
            changed_at=now,
        )
        for serial in serials
    )
    session.flush()
    after = {"kind": str(delivery.kind), "chips": len(serials)}
    record(session, actor, "stock.receive", delivery.batch, after=after, now=now)


def locked_chip(session: Session, chip_serial: bytes, kind: ChipKind) -> CardStock:
    """The chip's row, locked until the transaction ends.

    Raises:
        UnknownChip: not in our stock, or delivered for something else.
    """
    chip = session.scalars(
        select(CardStock).where(CardStock.chip_serial == chip_serial, CardStock.kind == kind).with_for_update(),
        execution_options={"populate_existing": True},
    ).one_or_none()
    if chip is None:
        raise UnknownChip("not in our stock", chip_serial=chip_serial.hex().upper())
    return chip


def take_chip(session: Session, chip_serial: bytes, kind: ChipKind, *, now: datetime) -> CardStock:
    """Take a blank for personalisation. It is not blank any more, whatever happens to it in the reader.

    Raises:
        UnknownChip: not in our stock.
        ChipNotBlank: taken, personalised or spoiled.
    """
    chip = locked_chip(session, chip_serial, kind)
    if chip.state != StockState.BLANK:
        raise ChipNotBlank(f"chip is {chip.state}", chip_serial=chip_serial.hex().upper(), state=chip.state)
    move_chip(session, chip, StockState.IN_WORK, now=now)
    return chip


def move_chip(session: Session, chip: CardStock, state: StockState, *, now: datetime) -> None:
    """Write where the chip is now."""
    chip.state = state
    chip.changed_at = now
    session.flush()


def note_transport_key(session: Session, chip_serial: bytes, *, present: bool) -> None:
    """Remember whether the chip surely has its maker's transport key still."""
    session.execute(update(CardStock).where(CardStock.chip_serial == chip_serial).values(has_transport_key=present))
