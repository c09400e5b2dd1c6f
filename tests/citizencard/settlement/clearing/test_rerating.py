"""Transfers over the whole set: the ride that really came before decides, once no tap between the two can be missing."""

from citizencard.purse.uploads.models import FindingKind
from tests.citizencard.purse.uploads.make_records import anchored
from tests.citizencard.settlement.clearing.looking import aside, found, sequences
from tests.citizencard.settlement.histories.make_histories import Nights


def test_a_transfer_that_the_device_did_not_see(nights: Nights) -> None:
    """The second bus read no anchor and took the full price: a finding with both prices, and no money."""
    first = nights.ride(60, card_counter=5)
    missed = nights.ride(40, bus=nights.city.bus2, card_counter=6)
    nights.upload(missed)
    nights.close()
    assert found(nights, FindingKind.RERATED) == set()
    nights.upload(first)
    nights.close()
    assert found(nights, FindingKind.RERATED) == sequences([missed])
    assert aside(nights) == []


def test_a_transfer_as_it_should_be(nights: Nights) -> None:
    """The anchor that the card carried is the ride before, and after a transfer there is none: nothing is found."""
    first = nights.ride(60, card_counter=5)
    second = nights.ride(50, bus=nights.city.bus2, card_counter=6, amount_fen=80, **anchored(first))
    nights.upload(first, second, nights.ride(45, card_counter=7))
    nights.close()
    assert found(nights, FindingKind.RERATED) == set()


def test_an_anchor_that_never_was(nights: Nights) -> None:
    """The record claims a ride on another line at another minute: the sponsor would pay for a transfer that was none."""
    first = nights.ride(100, card_counter=5)
    feigned = nights.ride(70, bus=nights.city.bus2, card_counter=99)
    false = nights.ride(30, card_counter=6, amount_fen=80, **anchored(feigned))
    nights.upload(first, false)
    nights.close()
    assert found(nights, FindingKind.RERATED) == sequences([false])


def test_a_tap_that_is_missing_between_two_rides(nights: Nights) -> None:
    """By the counters a tap between the two has not come in: nothing can be said; once it is there, it is the one before."""
    nights.upload(nights.ride(60, card_counter=5), nights.ride(40, bus=nights.city.bus2, card_counter=7))
    nights.close()
    assert found(nights, FindingKind.RERATED) == set()
    nights.upload(nights.ride(1_200, card_counter=6))
    nights.close()
    assert found(nights, FindingKind.RERATED) == set()


def test_a_fork_explains_nothing(nights: Nights) -> None:
    """Which of two branches came before cannot be said: what was found is withdrawn."""
    missed = nights.ride(40, bus=nights.city.bus2, card_counter=6)
    nights.upload(nights.ride(60, card_counter=5), missed)
    nights.close()
    assert found(nights, FindingKind.RERATED) == sequences([missed])
    nights.upload(nights.ride(50, card_counter=5))
    nights.close()
    assert found(nights, FindingKind.RERATED) == set()
