"""The queue of taps that somebody has to decide about."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from sqlalchemy import event, insert
from sqlalchemy.orm import Session

from citizencard.db import Sessions, reading, transaction
from citizencard.purse.uploads.models import FindingKind, TapFinding
from citizencard.settlement.findings.entries import Age, Entry, State, Wanted
from citizencard.settlement.findings.noting import note_taps
from citizencard.settlement.findings.queue import entries_page, entry, totals
from tests.citizencard.purse.uploads.make_records import MAKER, City
from tests.citizencard.settlement.findings.make_findings import decided, ids, line, proposed


def page(sessions: Sessions, now: datetime, **wanted: object) -> list[Entry]:
    with reading(sessions) as session:
        return entries_page(session, Wanted(**wanted), now)  # type: ignore[arg-type] # as each test names them


def records(found: list[Entry]) -> list[int]:
    return [one.record_id for one in found]


def test_queue_holds_every_tap_that_is_open_once_with_all_reasons(
    sessions: Sessions, doubtful: City, now: datetime
) -> None:
    """Taps in doubt, findings and rejected records are there, once each; what is in order is not."""
    first, second, third, fourth, forged, stray = ids(sessions)
    found = page(sessions, now)
    assert sorted(records(found)) == sorted([second, third, fourth, forged, stray])
    by_id = {one.record_id: one for one in found}
    assert [reason.kind for reason in by_id[third].reasons] == ["hotlisted"]
    assert [reason.kind for reason in by_id[second].reasons] == ["price_difference"]
    assert (by_id[third].open_fen, by_id[third].is_money, by_id[third].merchant) == (180, True, "City Bus")
    assert (by_id[second].open_fen, by_id[second].is_money) == (0, False)
    assert (by_id[forged].may_be_goodwill, by_id[forged].is_money) == (True, False)
    assert (by_id[stray].open_fen, by_id[stray].merchant_id) == (200, None)
    with reading(sessions) as session:
        assert entry(session, first, now).state is State.DECIDED
    assert by_id[third].card_serial == doubtful.lost.serial


def test_filters_choose_and_pages_follow_each_other(sessions: Sessions, doubtful: City, now: datetime) -> None:
    """By reason, merchant, money and age; a page continues behind the last entry of the one before."""
    _, second, third, fourth, forged, stray = ids(sessions)
    assert records(page(sessions, now, kind="hotlisted")) == sorted([third, fourth])
    assert records(page(sessions, now, kind="price_difference")) == [second]
    assert records(page(sessions, now, kind="price_difference", money=True)) == []
    assert records(page(sessions, now, kind="bad_tac")) == [forged]
    assert records(page(sessions, now, money=True)) == sorted([third, fourth, stray])
    assert records(page(sessions, now, money=False)) == sorted([second, forged])
    assert records(page(sessions, now, merchant_id="unknown")) == [stray]
    assert stray not in records(page(sessions, now, merchant_id=doubtful.merchant_id))
    assert len(page(sessions, now, age=Age.DAY)) == 5
    assert page(sessions, now, age=Age.THREE_DAYS) == []
    later = now + timedelta(days=5)
    assert page(sessions, later, age=Age.DAY) == []
    assert len(page(sessions, later, age=Age.WEEK)) == 5
    assert len(page(sessions, now + timedelta(days=9), age=Age.OLDER)) == 5
    with reading(sessions) as session:
        whole = records(entries_page(session, Wanted(), now))
        begun = records(entries_page(session, Wanted(), now, limit=2))
        assert begun + records(entries_page(session, Wanted(), now, after=begun[-1])) == whole


def test_states_follow_what_people_do(sessions: Sessions, doubtful: City, now: datetime) -> None:
    """Proposed, decided and noted taps leave the open queue; an expired proposal and a later finding bring them back."""
    _, second, third, fourth, forged, _ = ids(sessions)
    approval_id = proposed(sessions, [line(third, "merchant", 180)], now)
    assert third not in records(page(sessions, now))
    (waits,) = page(sessions, now, state=State.PROPOSED)
    assert (waits.record_id, waits.approval_id, waits.state) == (third, approval_id, State.PROPOSED)
    assert third in records(page(sessions, now + timedelta(hours=73)))
    decided(sessions, [line(fourth, "holder", 180)], now)
    with transaction(sessions) as session:
        note_taps(session, [second, forged], "the fare had just changed", MAKER, now)
    done = page(sessions, now, state=State.DECIDED)
    outcomes = {one.record_id: one.decided.outcome for one in done if one.decided is not None}
    assert outcomes == {fourth: "holder", second: "noted", forged: "noted"}
    assert records(page(sessions, now, state=State.DECIDED, money=True)) == [fourth]
    assert not {second, fourth, forged} & set(records(page(sessions, now)))
    with transaction(sessions) as session:
        session.execute(
            insert(TapFinding).values(record_id=second, kind=FindingKind.LINE_DIFFERS, detail={}, found_at=now)
        )
    (again,) = page(sessions, now, kind="line_differs")
    assert (again.record_id, again.state) == (second, State.OPEN)
    assert doubtful.merchant_id == again.merchant_id


def test_totals_add_up_by_age(sessions: Sessions, doubtful: City, now: datetime) -> None:
    """The board's figures: how many wait for how long, and how much money."""
    with reading(sessions) as session:
        found = {one.age: one for one in totals(session, Wanted(), now)}
        older = {one.age: one for one in totals(session, Wanted(), now + timedelta(days=2))}
        hotlisted = totals(session, Wanted(kind="hotlisted"), now)[0]
    assert list(found) == list(Age)
    assert (found[Age.DAY].money, found[Age.DAY].money_fen, found[Age.DAY].others) == (3, 560, 2)
    assert (older[Age.DAY].money, older[Age.THREE_DAYS].money_fen) == (0, 560)
    assert (hotlisted.money, hotlisted.money_fen, hotlisted.others) == (2, 360, 0)
    assert doubtful.merchant_id


def test_page_costs_the_same_number_of_statements_whatever_its_size(
    sessions: Sessions, doubtful: City, now: datetime
) -> None:
    """A page is a fixed number of statements: a long one asks the database no more often than a short one."""

    def statements(limit: int) -> int:
        with reading(sessions) as session, counted(session) as asked:
            assert len(entries_page(session, Wanted(), now, limit=limit)) == limit
        return len(asked)

    assert statements(5) == statements(2)
    assert doubtful.merchant_id


@contextmanager
def counted(session: Session) -> Iterator[list[str]]:
    """The statements that a session sends meanwhile."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        asked.append(statement)

    connection = session.connection()
    event.listen(connection, "before_cursor_execute", note)
    yield asked
    event.remove(connection, "before_cursor_execute", note)
