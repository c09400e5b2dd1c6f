"""What stands around decisions: ages, lines, prices of rides in doubt, what clearing sets aside, notes, the look at one tap."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest

from citizencard import chart
from citizencard.approvals.models import Approval
from citizencard.audit import ReasonUnfit
from citizencard.clock import beijing_date
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.purse.decisions.models import Outcome
from citizencard.purse.uploads.flow import take_batch, take_records
from citizencard.purse.uploads.journeys import taps_by_id
from citizencard.purse.uploads.models import RideToRate, TapRecord
from citizencard.settlement.findings.entries import Age, State, Wanted, age_of
from citizencard.settlement.findings.errors import NothingToNote, TapAmountDiffers, TapDecided, TapNotOpen, UnknownTap
from citizencard.settlement.findings.lines import DecisionLine, lines_of, payload_of
from citizencard.settlement.findings.looking import look
from citizencard.settlement.findings.noting import note_taps
from citizencard.settlement.findings.queue import entries_page, entry
from citizencard.settlement.findings.repricing import judged_without_doubt
from citizencard.settlement.findings.seen import last_findings, seen_to
from citizencard.settlement.findings.suspended import suspended
from citizencard.settlement.flow import DayClosing, settle_day
from citizencard.settlement.vouching import CHECKS
from ledger import balances, existing, prove
from tests.citizencard.purse.uploads.make_records import (
    MAKER,
    SPONSOR,
    City,
    anchored,
    file_of,
    json_of,
    make_city,
    tap,
)
from tests.citizencard.settlement.findings.make_findings import agreed, decided, doubtful_day, ids, line, proposed
from tests.citizencard.settlement.histories.make_histories import CAPPED
from tests.citizencard.settlement.make import FINANCE

MINUTE = timedelta(minutes=1)


@pytest.fixture
def doubtful(sessions: Sessions, regression: SoftwareVault, now: datetime) -> City:
    """The city after its doubtful day was uploaded."""
    return doubtful_day(sessions, regression, now)


def held(sessions: Sessions, *codes: str) -> list[int]:
    with reading(sessions) as session:
        found = balances(session, sorted(existing(session, list(codes))))
    return [found[code].balance_fen if code in found else 0 for code in codes]


def close(sessions: Sessions, now: datetime, days: int) -> None:
    """Close the day that is so many days after the first, at that hour of the first day."""
    day = beijing_date(now) + timedelta(days=days)
    settle_day(sessions, DayClosing(day, day + timedelta(days=1)), FINANCE, now + timedelta(hours=1 + days))


def test_ages_are_by_whole_days() -> None:
    """A tap that waits for exactly a day waits for no longer than one; a second later it does."""
    now = datetime.fromisoformat("2026-11-21T00:30:00+00:00")
    second = timedelta(seconds=1)
    bounds = {timedelta(0): Age.DAY, timedelta(days=1): Age.DAY, timedelta(days=1) + second: Age.THREE_DAYS}
    bounds |= {timedelta(days=3): Age.THREE_DAYS, timedelta(days=7): Age.WEEK, timedelta(days=7) + second: Age.OLDER}
    for waited, age in bounds.items():
        assert age_of(now - waited, now) is age


def test_lines_are_read_as_they_were_written() -> None:
    """What two people agree to is exactly what is carried out."""
    lines = (DecisionLine(1, Outcome.HOLDER, 180), DecisionLine(2, Outcome.GOODWILL, 1, "mer_x"))
    assert lines_of(payload_of(lines)) == lines


def test_ride_in_doubt_is_priced_with_its_transfer(
    sessions: Sessions, regression: SoftwareVault, now: datetime
) -> None:
    """A changing passenger whose second ride was in doubt has the price of the transfer, and the sponsor its part."""
    city = make_city(sessions, now)
    first = tap(city.bus1, city.lost, now - 50 * MINUTE, 180)
    second = tap(city.bus2, city.lost, now - 20 * MINUTE, 80, **anchored(first))
    take_batch(sessions, regression, city.bus1.terminal_id, file_of(city.bus1, [first]), now)
    take_records(sessions, regression, city.bus2.terminal_id, json_of(city.bus2, [second]), now)
    with reading(sessions) as session:
        records = [session.get_one(TapRecord, number) for number in ids(sessions)]
        assert {one.reason for one in records} == {"hotlisted"}
        found = judged_without_doubt(session, records)
    priced = [(found[one.id].explanation["lines"][-1]["what"], found[one.id].subsidy_fen) for one in records]
    assert priced == [("concession", 20), ("transfer", 120)]


def test_ride_decided_for_its_merchant_counts_towards_the_cap(
    sessions: Sessions, regression: SoftwareVault, now: datetime
) -> None:
    """A ride that was in doubt counts in its card's history once it is decided for the merchant, at the price of the decision."""
    city = make_city(sessions, now, CAPPED)
    rides = [tap(city.bus1, city.lost, now - minutes * MINUTE, 180, card_counter=minutes) for minutes in (50, 20)]
    take_batch(sessions, regression, city.bus1.terminal_id, file_of(city.bus1, rides), now)
    first, second = ids(sessions)
    decided(sessions, [line(first, "merchant", 180), line(second, "merchant", 180)], now)
    with reading(sessions) as session:
        assert session.get(RideToRate, first) is not None
    close(sessions, now, 0)
    assert held(sessions, chart.due(city.lost.card_id)) == [60]
    with reading(sessions) as session:
        proof = prove(session, also=CHECKS)
        (seen,) = taps_by_id(session, [first])
    assert proof.proved, proof.differences
    assert (seen.decided, seen.is_undecided) == (Outcome.MERCHANT, False)
    assert "lines" in seen.explanation


