"""Chips from the maker to a card."""

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from citizencard.cards.errors import ChipKnown, ChipNotBlank, UnknownChip
from citizencard.cards.models import ChipKind, StockState
from citizencard.cards.stock import MAX_BATCH, Delivery, locked_chip, note_transport_key, receive_chips, take_chip
from tests.citizencard.cards.make_cards import CLERK

FIRST, SECOND = bytes(7) + b"\x01", bytes(7) + b"\x02"


def test_chip_is_received_and_taken_once(session: Session, now: datetime) -> None:
    """A blank can be begun once, and only for what it was delivered for."""
    receive_chips(session, Delivery(ChipKind.CARD, "B-1", (FIRST, SECOND)), actor=CLERK, now=now)
    assert take_chip(session, FIRST, ChipKind.CARD, now=now).state == StockState.IN_WORK
    with pytest.raises(ChipNotBlank):
        take_chip(session, FIRST, ChipKind.CARD, now=now)
    with pytest.raises(UnknownChip):
        take_chip(session, SECOND, ChipKind.PSAM, now=now)
    with pytest.raises(UnknownChip):
        take_chip(session, bytes(8), ChipKind.CARD, now=now)


def test_delivery_with_a_known_chip_is_refused_whole(session: Session, now: datetime) -> None:
    """A delivery entered twice changes nothing, and no part of it."""
    receive_chips(session, Delivery(ChipKind.CARD, "B-1", (FIRST,)), actor=CLERK, now=now)
    with pytest.raises(ChipKnown):
        receive_chips(session, Delivery(ChipKind.CARD, "B-2", (SECOND, FIRST)), actor=CLERK, now=now)
    with pytest.raises(UnknownChip):
        locked_chip(session, SECOND, ChipKind.CARD)


def test_deliveries_are_bounded() -> None:
    """Nobody enters a million chips in one go, or one chip twice."""
    with pytest.raises(ValueError, match="at most"):
        Delivery(ChipKind.CARD, "B-1", (FIRST, FIRST))
    with pytest.raises(ValueError, match="at most"):
        Delivery(ChipKind.CARD, "B-1", tuple(n.to_bytes(8) for n in range(MAX_BATCH + 1)))


def test_stock_remembers_whose_key_is_on_the_chip(session: Session, now: datetime) -> None:
    """A new chip has its maker's key until the command that replaces it is on its way."""
    receive_chips(session, Delivery(ChipKind.CARD, "B-1", (FIRST,)), actor=CLERK, now=now)
    assert locked_chip(session, FIRST, ChipKind.CARD).has_transport_key
    note_transport_key(session, FIRST, present=False)
    assert not locked_chip(session, FIRST, ChipKind.CARD).has_transport_key
