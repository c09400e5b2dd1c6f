"""The proof of moves and shortfalls."""

from datetime import datetime

from citizencard import chart
from citizencard.db import Sessions, transaction
from citizencard.settlement.replacements.models import CardReplacement, PurseShortfall
from citizencard.settlement.replacements.vouching import moves_booked, shortfalls_booked
from ledger import Transfer, post
from tests.citizencard.settlement.make import DAY
from tests.citizencard.settlement.replacements.lost_card import lose


def test_money_that_no_replacement_explains_is_found(sessions: Sessions, now: datetime) -> None:
    """A move or a shortfall without its money, and money without its move or shortfall, are named."""
    city, _new = lose(sessions, now)
    old, other = city.lost.card_id, city.adult.card_id
    with transaction(sessions) as session:
        assert [*moves_booked(session), *shortfalls_booked(session)] == []
        row = session.get_one(CardReplacement, old)
        row.moved_at, row.moved_fen = now, 4_999
        shortfall = PurseShortfall(card_id=old, business_date=DAY, holder_fen=1, company_fen=2, booked_at=now)
        session.add(shortfall)
        purse, due, loss = chart.purse(other), chart.due(other), chart.expense("purse_loss")
        chart.open_missing(session, [purse, due, loss])
        post(
            session,
            [
                Transfer("move:x:y", purse, due, 7, kind="move", occurred_at=now),
                Transfer("short:x:y", loss, purse, 8, kind="short", occurred_at=now, fact=True),
            ],
            now=now,
        )
        moves = {(one.where, one.expected, one.found) for one in moves_booked(session)}
        shortfalls = {(one.where, one.expected, one.found) for one in shortfalls_booked(session)}
    assert moves == {(f"purse:{old}", "4999 fen moved", "0 fen"), (f"purse:{other}", "0 fen moved", "7 fen")}
    assert shortfalls == {
        (f"purse:{old} from owed:holder:{old}", "1 fen", "0 fen"),
        (f"purse:{old} from expense:purse_loss", "2 fen", "0 fen"),
        (f"purse:{other} from expense:purse_loss", "0 fen", "8 fen"),
    }