def test_what_clearing_sets_aside_is_decided_and_stays_so(
    sessions: Sessions, regression: SoftwareVault, now: datetime
) -> None:
    """Both branches of a fork wait in suspense; decided, one is the merchant's with its subsidy, the other its holder's, for good."""
    city = make_city(sessions, now)
    forked = [tap(city.bus1, city.adult, now - minutes * MINUTE, 180, card_counter=5) for minutes in (50, 20)]
    take_batch(sessions, regression, city.bus1.terminal_id, file_of(city.bus1, forked), now)
    close(sessions, now, 0)
    first, second = ids(sessions)
    codes = [chart.merchant_suspense(city.merchant_id), chart.due(city.adult.card_id)]
    codes += [chart.subsidy(city.merchant_id), chart.owed("sponsor", SPONSOR)]
    assert held(sessions, *codes) == [360, 0, 0, 0]
    with reading(sessions) as session:
        found = entries_page(session, Wanted(money=True), now)
        assert {(one.record_id, one.open_fen) for one in found} == {(first, 180), (second, 180)}
        assert {reason.kind for reason in found[0].reasons} >= {"counter_fork"}
        assert all(tap.is_undecided for tap in taps_by_id(session, [first, second]))
        assert suspended(session, [session.get_one(TapRecord, first)])[first].aside is not None
    with pytest.raises(TapAmountDiffers):
        proposed(sessions, [line(first, "merchant", 100)], now)
    decided(sessions, [line(first, "merchant", 180), line(second, "holder", 180)], now)
    for day in (1, 2):
        close(sessions, now, day)
    assert held(sessions, *codes) == [0, 180, 20, 20]
    with reading(sessions) as session:
        proof = prove(session, also=CHECKS)
        assert entries_page(session, Wanted(money=True), now) == []
    assert proof.proved, proof.differences


def test_notes_need_a_reason_and_something_to_note(sessions: Sessions, doubtful: City, now: datetime) -> None:
    """Nobody notes without saying why, twice, about nothing, or about money."""
    first, second, third, *_ = ids(sessions)
    wrong = [
        (second, " ", ReasonUnfit),
        (first, "x", NothingToNote),
        (third, "x", TapNotOpen),
        (999_999, "x", UnknownTap),
    ]
    for record_id, reason, refusal in wrong:
        with pytest.raises(refusal), transaction(sessions) as session:
            note_taps(session, [record_id], reason, MAKER, now)
    with transaction(sessions) as session:
        note_taps(session, [second], "the fare had just changed", MAKER, now)
        assert seen_to(session, [first, second]) == {second: last_findings(session, [second])[second]}
        assert entry(session, second, now).state is State.DECIDED
    with pytest.raises(NothingToNote), transaction(sessions) as session:
        note_taps(session, [second], "again", MAKER, now)
    assert doubtful.merchant_id


def test_look_at_a_tap_shows_card_and_terminal_around_it(sessions: Sessions, doubtful: City, now: datetime) -> None:
    """Who decides sees the taps before and after of the same card and of the same terminal, and whose terminal it was."""
    _, second, third, fourth, forged, stray = ids(sessions)
    with reading(sessions) as session:
        found = look(session, third, now)
        alone = look(session, stray, now)
    assert [tap.record_id for tap in found.of_card] == [third, fourth]
    assert [tap.record_id for tap in found.of_terminal][1:] == [second, third, fourth, forged]
    assert found.binding is not None
    assert (found.binding.merchant_id, found.binding.line) == (doubtful.merchant_id, 1)
    assert alone.binding is not None
    assert not alone.binding.registered
    assert found.entry.bearer in {"merchant", "company"}


def test_two_decisions_at_the_same_moment_book_once(
    committed: Sessions, regression: SoftwareVault, now: datetime
) -> None:
    """Two people who agree to two proposals about one tap in the same moment: one is carried out, the other is refused whole."""
    city = doubtful_day(committed, regression, now)
    _, _, third, fourth, *_ = ids(committed)
    first = proposed(committed, [line(third, "merchant", 180)], now)
    with transaction(committed) as session:
        session.get_one(Approval, first).expires_at = now
    second = proposed(committed, [line(third, "holder", 180), line(fourth, "holder", 180)], now)
    with transaction(committed) as session:
        session.get_one(Approval, first).expires_at = now + timedelta(hours=1)
    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(agreed, committed, approval_id, now) for approval_id in (first, second)]
        refusals = [one.exception() for one in done]
    assert [type(one) for one in refusals if one is not None] == [TapDecided]
    suspense, due = held(committed, chart.merchant_suspense(city.merchant_id), chart.due(city.lost.card_id))
    assert (suspense, due) in {(180, 0), (0, 360)}
