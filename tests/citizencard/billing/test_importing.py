"""Taking files of bills."""

import csv
import io
import time
from collections.abc import Callable
from datetime import datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from citizencard.audit import AuditEntry
from citizencard.billing.errors import BillFileUnusable, ImportUnknown, ServiceUnknown
from citizencard.billing.importing import BillFile, ImportReport, import_bills, neutral, reject_csv, report_of
from citizencard.billing.lines import Reason, Reject
from citizencard.billing.models import Bill, BillImport, BillState
from citizencard.billing.paying import cancel_bill, pay_from_account
from citizencard.db import Sessions, reading, transaction
from tests.citizencard.accounts.make_accounts import at_once
from tests.citizencard.billing.make_bills import HOUSE, Waterworks, file_of, price_fen, row


def reasons(report: ImportReport) -> list[tuple[int, str, Reason]]:
    return [(reject.line, reject.field, reject.reason) for reject in report.rejected]


def stored(works: Waterworks) -> tuple[int, int]:
    """How many bills there are, and what they amount to."""
    with reading(works.sessions) as session:
        count, fen = session.execute(
            select(func.count(), func.coalesce(func.sum(Bill.amount_fen), 0)).select_from(Bill)
        ).one()
    return int(count), int(fen)


def test_bill_says_what_it_is_made_of(works: Waterworks) -> None:
    """Eighteen tonnes: 32.40 for water and 17.10 for sewage, as the price list prints it."""
    report = works.take(file_of(row()))
    assert (report.accepted, report.accepted_fen, report.duplicates, report.rejected) == (1, 4_950, 0, ())
    bill = works.found()
    assert (bill.customer_number, bill.quantity, bill.unit, bill.amount_fen) == (HOUSE, 18, "t", 4_950)
    assert [(part["what"], part["minor"]) for part in bill.parts] == [("tier", 3_240), ("add_on", 1_710)]
    assert (bill.state, bill.version, bill.tariff_version) == (BillState.OPEN, 1, 3)
    with reading(works.sessions) as session:
        assert report_of(session, report.import_id, file_of(row())) == report
        acts = session.scalars(select(AuditEntry.subject).where(AuditEntry.act == "bills.import")).all()
    assert acts == [report.import_id]


def test_amount_that_differs_from_the_tariff_is_rejected(works: Waterworks) -> None:
    """A utility cannot bill more, or less, than the price that was agreed; nor for a time that has no price."""
    report = works.take(
        file_of(
            row("A", amount_fen=4_951),
            row("B", amount_fen=4_949),
            row("C", period_from="2025-10-01", period_to="2025-10-31"),
            row("D", quantity=35, amount_fen=11_425),
        )
    )
    assert report.accepted == 1
    assert reasons(report) == [
        (2, "amount_fen", Reason.AMOUNT_DIFFERS),
        (3, "amount_fen", Reason.AMOUNT_DIFFERS),
        (4, "period_to", Reason.NO_TARIFF),
    ]


def test_file_sent_again_changes_nothing(works: Waterworks) -> None:
    """The night's file that is sent twice bills nobody twice."""
    raw = file_of(row("A"), row("B", quantity=35))
    works.take(raw)
    again = works.take(raw)
    assert (again.accepted, again.duplicates, again.rejected) == (0, 2, ())
    assert stored(works) == (2, 4_950 + 11_425)
    assert works.found("A").version == 1


