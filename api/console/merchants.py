"""Merchants at the desk: each with its lines, outlets, devices, contact, and where its money goes."""

from dataclasses import dataclass
from typing import Any, Final

from flask import Response, request

from api.auth import actor
from api.city import city, now
from api.console.blueprint import pages
from api.console.cards import Nothing, NothingForm
from api.web.forms import Choice, Count, Form, Line, Yuan, new_form, read_form
from api.web.page import Said, go_to, render_page
from api.web.submitting import answer_form, book_once
from citizencard.audit import record
from citizencard.db import reading
from citizencard.idempotency.work import Transaction
from citizencard.merchants.bank_accounts import bank_accounts_of, state_of
from citizencard.merchants.contacts import current_contact, masked_contact
from citizencard.merchants.models import (
    MAX_ADDRESS_CHARACTERS,
    MAX_BASE_FARE_FEN,
    MAX_LINE_NUMBER,
    MAX_NAME_CHARACTERS,
    MAX_OPENING_HOURS_CHARACTERS,
    MerchantKind,
)
from citizencard.merchants.models import Line as BusLine
from citizencard.merchants.notices import notices_of, unsent_notices
from citizencard.merchants.outlets import NewOutlet, close_outlet, list_outlets, open_outlet, outlet_by_id
from citizencard.merchants.registry import (
    NewLine,
    list_lines,
    list_merchants,
    merchant_by_id,
    merchants_by_id,
    register_line,
    register_merchant,
)
from citizencard.staff.colleagues import names_of
from citizencard.staff.permissions import Permission
from citizencard.terminals.health import Wanted, current_versions, list_health

PAGE: Final = 20
SHOWN: Final = 50
LIST: Final = "/console/merchants"


@dataclass(frozen=True, slots=True)
class MerchantGiven:
    """A merchant to be registered."""

    name: str
    kind: str


class MerchantForm(Form):
    """Fields of a merchant."""

    name = Line(MAX_NAME_CHARACTERS)
    kind = Choice(*MerchantKind)


@dataclass(frozen=True, slots=True)
class LineGiven:
    """A line to be registered."""

    number: int
    name: str
    base_fare_fen: int


class LineForm(Form):
    """Fields of a line."""

    number = Count(1, MAX_LINE_NUMBER)
    name = Line(MAX_NAME_CHARACTERS)
    base_fare_fen = Yuan(0, MAX_BASE_FARE_FEN)


@dataclass(frozen=True, slots=True)
class OutletGiven:
    """An outlet to be opened."""

    name: str
    address: str
    opening_hours: str


class OutletForm(Form):
    """Fields of an outlet."""

    name = Line(MAX_NAME_CHARACTERS)
    address = Line(MAX_ADDRESS_CHARACTERS)
    opening_hours = Line(MAX_OPENING_HOURS_CHARACTERS, load_default="")


@pages.get("/console/merchants")
def list_all_merchants() -> Response:
    """All merchants, page by page, and whom somebody still has to tell something."""
    with reading(city().sessions) as session:
        found = list_merchants(session, after=request.args.get("after", ""), limit=PAGE + 1)
        untold = unsent_notices(session, limit=SHOWN)
        owners = merchants_by_id(session, [notice.merchant_id for notice in untold])
        session.expunge_all()
    older = f"?after={found[PAGE - 1].id}" if len(found) > PAGE else ""
    return render_page("console/merchants.html", found=found[:PAGE], older=older, untold=untold, owners=owners)


@pages.get("/console/merchants/new")
def new_merchant() -> Response:
    """Where a merchant is registered."""
    return render_page("console/merchant_new.html", form=new_form(), kinds=list(MerchantKind))


@pages.post("/console/merchants")
def register_new_merchant() -> Response:
    """Register a merchant."""
    who = actor(Permission.MERCHANTS_MANAGE)
    form = read_form(MerchantForm, MerchantGiven)

    def act(given: MerchantGiven) -> Response:
        def work(session: Transaction) -> dict[str, str]:
            merchant = register_merchant(session, given.name, given.kind, now=now())
            after = {"name": merchant.name, "kind": merchant.kind}
            record(session, who, "merchant.register", merchant.id, after=after, now=now())
            return {"id": merchant.id}

        merchant_id = book_once(form, work).answer.body["id"]
        return go_to(f"{LIST}/{merchant_id}", Said("merchant.registered"))

    return answer_form(form, act, "console/merchant_new.html", kinds=list(MerchantKind))


