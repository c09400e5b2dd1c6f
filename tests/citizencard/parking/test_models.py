"""What the database itself refuses."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from citizencard.db import transaction
from tests.citizencard.parking.make_parking import Lot


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE parking_entry SET outcome = 'entered', reason = NULL",
        "DELETE FROM parking_entry",
        "UPDATE parking_stay SET state = 'left'",
        "UPDATE parking_stay SET amount_fen = 0",
        "UPDATE parking_stay SET purchase_reference = 'online:1'",
        "UPDATE parking_gate SET direction = 'both'",
    ],
)
def test_database_keeps_stays_whole(lot: Lot, statement: str) -> None:
    """Not even a slip in an administrator's statement makes a stay that left without a price, or changes an entry."""
    lot.enter()
    with pytest.raises(DatabaseError), transaction(lot.sessions) as session:
        session.execute(text(statement))


def test_card_is_inside_once(lot: Lot) -> None:
    """Two open stays of one card in one lot cannot be, whoever writes them."""
    stay = lot.stay(lot.enter().stay_id)
    columns = "merchant_id, lot, card_id, card_serial, tariff_version, entered_at, entry_terminal_id, state"
    copy = f"INSERT INTO parking_stay (id, {columns}) SELECT 'prk_2', {columns} FROM parking_stay WHERE id = :id"  # noqa: S608 # our own names
    with pytest.raises(DatabaseError), transaction(lot.sessions) as session:
        session.execute(text(copy), {"id": stay.id})
    assert "east_street" in repr(stay)
