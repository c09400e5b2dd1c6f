"""Each check of the proof is quiet on sound books, and stops reading when nobody wants more."""

from collections.abc import Callable, Iterator
from itertools import islice

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger import checks, post
from ledger.checks import Difference
from tests.ledger.make import AT, books, transfer


@pytest.mark.parametrize(
    "check",
    [
        checks.accounts,
        checks.duplicates,
        checks.reversals,
        checks.days,
        checks.debits_are_credits,
    ],
)
def test_sound_books_are_quiet(session: Session, check: Callable[[Session], Iterator[Difference]]) -> None:
    """No check finds anything in empty books, and nothing in sound ones."""
    assert list(check(session)) == []
    books(session)
    post(session, [transfer("a", "bank", "wallet:1", 5)], now=AT)
    assert list(check(session)) == []


def test_reading_can_stop(session: Session) -> None:
    """A long answer is read piece by piece and can be left in the middle."""
    books(session)
    found = checks.streamed(session, text("SELECT code FROM ledger_account ORDER BY code"))
    assert [row.code for row in islice(found, 2)] == ["bank", "merchant:1:clearing"]
    found.close()  # type: ignore[attr-defined] # a generator
    post(session, [transfer("a", "bank", "wallet:1", 5)], now=AT)


def test_ceiling_list_is_bounded(session: Session) -> None:
    """Accounts above their ceiling are listed up to a limit."""
    books(session)
    post(session, [transfer("a", "bank", "wallet:1", 100_001)], now=AT)
    (above,) = checks.above_ceiling(session, 5)
    assert (above.code, above.balance_fen, above.ceiling_fen) == ("wallet:1", 100_001, 100_000)
    assert (above.last_reference, above.last_kind) == ("a", "test")
    assert list(checks.above_ceiling(session, 0)) == []
