"""The verdict on one record, check by check in the order in which they count, without a database."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from citizencard.cards.as_of import KnownCard
from citizencard.cards.models import CardState
from citizencard.purse.uploads.facts import Facts
from citizencard.purse.uploads.judge import Judgement, judge, refuse_before_tac
from citizencard.purse.uploads.models import FindingKind, Reason, Verdict
from citizencard.purse.uploads.records import PurchaseRecord
from citizencard.tariffs.document import read
from citizencard.terminals.bindings import BindingAt
from tests.citizencard.purse.uploads.make_records import SPONSOR, TARIFF, a_card, a_device, anchored, tap

NOW = datetime(2026, 11, 21, 0, 30, tzinfo=UTC)
BUS1, BUS2 = a_device(1), a_device(2)
CARD = a_card(1)
RECORD = tap(BUS1, CARD, NOW, 180)
FACTS = Facts(
    card=KnownCard("card_1", 1, 1),
    state=CardState.ACTIVE,
    hotlisted=False,
    binding=BindingAt(registered=True, terminal_id="term_1", merchant_id="mer_1", line=1),
    merchant_kind="bus",
    base_fare_fen=200,
    tariff=read(TARIFF),
)


def said(record: PurchaseRecord, *, tac_is_good: bool = True, **facts: Any) -> Judgement:
    return judge(record, replace(FACTS, **facts), tac_is_good=tac_is_good, now=NOW)


def test_all_is_well() -> None:
    """A ride at the right price: accepted, the sponsor pays the difference, and the price is explained."""
    found = said(RECORD)
    assert (found.verdict, found.reason, found.claims_identity) == (Verdict.ACCEPTED, None, True)
    assert (found.subsidies, found.findings, found.rated_at_close) == ({SPONSOR: 20}, {}, False)
    assert found.explanation == {
        "paid_fen": 180,
        "tariff_version": 3,
        "class_name": "adult",
        "minor": 180,
        "lines": [
            {"what": "base", "minor": 200, "rule": "transit.lines.1.fare", "facts": {"line": 1, "by": "flat"}},
            {
                "what": "concession",
                "minor": -20,
                "rule": "transit.concessions.0",
                "facts": {"class": "adult", "by": "pays", "pays": "90%"},
                "sponsor": SPONSOR,
            },
        ],
        "subsidies": {SPONSOR: 20},
    }


NOBODY = BindingAt(registered=False)
UNBOUND = BindingAt(registered=True)
EVERYTHING_WRONG: dict[str, Any] = {
    "binding": NOBODY,
    "merchant_kind": "",
    "state": CardState.CLOSED,
    "hotlisted": True,
    "tariff": None,
}


@pytest.mark.parametrize(
    ("change", "facts", "tac_is_good", "reason"),
    [
        ({"reserve": bytes(21) + b"\1", "issuer": bytes(8)}, {"card": None}, False, Reason.MALFORMED),
        ({"issuer": bytes(8)}, {"card": None}, False, Reason.FOREIGN_ISSUER),
        ({"key_version": 9}, {"card": None}, False, Reason.UNKNOWN_CARD),
        ({"key_version": 9}, EVERYTHING_WRONG, False, Reason.UNKNOWN_KEY_VERSION),
        ({"algorithm": 4}, EVERYTHING_WRONG, False, Reason.UNKNOWN_KEY_VERSION),
        ({}, EVERYTHING_WRONG, False, Reason.BAD_TAC),
    ],
)
def test_rejected_in_this_order(
    change: dict[str, Any], facts: dict[str, Any], tac_is_good: bool, reason: Reason
) -> None:
    """The first check that fails names the reason; a rejected record moves no money and claims no identity."""
    found = said(replace(RECORD, **change), tac_is_good=tac_is_good, **facts)
    assert (found.verdict, found.reason) == (Verdict.REJECTED, reason)
    assert (found.claims_identity, found.subsidy_fen, found.findings) == (False, 0, {})


FUTURE = tap(BUS1, CARD, NOW + timedelta(minutes=10, seconds=1), 99_999)


@pytest.mark.parametrize(
    ("record", "facts", "reason"),
    [
        (FUTURE, EVERYTHING_WRONG, Reason.UNREGISTERED_PSAM),
        (FUTURE, EVERYTHING_WRONG | {"binding": UNBOUND}, Reason.UNBOUND_PSAM),
        (FUTURE, EVERYTHING_WRONG | {"binding": FACTS.binding}, Reason.DATE_OUT_OF_RANGE),
        (tap(BUS1, CARD, NOW - timedelta(days=30, seconds=1), 180), {}, Reason.DATE_OUT_OF_RANGE),
        (tap(BUS1, CARD, NOW, 5_001), {"state": CardState.BLOCKED, "hotlisted": True}, Reason.CARD_NOT_IN_USE),
        (RECORD, {"state": None}, Reason.CARD_NOT_IN_USE),
        (RECORD, {"state": CardState.ISSUED}, Reason.CARD_NOT_IN_USE),
        (tap(BUS1, CARD, NOW, 5_001), {"state": CardState.LOST, "hotlisted": True}, Reason.HOTLISTED),
        (tap(BUS1, CARD, NOW, 5_001), {}, Reason.OVER_LIMIT),
        (tap(BUS1, CARD, NOW, 50_001), {"merchant_kind": "parking"}, Reason.OVER_LIMIT),
    ],
)
def test_suspicious_in_this_order(record: PurchaseRecord, facts: dict[str, Any], reason: Reason) -> None:
    """A good TAC is never rejected: the first doubt names the reason, the tap claims its identity, no sponsor pays yet."""
    found = said(record, **facts)
    assert (found.verdict, found.reason) == (Verdict.SUSPICIOUS, reason)
    assert (found.claims_identity, found.subsidy_fen) == (True, 0)


@pytest.mark.parametrize(
    ("at", "amount_fen", "facts"),
    [
        (NOW + timedelta(minutes=10), 180, {}),
        (NOW - timedelta(days=30), 180, {}),
        (NOW, 5_000, {}),
        (NOW, 50_000, {"merchant_kind": "parking"}),
        (NOW, 180, {"state": CardState.TEMP_LOST}),
    ],
)
def test_the_last_that_is_believed(at: datetime, amount_fen: int, facts: dict[str, Any]) -> None:
    """Ten minutes ahead, thirty days back, the limit itself, and the window after a report of loss are still in order."""
    assert said(tap(BUS1, CARD, at, amount_fen), **facts).verdict is Verdict.ACCEPTED


def test_prices_are_reckoned_again_from_the_registry() -> None:
    """Line and class are the registry's, the fare is the tariff's; the record's claims move no sponsor's money."""
    lying = replace(RECORD, line=2, card_class=3, base_fare_fen=99_999)
    found = said(lying)
    assert found.subsidy_fen == 20
    assert found.findings == {FindingKind.LINE_DIFFERS: {"claimed": 2, "bound": 1}}
    assert said(RECORD, card=KnownCard("card_1", 3, 1)).subsidy_fen == 20


@pytest.mark.parametrize(("fare", "paid_fen", "owed"), [("1.00", 90, 10), ("2.00", 180, 20), ("4.00", 360, 40)])
@pytest.mark.parametrize("times", [(), ("07:00", "09:00")])
def test_sponsors_follow_the_fares_of_each_version(fare: str, paid_fen: int, owed: int, times: tuple[str, ...]) -> None:
    """A line is registered once, at ¥2.00, and its fares change: a sponsor of a tenth pays a tenth, and the bus earns its full fare."""
    line: dict[str, Any] = {"mode": "bus", "fare": {"flat": fare}}
    if times:
        rush = {"when": {"hours": {"from": times[0], "until": times[1]}}, "fare": {"flat": fare}}
        line = {"mode": "bus", "fare": {"flat": "5.00"}, "fares_when": [rush]}
    lines = {**TARIFF["transit"]["lines"], "1": line}
    changed = read({**TARIFF, "transit": {**TARIFF["transit"], "lines": lines}})
    found = said(tap(BUS1, CARD, NOW, paid_fen), tariff=changed, base_fare_fen=200)
    assert (found.subsidies, found.findings) == ({SPONSOR: owed}, {})


def test_a_price_difference_is_a_finding_and_costs_the_sponsor_nothing() -> None:
    """Who charges too little, or invents a transfer, gets no more from the sponsor than the right price gives."""
    cheap = said(tap(BUS1, CARD, NOW, 1))
    assert cheap.verdict is Verdict.ACCEPTED
    assert cheap.findings == {FindingKind.PRICE_DIFFERENCE: {"paid_fen": 1, "expected_fen": 180}}
    assert cheap.subsidy_fen == 20
    first = tap(BUS2, CARD, NOW - timedelta(minutes=5), 180)
    invented = said(replace(RECORD, **anchored(first)))
    assert FindingKind.PRICE_DIFFERENCE in invented.findings
    assert invented.subsidy_fen == 20
    assert said(tap(BUS1, CARD, NOW, 250)).subsidy_fen == 0


def test_transfers_are_explained() -> None:
    """A holder sees which ride made this one cheaper."""
    first = tap(BUS2, CARD, NOW - timedelta(hours=1), 180)
    found = said(tap(BUS1, CARD, NOW, 80, **anchored(first)))
    assert (found.findings, found.subsidy_fen) == ({}, 120)
    transfer = found.explanation["lines"][-1]
    assert (transfer["what"], transfer["minor"]) == ("transfer", -100)
    assert (transfer["facts"]["from_line"], transfer["facts"]["from_at"]) == (2, "2026-11-20T23:30:00+00:00")


TWO_SPONSORS: dict[str, Any] = {
    **TARIFF,
    "transit": {**TARIFF["transit"], "transfers": [{"minutes": 60, "less": "1.00", "sponsor": "metro_fund"}]},
}


@pytest.mark.parametrize(
    ("paid_fen", "base_fare_fen", "owed"),
    [
        (80, 200, {SPONSOR: 20, "metro_fund": 100}),
        (1, 200, {SPONSOR: 20, "metro_fund": 100}),
        (110, 200, {SPONSOR: 20, "metro_fund": 70}),
        (200, 200, {}),
        (80, 250, {SPONSOR: 20, "metro_fund": 100}),
        (80, 90, {SPONSOR: 20, "metro_fund": 100}),
    ],
)
def test_each_sponsor_pays_its_part(paid_fen: int, base_fare_fen: int, owed: dict[str, int]) -> None:
    """The concession is one sponsor's, the transfer another's; together they pay what is missing to the tariff's fare, never more."""
    first = tap(BUS2, CARD, NOW - timedelta(minutes=5), 180)
    record = tap(BUS1, CARD, NOW, paid_fen, **anchored(first))
    found = said(record, tariff=read(TWO_SPONSORS), base_fare_fen=base_fare_fen)
    assert dict(found.subsidies) == owed
    assert found.subsidy_fen == sum(owed.values())


