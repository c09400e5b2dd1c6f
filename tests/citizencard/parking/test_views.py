"""A card's stays as its holder sees them."""

from citizencard.db import reading
from citizencard.parking.models import StayState
from citizencard.parking.views import stays_of_card
from tests.citizencard.parking.make_parking import RULE, Lot


def test_stays_are_listed_newest_first_with_their_reasons(lot: Lot) -> None:
    """The holder sees each stay, what it cost and why; an open one has no price yet."""
    lot.enter()
    lot.leave(67, 700)
    lot.enter(2, at=lot.after(70))
    lot.leave(90, 0, trace=2)
    lot.enter(3, at=lot.after(100))
    newest, middle, oldest = lot.stays()
    assert (newest.state, newest.price, newest.amount_fen) == (StayState.OPEN, None, None)
    assert middle.price is not None
    assert [(line.what, line.facts) for line in middle.price.lines] == [("free", {"minutes": 20})]
    assert oldest.price is not None
    assert (oldest.price.minor, oldest.amount_fen) == (700, 700)
    assert (oldest.lot_name, oldest.merchant_name, oldest.tariff_version) == (RULE["title"], "City Parking", 4)


def test_stays_are_paged(lot: Lot) -> None:
    """Whoever parks daily pages back without a gap or a repetition."""
    for number in range(5):
        lot.enter(number + 1, at=lot.after(20 * number))
        lot.leave(20 * number + 10, 0, number + 1)
    with reading(lot.sessions) as session:
        first = stays_of_card(session, lot.adult.card_id, limit=2)
        second = stays_of_card(session, lot.adult.card_id, before_id=first[-1].id, limit=2)
        third = stays_of_card(session, lot.adult.card_id, before_id=second[-1].id, limit=2)
        assert [stay.entered_at for stay in first + second + third] == [lot.after(20 * n) for n in (4, 3, 2, 1, 0)]
        assert stays_of_card(session, lot.adult.card_id, before_id="prk_nobody") == []
        assert stays_of_card(session, lot.shop.city.senior.card_id, before_id=first[0].id) == []
