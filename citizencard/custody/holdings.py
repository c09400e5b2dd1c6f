"""Which chips in use hold which version of the keys: what stands between a key and its destruction, and who has to come in."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from citizencard.cards.models import Card, CardState, CardStock, PsamOrder, PsamState
from citizencard.keys.derivation import CARD_ROLES, PSAM_ROLES, stored_role
from citizencard.keys.hierarchy import CHIP_SET
from citizencard.keys.hsm import KeyRole

PAGE: Final = 1000
LIVE: Final = (
    CardState.PERSONALISED,
    CardState.ISSUED,
    CardState.ACTIVE,
    CardState.TEMP_LOST,
    CardState.LOST,
    CardState.BLOCKED,
)
"""A lost or blocked card is still somewhere, with money on it perhaps."""
SHOWN_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class StaleCard:
    """A card that holds another version than new cards get; its number masked.

    Args:
        card_id: to find it by.
        number: masked but for its last four digits.
        state: of the card.
        key_version: the version that it holds.
    """

    card_id: str
    number: str
    state: str
    key_version: int


def chips_holding(session: Session, role: KeyRole, version: int) -> int:
    """How many cards in use, modules not spoiled, and blanks hold a key of this role and version; one that is being made counts."""
    count = 0
    if role is KeyRole.TRANSPORT:
        # The stock does not name the batch master's version: any blank may need any.
        return _count(session, select(func.count()).where(CardStock.has_transport_key))
    if role in CHIP_SET & {stored_role(one) for one in CARD_ROLES}:
        begun = (Card.state == CardState.APPLIED) & Card.chip_serial.is_not(None)
        held = Card.state.in_(LIVE) | begun
        count += _count(session, select(func.count()).where(Card.key_version == version, held))
    if role in CHIP_SET & {stored_role(one) for one in PSAM_ROLES}:
        held = (PsamOrder.key_version == version) & (PsamOrder.state != PsamState.SPOILED)
        count += _count(session, select(func.count()).where(held))
    return count


def _count(session: Session, statement: Select[int]) -> int:
    return session.scalars(statement).one()


def stale_cards(session: Session, newest: int) -> Iterator[StaleCard]:
    """Cards in use that hold another version than the newest, by version and number, read page by page."""
    last: tuple[int, bytes] | None = None
    while True:
        chosen = (
            select(Card.id, Card.serial, Card.state, Card.key_version)
            .where(Card.key_version < newest, Card.state.in_(LIVE))
            .order_by(Card.key_version, Card.serial)
            .limit(PAGE)
        )
        if last is not None:
            version, serial = last
            beyond = (Card.key_version == version) & (Card.serial > serial)
            chosen = chosen.where(Card.key_version >= version, beyond | (Card.key_version > version))
        rows = session.execute(chosen).all()
        for card_id, serial, state, version in rows:
            yield StaleCard(card_id, masked(serial), state, version)
        if len(rows) < PAGE:
            return
        last = (rows[-1].key_version, rows[-1].serial)


def masked(serial: bytes) -> str:
    """A card number of which only the last four digits are shown."""
    digits = serial.hex()[1:]
    return "*" * (len(digits) - SHOWN_DIGITS) + digits[-SHOWN_DIGITS:]
