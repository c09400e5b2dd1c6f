"""Exits that are taken back: the money returns and the stay goes on, or neither ever happened."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest

from citizencard.accounts.errors import NumberOfAnotherTerminal
from citizencard.accounts.models import PurchaseReason, PurchaseVerdict
from citizencard.accounts.reversals import ReversalAnswer, ReversalOutcome
from citizencard.db import Sessions, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.parking.errors import PassageNameReused
from citizencard.parking.exits import ExitAnswer
from citizencard.parking.models import EntryOutcome, StayState
from citizencard.parking.reversals import take_back
from citizencard.terminals.errors import UnknownTerminal
from tests.citizencard.accounts.make_accounts import START_FEN, at_once
from tests.citizencard.parking.make_parking import Lot


@pytest.mark.parametrize(("minutes", "amount_fen"), [(67, 700), (10, 0)])
def test_reversal_opens_the_stay_again(lot: Lot, minutes: int, amount_fen: int) -> None:
    """The bar did not rise: the driver has not paid, and leaves later for what it costs then."""
    lot.enter()
    claim = lot.exit_claim(minutes, amount_fen)
    lot.ask_to_leave(claim)
    first = lot.take_back()
    assert first == ReversalAnswer(claim.name.reference, ReversalOutcome.REVERSED)
    assert lot.take_back() == first
    (stay,) = lot.stays()
    assert (stay.state, stay.amount_fen, stay.left_at, stay.purchase_reference) == (StayState.OPEN, None, None, None)
    assert lot.wallet_fen() == START_FEN
    again = lot.ask_to_leave(claim)
    assert (again.verdict, again.is_reversed) == (PurchaseVerdict.APPROVED, True)
    assert lot.stays()[0].state is StayState.OPEN
    assert lot.leave(90, 700, trace=2).verdict is PurchaseVerdict.APPROVED
    assert lot.take_back() == first
    assert lot.stays()[0].state is StayState.LEFT
    assert lot.wallet_fen() == START_FEN - 700


@pytest.mark.parametrize(("minutes", "amount_fen"), [(67, 700), (10, 0)])
def test_reversal_that_comes_first(lot: Lot, minutes: int, amount_fen: int) -> None:
    """An exit that was overtaken by its reversal is refused when it arrives, free or not."""
    lot.enter()
    assert lot.take_back().outcome is ReversalOutcome.REMEMBERED
    late = lot.leave(minutes, amount_fen)
    assert (late.verdict, late.reason) == (PurchaseVerdict.REFUSED, PurchaseReason.REVERSED_BEFORE)
    assert lot.take_back().outcome is ReversalOutcome.REMEMBERED
    assert lot.stays()[0].state is StayState.OPEN
    assert lot.leave(minutes, amount_fen, trace=2).verdict is PurchaseVerdict.APPROVED


def test_refused_exit_has_nothing_to_reverse(lot: Lot) -> None:
    """What was not paid does not come back."""
    lot.enter()
    lot.ask_to_leave(lot.forged(lot.exit_claim(67, 700)))
    lot.ask_to_leave(lot.forged(lot.exit_claim(10, 0, trace=2)))
    assert [lot.take_back(trace).outcome for trace in (1, 2)] == [ReversalOutcome.NOTHING_TO_REVERSE] * 2
    assert lot.stays()[0].state is StayState.OPEN


def test_car_that_did_leave_and_came_again(lot: Lot) -> None:
    """The money goes back, but a card is never inside twice: the first stay is kept as unpaid for people to look at."""
    lot.enter()
    lot.leave(67, 700)
    second = lot.enter(2, at=lot.after(80))
    assert lot.take_back().outcome is ReversalOutcome.REVERSED
    newest, oldest = lot.stays()
    assert (newest.id, newest.state) == (second.stay_id, StayState.OPEN)
    assert (oldest.state, oldest.amount_fen, oldest.purchase_reference) == (StayState.UNPAID, 700, None)
    assert lot.wallet_fen() == START_FEN
    assert lot.enter(3, at=lot.after(81)).outcome is EntryOutcome.ENTRY_REPEATED


def test_car_that_did_leave_came_again_and_left_again(lot: Lot) -> None:
    """A stay is not opened again for a car that has left since: nobody would pay for the days until it comes next."""
    lot.enter()
    lot.leave(67, 700)
    lot.enter(2, at=lot.after(80))
    lot.leave(90, 0, trace=2)
    assert lot.take_back().outcome is ReversalOutcome.REVERSED
    assert [stay.state for stay in lot.stays()] == [StayState.LEFT, StayState.UNPAID]
    third = lot.enter(3, at=lot.after(200))
    assert (third.outcome, third.entered_at) == (EntryOutcome.ENTERED, lot.after(200))


def test_nobody_reverses_for_another(lot: Lot) -> None:
    """Neither another gate nor a device that nobody knows takes an exit back."""
    lot.enter()
    lot.leave(67, 700)
    for terminal_id, error in ((lot.entry.terminal_id, NumberOfAnotherTerminal), ("term_nobody", UnknownTerminal)):
        with pytest.raises(error), transaction(lot.sessions) as session:
            take_back(session, terminal_id, lot.exit.name(1), lot.now)
    assert lot.stays()[0].state is StayState.LEFT


def test_plain_purchases_are_reversed_too(lot: Lot) -> None:
    """The one door for reversals serves a shop's till as well."""
    claim = lot.shop.claim(250)
    lot.shop.buy(claim)
    with transaction(lot.sessions) as session:
        answer = take_back(session, lot.shop.city.bus1.terminal_id, claim.name, lot.now)
    assert answer.outcome is ReversalOutcome.REVERSED
    assert lot.wallet_fen() == START_FEN


@pytest.mark.parametrize(("minutes", "amount_fen"), [(67, 700), (10, 0)])
def test_exit_races_its_reversal(
    committed: Sessions, vault: SoftwareVault, now: datetime, minutes: int, amount_fen: int
) -> None:
    """Whichever comes first, afterwards nothing is paid and the car is inside: never both, never neither."""
    lot = Lot.open(committed, vault, now)
    lot.enter()
    for trace in range(1, 6):
        works: list[Callable[[], object]] = [partial(lot.leave, minutes, amount_fen, trace)]
        answers = at_once([*works, partial(lot.take_back, trace)])
        left = next(answer for answer in answers if isinstance(answer, ExitAnswer))
        back = next(answer for answer in answers if isinstance(answer, ReversalAnswer))
        if back.outcome is ReversalOutcome.REVERSED:
            assert left.verdict is PurchaseVerdict.APPROVED
        else:
            assert back.outcome is ReversalOutcome.REMEMBERED
            assert left.reason is PurchaseReason.REVERSED_BEFORE
        assert lot.stays()[0].state is StayState.OPEN
        assert lot.wallet_fen() == START_FEN
    with pytest.raises(PassageNameReused):
        lot.leave(minutes + 1, amount_fen, 1)
