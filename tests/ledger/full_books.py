"""Books with everything that a proof covers: a closed day and an open one, snapshots, seals, folds, a reversal, holds in each state."""

from datetime import timedelta

from citizencard.db import Sessions, transaction
from ledger import (
    NewHold,
    Settlement,
    close_day,
    draw_cut,
    fold,
    hold,
    post,
    release_hold,
    reverse,
    seal,
    settle_hold,
    total_day,
)
from tests.ledger.make import AT, DAY, books, transfer

MERCHANT = "merchant:1:clearing"
LATER = timedelta(days=1)


def full_books(sessions: Sessions) -> None:
    """Transfers 1 to 9 in two days; 1 to 6 are sealed in three seals, 7 and 8 in a fourth, and 9 is not sealed."""
    with transaction(sessions) as session:
        books(session)
        post(
            session,
            [
                transfer("in", "bank", "wallet:1", 10_000, journal="j", metadata={"slip": 1, "till": "t-1"}),
                transfer("ride1", "wallet:1", MERCHANT, 180),
                transfer("ride2", "wallet:1", MERCHANT, 80),
                transfer("derived", "bank", MERCHANT, 33),
            ],
            now=AT,
        )
    for reference in ("open", "done", "gone"):
        with transaction(sessions) as session:
            hold(session, NewHold(reference, "wallet:1", MERCHANT, 500, "fuel", AT, AT + LATER), now=AT)
    with transaction(sessions) as session:
        settle_hold(session, Settlement("open", 1, 200, AT), now=AT)
    with transaction(sessions) as session:
        settle_hold(session, Settlement("done", 1, 300, AT, final=True), now=AT)
    with transaction(sessions) as session:
        release_hold(session, "gone", now=AT)
    with transaction(sessions) as session:
        close_day(session, DAY, DAY + LATER, now=AT)
    with transaction(sessions) as session:
        total_day(session, DAY)
    _roll_up(sessions)
    with transaction(sessions) as session:
        post(session, [transfer("ride3", "wallet:1", MERCHANT, 200)], now=AT)
    with transaction(sessions) as session:
        reverse(session, "ride2", occurred_at=AT, now=AT)
    with transaction(sessions) as session:
        draw_cut(session, AT + LATER)
    _roll_up(sessions)
    with transaction(sessions) as session:
        post(session, [transfer("ride4", "wallet:1", MERCHANT, 20)], now=AT)


def _roll_up(sessions: Sessions) -> None:
    with transaction(sessions) as session:
        fold(session, now=AT)
    made = True
    while made:
        with transaction(sessions) as session:
            made = seal(session, now=AT, limit=2) is not None
