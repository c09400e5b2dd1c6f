"""The statements of posting."""

import pytest
from sqlalchemy.orm import Session

from ledger import post, writing
from ledger.errors import NoOpenDay
from tests.ledger.make import AT, DAY, books, transfer


def test_books_are_opened_for_what_exists(session: Session) -> None:
    """The open day and the accounts come together; a code that names no account is simply not there."""
    with pytest.raises(NoOpenDay):
        writing.open_books(session, ["bank"], AT)
    books(session)
    found = writing.open_books(session, ["bank", "wallet:1", "nowhere"], AT)
    assert found.day == DAY
    assert {code: account.locked for code, account in found.accounts.items()} == {"bank": False, "wallet:1": True}
    assert writing.open_books(session, [], AT) == writing.OpenBooks(DAY, {}, [])


def test_transfers_are_found_by_reference(session: Session) -> None:
    """A transfer is read back as it was asked for."""
    books(session)
    asked = transfer("a", "bank", "wallet:1", 5, metadata={"n": 1}, journal="j")
    post(session, [asked], now=AT)
    found = writing.find(session, ["a", "b"])
    assert list(found) == ["a"]
    assert found["a"].posted.transfer == asked
    assert found["a"].reverses is None
    assert writing.find(session, []) == {}
