"""Who makes up the full fare: several sponsors, each its part, in any case no more than is missing."""

from hypothesis import given
from hypothesis import strategies as st

from citizencard.purse.uploads.subsidies import MAX_REFERENCE, subsidies, subsidy_references
from citizencard.tariffs.quotes import Line, quote_of
from citizencard.tariffs.transit.rides import Priced

FARES = st.integers(0, 1_000)


def priced(base: int, *taken: tuple[str | None, int]) -> Priced:
    """A ride at a full fare, of which each sponsor, or nobody, takes something off."""
    lines = [Line("base", base, "transit.lines.1.fare")]
    lines += [Line("concession", -fen, "transit.concessions.0", {}, sponsor) for sponsor, fen in taken]
    return Priced(quote_of(lines), base, transferred=False, next_anchor=None)


def test_parts_of_two_sponsors() -> None:
    """Each pays what its rule takes off, in the order of the price; a sponsor of two rules pays once."""
    ride = priced(200, ("first", 20), ("second", 100), ("first", 5))
    assert list(subsidies(ride, 200, 75).items()) == [("first", 25), ("second", 100)]
    assert subsidies(priced(200, (None, 50)), 200, 150) == {}
    assert subsidies(priced(200), 200, 200) == {}


@given(FARES, st.lists(st.tuples(st.sampled_from(["a", "b", None]), st.integers(0, 100)), max_size=4), FARES, FARES)
def test_no_sponsor_pays_for_more_than_is_missing(
    more: int, taken: list[tuple[str | None, int]], full_fen: int, paid_fen: int
) -> None:
    """Together they never pay beyond the full fare less what counts as paid and is given; paying less earns nothing."""
    ride = priced(sum(fen for _, fen in taken) + more, *taken)
    price, gift_fen = ride.quote.minor, sum(fen for sponsor, fen in taken if sponsor is None)
    owed = subsidies(ride, full_fen, paid_fen)
    assert all(fen > 0 for fen in owed.values())
    assert all(fen <= ride.quote.sponsored()[sponsor] for sponsor, fen in owed.items())
    assert sum(owed.values()) <= max(0, full_fen - max(paid_fen, price) - gift_fen)
    assert subsidies(ride, full_fen, min(paid_fen, price)) == subsidies(ride, full_fen, price)
    if full_fen == ride.base and paid_fen <= price:
        assert owed == ride.quote.sponsored()


def test_references_tell_sponsors_apart_and_fit() -> None:
    """The first keeps the name by which a ride's subsidy is known; the others are counted, however long their names are."""
    tap = f"tap:{'0' * 32}"
    references = subsidy_references(tap, {"a" * 60: 1, "b" * 60: 2, "c": 3})
    assert list(references.values()) == [f"subsidy:{tap}", f"subsidy:{tap}:2", f"subsidy:{tap}:3"]
    assert all(len(one) <= MAX_REFERENCE for one in references.values())
