"""Where merchants' money goes."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from citizencard.approvals.decisions import approve, decline, find_approval
from citizencard.approvals.errors import ApprovalPayloadDiffers
from citizencard.audit import Actor
from citizencard.keys.vault import SoftwareVault
from citizencard.merchants.bank_accounts import (
    DELAY,
    NewBankAccount,
    bank_account_as_approved,
    bank_account_at,
    bank_account_by_id,
    bank_accounts_of,
    propose_bank_account,
    seal_bank_account,
    state_of,
    take_back_bank_account,
    unsealed_bank_account,
)
from citizencard.merchants.errors import (
    BankAccountFinal,
    BankAccountInvalid,
    MerchantContactMissing,
    UnknownBankAccount,
    UnknownMerchant,
)
from citizencard.merchants.models import MerchantBankAccount, MerchantNotice
from citizencard.merchants.registry import register_merchant
from tests.citizencard.merchants.make_affairs import CHECKER, agreed, make_merchant, proposed

OLD, NEW = "6200 0000 0000 0001", "6200-0000-0000-0002"
HOUR = timedelta(hours=1)


def test_money_goes_there_three_days_after_the_second_word(
    session: Session, vault: SoftwareVault, now: datetime
) -> None:
    """Until the delay is over the merchant is paid where it was before, and its contact was told at once."""
    merchant = make_merchant(session, vault, now)
    old = agreed(session, proposed(session, vault, merchant, OLD, now), now)
    new = proposed(session, vault, merchant, NEW, now + DELAY)
    assert state_of(session, new, now + DELAY) == "proposed"
    agreed(session, new, now + DELAY + HOUR)
    begins = now + 2 * DELAY + HOUR
    asked = (now, now + DELAY - HOUR, now + DELAY, begins - HOUR, begins, begins + DELAY)
    found = [bank_account_at(session, merchant, at) for at in asked]
    assert [None if account is None else account.last4 for account in found] == [
        None,
        None,
        "0001",
        "0001",
        "0002",
        "0002",
    ]
    assert [state_of(session, account, begins) for account in (old, new)] == ["replaced", "in_force"]
    told = session.scalars(select(MerchantNotice).where(MerchantNotice.subject == new.id)).all()
    assert [(notice.kind, notice.made_at, notice.sent_at) for notice in told] == [
        ("bank_account_changes", now + DELAY + HOUR, None)
    ]
    clear = unsealed_bank_account(vault, new)
    assert (clear.number, clear.holder) == ("6200000000000002", "City Bus Ltd")
    assert "6200" not in repr(clear) + repr(new)


def test_one_person_stops_it_while_it_waits(
    session: Session, vault: SoftwareVault, supervisor: Actor, now: datetime
) -> None:
    """The old contact calls: nothing of it takes effect, and everybody who heard of the change hears that it is off."""
    merchant = make_merchant(session, vault, now)
    old = agreed(session, proposed(session, vault, merchant, OLD, now), now)
    new = agreed(session, proposed(session, vault, merchant, NEW, now + DELAY), now + DELAY)
    take_back_bank_account(session, new.id, "the contact did not ask for it", supervisor, now + DELAY + HOUR)
    assert state_of(session, new, now + 2 * DELAY) == "taken_back"
    found = bank_account_at(session, merchant, now + 3 * DELAY)
    assert found is not None
    assert found.id == old.id
    kinds = session.scalars(
        select(MerchantNotice.kind).where(MerchantNotice.subject == new.id).order_by(MerchantNotice.made_at)
    )
    assert list(kinds) == ["bank_account_changes", "bank_account_stays"]
    for account in (old, new):
        with pytest.raises(BankAccountFinal):
            take_back_bank_account(session, account.id, "x", supervisor, now + 2 * DELAY)
    with pytest.raises(UnknownBankAccount):
        take_back_bank_account(session, "mba_none", "x", supervisor, now)


def test_a_second_agreement_supersedes_the_one_that_waits(
    session: Session, vault: SoftwareVault, now: datetime
) -> None:
    """Of two changes in three days the later counts, with its own three days, and the first says what became of it."""
    merchant = make_merchant(session, vault, now)
    first = agreed(session, proposed(session, vault, merchant, OLD, now), now)
    second = agreed(session, proposed(session, vault, merchant, NEW, now + HOUR), now + HOUR)
    session.refresh(first)
    assert (first.superseded_by, first.ended_at) == (second.id, now + HOUR)
    assert state_of(session, first, now + HOUR) == "superseded"
    assert bank_account_at(session, merchant, now + DELAY) is None
    assert bank_account_at(session, merchant, now + DELAY + HOUR) is second
    assert [account.id for account in bank_accounts_of(session, merchant)] == [second.id, first.id]


def test_what_was_taken_back_or_declined_is_not_carried_out(
    session: Session, vault: SoftwareVault, supervisor: Actor, now: datetime
) -> None:
    """A proposal that was taken back cannot be agreed to any more, and a declined one says so."""
    merchant = make_merchant(session, vault, now)
    taken = proposed(session, vault, merchant, OLD, now)
    take_back_bank_account(session, taken.id, "a mistake", supervisor, now)
    with pytest.raises(BankAccountFinal):
        agreed(session, taken, now)
    declined = proposed(session, vault, merchant, NEW, now)
    decline(session, declined.approval_id, CHECKER, now)
    assert state_of(session, declined, now) == "declined"
    forgotten = proposed(session, vault, merchant, NEW, now)
    assert state_of(session, forgotten, now + DELAY) == "expired"
    kinds = session.scalars(select(MerchantNotice.kind).where(MerchantNotice.merchant_id == merchant))
    assert list(kinds) == []


def test_what_was_agreed_to_cannot_be_exchanged(session: Session, vault: SoftwareVault, now: datetime) -> None:
    """The database refuses to change an account, and the approval is for these very ciphertexts."""
    merchant = make_merchant(session, vault, now)
    account = proposed(session, vault, merchant, OLD, now)
    for change in ({"bank": "x"}, {"last4": "9999"}, {"number": account.holder}):
        with pytest.raises(DBAPIError, match="keeps its terms"), session.begin_nested():
            session.execute(update(MerchantBankAccount).values(**change))
    with pytest.raises(DBAPIError, match=r"keeps its terms|permission denied"), session.begin_nested():
        session.execute(text("DELETE FROM merchant_bank_account"))
    approval = approve(session, account.approval_id, CHECKER, now)
    approval.payload = {**approval.payload, "sealed_sha256": "00" * 32}
    with pytest.raises(ApprovalPayloadDiffers):
        bank_account_as_approved(session, find_approval(session, approval.id), CHECKER, now)
    assert session.get_one(MerchantBankAccount, account.id).effective_from is None


def test_nobody_is_paid_somewhere_new_without_somebody_to_tell(
    session: Session, vault: SoftwareVault, clerk: Actor, now: datetime
) -> None:
    """A merchant without a contact gets one first; an unknown one and an unusable account are refused before anybody is asked."""
    lonely = register_merchant(session, "Shop", "shop", now=now).id
    sealed = seal_bank_account(vault, NewBankAccount(lonely, "Demo Bank", "Shop", OLD))
    with pytest.raises(MerchantContactMissing):
        propose_bank_account(session, sealed, "x", clerk, now)
    with pytest.raises(UnknownMerchant):
        propose_bank_account(
            session, seal_bank_account(vault, NewBankAccount("mer_none", "b", "h", OLD)), "x", clerk, now
        )
    with pytest.raises(UnknownBankAccount):
        bank_account_by_id(session, "mba_none")
    with pytest.raises(BankAccountInvalid) as refused:
        seal_bank_account(vault, NewBankAccount(lonely, "", "h" * 121, "1234567a"))
    assert str(refused.value).count(";") == 2
    assert "1234567a" not in str(refused.value)
