"""What changes between two tariffs."""

from copy import deepcopy

from citizencard.tariffs.differences import MAX_DIFFERENCES, Difference, differences
from tests.citizencard.tariffs.small_city import DOCUMENT


def test_each_changed_place_is_named() -> None:
    """Whoever agrees to new fares sees every fare that changes, and nothing that stays."""
    after = deepcopy(DOCUMENT) | {"version": 9, "effective_from": "2027-01-01T00:00:00+08:00"}
    after["transit"]["lines"]["1"]["fare"]["flat"] = "2.50"
    del after["transit"]["lines"]["2"]
    after["taxi"] = {"city": {"title": "x"}}
    assert differences(DOCUMENT, after) == [
        Difference("transit.lines.1.fare.flat", "2.00", "2.50"),
        Difference("transit.lines.2", DOCUMENT["transit"]["lines"]["2"], None),
        Difference("taxi", None, after["taxi"]),
    ]
    assert differences(DOCUMENT, DOCUMENT | {"version": 4}) == []


def test_a_rule_put_in_front_is_one_difference() -> None:
    """A new concession at the head of the list is not taken for a change of all that follow."""
    after = deepcopy(DOCUMENT)
    new = {"name": "students", "classes": ["02"], "pays": "0.5"}
    after["transit"]["concessions"].insert(0, new)
    after["transit"]["concessions"][2]["pays"] = "0.1"
    assert differences(DOCUMENT, after) == [
        Difference("transit.concessions.0", None, new),
        Difference("transit.concessions.2.pays", "0", "0.1"),
    ]
    taken = deepcopy(DOCUMENT)
    del taken["transit"]["concessions"][0]
    assert differences(DOCUMENT, taken) == [
        Difference("transit.concessions.0", DOCUMENT["transit"]["concessions"][0], None)
    ]


def test_a_list_of_differences_ends() -> None:
    """A metro with tens of thousands of prices, all changed, does not stop the page."""
    prices = [{"from": 1, "to": stop, "price": "2.00"} for stop in range(2, 5_000)]
    before = {"between": prices}
    after = {"between": [{**entry, "price": "3.00"} for entry in prices]}
    assert len(differences(before, after)) == MAX_DIFFERENCES