@pages.get("/console/merchants/<merchant_id>")
def see_one_merchant(merchant_id: str) -> Response:
    """One merchant with all that is held about it; its contact masked, its bank accounts by their last digits."""
    return render_page("console/merchant.html", **whole(merchant_id))


@pages.get("/console/merchants/<merchant_id>/lines/new")
def new_line(merchant_id: str) -> Response:
    """Where a line is registered."""
    return render_page("console/line_new.html", form=new_form(), **named(merchant_id))


@pages.post("/console/merchants/<merchant_id>/lines")
def register_new_line(merchant_id: str) -> Response:
    """Register a line of a merchant."""
    who = actor(Permission.MERCHANTS_MANAGE)
    form = read_form(LineForm, LineGiven)

    def act(given: LineGiven) -> Response:
        def work(session: Transaction) -> dict[str, int]:
            new = NewLine(given.number, merchant_id, given.name, given.base_fare_fen)
            line: BusLine = register_line(session, new, now=now())
            after = {"merchant": line.merchant_id, "base_fare_fen": line.base_fare_fen}
            record(session, who, "line.register", f"line:{line.number}", after=after, now=now())
            return {"number": line.number}

        book_once(form, work)
        return go_to(f"{LIST}/{merchant_id}", Said("merchant.line.registered"))

    return answer_form(form, act, "console/line_new.html", **named(merchant_id))


@pages.get("/console/merchants/<merchant_id>/outlets/new")
def new_outlet(merchant_id: str) -> Response:
    """Where an outlet is opened."""
    return render_page("console/outlet_new.html", form=new_form(), **named(merchant_id))


@pages.post("/console/merchants/<merchant_id>/outlets")
def open_new_outlet(merchant_id: str) -> Response:
    """Open an outlet of a merchant."""
    who = actor(Permission.MERCHANTS_MANAGE)
    form = read_form(OutletForm, OutletGiven)

    def act(given: OutletGiven) -> Response:
        new = NewOutlet(merchant_id, given.name, given.address, given.opening_hours)
        book_once(form, lambda session: {"id": open_outlet(session, new, who, now()).id})
        return go_to(f"{LIST}/{merchant_id}", Said("merchant.outlet.opened"))

    return answer_form(form, act, "console/outlet_new.html", **named(merchant_id))


@pages.post("/console/merchant-outlets/<outlet_id>/closings")
def close_one_outlet(outlet_id: str) -> Response:
    """Close an outlet; devices that stand at it go on earning."""
    who = actor(Permission.MERCHANTS_MANAGE)
    with reading(city().sessions) as session:
        merchant_id = outlet_by_id(session, outlet_id).merchant_id
    form = read_form(NothingForm, Nothing)

    def act(_given: Nothing) -> Response:
        book_once(form, lambda session: {"id": close_outlet(session, outlet_id, who, now()).id})
        return go_to(f"{LIST}/{merchant_id}", Said("merchant.outlet.closed", "warning"))

    return answer_form(form, act, "console/merchant.html", **whole(merchant_id))


def whole(merchant_id: str) -> dict[str, Any]:
    """What the page of a merchant shows.

    Raises:
        UnknownMerchant: nobody has this id.
    """
    with reading(city().sessions) as session:
        merchant, contact = merchant_by_id(session, merchant_id), current_contact(session, merchant_id)
        accounts = [(one, state_of(session, one, now())) for one in bank_accounts_of(session, merchant_id, SHOWN)]
        notices = notices_of(session, merchant_id, SHOWN)
        devices = list_health(
            session, Wanted(merchant_id=merchant_id, limit=SHOWN + 1), current_versions(session, now()), now()
        )
        values = {
            "merchant": merchant,
            "lines": list_lines(session, merchant_id=merchant_id),
            "outlets": list_outlets(session, merchant_id=merchant_id),
            "devices": devices[:SHOWN],
            "more_devices": len(devices) > SHOWN,
            "accounts": accounts,
            "notices": notices,
            "names": names_of(
                session, [one.ended_by or "" for one, _ in accounts] + [one.sent_by or "" for one in notices]
            ),
        }
        session.expunge_all()
    return {**values, "contact": None if contact is None else masked_contact(city().hsm, contact)}


def named(merchant_id: str) -> dict[str, Any]:
    """The merchant that a form is about.

    Raises:
        UnknownMerchant: nobody has this id.
    """
    with reading(city().sessions) as session:
        merchant = merchant_by_id(session, merchant_id)
        session.expunge_all()
    return {"merchant": merchant}
