"""Which chips hold which version."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from citizencard.cards.models import CardState, ChipKind, PsamOrder, PsamState
from citizencard.cards.stock import Delivery, receive_chips
from citizencard.custody import holdings
from citizencard.custody.holdings import chips_holding, masked, stale_cards
from citizencard.keys.hsm import KeyRole
from tests.citizencard.cards.make_cards import CLERK, applied_card


def cards(session: Session, now: datetime, states: dict[CardState, int]) -> list[Any]:
    """A card of each state with this version, as if it had been made."""
    made = []
    for number, (state, version) in enumerate(states.items()):
        chip = (0x7700 + number).to_bytes(8)
        receive_chips(session, Delivery(ChipKind.CARD, "B-1", (chip,)), actor=CLERK, now=now)
        card = applied_card(session, now)
        card.chip_serial, card.state, card.key_version = chip, state, version
        made.append(card)
    session.flush()
    return made


def test_chips_in_use_are_counted(session: Session, now: datetime) -> None:
    """A lost card holds its keys like one in use, one being made as well, a closed one does not; modules hold the purchase root."""
    before = chips_holding(session, KeyRole.LOAD, 9)
    cards(
        session,
        now,
        {CardState.ACTIVE: 9, CardState.LOST: 9, CardState.APPLIED: 9, CardState.CLOSED: 9, CardState.BLOCKED: 8},
    )
    assert chips_holding(session, KeyRole.LOAD, 9) == before + 3
    blank = (0x7800).to_bytes(8)
    receive_chips(session, Delivery(ChipKind.PSAM, "B-2", (blank,)), actor=CLERK, now=now)
    session.add(
        PsamOrder(
            id="psam_x",
            serial=bytes(9) + b"\x07",
            terminal_number=bytes(5) + b"\x07",
            chip_serial=blank,
            key_version=9,
            state=PsamState.PERSONALISED,
            ordered_at=now,
            changed_at=now,
        )
    )
    session.flush()
    assert chips_holding(session, KeyRole.PURCHASE, 9) == before + 4
    assert chips_holding(session, KeyRole.PSAM_CONTROL, 9) == 1
    assert chips_holding(session, KeyRole.BLIND_INDEX, 1) == 0
    assert chips_holding(session, KeyRole.TRANSPORT, 1) >= 6


def test_list_of_those_who_have_to_come(session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list is complete over its pages, ordered, and shows no card number; cards of the newest version are not on it."""
    monkeypatch.setattr(holdings, "PAGE", 2)
    made = cards(
        session,
        now,
        {CardState.ACTIVE: 7, CardState.ISSUED: 7, CardState.LOST: 8, CardState.BLOCKED: 7, CardState.TEMP_LOST: 9},
    )
    found = [card for card in stale_cards(session, 9) if card.key_version >= 7]
    assert [card.key_version for card in found] == [7, 7, 7, 8]
    assert {card.card_id for card in found} == {card.id for card in made[:4]}
    for card in found:
        assert card.number.count("*") == len(card.number) - 4
    assert masked(bytes.fromhex("03103302000000000014")) == "***************0014"