def test_what_nobody_sponsors_is_the_merchants_gift() -> None:
    """A transfer without a sponsor costs no sponsor anything."""
    unsponsored = {**TARIFF["transit"], "transfers": [{"minutes": 60, "less": "1.00"}]}
    first = tap(BUS2, CARD, NOW - timedelta(minutes=5), 180)
    record = tap(BUS1, CARD, NOW, 80, **anchored(first))
    assert said(record, tariff=read({**TARIFF, "transit": unsponsored})).subsidies == {SPONSOR: 20}


def test_fares_that_a_record_cannot_show_are_believed_within_the_tariff() -> None:
    """A metro record claims its fare: one of the line's is taken, and no sponsor pays beyond the registry's; any other is a finding."""
    lines = {"1": {"mode": "bus", "fare": {"distance": {"first_km": "4", "first": "2.00", "then": STEPS}}}}
    metro = read({**TARIFF, "transit": {**TARIFF["transit"], "lines": lines, "transfers": []}})
    found = said(replace(tap(BUS1, CARD, NOW, 360), base_fare_fen=400), tariff=metro, base_fare_fen=900)
    assert (found.findings, found.subsidies, found.explanation["minor"]) == ({}, {SPONSOR: 40}, 360)
    bounded = said(replace(tap(BUS1, CARD, NOW, 360), base_fare_fen=400), tariff=metro, base_fare_fen=390)
    assert bounded.subsidies == {SPONSOR: 30}
    odd = said(replace(tap(BUS1, CARD, NOW, 360), base_fare_fen=401), tariff=metro, base_fare_fen=900)
    assert odd.findings == {FindingKind.IMPOSSIBLE_BASE: {"line": 1, "claimed_fen": 401}}
    assert (odd.verdict, odd.subsidies, odd.explanation) == (Verdict.ACCEPTED, {}, {"paid_fen": 360})


