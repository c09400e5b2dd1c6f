"""Cars that come in: once, and only with a card that can pay."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from citizencard.accounts.errors import BatchNotGiven, NumberOfAnotherTerminal, PurchaseInvalid
from citizencard.accounts.losses import report_loss
from citizencard.accounts.proof import PurchaseName
from citizencard.accounts.purchases import CLOCK_WINDOW
from citizencard.approvals.decisions import approve
from citizencard.cards.hotlist_acts import propose_unblock, unblock_as_approved
from citizencard.db import Sessions, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.parking.entries import MAX_LATE, EntryAnswer, enter_lot
from citizencard.parking.errors import NotAGate, PassageInvalid, PassageNameReused
from citizencard.parking.models import EntryOutcome, EntryReason
from citizencard.parking.passages import EntryClaim
from citizencard.tariffs.errors import RuleMissing
from tests.citizencard.accounts.make_accounts import at_once
from tests.citizencard.cards.make_blocks import STOCK, SUPERVISOR, put_on, stolen_card
from tests.citizencard.parking.make_parking import Lot
from tests.citizencard.purse.uploads.make_records import a_card


def test_entry_begins_a_stay_under_the_tariff_of_that_moment(lot: Lot) -> None:
    """What a driver reads at the entry is what the exit charges."""
    answer = lot.enter()
    assert (answer.outcome, answer.reason, answer.entered_at) == (EntryOutcome.ENTERED, None, lot.now)
    stay = lot.stay(answer.stay_id)
    assert (stay.state, stay.tariff_version, stay.merchant_id) == ("open", 4, lot.merchant_id)


def test_repeated_request_is_the_same_entry(lot: Lot) -> None:
    """A gate that got no answer asks again and hears the same, even after the car has left."""
    first = lot.enter()
    assert lot.enter() == first
    assert lot.leave(10, 0).reason is None
    assert lot.enter() == first
    assert len(lot.stays()) == 1


def test_second_entry_changes_nothing(lot: Lot) -> None:
    """A card that is inside already keeps its stay from its first entry; the gate is told and may call somebody."""
    first = lot.enter()
    second = lot.enter(2, at=lot.after(20))
    assert second.outcome is EntryOutcome.ENTRY_REPEATED
    assert (second.stay_id, second.entered_at) == (first.stay_id, first.entered_at)
    lot.leave(25, 0)
    assert lot.enter(2, at=lot.after(20)) == second
    assert lot.enter(3, at=lot.after(30)).outcome is EntryOutcome.ENTERED


def test_late_entry_of_a_stay_that_has_ended_begins_no_other(lot: Lot) -> None:
    """The gate asked twice under two names and sends the first one again after the car has left and paid: nobody is inside for it."""
    first = lot.enter(2, at=lot.after(1))
    assert lot.leave(68, 700).reason is None
    late = lot.enter(1, at=lot.now, now=lot.after(90))
    assert (late.outcome, late.stay_id) == (EntryOutcome.ENTRY_REPEATED, first.stay_id)
    assert lot.enter(1, at=lot.now, now=lot.after(91)) == late
    again = lot.enter(3, at=lot.after(100))
    assert (again.outcome, again.entered_at) == (EntryOutcome.ENTERED, lot.after(100))


def test_gates_whose_clocks_differ_let_a_car_in_again(lot: Lot) -> None:
    """The clock at the exit is minutes ahead of the one at the entry: a car that turns round at once begins a new stay."""
    lot.enter()
    lot.leave(67, 700)
    assert lot.enter(2, at=lot.after(67) - CLOCK_WINDOW, now=lot.after(67)).outcome is EntryOutcome.ENTERED


def test_who_could_not_pay_is_not_let_in(lot: Lot) -> None:
    """Nobody is caught behind a bar that will not rise: unknown, lost, and account-less cards stay outside."""
    senior, lost = lot.shop.city.senior, lot.shop.city.lost
    found = [lot.enter(1, card=a_card(77)), lot.enter(2, card=senior), lot.enter(3, card=lost)]
    assert {answer.outcome for answer in found} == {EntryOutcome.REFUSED}
    assert [answer.reason for answer in found] == [
        EntryReason.UNKNOWN_CARD,
        EntryReason.NO_ACCOUNT,
        EntryReason.HOTLISTED,
    ]
    with transaction(lot.sessions) as session:
        block = put_on(session, stolen_card(lot.adult.serial), lot.shop.now)
    assert lot.enter(5).reason is EntryReason.HOTLISTED
    with transaction(lot.sessions) as session:
        ending = propose_unblock(session, block.id, "found again", STOCK, lot.shop.now)
        approve(session, ending.id, SUPERVISOR, lot.shop.now)
        unblock_as_approved(session, ending, SUPERVISOR, lot.shop.now)
        report_loss(session, lot.adult.card_id, lot.shop.deed(), temporary=True)
    assert lot.enter(4).reason is EntryReason.CARD_STATE
    assert lot.enter(1, card=a_card(77)) == found[0]


@pytest.mark.parametrize(
    ("late", "reason"),
    [
        (MAX_LATE, None),
        (MAX_LATE + timedelta(seconds=1), EntryReason.CLOCK),
        (-CLOCK_WINDOW, None),
        (-CLOCK_WINDOW - timedelta(seconds=1), EntryReason.CLOCK),
    ],
)
def test_gate_with_a_wild_clock_begins_nothing(lot: Lot, late: timedelta, reason: EntryReason | None) -> None:
    """Nobody is charged for days that a gate's clock has invented."""
    assert lot.enter(at=lot.now, now=lot.now + late).reason is reason