def test_correction_makes_a_new_version_while_the_bill_is_open(works: Waterworks) -> None:
    """A misread meter is corrected until somebody paid; what was paid or taken back is not changed behind the resident's back."""
    for serial in ("OPEN", "PAID", "GONE"):
        works.bill(serial)
    with transaction(works.sessions) as session:
        pay_from_account(session, works.found("PAID").id, works.account_id, works.deed())
        cancel_bill(session, works.found("GONE").id, works.deed())
    corrected = file_of(*(row(serial, quantity=17) for serial in ("OPEN", "PAID", "GONE")))
    report = works.take(corrected)
    assert (report.accepted, report.accepted_fen) == (1, price_fen(17))
    assert reasons(report) == [(3, "serial", Reason.PAID_ALREADY), (4, "serial", Reason.CANCELLED)]
    bill = works.found("OPEN")
    assert (bill.version, bill.quantity, bill.amount_fen, bill.import_id) == (2, 17, price_fen(17), report.import_id)
    assert works.found("PAID").quantity == 18
    again = works.take(file_of(row("PAID"), row("GONE")))
    assert (again.duplicates, again.rejected) == (2, ())


def test_serial_that_stands_twice_counts_as_it_stood_first(works: Waterworks) -> None:
    """Two lines about one bill that disagree: the second is shown to the utility; a plain repetition is a duplicate."""
    report = works.take(
        file_of(row("A"), row("A"), row("A", quantity=17), row("B", amount_fen=1), row("B", amount_fen=1))
    )
    assert (report.accepted, report.duplicates) == (1, 1)
    assert reasons(report) == [
        (4, "serial", Reason.SERIAL_TWICE),
        (5, "amount_fen", Reason.AMOUNT_DIFFERS),
        (6, "amount_fen", Reason.AMOUNT_DIFFERS),
    ]
    assert works.found("A").quantity == 18


def test_unusable_file_and_unknown_service_change_nothing(works: Waterworks) -> None:
    """The wrong file, or the wrong utility: nothing is taken and no import is on record."""
    with pytest.raises(BillFileUnusable):
        works.take(b"a,b,c\n")
    with pytest.raises(ServiceUnknown), transaction(works.sessions) as session:
        import_bills(session, BillFile("utl_x", "x.csv", file_of(row())), works.deed())
    with pytest.raises(ImportUnknown), reading(works.sessions) as session:
        report_of(session, "imp_x", b"")
    assert stored(works) == (0, 0)


def test_line_that_is_no_bill_is_told_and_not_kept(works: Waterworks) -> None:
    """A utility puts names and telephone numbers into its file: they go back in the reject file and stay out of our database."""
    raw = file_of(row("A"), row("B") + ",张示例,13000000000")
    report = works.take(raw)
    assert [reject.raw.endswith("张示例,13000000000") for reject in report.rejected] == [True]
    with reading(works.sessions) as session:
        kept = session.scalars(select(BillImport.rejects)).one()
        assert kept == [[3, "", "field_count"]]
        assert report_of(session, report.import_id, raw) == report
        with pytest.raises(ImportUnknown):
            report_of(session, report.import_id, raw + b"\n")


def test_rejects_come_back_as_a_file_that_is_safe_to_open(works: Waterworks) -> None:
    """A spreadsheet program at the utility runs nothing that somebody put into a file of bills."""
    lines = ['"=HYPERLINK(""x"")",1', "+1,2", " @SUM(1),2", "-2+3", "＝1", "plain,x", '"a\tb"', "\0=1"]
    report = works.take(file_of(*lines))
    assert len(report.rejected) == len(lines)
    raw = reject_csv(report)
    assert raw.startswith(b"\xef\xbb\xbf")
    table = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert table[0] == ["line", "field", "reason", "raw"]
    assert [int(line[0]) for line in table[1:]] == list(range(2, len(lines) + 2))
    for line in table[1:]:
        assert not line[3].lstrip().startswith(("=", "+", "-", "@", "＝", "\t", "\r")), line
    assert table[6][3] == "plain,x"


@pytest.mark.parametrize("harmless", ["", "W1,2", "49.50", "水"])
def test_harmless_cell_stays_as_it_is(harmless: str) -> None:
    """What is no formula is shown as it was written."""
    assert neutral(harmless) == harmless