STEPS = [{"each_km": "4", "adds": "1.00"}]


@pytest.mark.parametrize(
    ("rules", "rated"),
    [
        ({"caps": [{"name": "a_day", "period": "day", "most": "3.00"}]}, True),
        ({"ride_counts": [{"name": "tenth", "period": "month", "after": 9}]}, True),
        ({"transfers": [{"minutes": 60, "less": "1.00", "most_a_day": 2}]}, True),
        ({"transfers": [{"minutes": 60, "less": "1.00"}]}, False),
    ],
)
def test_rules_over_a_history_are_left_to_the_close(rules: dict[str, Any], rated: bool) -> None:
    """A cap or a count changes nothing at upload: the tap is priced by itself and waits to be rated when the day is closed."""
    found = said(RECORD, tariff=read({**TARIFF, "transit": {**TARIFF["transit"], **rules}}))
    assert (found.rated_at_close, found.findings, found.explanation["minor"]) == (rated, {}, 180)


def test_unknown_tariffs_are_findings() -> None:
    """A version nobody published is priced by the one in force; without any, or without the line, no sponsor pays."""
    other = said(replace(RECORD, tariff_version=99))
    assert other.findings == {FindingKind.UNKNOWN_TARIFF: {"claimed": 99}}
    assert other.subsidy_fen == 20
    none = said(RECORD, tariff=None)
    assert none.findings.keys() == {FindingKind.UNKNOWN_TARIFF, FindingKind.NO_PRICE}
    assert none.subsidy_fen == 0
    foreign = said(RECORD, tariff=read({**TARIFF, "currency": "HKD"}))
    assert foreign.findings == {FindingKind.NO_PRICE: {"line": 1, "place": "currency"}}
    unlisted = said(RECORD, card=KnownCard("card_1", 2, 1))
    assert unlisted.findings == {FindingKind.NO_PRICE: {"line": 1, "place": "transit.classes.02"}}
    assert (unlisted.verdict, unlisted.subsidy_fen) == (Verdict.ACCEPTED, 0)