def test_gate_speaks_for_itself_only(lot: Lot) -> None:
    """A gate lets in at its own lot, under its own number, in its own batch; nothing is written otherwise."""
    claim = lot.entry_claim()
    other = EntryClaim(lot.exit.name(1), claim.card_serial, claim.date, claim.time)
    early = EntryClaim(lot.entry.name(1, batch=2), claim.card_serial, claim.date, claim.time)
    for wrong, terminal_id, error in (
        (claim, lot.exit.terminal_id, NotAGate),
        (claim, lot.shop.city.bus1.terminal_id, NotAGate),
        (other, lot.entry.terminal_id, NumberOfAnotherTerminal),
        (early, lot.entry.terminal_id, BatchNotGiven),
    ):
        with pytest.raises(error), transaction(lot.sessions) as session:
            enter_lot(session, terminal_id, wrong, lot.now)
    assert lot.stays() == []


def test_name_stands_for_one_entry(lot: Lot) -> None:
    """A gate that counts wrongly is told, and does not overwrite what it said before."""
    lot.enter()
    with pytest.raises(PassageNameReused):
        lot.enter(card=lot.shop.city.senior)
    with pytest.raises(PassageNameReused):
        lot.enter(at=lot.after(1))


def test_malformed_entries_are_refused_by_name(lot: Lot) -> None:
    """Whoever builds a gate learns which field is wrong."""
    claim = lot.entry_claim()
    for wrong, error in (
        (EntryClaim(PurchaseName(b"1", 1, 1), claim.card_serial, claim.date, claim.time), PurchaseInvalid),
        (EntryClaim(claim.name, b"", claim.date, claim.time), PassageInvalid),
        (EntryClaim(claim.name, claim.card_serial, bytes(4), claim.time), PassageInvalid),
        (EntryClaim(claim.name, claim.card_serial, claim.date, b""), PassageInvalid),
    ):
        with pytest.raises(error), transaction(lot.sessions) as session:
            enter_lot(session, lot.entry.terminal_id, wrong, lot.now)


def test_lot_that_had_no_price_then_lets_nobody_in(lot: Lot) -> None:
    """An entry from before the tariff named the lot cannot be priced, so it is not taken."""
    with pytest.raises(RuleMissing):
        lot.enter(at=lot.now - timedelta(hours=13), now=lot.now)
    assert lot.stays() == []


def test_many_at_once_begin_one_stay(committed: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """However often gates repeat themselves in the same moment, a card has one open stay, and all are told of it."""
    lot = Lot.open(committed, vault, now)
    works = [partial(lot.enter, trace) for trace in (1, 1, 1, 1, 2, 2, 3, 4)]
    answers = [answer for answer in at_once(works) if isinstance(answer, EntryAnswer)]
    assert len({answer.stay_id for answer in answers}) == 1
    assert {answer.outcome for answer in answers} == {EntryOutcome.ENTERED, EntryOutcome.ENTRY_REPEATED}
    assert len(lot.stays()) == 1
