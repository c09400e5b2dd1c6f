"""A water company with a price list, a file of bills, and people with money to pay them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from citizencard import chart
from citizencard.accounts.registry import open_account
from citizencard.accounts.top_ups import CashPaid, top_up
from citizencard.audit import Actor
from citizencard.billing.importing import BillFile, ImportReport, import_bills
from citizencard.billing.lines import HEADER
from citizencard.billing.models import Bill
from citizencard.billing.registry import NewService, register_service
from citizencard.cards.states import Deed
from citizencard.db import Sessions, reading, transaction
from citizencard.merchants.registry import register_merchant
from citizencard.staff.outlets import open_outlet, open_till
from citizencard.tariffs.versions import PUBLISH, publish, publish_payload
from ledger import balances, existing, open_first_day, prove
from tests.citizencard.cards.make_cards import CLERK, bare_person
from tests.citizencard.purse.uploads.make_records import TARIFF, approved
from tests.citizencard.tariffs import make_utilities

SYSTEM: Final = Actor("system", "test")
RULE: Final = "water_home"
WATER: Final = make_utilities.WATER
"""18 t are 49.50, in tiers by the month."""
POWER_RULE: Final = "power_home"
REGISTERS_RULE: Final = "power_peak_valley"
HOUSE: Final = "10023344"
START_FEN: Final = 20_000


def price_fen(quantity: int) -> int:
    """The price list once more, written out by hand: 18 t are 49.50."""
    first, second, third = min(quantity, 20), min(max(quantity - 20, 0), 10), max(quantity - 30, 0)
    return first * 180 + second * 270 + third * 360 + quantity * 95


def row(serial: str = "W1", **other: object) -> str:
    """A line of a file: 18 t for the house, unless said otherwise; the amount follows the quantity."""
    quantity = other.get("quantity", 18)
    values: dict[str, object] = {
        "serial": serial,
        "customer_number": HOUSE,
        "period_from": "2026-10-01",
        "period_to": "2026-10-31",
        "quantity": quantity,
        "amount_fen": price_fen(quantity) if isinstance(quantity, int) else 4950,
        "due_on": "2026-12-15",
        **other,
    }
    return ",".join(str(values[name]) for name in HEADER)


def file_of(*rows: str, header: str = ",".join(HEADER), end: str = "\n") -> bytes:
    """A file as a utility sends it."""
    return end.join((header, *rows, "")).encode()


@dataclass(frozen=True, slots=True)
class Waterworks:
    """A city with one utility service and two accounts of 20,000 fen each.

    Args:
        sessions, now: of the test.
        merchant_id, service_id: who bills.
        person_id, account_id: somebody with money.
        neighbour_id, other_account_id: somebody else with as much.
    """

    sessions: Sessions
    now: datetime
    merchant_id: str
    service_id: str
    person_id: str
    account_id: str
    neighbour_id: str
    other_account_id: str

    @classmethod
    def open(cls, sessions: Sessions, now: datetime) -> "Waterworks":
        """Set everything up."""
        deed = Deed(CLERK, now)
        prices = {RULE: WATER, POWER_RULE: make_utilities.POWER, REGISTERS_RULE: make_utilities.PEAK_VALLEY}
        document = {**TARIFF, "effective_from": "2026-01-01T00:00:00+08:00", "utilities": prices}
        with transaction(sessions) as session:
            open_first_day(session, now.date(), now=now)
            publish(session, document, approved(session, PUBLISH, publish_payload(document), now), now=now)
            merchant = register_merchant(session, "示范市自来水公司", "utility", now=now)
            service = register_service(session, NewService(merchant.id, "居民生活用水", RULE), deed)
            till = open_till(session, open_outlet(session, "中心网点", CLERK, now).id, "A", CLERK, now)
            people = [bare_person(session, now) for _ in range(2)]
            accounts = [open_account(session, person, deed).id for person in people]
        for account in accounts:
            with transaction(sessions) as session:
                top_up(session, CashPaid(account, START_FEN, till.id), deed)
        return cls(sessions, now, merchant.id, service.id, people[0], accounts[0], people[1], accounts[1])

    def deed(self, now: datetime | None = None) -> Deed:
        """Somebody does it, now unless said otherwise."""
        return Deed(SYSTEM, now or self.now)

    def take(self, raw: bytes) -> ImportReport:
        """A file comes in."""
        with transaction(self.sessions) as session:
            return import_bills(session, BillFile(self.service_id, "october.csv", raw), self.deed())

    def bill(self, serial: str = "W1", **other: object) -> str:
        """A bill comes in; returns its id."""
        self.take(file_of(row(serial, **other)))
        return self.found(serial).id

    def found(self, serial: str = "W1") -> Bill:
        """The bill of a serial, as it stands."""
        with reading(self.sessions) as session:
            bill = session.query(Bill).filter_by(service_id=self.service_id, serial=serial).one()
            session.expunge_all()
        return bill

    def money(self) -> tuple[int, int, int]:
        """Both accounts and the utility, in fen; the books must prove."""
        codes = [chart.wallet(self.account_id), chart.wallet(self.other_account_id), chart.clearing(self.merchant_id)]
        with reading(self.sessions) as session:
            found = balances(session, sorted(existing(session, codes)))
            assert prove(session).proved
        first, second, utility = (found[code].balance_fen if code in found else 0 for code in codes)
        return first, second, utility
