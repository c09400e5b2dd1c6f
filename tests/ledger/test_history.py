"""What is kept about the past agrees with itself."""

from datetime import timedelta

import pytest

from citizencard.db import Sessions, reading, transaction
from ledger import draw_cut, post, prove
from tests.ledger.make import AT, books, tamper, transfer


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_cut SET cut_id = 0 WHERE id = 2",
        "UPDATE ledger_cut SET drawn_at = '2020-01-01 00:00:00+00:00' WHERE id = 2",
    ],
)
def test_cuts_out_of_order_are_found(committed: Sessions, change: str) -> None:
    """A cut that was moved back would make a final answer change: it is found."""
    for number in range(2):
        with transaction(committed) as session:
            if not number:
                books(session)
            post(session, [transfer(f"t{number}", "bank", "wallet:1", 5)], now=AT)
        with transaction(committed) as session:
            draw_cut(session, AT + timedelta(hours=number))
    tamper(committed, change)
    with reading(committed) as session:
        assert [difference.what for difference in prove(session).differences] == ["cut_order"]
