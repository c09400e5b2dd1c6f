"""A merchant with a contact, and bank accounts that two people agree to."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from citizencard.approvals.decisions import approve, find_approval
from citizencard.audit import Actor
from citizencard.keys.vault import SoftwareVault
from citizencard.merchants.bank_accounts import (
    NewBankAccount,
    bank_account_as_approved,
    propose_bank_account,
    seal_bank_account,
)
from citizencard.merchants.contacts import NewContact, seal_contact, set_contact
from citizencard.merchants.models import MerchantBankAccount
from citizencard.merchants.registry import register_merchant

MAKER: Final = Actor("staff", "stf_maker", "P-0101", "finance", "office-1", "req-1")
CHECKER: Final = Actor("staff", "stf_checker", "P-0102", "supervisor", "office-2", "req-2")


def make_merchant(session: Session, vault: SoftwareVault, now: datetime) -> str:
    """A bus company whose contact is 王示例; returns its id."""
    merchant = register_merchant(session, "City Bus", "bus", now=now).id
    set_contact(session, seal_contact(vault, NewContact(merchant, "王示例", "130 0000-1111")), MAKER, now)
    return merchant


def proposed(
    session: Session, vault: SoftwareVault, merchant_id: str, number: str, now: datetime
) -> MerchantBankAccount:
    """An account that one person has proposed."""
    sealed = seal_bank_account(vault, NewBankAccount(merchant_id, "Demo Bank", "City Bus Ltd", number))
    return propose_bank_account(session, sealed, "the bank was changed", MAKER, now)


def agreed(session: Session, account: MerchantBankAccount, now: datetime) -> MerchantBankAccount:
    """The same, agreed to by another."""
    approval = approve(session, account.approval_id, CHECKER, now)
    return bank_account_as_approved(session, find_approval(session, approval.id), CHECKER, now)
