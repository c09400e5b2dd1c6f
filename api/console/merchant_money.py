"""Whom a merchant is told things through, and where its money goes: proposed, taken back, shown in clear, told."""

from dataclasses import dataclass, field
from typing import Any, Final

from flask import Response

from api.auth import actor
from api.city import city, now
from api.console.blueprint import pages
from api.console.merchants import LIST, named, whole
from api.console.terminal_acts import WhyForm, WhyGiven
from api.web.forms import Choice, Filled, Form, Line, new_form, read_form
from api.web.page import Said, go_to, render_page
from api.web.submitting import answer_form, book_once
from citizencard.audit import REASON_CHARS, Access
from citizencard.db import reading
from citizencard.merchants.bank_accounts import (
    NewBankAccount,
    SealedBankAccount,
    bank_account_by_id,
    propose_bank_account,
    seal_bank_account,
    take_back_bank_account,
)
from citizencard.merchants.contacts import (
    MAX_CONTACT_NAME_CHARACTERS,
    NewContact,
    SealedContact,
    contact_by_id,
    seal_contact,
    set_contact,
)
from citizencard.merchants.errors import BankAccountInvalid, MerchantContactInvalid
from citizencard.merchants.flow import reveal_bank_account, reveal_contact
from citizencard.merchants.models import MAX_NAME_CHARACTERS
from citizencard.merchants.notices import WAYS, mark_sent, notice_by_id
from citizencard.staff.permissions import Permission

MAX_PHONE: Final = 32
MAX_NUMBER: Final = 48


@dataclass(frozen=True, slots=True)
class ContactGiven:
    """Somebody to be told things."""

    name: str = field(repr=False)
    phone: str = field(repr=False)


class ContactForm(Form):
    """Fields of a contact."""

    name = Line(MAX_CONTACT_NAME_CHARACTERS)
    phone = Line(MAX_PHONE)


@dataclass(frozen=True, slots=True)
class AccountGiven:
    """Where the money shall go."""

    bank: str
    reason: str
    holder: str = field(repr=False)
    number: str = field(repr=False)


class AccountForm(Form):
    """Fields of a bank account."""

    holder = Line(MAX_NAME_CHARACTERS)
    bank = Line(MAX_NAME_CHARACTERS)
    number = Line(MAX_NUMBER)
    reason = Line(REASON_CHARS)


@dataclass(frozen=True, slots=True)
class ToldGiven:
    """How a contact was told."""

    way: str


class ToldForm(Form):
    """Fields of a telling."""

    way = Choice(*WAYS)


@pages.get("/console/merchants/<merchant_id>/contacts/new")
def new_contact(merchant_id: str) -> Response:
    """Where a contact is written down."""
    return render_page("console/contact_new.html", form=new_form(), **named(merchant_id))


@pages.post("/console/merchants/<merchant_id>/contacts")
def set_new_contact(merchant_id: str) -> Response:
    """Make somebody the contact; the one before is told."""
    who = actor(Permission.MERCHANTS_MANAGE)
    form, sealed = _sealed_contact(merchant_id, read_form(ContactForm, ContactGiven))

    def act(_given: ContactGiven) -> Response:
        if sealed is not None:
            book_once(form, lambda session: {"id": set_contact(session, sealed, who, now()).id})
        return go_to(f"{LIST}/{merchant_id}", Said("merchant.contact.set"))

    return answer_form(form, act, "console/contact_new.html", **named(merchant_id))


@pages.get("/console/merchants/<merchant_id>/bank-accounts/new")
def new_bank_account(merchant_id: str) -> Response:
    """Where a bank account is proposed."""
    return render_page("console/bank_account_new.html", form=new_form(), **named(merchant_id))


@pages.post("/console/merchants/<merchant_id>/bank-accounts")
def propose_new_bank_account(merchant_id: str) -> Response:
    """Put a bank account before a second person."""
    who = actor(Permission.MERCHANTS_MANAGE)
    form, sealed = _sealed_account(merchant_id, read_form(AccountForm, AccountGiven))

    def act(given: AccountGiven) -> Response:
        if sealed is not None:
            book_once(form, lambda session: {"id": propose_bank_account(session, sealed, given.reason, who, now()).id})
        return go_to(f"{LIST}/{merchant_id}", Said("merchant.account.proposed"))

    return answer_form(form, act, "console/bank_account_new.html", **named(merchant_id))


@pages.get("/console/bank-accounts/<bank_account_id>/withdrawal")
def take_back_form(bank_account_id: str) -> Response:
    """Where an account that is not in force yet is taken back."""
    return render_page("console/bank_account_back.html", form=new_form(), **_account(bank_account_id))


