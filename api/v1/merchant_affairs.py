"""Merchants' outlets and contacts, where their money goes, and what they are to be told."""

from api.auth import actor
from api.city import city, now
from api.face import Face, Shapes
from api.idempotency import Once, Stored
from api.schemas.merchants import (
    BankAccountAnswer,
    BankAccountRequest,
    BankAccountRevealedAnswer,
    BankAccountWanted,
    ContactWanted,
    MerchantContactAnswer,
    MerchantContactRequest,
    MerchantNoticeAnswer,
    MerchantOutletAnswer,
    MerchantOutletQuery,
    MerchantOutletRequest,
    MerchantSeenAnswer,
    OutletsWanted,
    Told,
    ToldRequest,
)
from api.schemas.people import ReasonRequest, Why
from api.schemas.shape import Page, PageQuery, PageWanted, list_of
from citizencard.audit import Access
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.merchants.bank_accounts import (
    ClearBankAccount,
    NewBankAccount,
    bank_account_by_id,
    bank_accounts_of,
    propose_bank_account,
    seal_bank_account,
    state_of,
    take_back_bank_account,
)
from citizencard.merchants.contacts import (
    ContactDetails,
    NewContact,
    contact_by_id,
    current_contact,
    masked_contact,
    seal_contact,
    set_contact,
)
from citizencard.merchants.flow import reveal_bank_account, reveal_contact
from citizencard.merchants.models import MerchantBankAccount
from citizencard.merchants.notices import mark_sent, unsent_notices
from citizencard.merchants.outlets import NewOutlet, close_outlet, list_outlets, open_outlet
from citizencard.merchants.registry import merchant_by_id
from citizencard.staff.permissions import Permission

face = Face("Affairs of merchants", "/v1", "Outlets, contacts, bank accounts and notices.")


@face.get("/merchants/<merchant_id>", Shapes(gives=MerchantSeenAnswer))
def see_merchant(merchant_id: str) -> dict[str, object]:
    """One merchant, with its contact, masked."""
    with reading(city().sessions) as session:
        merchant, contact = merchant_by_id(session, merchant_id), current_contact(session, merchant_id)
        session.expunge_all()
    members = ("id", "name", "kind", "registered_at")
    masked = None if contact is None else masked_contact(city().hsm, contact)
    return {name: getattr(merchant, name) for name in members} | {"contact": masked}


@face.post("/merchant-outlets", Shapes(gives=MerchantOutletAnswer, takes=MerchantOutletRequest, status=201))
def open_a_merchant_outlet(new: NewOutlet) -> Once:
    """Open an outlet of a merchant: a depot, a station, a lot, a shop."""
    who = actor(Permission.MERCHANTS_MANAGE)
    return Once(lambda session: open_outlet(session, new, who, now()))


@face.get("/merchant-outlets", Shapes(gives=list_of(MerchantOutletAnswer), query=MerchantOutletQuery))
def see_merchant_outlets(wanted: OutletsWanted) -> Page:
    """Outlets of one merchant or of all, open and closed, by id."""
    with reading(city().sessions) as session:
        found = list_outlets(
            session, merchant_id=wanted.merchant_id, after=wanted.starting_after or "", limit=wanted.limit + 1
        )
    return Page.cut(found, wanted.limit)


@face.post("/merchant-outlets/<outlet_id>/closings", Shapes(gives=MerchantOutletAnswer, status=201))
def close_a_merchant_outlet(outlet_id: str) -> Once:
    """Close an outlet. Devices that stand at it keep earning: who is paid does not follow from a place."""
    who = actor(Permission.MERCHANTS_MANAGE)
    return Once(lambda session: close_outlet(session, outlet_id, who, now()))


@face.post(
    "/merchants/<merchant_id>/contacts", Shapes(gives=MerchantContactAnswer, takes=MerchantContactRequest, status=201)
)
def set_a_contact(new: ContactWanted, merchant_id: str) -> Once:
    """Make somebody the contact; the one before is told. The answer is masked."""
    who = actor(Permission.MERCHANTS_MANAGE)
    sealed = seal_contact(city().hsm, NewContact(merchant_id, new.name, new.phone))

    def show(stored: Stored, _replayed: bool) -> ContactDetails:  # noqa: FBT001 # told by position, as every `show`
        with reading(city().sessions) as session:
            contact = contact_by_id(session, stored["id"])
            session.expunge_all()
        return masked_contact(city().hsm, contact)

    return Once(lambda session: {"id": set_contact(session, sealed, who, now()).id}, show)


