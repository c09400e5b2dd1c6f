"""Taking over the balances of the books before ours."""

from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.audit import AuditEntry
from citizencard.cards.states import Deed
from citizencard.db import Sessions, transaction
from citizencard.settlement import opening
from citizencard.settlement.errors import OpeningFileUnusable
from citizencard.settlement.opening import OpeningFile, OpeningReport, check_opening, import_opening
from citizencard.settlement.opening_file import Reason, Reject
from ledger import (
    AccountState,
    balance,
    existing,
    open_first_day,
    prove,
    set_account_state,
    statement,
    trial_balance,
)
from ledger.errors import NoOpenDay
from ledger.models import PostedTransfer
from tests.citizencard.settlement.make import DAY, FINANCE, move

BALANCES = {
    "bank:custody": 1_000_000,
    "till:1": 20_000,
    "purse:card_1": 9_540,
    "purse:card_2": -180,
    "wallet:a1": 50_000,
    "merchant:m1:payable": 960_640,
    "psp:stripe": -100,
    "deposit:card_1": 0,
    "expense:goodwill": 40,
}
"""Debits 1,000,000 + 20,000 + 180 + 40 = 1,020,220; credits 9,540 + 50,000 + 960,640 + 100 = 1,020,280; 60 of equity are missing."""


def file_of(balances: dict[str, int], name: str = "old-books", as_of: date | None = None) -> OpeningFile:
    lines = "".join(f"{account},{fen}\n" for account, fen in balances.items())
    return OpeningFile(name, f"account,balance_fen\n{lines}".encode(), as_of)


def deed(now: datetime) -> Deed:
    return Deed(FINANCE, now, "the company's books until yesterday")


@pytest.fixture
def begun(session: Session, now: datetime) -> Session:
    """Books on their first day."""
    open_first_day(session, DAY, now=now)
    return session


def posted(session: Session) -> int:
    return session.scalars(select(func.count()).select_from(PostedTransfer)).one()


def test_accounts_hold_what_the_file_says(begun: Session, now: datetime) -> None:
    """On the first morning every account holds what it held in the old books, and both sides of ours are equal."""
    report = import_opening(begun, file_of(BALANCES), deed(now))
    assert report == OpeningReport("old-books", 9, 1_020_220, 1_020_280, known_before=False, rejected=())
    for account, fen in BALANCES.items():
        assert balance(begun, account).balance_fen == fen
    assert balance(begun, chart.EQUITY_OPENING).balance_fen == -60
    books = trial_balance(begun)
    assert books.total_debits_fen == books.total_credits_fen
    assert prove(begun).proved
    (line,) = statement(begun, "till:1").lines
    assert (line.reference, line.other, line.kind) == ("opening:old-books:till:1", "equity:opening", "opening")
    assert line.occurred_at == datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC) - timedelta(hours=8)
    entry = begun.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.act, entry.subject) == ("ledger.import_opening", "old-books")


