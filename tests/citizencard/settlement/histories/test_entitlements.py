"""What a ride gives back, by rule, without a database."""

from hypothesis import given, settings
from hypothesis import strategies as st

from citizencard.settlement.histories.entitlements import MAX_RULE, Charged, increases, rule_name
from citizencard.tariffs.quotes import Line, Quote, quote_of

BASE = Line("base", 200, "transit.lines.1.fare")
CONCESSION = Line("concession", -20, "transit.concessions.0", {}, "fund")
CAP = Line("cap", -140, "transit.caps.0", {}, "cap_fund")
ALONE = quote_of([BASE, CONCESSION])


def given_back(charged: Charged, *lines: Line) -> list[tuple[str, int]]:
    return [(one.rule, one.fen) for one in increases(charged, quote_of([BASE, *lines]))]


def test_a_cap_gives_back_what_is_above_it() -> None:
    """The difference between what was paid and what the ride costs by all rules goes back, under the rule's name."""
    charged = Charged(ALONE, 180, {})
    (one,) = increases(charged, quote_of([BASE, CONCESSION, CAP]))
    assert (one.rule, one.fen, one.line.sponsor) == ("caps.0", 140, "cap_fund")
    assert given_back(charged, CONCESSION) == []


def test_only_what_a_rule_gives_more_is_given() -> None:
    """A later night adds what is missing and never takes anything back."""
    assert given_back(Charged(ALONE, 180, {"caps.0": 100}), CONCESSION, CAP) == [("caps.0", 40)]
    assert given_back(Charged(ALONE, 180, {"caps.0": 140}), CONCESSION, CAP) == []
    assert given_back(Charged(ALONE, 180, {"caps.0": 160}), CONCESSION, CAP) == []


def test_a_band_that_replaces_the_concession_counts_beyond_it() -> None:
    """Of a band of ¥0.40 the concession's ¥0.20 was off already: the other ¥0.20 goes back, and no sponsor pays twice."""
    band = Line("band", -40, "transit.bands.0", {}, "fund")
    assert given_back(Charged(ALONE, 180, {}), band) == [("bands.0", 20)]


def test_what_was_not_paid_is_not_given_back() -> None:
    """A device that charged less owes less; one that charged too much is a person's matter, not the night's."""
    assert given_back(Charged(ALONE, 100, {}), CONCESSION, CAP) == [("caps.0", 60)]
    assert given_back(Charged(ALONE, 30, {}), CONCESSION, CAP) == []
    assert given_back(Charged(ALONE, 200, {}), CONCESSION, CAP) == [("caps.0", 140)]


def test_two_rules_share_in_the_order_of_the_price() -> None:
    """A counted transfer and then a cap: each gives its own part."""
    transfer = Line("transfer", -100, "transit.transfers.0")
    cap = Line("cap", -30, "transit.caps.0")
    assert given_back(Charged(ALONE, 180, {}), CONCESSION, transfer, cap) == [("transfers.0", 100), ("caps.0", 30)]


def test_names_of_rules_fit_into_references() -> None:
    """The longest name of a pass leaves a reference within the ledger's 96 characters, and two names stay apart."""
    long = "transit.passes." + "a" * 60
    assert rule_name("transit.caps.0") == "caps.0"
    assert len(rule_name(long)) <= MAX_RULE
    assert rule_name(long) != rule_name(long[:-1])
    assert len(f"subsidy:adjust:tap:{'0' * 32}:{rule_name(long)}:1000000:2") <= 96


Taken = list[tuple[str, int]]
RULES = st.sampled_from(["caps.0", "caps.1", "bands.0", "concessions.0"])
TAKEN = st.lists(st.tuples(RULES, st.integers(1, 60)), max_size=4)


def priced(taken: Taken) -> Quote:
    return quote_of([BASE._replace(minor=300), *(Line("cap", -fen, f"transit.{rule}") for rule, fen in taken)])


@settings(max_examples=300)
@given(TAKEN, st.lists(TAKEN, min_size=1, max_size=4), st.integers(0, 300))
def test_night_after_night_the_holder_has_the_best_of_them(before: Taken, nights: list[Taken], paid_fen: int) -> None:
    """Whatever rules give from night to night, the holder ends with the most of all nights, to the fen, and a repeat adds nothing."""
    alone = priced(before)
    has: dict[str, int] = {}
    best_fen = 0
    for taken in nights:
        full = priced(taken)
        best_fen = max(best_fen, min(paid_fen, alone.minor) - full.minor)
        for one in increases(Charged(alone, paid_fen, has), full):
            assert one.fen > 0
            has = {**has, one.rule: has.get(one.rule, 0) + one.fen}
        assert increases(Charged(alone, paid_fen, has), full) == []
        assert sum(has.values()) == best_fen
