"""Whom a merchant is told things through. A new contact works at once; the one before is told, so that nobody is replaced in silence."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from citizencard.audit import Actor, record
from citizencard.db import flush_unique, new_id
from citizencard.keys.hsm import FieldContext, Hsm
from citizencard.merchants.errors import MerchantContactInvalid, UnknownMerchant, UnknownMerchantContact
from citizencard.merchants.models import Merchant, MerchantContact, NoticeKind
from citizencard.merchants.notices import Notice, make_notices
from citizencard.merchants.registry import merchant_by_id

TABLE: Final = "merchant_contact"
MAX_CONTACT_NAME_CHARACTERS: Final = 40
PHONE: Final = re.compile(r"\+?[0-9]{5,20}")
REMEMBERED: Final = timedelta(days=30)
"""Who was the contact so recently is told too: else a thief would change the contact first."""
SHOWN_DIGITS: Final = 4


@dataclass(frozen=True, slots=True)
class NewContact:
    """A contact as written down: name of 1 to 40 characters, phone of 5 to 20 digits."""

    merchant_id: str
    name: str = field(repr=False)
    phone: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SealedContact:
    """A contact, checked and encrypted under the id that it will have."""

    contact_id: str
    merchant_id: str
    name: bytes = field(repr=False)
    phone: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ContactDetails:
    """A contact, in clear or masked as the function says that made it."""

    contact_id: str
    recorded_at: datetime
    name: str = field(repr=False)
    phone: str = field(repr=False)


def seal_contact(hsm: Hsm, new: NewContact) -> SealedContact:
    """Check and encrypt a contact. Asks the keys' keeper: call it with no transaction open.

    Raises:
        MerchantContactInvalid: names every fault, and repeats nothing.
    """
    name, phone = new.name.strip(), re.sub(r"[\s-]", "", new.phone)
    faults = []
    if not 1 <= len(name) <= MAX_CONTACT_NAME_CHARACTERS or not name.isprintable():
        faults.append(f"name must have 1 to {MAX_CONTACT_NAME_CHARACTERS} characters")
    if not PHONE.fullmatch(phone):
        faults.append("phone must have 5 to 20 digits")
    if faults:
        raise MerchantContactInvalid("; ".join(faults), faults=faults)
    contact_id = new_id("mcon")
    return SealedContact(
        contact_id,
        new.merchant_id,
        hsm.encrypt(FieldContext(TABLE, "name", contact_id), name),
        hsm.encrypt(FieldContext(TABLE, "phone", contact_id), phone),
    )


def set_contact(session: Session, sealed: SealedContact, actor: Actor, now: datetime) -> MerchantContact:
    """Make somebody the contact from now on, and have the one before told.

    Raises:
        UnknownMerchant: nobody has this id.
    """
    lock_merchant(session, sealed.merchant_id)
    told = contacts_to_tell(session, sealed.merchant_id, now)
    session.execute(
        update(MerchantContact)
        .where(MerchantContact.merchant_id == sealed.merchant_id, MerchantContact.replaced_at.is_(None))
        .values(replaced_at=now)
    )
    contact = MerchantContact(
        id=sealed.contact_id,
        merchant_id=sealed.merchant_id,
        name=sealed.name,
        phone=sealed.phone,
        recorded_at=now,
    )
    session.add(contact)
    flush_unique(session, UnknownMerchant("no such merchant", merchant_id=sealed.merchant_id))
    make_notices(session, Notice(sealed.merchant_id, NoticeKind.CONTACT_CHANGED, contact.id), told, now)
    after = {"merchant": contact.merchant_id, "name": contact.name.hex(), "phone": contact.phone.hex()}
    record(session, actor, "merchant_contact.set", contact.id, after=after, now=now)
    return contact


def current_contact(session: Session, merchant_id: str) -> MerchantContact | None:
    """Who is the contact now; None when nobody is."""
    return session.scalars(
        select(MerchantContact).where(MerchantContact.merchant_id == merchant_id, MerchantContact.replaced_at.is_(None))
    ).one_or_none()


def contact_by_id(session: Session, contact_id: str) -> MerchantContact:
    """Look a contact up, current or former: a former one is called too, to be told.

    Raises:
        UnknownMerchantContact: there is none with this id.
    """
    contact = session.get(MerchantContact, contact_id)
    if contact is None:
        raise UnknownMerchantContact("there is no such contact", contact_id=contact_id)
    return contact


def contacts_to_tell(session: Session, merchant_id: str, now: datetime) -> list[str]:
    """Ids of the contacts that are told of a change: the current one, and who was it in the last 30 days."""
    recent = or_(MerchantContact.replaced_at.is_(None), MerchantContact.replaced_at > now - REMEMBERED)
    found = select(MerchantContact.id).where(MerchantContact.merchant_id == merchant_id, recent)
    return list(session.scalars(found.order_by(MerchantContact.recorded_at, MerchantContact.id)))


def lock_merchant(session: Session, merchant_id: str) -> Merchant:
    """Have a merchant's contact and bank account to oneself until the end of the transaction.

    Raises:
        UnknownMerchant: nobody has this id.
    """
    found = session.scalars(select(Merchant).where(Merchant.id == merchant_id).with_for_update()).one_or_none()
    return merchant_by_id(session, merchant_id) if found is None else found


def unsealed_contact(hsm: Hsm, contact: MerchantContact) -> ContactDetails:
    """A contact in clear. Asks the keys' keeper: call it with no transaction open."""
    return ContactDetails(
        contact.id,
        contact.recorded_at,
        hsm.decrypt(FieldContext(TABLE, "name", contact.id), contact.name),
        hsm.decrypt(FieldContext(TABLE, "phone", contact.id), contact.phone),
    )


def masked_contact(hsm: Hsm, contact: MerchantContact) -> ContactDetails:
    """A contact as it may be shown at any time: 王*, ····1234. Asks the keys' keeper: call it with no transaction open."""
    clear = unsealed_contact(hsm, contact)
    return ContactDetails(
        clear.contact_id, clear.recorded_at, f"{clear.name[0]}*", f"····{clear.phone[-SHOWN_DIGITS:]}"
    )
