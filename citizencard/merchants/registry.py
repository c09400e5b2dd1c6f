"""Register merchants and their lines, and look them up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.db import flush_unique, new_id
from citizencard.merchants.errors import LineNumberTaken, MerchantDetailsInvalid, UnknownLine, UnknownMerchant
from citizencard.merchants.models import (
    MAX_BASE_FARE_FEN,
    MAX_LINE_NUMBER,
    MAX_NAME_CHARACTERS,
    Line,
    Merchant,
    MerchantKind,
)

MAX_PAGE: Final = 200


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line to be registered.

    Args:
        number: registry number, 1 to 65,535; it goes onto cards and into records and is never given twice.
        merchant_id: who runs it.
        name: what is written on the bus.
        base_fare_fen: full fare, 0 to 100,000 fen.
    """

    number: int
    merchant_id: str
    name: str
    base_fare_fen: int


def register_merchant(session: Session, name: str, kind: str, *, now: datetime) -> Merchant:
    """Take a merchant into the registry.

    Raises:
        MerchantDetailsInvalid: no usable name, or a kind that is not known; names every fault.
    """
    name = name.strip()
    faults = _name_faults(name)
    if kind not in set(MerchantKind):
        faults.append(f"kind must be one of {', '.join(MerchantKind)}")
    if faults:
        raise MerchantDetailsInvalid("; ".join(faults), faults=faults)
    merchant = Merchant(id=new_id("mer"), name=name, kind=kind, registered_at=now)
    session.add(merchant)
    session.flush()
    return merchant


def register_line(session: Session, line: NewLine, *, now: datetime) -> Line:
    """Take a line into the registry.

    Raises, in this order:
        MerchantDetailsInvalid: a number, name or fare out of bounds; names every fault.
        UnknownMerchant: nobody has this id.
        LineNumberTaken: the number is in use.
    """
    faults = _name_faults(line.name.strip())
    if not 1 <= line.number <= MAX_LINE_NUMBER:
        faults.append(f"number must be 1 to {MAX_LINE_NUMBER}")
    if not 0 <= line.base_fare_fen <= MAX_BASE_FARE_FEN:
        faults.append(f"base fare must be 0 to {MAX_BASE_FARE_FEN} fen")
    if faults:
        raise MerchantDetailsInvalid("; ".join(faults), faults=faults)
    merchant_by_id(session, line.merchant_id)
    taken = LineNumberTaken(f"line {line.number} is registered already", line=line.number)
    if session.get(Line, line.number) is not None:
        raise taken
    row = Line(
        number=line.number,
        merchant_id=line.merchant_id,
        name=line.name.strip(),
        base_fare_fen=line.base_fare_fen,
        registered_at=now,
    )
    session.add(row)
    flush_unique(session, taken)
    return row


def merchant_by_id(session: Session, merchant_id: str) -> Merchant:
    """Look a merchant up.

    Raises:
        UnknownMerchant: nobody has this id.
    """
    merchant = session.get(Merchant, merchant_id)
    if merchant is None:
        raise UnknownMerchant(f"no merchant {merchant_id}", merchant_id=merchant_id)
    return merchant


def line_by_number(session: Session, number: int) -> Line:
    """Look a line up.

    Raises:
        UnknownLine: no line has this number.
    """
    line = session.get(Line, number)
    if line is None:
        raise UnknownLine(f"no line {number}", line=number)
    return line


def list_merchants(session: Session, *, after: str = "", limit: int = MAX_PAGE) -> list[Merchant]:
    """A page of merchants by id; continue with the last id as `after`. At most 200 a page."""
    chosen = select(Merchant).where(Merchant.id > after).order_by(Merchant.id)
    return list(session.scalars(chosen.limit(min(limit, MAX_PAGE))))


def list_lines(
    session: Session, *, merchant_id: str | None = None, after: int = 0, limit: int = MAX_PAGE
) -> list[Line]:
    """A page of lines by number, of one merchant or of all; continue with the last number as `after`. At most 200 a page."""
    chosen = select(Line).where(Line.number > after).order_by(Line.number)
    if merchant_id is not None:
        chosen = chosen.where(Line.merchant_id == merchant_id)
    return list(session.scalars(chosen.limit(min(limit, MAX_PAGE))))


def lines_by_number(session: Session, numbers: Sequence[int]) -> dict[int, Line]:
    """The lines with these numbers, in one statement; numbers that nobody has are left out. At most 65,535 exist."""
    return {line.number: line for line in session.scalars(select(Line).where(Line.number.in_(set(numbers))))}


def merchants_by_id(session: Session, merchant_ids: Sequence[str]) -> dict[str, Merchant]:
    """The merchants with these ids, in one statement; ids that nobody has are left out."""
    found = session.scalars(select(Merchant).where(Merchant.id.in_(set(merchant_ids))))
    return {merchant.id: merchant for merchant in found}


def _name_faults(name: str) -> list[str]:
    return [] if 0 < len(name) <= MAX_NAME_CHARACTERS else [f"name must have 1 to {MAX_NAME_CHARACTERS} characters"]
