"""Showing what is encrypted about merchants: who looks, and why, is committed before anything is decrypted."""

from citizencard.audit import Access, record_reading
from citizencard.db import Sessions, reading
from citizencard.keys.hsm import Hsm
from citizencard.merchants.bank_accounts import ClearBankAccount, bank_account_by_id, unsealed_bank_account
from citizencard.merchants.contacts import ContactDetails, contact_by_id, unsealed_contact


def reveal_bank_account(sessions: Sessions, hsm: Hsm, bank_account_id: str, access: Access) -> ClearBankAccount:
    """A bank account in clear, for somebody who said why.

    Raises:
        UnknownBankAccount: there is none with this id.
        ReasonUnfit: no reason, or an unusable one.
    """
    with reading(sessions) as session:
        account = bank_account_by_id(session, bank_account_id)
        session.expunge_all()
    record_reading(sessions, access, "merchant_bank_account.reveal", account.id)
    return unsealed_bank_account(hsm, account)


def reveal_contact(sessions: Sessions, hsm: Hsm, contact_id: str, access: Access) -> ContactDetails:
    """A contact in clear, for somebody who said why, such as to call it.

    Raises:
        UnknownMerchantContact: there is none with this id.
        ReasonUnfit: no reason, or an unusable one.
    """
    with reading(sessions) as session:
        contact = contact_by_id(session, contact_id)
        session.expunge_all()
    record_reading(sessions, access, "merchant_contact.reveal", contact.id)
    return unsealed_contact(hsm, contact)
