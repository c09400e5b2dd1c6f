"""Sponsors do not pay for what is in doubt: their part goes back with the tap, and comes again with it."""

from sqlalchemy import select

from citizencard import chart
from citizencard.db import reading
from citizencard.purse.uploads.models import TapRecord
from citizencard.settlement.clearing.models import TapSetAside
from citizencard.settlement.clearing.subsidies import restored_subsidies, sponsors_of, subsidies_of_row
from tests.citizencard.purse.uploads.make_records import SPONSOR
from tests.citizencard.settlement.histories.make_histories import Nights


def test_free_rides_of_a_clone_cost_the_sponsor_nothing(nights: Nights) -> None:
    """A senior's card rides for nothing: no money of the card moves; the sponsor's 2.00 a ride go back, and come again if decided so."""
    senior, merchant = nights.city.senior, nights.city.merchant_id
    nights.upload(*(nights.ride(minutes, card=senior, amount_fen=0, card_counter=5) for minutes in (60, 50)))
    assert nights.balance(chart.subsidy(merchant)) == 400
    nights.close()
    assert nights.balance(chart.subsidy(merchant)) == nights.balance(chart.owed("sponsor", SPONSOR)) == 0
    with reading(nights.sessions) as session:
        rows = session.scalars(select(TapSetAside).order_by(TapSetAside.id)).all()
        records = {record.id: record for record in session.scalars(select(TapRecord))}
        back = [one for row in rows for one in subsidies_of_row(row, records[row.record_id], nights.now)]
        again = restored_subsidies(session, rows, nights.now)
    assert [sponsors_of(records[row.record_id]) for row in rows] == [{SPONSOR: 200}] * 2
    assert [(one.debit, one.credit, one.amount_fen) for one in back] == [
        (one.credit, one.debit, one.amount_fen) for one in again
    ]
    assert [one.reference for one in back] == [f"{row.reference}:subsidy:1" for row in rows]