def test_name_of_the_file_is_kept_as_far_as_it_is_fit(works: Waterworks) -> None:
    """The finance desk finds the file by its name; a name made to harm harms nobody."""
    with transaction(works.sessions) as session:
        for name in ("\0\x1b[2J.csv", "水" * 500, "\ud800.csv"):
            assert import_bills(session, BillFile(works.service_id, name, file_of()), works.deed()).accepted == 0


SERIALS = st.sampled_from(["A", "B", "C", "D"])
LINES = st.one_of(
    st.builds(lambda serial, quantity: row(serial, quantity=quantity), SERIALS, st.integers(1, 40)),
    st.builds(lambda serial, fen: row(serial, amount_fen=fen), SERIALS, st.integers(4_948, 4_951)),
    st.builds(
        lambda serial, day: row(serial, period_to=day), SERIALS, st.sampled_from(["2026-02-30", "x", "2026-10-31"])
    ),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=40),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=st.lists(st.lists(LINES, max_size=8), min_size=1, max_size=3))
def test_every_line_is_accepted_known_or_rejected_and_sums_match(works: Waterworks, files: list[list[str]]) -> None:
    """Whatever the utility sends, each line has one fate, and what is owed is what was accepted last of each serial."""
    with works.sessions() as session, session.begin() as outer:
        owed: dict[str, int] = {}
        for lines in files:
            raw = file_of(*lines)
            report = import_bills(session, BillFile(works.service_id, "p.csv", raw), works.deed())
            given_lines = [line for line in raw.split(b"\n")[1:] if line.strip()]
            assert report.accepted + report.duplicates + len(report.rejected) == len(given_lines)
            found = session.execute(select(Bill.serial, Bill.amount_fen, Bill.import_id)).all()
            mine = {serial: fen for serial, fen, import_id in found if import_id == report.import_id}
            assert (len(mine), sum(mine.values())) == (report.accepted, report.accepted_fen)
            owed |= mine
            assert {serial: fen for serial, fen, _ in found} == owed
        outer.rollback()


def test_two_files_at_once_take_turns(committed: Sessions, now: datetime) -> None:
    """A file sent by two people in the same moment bills once; neither gets an error."""
    works = Waterworks.open(committed, now)
    raw = file_of(*(row(f"S{number}") for number in range(30)))
    works_at_once: list[Callable[[], object]] = [lambda: works.take(raw)] * 4
    reports = [report for report in at_once(works_at_once) if isinstance(report, ImportReport)]
    assert sorted(report.accepted for report in reports) == [0, 0, 0, 30]
    assert stored(works)[0] == 30


def test_correction_and_payment_at_once_agree(committed: Sessions, now: datetime) -> None:
    """Who pays while the correction comes in pays the one amount or the other, and the bill says which."""
    works = Waterworks.open(committed, now)
    for number in range(4):
        serial = f"C{number}"
        bill_id, before = works.bill(serial), works.money()

        def pay(bill_id: str = bill_id) -> None:
            with transaction(committed) as session:
                pay_from_account(session, bill_id, works.account_id, works.deed())

        def correct(serial: str = serial) -> None:
            works.take(file_of(row(serial, quantity=17)))

        at_once([pay, correct])
        bill = works.found(serial)
        assert bill.state == BillState.PAID
        assert works.money()[2] - before[2] == bill.amount_fen == price_fen(bill.quantity)


def test_large_file_is_taken_in_seconds(works: Waterworks) -> None:
    """A district of ten thousand households fits into one request."""
    raw = file_of(*(row(f"L{number}", customer_number=number) for number in range(10_000)))
    begun = time.monotonic()
    report = works.take(raw)
    assert (report.accepted, report.accepted_fen) == (10_000, 49_500_000)
    assert works.take(raw).duplicates == 10_000
    assert time.monotonic() - begun < 30


def test_reject_hides_what_the_line_said() -> None:
    """A household's number does not get into a log."""
    assert HOUSE not in repr(Reject(2, "", Reason.FORMAT, f"W1,{HOUSE}"))