def test_a_shop_has_no_fare() -> None:
    """A terminal without a line takes what was agreed at the till: nothing to reckon again."""
    shop = BindingAt(registered=True, terminal_id="term_1", merchant_id="mer_1", line=None)
    found = said(tap(BUS1, CARD, NOW, 8_888), binding=shop, merchant_kind="shop", base_fare_fen=None)
    assert (found.verdict, found.subsidy_fen, found.findings) == (Verdict.ACCEPTED, 0, {})
    assert found.explanation == {"paid_fen": 8_888}


@pytest.mark.parametrize(("kind", "findings"), [(2, {FindingKind.UNCONFIRMED_PURCHASE}), (3, set()), (4, set())])
def test_kinds_without_a_tac(kind: int, findings: set[FindingKind]) -> None:
    """Entries, exits and unconfirmed purchases are kept without money; an unconfirmed one stays open for a person."""
    found = said(replace(RECORD, kind=kind, tac=bytes(4), key_version=9), tac_is_good=False)
    assert (found.verdict, found.claims_identity, found.subsidy_fen) == (Verdict.ACCEPTED, False, 0)
    assert found.findings.keys() == findings


def test_the_vault_is_asked_only_where_it_matters() -> None:
    """What is refused before the TAC needs no answer of the vault."""
    assert refuse_before_tac(RECORD, FACTS) is None
    assert refuse_before_tac(RECORD, None) is Reason.MALFORMED
    assert refuse_before_tac(RECORD, replace(FACTS, card=None)) is Reason.UNKNOWN_CARD
