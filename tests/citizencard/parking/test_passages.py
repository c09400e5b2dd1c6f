"""What gates say: malformed words are refused by name, and a moment is Beijing's."""

from datetime import UTC, datetime

import pytest

from citizencard.parking.errors import PassageInvalid
from citizencard.parking.passages import ExitClaim, check_serial, moment
from tests.citizencard.parking.make_parking import Lot


def test_moment_is_beijings() -> None:
    """A gate writes the time that people in the city read."""
    assert moment(bytes.fromhex("20261121"), bytes.fromhex("083000")) == datetime(2026, 11, 21, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(("date", "time"), [("20261321", "083000"), ("20261121", "246000"), ("202611", "083000")])
def test_impossible_moments(date: str, time: str) -> None:
    """No stay begins on the thirty-first of February."""
    with pytest.raises(PassageInvalid):
        moment(bytes.fromhex(date), bytes.fromhex(time))


def test_serial_has_its_length() -> None:
    """A cut serial names nobody's card."""
    check_serial(bytes(10))
    with pytest.raises(PassageInvalid):
        check_serial(bytes(9))


def test_proof_is_not_shown(lot: Lot) -> None:
    """What a card signed does not reach a log."""
    claim: ExitClaim = lot.exit_claim(67, 700)
    assert "proof" not in repr(claim)
    claim.check()
