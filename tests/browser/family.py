"""Somebody with a great deal of everything, for pages that must stay readable: many rows, nine digits, long names, all kinds of states."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Final

from citizencard.accounts.losses import report_loss
from citizencard.accounts.registry import open_account
from citizencard.accounts.top_ups import CashPaid, top_up
from citizencard.audit import Actor
from citizencard.billing.flow import link_household
from citizencard.billing.households import HouseholdClaim, bills_of_person
from citizencard.billing.importing import BillFile, import_bills
from citizencard.billing.paying import cancel_bill, pay_from_account
from citizencard.cards.flow import apply
from citizencard.cards.states import Deed
from citizencard.clock import beijing_date, now
from citizencard.db import new_id, transaction
from citizencard.people.flow import register_person
from citizencard.people.registry import NewPerson
from citizencard.purse.loads.loads import LoadWish, request_load
from citizencard.residents.models import Resident
from citizencard.social_security.flow import link_person
from citizencard.social_security.links import NewLink
from citizencard.tariffs.drafts.drafts import propose_tariff
from tests.browser.town import MONTH, Town
from tests.citizencard.billing.make_bills import file_of, row
from tests.citizencard.cards.make_cards import ADULT, CLERK, HAN, REGION
from tests.citizencard.purse.uploads.make_records import TARIFF
from tests.citizencard.staff.make_staff import CHEAP, PASSWORD

LONG_NAME: Final = "Maximiliana Aurelia von Hohenlohe-Waldbu"
"""40 characters; a resident's has 30, as many as fit on a chip."""
HUGE_T: Final = 1_000_000
"""So many tonnes of water cost ¥4,549,…: nine digits of fen."""
MANY: Final = 12
LATER: Final = timedelta(days=400)
_HOUSES = count(1)


@dataclass(frozen=True)
class Family:
    """Names of what somebody has, for the addresses of pages.

    Args:
        login: of the portal; the password is that of all in tests.
        person_id, account_id: whose.
        rich_card, lost_card, new_card: one with journeys and an open load, one that is lost for good, one that was only applied for.
        load_id: of the open load.
        huge_bill, open_bill, paid_bill, cancelled_bill: of one household.
        token: of the receipt of the paid bill.
        approval_id: a tariff that waits for a second person.
    """

    login: str
    person_id: str
    account_id: str
    rich_card: str
    lost_card: str
    new_card: str
    load_id: str
    huge_bill: str
    open_bill: str
    paid_bill: str
    cancelled_bill: str
    token: str
    approval_id: str


def settle(town: Town) -> Family:
    """Let a family live in the town for some months."""
    deed = Deed(CLERK, now())
    number = town.newcomer()
    person_id = register_person(
        town.sessions, town.vault, NewPerson(number, LONG_NAME[:30], phone="13800138000"), CLERK, deed.now
    ).id
    link_person(town.sessions, town.vault, NewLink(person_id, REGION, nation=HAN), CLERK, deed.now)
    rich, chip = town.card(person_id)
    town.rides(rich, chip)
    lost, _chip = town.card()
    new = apply(town.sessions, town.vault, town.registered(), ADULT, deed)
    with transaction(town.sessions) as session:
        login = f"family-{new_id('x')[-8:].lower()}"
        session.add(
            Resident(
                id=new_id("res"),
                person_id=person_id,
                login=login,
                password_hash=CHEAP.hash(PASSWORD),
                failed_count=0,
                registered_at=deed.now,
            )
        )
        account_id = open_account(session, person_id, deed).id
        for number_of in range(MANY):
            top_up(session, CashPaid(account_id, 10_000 + number_of, town.world.counter.till.id), deed)
        report_loss(session, lost.id, deed, temporary=False)
        load_id = request_load(session, LoadWish(rich.id, 12_345, town.world.counter.till.id), deed).id
        maker = Actor("staff", "staff_maker", person_id="P-77", role="supervisor", workstation="W-1")
        approval_id = propose_tariff(session, TARIFF, deed.now + LATER, maker, deed.now).approval_id
    return Family(
        login,
        person_id,
        account_id,
        rich.id,
        lost.id,
        new.id,
        load_id,
        *_bills(town, person_id, account_id),
        approval_id,
    )


def _bills(town: Town, person_id: str, account_id: str) -> tuple[str, str, str, str, str]:
    """A year of bills of one household: an enormous one, one that is overdue, one paid, one cancelled."""
    deed, today, house = Deed(CLERK, now()), beijing_date(now()), f"88{next(_HOUSES):06d}"
    lines = [_line(house, f"{house}-{month}", today, month) for month in range(MANY)]
    with transaction(town.sessions) as session:
        report = import_bills(session, BillFile(town.service_id, "year.csv", file_of(*lines)), deed)
    assert report.accepted == MANY, report
    latest = HouseholdClaim(person_id, town.service_id, house, f"{house}-0")
    link_household(town.sessions, latest, CLERK, deed.now)
    with transaction(town.sessions) as session:
        found = {bill.serial.rpartition("-")[2]: bill.id for bill in bills_of_person(session, person_id)}
        for month in ("2", "3", "4"):
            token = pay_from_account(session, found[month], account_id, deed).receipt.token
        cancel_bill(session, found["5"], deed)
    return found["0"], found["6"], found["4"], found["5"], token


def _line(house: str, serial: str, today: date, month: int) -> str:
    # Each ends at a day that the town's tariff covers: the town has one since today only.
    return row(
        serial,
        customer_number=house,
        quantity=HUGE_T if month == 0 else 18 + month,
        period_from=today - MONTH * month,
        period_to=today + timedelta(days=MANY - month),
        due_on=today + MONTH - MONTH * month,
    )
