"""Giving receipts."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from citizencard.db import Sessions, reading, transaction
from citizencard.receipts.errors import ReceiptDiffers
from citizencard.receipts.issuing import TOKEN, NewReceipt, by_subject, by_subjects, by_token, issue
from citizencard.receipts.models import Receipt, ReceiptKind
from tests.citizencard.accounts.make_accounts import at_once

PAID = NewReceipt(ReceiptKind.BILL, "pay_1", 4_950, {"quantity": 18})


def test_receipt_is_given_once(session: Session, now: datetime) -> None:
    """A payment that is booked again gets the slip of its first time; another amount under its name is a fault, not a slip."""
    first = issue(session, PAID, now)
    again = issue(session, PAID, now + timedelta(days=1))
    assert again is first
    assert again.issued_at == now
    assert by_subject(session, "bill", "pay_1") is first
    with pytest.raises(ReceiptDiffers) as refusal:
        issue(session, NewReceipt("bill", "pay_1", 4_951, {}), now)
    assert refusal.value.public_fields() == {"kind": "bill"}


def test_serials_rise_and_tokens_tell_nothing(session: Session, now: datetime) -> None:
    """Slips are in order for the accountant, and a slip in the hand does not tell the address of the next."""
    found = [issue(session, NewReceipt("top_up", f"pay_{number}", 100, {}), now) for number in range(50)]
    serials = [receipt.serial for receipt in found]
    assert serials == sorted(set(serials))
    tokens = {receipt.token for receipt in found}
    assert len(tokens) == 50
    assert len({token[:6] for token in tokens}) == 50
    for receipt in found:
        assert TOKEN.fullmatch(receipt.token)
        assert by_token(session, receipt.token) is receipt
    subjects = ["pay_3", "pay_4", "pay_x"]
    assert set(by_subjects(session, ReceiptKind.TOP_UP, subjects)) == {"pay_3", "pay_4"}
    assert by_subjects(session, ReceiptKind.BILL, subjects) == {}


@pytest.mark.parametrize(
    "wrong", ["", "x", "a" * 31, "a" * 33, "\0" * 32, "%" * 32, "'" * 32, "é" * 32, "A" * 32 + "\n"]
)
def test_text_that_is_no_token_finds_nothing(session: Session, now: datetime, wrong: str) -> None:
    """Whatever is typed into the address line, the answer is the same."""
    issue(session, PAID, now)
    assert by_token(session, wrong) is None
    assert by_token(session, "A" * 32) is None


def test_unknown_kind_is_refused(session: Session, now: datetime) -> None:
    """No slip is given for something that slips are not made for."""
    with pytest.raises(ValueError, match="gift"):
        issue(session, NewReceipt("gift", "x", 1, {}), now)


def test_receipt_for_nothing_is_refused(session: Session, now: datetime) -> None:
    """There is no slip over zero."""
    with pytest.raises(IntegrityError), session.begin_nested():
        issue(session, NewReceipt("bill", "pay_2", 0, {}), now)


def test_two_at_once_give_one_slip(committed: Sessions, now: datetime) -> None:
    """The webhook and the browser that come back in the same moment show one slip."""

    def give() -> str:
        with transaction(committed) as session:
            return issue(session, PAID, now).token

    assert len(set(at_once([give] * 6))) == 1
    with reading(committed) as session:
        assert session.query(Receipt).count() == 1
