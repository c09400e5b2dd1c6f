"""Which transfers an export tells of."""

from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from ledger import close_day, open_first_day, post
from ledger.errors import NoOpenDay, UnknownDay
from ledger.export import Period, period_of
from tests.ledger.make import AT, DAY, books, transfer

LATER = DAY + timedelta(days=3)


@pytest.fixture
def days(session: Session) -> tuple[int, int, int]:
    """A closed day with two transfers and an open one with one, and two dates between them without books; the ids."""
    books(session)
    first, second = post(session, [transfer(f"t{n}", "bank", "wallet:1", 5) for n in (1, 2)], now=AT)
    close_day(session, DAY, LATER, now=AT)
    (third,) = post(session, [transfer("t3", "bank", "wallet:1", 5)], now=AT)
    return first.id, second.id, third.id


def test_dates_choose_the_transfers(session: Session, days: tuple[int, int, int]) -> None:
    """Both dates belong to the period, and whether the answer can still change is said."""
    _, second, third = days
    before = period_of(session).after_id
    assert period_of(session) == Period(DAY, LATER, before, third, final=False)
    assert period_of(session, last=DAY) == Period(DAY, DAY, before, second, final=True)
    assert period_of(session, LATER) == Period(LATER, LATER, second, third, final=False)
    between = period_of(session, DAY + timedelta(days=1), DAY + timedelta(days=2))
    assert (between.after_id, between.cut_id, between.final) == (second, second, True)


def test_dates_outside_the_books_are_drawn_in(session: Session, days: tuple[int, int, int]) -> None:
    """A month that the city was not there for as a whole is exported as far as there are books."""
    wide = period_of(session, DAY - timedelta(days=99), LATER + timedelta(days=99))
    assert wide == period_of(session)
    assert wide.cut_id == days[2]


def test_stretch_without_any_books_is_refused(session: Session) -> None:
    """No empty file is given for a wrong year."""
    with pytest.raises(NoOpenDay):
        period_of(session)
    open_first_day(session, DAY, now=AT)
    for first, last in ((LATER, None), (None, DAY - timedelta(days=1)), (LATER, DAY)):
        with pytest.raises(UnknownDay):
            period_of(session, first, last)