@face.post("/merchant-contacts/<contact_id>/revelations", Shapes(gives=MerchantContactAnswer, takes=ReasonRequest))
def reveal_a_contact(given: Why, contact_id: str) -> ContactDetails:
    """A contact in clear, to call it. That it was shown is written down first."""
    who = actor(Permission.MERCHANTS_REVEAL)
    return reveal_contact(city().sessions, city().hsm, contact_id, Access(who, given.reason, now()))


@face.post(
    "/merchants/<merchant_id>/bank-accounts", Shapes(gives=BankAccountAnswer, takes=BankAccountRequest, status=202)
)
def propose_a_bank_account(new: BankAccountWanted, merchant_id: str) -> Once:
    """Propose where a merchant's money shall go.

    It does three days after a second person has agreed; who is the contact now, or was it in the last 30 days, is told at once.
    """
    who = actor(Permission.MERCHANTS_MANAGE)
    sealed = seal_bank_account(city().hsm, NewBankAccount(merchant_id, new.bank, new.holder, new.number))
    return Once(lambda session: _seen(session, propose_bank_account(session, sealed, new.reason, who, now())))


@face.get("/merchants/<merchant_id>/bank-accounts", Shapes(gives=list_of(BankAccountAnswer)))
def see_bank_accounts(merchant_id: str) -> Page:
    """Where a merchant's money goes, went and shall go, newest first, at most 200."""
    with reading(city().sessions) as session:
        merchant_by_id(session, merchant_id)
        return Page(
            tuple(_seen(session, account) for account in bank_accounts_of(session, merchant_id)), has_more=False
        )


@face.post(
    "/bank-accounts/<bank_account_id>/withdrawals", Shapes(gives=BankAccountAnswer, takes=ReasonRequest, status=201)
)
def take_back_a_bank_account(given: Why, bank_account_id: str) -> Once:
    """Let an account that was proposed or agreed to never take effect: one person does it, as soon as the contact objects."""
    who = actor(Permission.BANK_ACCOUNTS_TAKE_BACK)
    return Once(
        lambda session: _seen(session, take_back_bank_account(session, bank_account_id, given.reason, who, now()))
    )


@face.post("/bank-accounts/<bank_account_id>/revelations", Shapes(gives=BankAccountRevealedAnswer, takes=ReasonRequest))
def reveal_a_bank_account(given: Why, bank_account_id: str) -> ClearBankAccount:
    """A bank account in clear. That it was shown is written down first."""
    who = actor(Permission.MERCHANTS_REVEAL)
    return reveal_bank_account(city().sessions, city().hsm, bank_account_id, Access(who, given.reason, now()))


@face.get("/merchant-notices", Shapes(gives=list_of(MerchantNoticeAnswer), query=PageQuery))
def see_notices(wanted: PageWanted) -> Page:
    """What merchants' contacts are to be told and nobody has told them yet, by id."""
    with reading(city().sessions) as session:
        found = unsent_notices(session, after=wanted.starting_after or "", limit=wanted.limit + 1)
    return Page.cut(found, wanted.limit)


@face.post("/merchant-notices/<notice_id>/tellings", Shapes(gives=MerchantNoticeAnswer, takes=ToldRequest, status=201))
def say_told(given: Told, notice_id: str) -> Once:
    """Say that a contact was told, and how."""
    who = actor(Permission.BANK_ACCOUNTS_TAKE_BACK)
    return Once(lambda session: mark_sent(session, notice_id, given.way, who, now()))


def _seen(session: Transaction, account: MerchantBankAccount) -> dict[str, object]:
    members = ("id", "merchant_id", "bank", "last4", "approval_id", "proposed_at", "effective_from")
    ends = ("ended_at", "end_reason", "superseded_by")
    stored = bank_account_by_id(session, account.id)
    return {name: getattr(stored, name) for name in (*members, *ends)} | {"state": state_of(session, stored, now())}