@pages.post("/console/bank-accounts/<bank_account_id>/withdrawal")
def take_back_account(bank_account_id: str) -> Response:
    """Let it never take effect: one person does it, as soon as the contact objects."""
    who = actor(Permission.BANK_ACCOUNTS_TAKE_BACK)
    form = read_form(WhyForm, WhyGiven)
    values = _account(bank_account_id)

    def act(given: WhyGiven) -> Response:
        book_once(
            form,
            lambda session: {"id": take_back_bank_account(session, bank_account_id, given.reason, who, now()).id},
        )
        return go_to(f"{LIST}/{values['merchant_id']}", Said("merchant.account.taken_back", "warning"))

    return answer_form(form, act, "console/bank_account_back.html", **values)


@pages.get("/console/bank-accounts/<bank_account_id>/revelation")
def reveal_account_form(bank_account_id: str) -> Response:
    """Where the reason is asked for; nothing is shown in clear yet."""
    return render_page("console/bank_account_clear.html", form=new_form(), clear=None, **_account(bank_account_id))


@pages.post("/console/bank-accounts/<bank_account_id>/revelation")
def reveal_account(bank_account_id: str) -> Response:
    """A bank account in clear. Who looked, and why, is committed before anything is decrypted."""
    who = actor(Permission.MERCHANTS_REVEAL)
    form = read_form(WhyForm, WhyGiven)
    values = _account(bank_account_id)

    def act(given: WhyGiven) -> Response:
        clear = reveal_bank_account(city().sessions, city().hsm, bank_account_id, Access(who, given.reason, now()))
        return render_page("console/bank_account_clear.html", form=form, clear=clear, **values)

    return answer_form(form, act, "console/bank_account_clear.html", clear=None, **values)


@pages.get("/console/merchant-contacts/<contact_id>/revelation")
def reveal_contact_form(contact_id: str) -> Response:
    """Where the reason is asked for; nothing is shown in clear yet."""
    return render_page("console/contact_clear.html", form=new_form(), clear=None, **_contact(contact_id))


@pages.post("/console/merchant-contacts/<contact_id>/revelation")
def reveal_one_contact(contact_id: str) -> Response:
    """A contact in clear, to call it. Who looked, and why, is committed before anything is decrypted."""
    who = actor(Permission.MERCHANTS_REVEAL)
    form = read_form(WhyForm, WhyGiven)
    values = _contact(contact_id)

    def act(given: WhyGiven) -> Response:
        clear = reveal_contact(city().sessions, city().hsm, contact_id, Access(who, given.reason, now()))
        return render_page("console/contact_clear.html", form=form, clear=clear, **values)

    return answer_form(form, act, "console/contact_clear.html", clear=None, **values)


@pages.post("/console/merchant-notices/<notice_id>/tellings")
def say_one_told(notice_id: str) -> Response:
    """Say that a contact was told, and how."""
    who = actor(Permission.BANK_ACCOUNTS_TAKE_BACK)
    form = read_form(ToldForm, ToldGiven)
    with reading(city().sessions) as session:
        merchant_id = notice_by_id(session, notice_id).merchant_id

    def act(given: ToldGiven) -> Response:
        book_once(form, lambda session: {"id": mark_sent(session, notice_id, given.way, who, now()).id})
        return go_to(f"{LIST}/{merchant_id}", Said("merchant.notice.done"))

    return answer_form(form, act, "console/merchant.html", **whole(merchant_id))


def _sealed_contact(merchant_id: str, form: Filled[ContactGiven]) -> tuple[Filled[ContactGiven], SealedContact | None]:
    """The contact encrypted, or the form with what cannot be taken. Asks the keys' keeper, so no transaction is open."""
    if form.value is None:
        return form, None
    try:
        return form, seal_contact(city().hsm, NewContact(merchant_id, form.value.name, form.value.phone))
    except MerchantContactInvalid:
        return form.but("phone", "merchant.contact.unfit"), None


def _sealed_account(
    merchant_id: str, form: Filled[AccountGiven]
) -> tuple[Filled[AccountGiven], SealedBankAccount | None]:
    if form.value is None:
        return form, None
    given = form.value
    try:
        return form, seal_bank_account(city().hsm, NewBankAccount(merchant_id, given.bank, given.holder, given.number))
    except BankAccountInvalid:
        return form.but("number", "merchant.account.unfit"), None


def _account(bank_account_id: str) -> dict[str, Any]:
    with reading(city().sessions) as session:
        account = bank_account_by_id(session, bank_account_id)
        return {"id": account.id, "bank": account.bank, "last4": account.last4, "merchant_id": account.merchant_id}


def _contact(contact_id: str) -> dict[str, Any]:
    with reading(city().sessions) as session:
        contact = contact_by_id(session, contact_id)
        return {"id": contact.id, "merchant_id": contact.merchant_id}