def test_large_file_is_posted_in_parts(begun: Session, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """More accounts than the ledger takes at once are opened by one import all the same."""
    monkeypatch.setattr(opening, "MAX_BATCH", 2)
    monkeypatch.setattr(opening, "ROWS_AT_ONCE", 3)
    import_opening(begun, file_of(BALANCES), deed(now))
    assert {account: balance(begun, account).balance_fen for account in BALANCES} == BALANCES
    assert import_opening(begun, file_of(BALANCES), deed(now)).known_before
    assert prove(begun).proved


def test_dry_run_changes_nothing_and_says_the_same(begun: Session, now: datetime) -> None:
    """The file can be tried as often as one likes before it counts."""
    tried = check_opening(begun, file_of(BALANCES))
    assert posted(begun) == 0
    assert existing(begun, BALANCES) == set()
    assert import_opening(begun, file_of(BALANCES), deed(now)) == tried


def test_same_import_again_changes_nothing(begun: Session, now: datetime) -> None:
    """Who does not know whether it went through sends it again, whatever the order of its lines, also when the city lives already."""
    first = import_opening(begun, file_of(BALANCES), deed(now))
    count = posted(begun)
    move(begun, now, [("ride", "purse:card_1", "merchant:m1:clearing", 180)])
    again = import_opening(begun, file_of(dict(reversed(BALANCES.items()))), deed(now + timedelta(days=1)))
    assert (again.known_before, again.accounts, again.rejected) == (True, first.accounts, ())
    assert posted(begun) == count + 1


@pytest.mark.parametrize("other", [{**BALANCES, "till:1": 20_001}, {"till:1": 20_000}, {**BALANCES, "till:2": 1}])
def test_other_content_under_a_known_name_is_refused(begun: Session, now: datetime, other: dict[str, int]) -> None:
    """A corrected file needs a new name, and a decision what becomes of the first."""
    import_opening(begun, file_of(BALANCES), deed(now))
    count = posted(begun)
    report = import_opening(begun, file_of(other), deed(now))
    assert Reject(list(other).index("till:1") + 2, "account", Reason.NAME_REUSED) in report.rejected
    assert posted(begun) == count
    assert existing(begun, ["till:2"]) == set()


def test_other_day_is_other_content(begun: Session, now: datetime) -> None:
    """The same balances of another morning are not the same balances."""
    import_opening(begun, file_of({"till:1": 5}), deed(now))
    report = import_opening(begun, file_of({"till:1": 5}, as_of=DAY - timedelta(days=1)), deed(now))
    assert report.rejected == (Reject(2, "account", Reason.NAME_REUSED),)


def test_account_is_opened_once(begun: Session, now: datetime) -> None:
    """The same money under two names of imports is taken once, and an account in use gets no opening balance any more."""
    import_opening(begun, file_of({"till:1": 5}), deed(now))
    report = import_opening(begun, file_of({"till:1": 5, "till:2": 5}, name="again"), deed(now))
    assert report.rejected == (Reject(2, "account", Reason.MOVED_ALREADY),)
    assert (report.accounts, posted(begun)) == (1, 1)


def test_one_fault_stops_all(begun: Session, now: datetime) -> None:
    """Half an opening would be worse than none: nothing is opened and nothing posted."""
    file = file_of({"bank:own": 1, "till:1": -1, "wallet:a1": -5, "nobody:1": 3, f"wallet:{'x' * 80}": 1})
    report = import_opening(begun, file, deed(now))
    assert report.rejected == (
        Reject(3, "balance_fen", Reason.BELOW_FLOOR),
        Reject(4, "balance_fen", Reason.BELOW_FLOOR),
        Reject(5, "account", Reason.UNKNOWN_PATTERN),
        Reject(6, "account", Reason.REFERENCE_TOO_LONG),
    )
    assert report == check_opening(begun, file)
    assert (posted(begun), existing(begun, ["bank:own"])) == (0, set())


def test_closed_account_stays_closed(begun: Session, now: datetime) -> None:
    """A card that was given back gets no money from the old books."""
    chart.open_missing(begun, ["purse:card_9"])
    set_account_state(begun, "purse:card_9", AccountState.CLOSED)
    report = import_opening(begun, file_of({"purse:card_9": 5}), deed(now))
    assert report.rejected == (Reject(2, "account", Reason.CLOSED),)


def test_ceilings_do_not_bind(begun: Session, now: datetime) -> None:
    """An account that held more in the old books holds it in ours: a ceiling binds recharges."""
    fen = chart.WALLET_CEILING_FEN + 1
    assert import_opening(begun, file_of({"wallet:a1": fen}), deed(now)).rejected == ()
    assert balance(begun, "wallet:a1").balance_fen == fen


def test_books_must_have_begun(session: Session, now: datetime) -> None:
    """Balances of a day that the books do not know, or has not begun, are refused, and so are odd names."""
    with pytest.raises(NoOpenDay):
        check_opening(session, file_of(BALANCES))
    open_first_day(session, DAY, now=now)
    for file, reason in (
        (file_of(BALANCES, as_of=DAY + timedelta(days=1)), "as_of"),
        (file_of(BALANCES, name=""), "name"),
        (file_of(BALANCES, name="a:b"), "name"),
        (file_of(BALANCES, name="x" * 33), "name"),
        (OpeningFile("x", b"PK"), "header"),
    ):
        with pytest.raises(OpeningFileUnusable) as refused:
            import_opening(session, file, deed(now))
        assert refused.value.public_fields() == {"reason": reason}


def test_two_clerks_import_at_once(committed: Sessions, now: datetime) -> None:
    """The same accounts under two names at the same moment: one import is taken, the other one refused as a whole."""
    with transaction(committed) as session:
        open_first_day(session, DAY, now=now)
    start, reports = Barrier(2), list[OpeningReport]()

    def run(name: str) -> None:
        start.wait()
        with transaction(committed) as session:
            reports.append(import_opening(session, file_of(BALANCES, name), deed(now)))

    threads = [Thread(target=run, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(bool(report.rejected) for report in reports) == [False, True]
    with transaction(committed) as session:
        assert balance(session, "till:1").balance_fen == BALANCES["till:1"]
        assert prove(session).proved
