"""What bills must amount to: tiers of the year go on over the household's bills, in the database and in the file."""

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from citizencard.billing.importing import BillFile, ImportReport, import_bills
from citizencard.billing.lines import BillLine, Reason, read_file
from citizencard.billing.paying import cancel_bill
from citizencard.billing.pricing import Prices
from citizencard.billing.registry import NewService, find_service, register_service
from citizencard.billing.views import bills_of_customer
from citizencard.db import reading, transaction
from citizencard.tariffs.months import add_months
from citizencard.tariffs.utilities import Reading, bill
from citizencard.tariffs.versions import PUBLISH, publish, publish_payload
from tests.citizencard.billing.make_bills import (
    HOUSE,
    POWER_RULE,
    REGISTERS_RULE,
    RULE,
    WATER,
    Waterworks,
    file_of,
    row,
)
from tests.citizencard.purse.uploads.make_records import TARIFF, approved
from tests.citizencard.tariffs.make_utilities import POWER, utility

POWER_LIST = utility(POWER)


def power(units: int, before: int, month: int = 1, **other: object) -> str:
    """A line for a month's power of 2026: its serial is its month, its amount that of the engine, which has tests of its own."""
    first = date(2026, month, 1)
    last = add_months(first, 1) - timedelta(days=1)
    priced = bill(POWER_LIST, Reading(first, last, Fraction(units), units_before=Fraction(before))).minor
    values = {"serial": f"M{month}", "period_from": first, "period_to": last, "quantity": units, "amount_fen": priced}
    return row(**{**values, **other})  # type: ignore[arg-type] # the serial is a text


@pytest.fixture
def power_id(works: Waterworks) -> str:
    """The city's power beside its water."""
    return service(works, POWER_RULE)


def service(works: Waterworks, rule: str) -> str:
    with transaction(works.sessions) as session:
        return register_service(session, NewService(works.merchant_id, rule, rule), works.deed()).id


def take(works: Waterworks, service_id: str, *lines: str) -> ImportReport:
    with transaction(works.sessions) as session:
        return import_bills(session, BillFile(service_id, "power.csv", file_of(*lines)), works.deed())


def reasons(report: ImportReport) -> list[tuple[int, str, Reason]]:
    return [(reject.line, reject.field, reject.reason) for reject in report.rejected]


def test_tier_is_reached_in_the_month_in_which_it_is(works: Waterworks, power_id: str) -> None:
    """A household that used 2,000 kWh in January pays the second price from the 761st of February on, and nobody else does."""
    assert take(works, power_id, power(2_000, 0)).accepted == 1
    report = take(
        works,
        power_id,
        power(1_000, 0, 2, serial="TOO_CHEAP"),
        power(1_000, 2_000, 2, serial="OTHER_HOUSE", customer_number="7"),
        power(1_000, 2_000, 2),
        power(500, 0, 2, serial="THEIRS", customer_number="7"),
    )
    assert reasons(report) == [(2, "amount_fen", Reason.AMOUNT_DIFFERS), (3, "amount_fen", Reason.AMOUNT_DIFFERS)]
    assert power(1_000, 2_000, 2).split(",")[5] == "54030"  # 760 × 0.5283 + 240 × 0.5783
    assert (report.accepted, report.accepted_fen) == (2, 54_030 + 26_415)


def test_bills_of_one_file_go_on_from_each_other_in_the_order_of_their_periods(
    works: Waterworks, power_id: str
) -> None:
    """A utility sends a quarter in one file, in whatever order its program wrote it; a line that is refused counts for none."""
    lines = [
        power(2_000, 3_000, 3),
        power(2_000, 1_000, 2),
        power(1_000, 0, 1),
        power(9, 0, 2, serial="WRONG", amount_fen=1),
    ]
    report = take(works, power_id, *lines)
    assert reasons(report) == [(5, "amount_fen", Reason.AMOUNT_DIFFERS)]
    assert report.accepted == 3
    assert take(works, power_id, *lines).duplicates == 3


def test_correction_counts_instead_of_what_it_corrects(works: Waterworks, power_id: str) -> None:
    """January was misread: its new version and February come in one file, and February goes on from the right number."""
    take(works, power_id, power(3_000, 0))
    report = take(works, power_id, power(1_000, 100, 2), power(100, 0))
    assert (report.accepted, reasons(report)) == (2, [])
    moved = take(works, power_id, power(50, 0, 3, serial="M1", customer_number="7"), power(10, 1_000, 4))
    assert (moved.accepted, reasons(moved)) == (2, [])


def test_what_does_not_count(works: Waterworks, power_id: str) -> None:
    """A bill that the utility took back, last year's, and those of another service use up no tier."""
    with transaction(works.sessions) as session:
        other = register_service(session, NewService(works.merchant_id, "商业用电", POWER_RULE), works.deed()).id
    take(works, power_id, power(3_000, 0, 1, serial="GONE"))
    take(works, other, power(3_000, 0, 1))
    with transaction(works.sessions) as session:
        (gone,) = bills_of_customer(session, HOUSE, power_id)
        cancel_bill(session, gone.id, works.deed())
    report = take(works, power_id, power(3_000, 0, 2))
    assert (report.accepted, reasons(report)) == (1, [])


def test_file_that_says_too_little_for_the_price_is_told_so(works: Waterworks) -> None:
    """A file has one number of units: a meter with two registers cannot be billed by it, and a price in other money is none."""
    report = take(works, service(works, REGISTERS_RULE), power(100, 0))
    assert reasons(report) == [(2, "quantity", Reason.NOT_PRICEABLE)]
    document = {**TARIFF, "version": 4, "effective_from": "2026-12-01T00:00:00+08:00", "currency": "HKD"}
    document["utilities"] = {RULE: WATER}
    with transaction(works.sessions) as session:
        publish(session, document, approved(session, PUBLISH, publish_payload(document), works.now), now=works.now)
    december = row(period_from="2026-12-01", period_to="2026-12-31", due_on="2027-01-31")
    assert reasons(works.take(file_of(december))) == [(2, "period_to", Reason.NO_TARIFF)]


def test_statements_do_not_grow_with_the_file(works: Waterworks, power_id: str) -> None:
    """A district's file asks the database as often as a household's."""
    asked: list[str] = []
    with reading(works.sessions) as session:
        bind, power_service = session.connection(), find_service(session, power_id)
        event.listen(bind, "before_cursor_execute", lambda *given: asked.append(given[2]))
        counts = []
        for size in (1, 1_500):
            lines = read_file(file_of(*(power(9, 0, serial=f"S{n}", customer_number=n) for n in range(size))))
            Prices(session, power_service, [line for line in lines if isinstance(line, BillLine)])
            counts.append(len(asked))
            asked.clear()
    assert 1 <= counts[0] == counts[1] <= 4


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    months=st.permutations(range(1, 7)),
    units=st.lists(st.integers(1, 2_000), min_size=6, max_size=6),
    cut=st.integers(0, 6),
)
def test_same_bills_in_any_files_are_taken(
    works: Waterworks, power_id: str, months: list[int], units: list[int], cut: int
) -> None:
    """The year in two files, each in any order: every line is taken when the earlier months come no later."""
    lines = {month: power(units[month - 1], sum(units[: month - 1]), month) for month in range(1, 7)}
    with works.sessions() as session, session.begin() as outer:
        for part in ([month for month in months if month <= cut], [month for month in months if month > cut]):
            raw = file_of(*(lines[month] for month in part))
            report = import_bills(session, BillFile(power_id, "p.csv", raw), works.deed())
            assert (report.accepted, report.rejected) == (len(part), ())
        outer.rollback()
