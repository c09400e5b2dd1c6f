"""What is read from a document is a value."""

from citizencard.tariffs.transit.plans import plan_of
from tests.citizencard.tariffs.transit.make_rides import ADULT, city


def test_what_was_looked_up_is_no_part_of_the_value() -> None:
    """Two readings of one document are equal, and stay so when one of them has been asked for prices."""
    one, other = city(), city()
    plan_of(one, 1, ADULT)
    assert one == other
    assert (len(one.transit.plans), len(other.transit.plans)) == (1, 0) if one.transit and other.transit else False
    assert "plans" not in repr(one.transit)
