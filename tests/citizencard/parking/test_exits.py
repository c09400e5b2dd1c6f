"""Cars that leave: the stay is paid and ends, both or neither, however often the gate asks."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest

from citizencard.accounts.errors import BatchNotGiven, NumberOfAnotherTerminal, PurchaseInvalid, TraceReused
from citizencard.accounts.flow import purchase
from citizencard.accounts.losses import release_loss, report_loss
from citizencard.accounts.models import PurchaseReason, PurchaseVerdict
from citizencard.accounts.proof import PurchaseClaim
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.parking.errors import AmountDiffers, NoOpenStay, NotAGate, PassageInvalid, PassageNameReused
from citizencard.parking.exits import ExitAnswer, earlier_exit
from citizencard.parking.flow import leave
from citizencard.parking.models import EntryOutcome, StayState
from citizencard.parking.stays import price_of
from tests.citizencard.accounts.make_accounts import START_FEN, at_once
from tests.citizencard.parking.make_parking import RULE, Lot, set_rule


def is_inside(lot: Lot) -> bool:
    return lot.stays()[0].state is StayState.OPEN


# Source of 67 minutes: Taicang's development and reform commission answering a resident.
def test_sixty_seven_minutes_cost_seven_yuan(lot: Lot) -> None:
    """The driver pays from the account what the city has printed, and the lot's company gets it."""
    lot.enter()
    answer = lot.leave(67, 700)
    assert (answer.verdict, answer.reason, answer.amount_fen) == (PurchaseVerdict.APPROVED, None, 700)
    assert answer.reference == f"online:{lot.exit.number.hex()}:1:1"
    (stay,) = lot.stays()
    assert (stay.state, stay.amount_fen, stay.left_at) == (StayState.LEFT, 700, lot.after(67))
    assert stay.purchase_reference == answer.reference
    assert lot.wallet_fen() == START_FEN - 700


def test_quote_is_the_bill(lot: Lot) -> None:
    """At whatever minute the driver asks, the exit in that minute costs exactly that."""
    lot.enter()
    for minutes in (0, 30, 31, 60, 61, 67, 90, 91, 600, 1441):
        quoted = lot.quote(minutes)
        with reading(lot.sessions) as session:
            assert price_of(session, lot.stay(quoted.stay_id), lot.after(minutes)) == quoted.price
        with pytest.raises(AmountDiffers) as caught:
            lot.leave(minutes, quoted.price.minor + 1)
        assert caught.value.public_fields() == {"amount_fen": quoted.price.minor, "stay_id": quoted.stay_id}
    assert lot.leave(91, lot.quote(91).price.minor).reason is None


def test_free_stay_moves_no_money_but_needs_the_card(lot: Lot) -> None:
    """Half an hour is free, whatever the account holds; without the card nobody ends somebody's stay."""
    lot.enter()
    assert lot.ask_to_leave(lot.forged(lot.exit_claim(30, 0, trace=1))).reason is PurchaseReason.BAD_PROOF
    claim = lot.exit_claim(30, 0, trace=2)
    assert lot.ask_to_leave(claim, lot.after(36)).reason is PurchaseReason.CLOCK
    assert is_inside(lot)
    assert lot.leave(30, 0, trace=3).verdict is PurchaseVerdict.APPROVED
    (stay,) = lot.stays()
    assert (stay.state, stay.amount_fen, stay.purchase_reference) == (StayState.LEFT, 0, None)
    assert lot.wallet_fen() == START_FEN


def test_exit_sent_again_is_the_same_exit(lot: Lot) -> None:
    """A gate that got no answer asks again: one payment, the same answer, also long afterwards."""
    lot.enter()
    claim = lot.exit_claim(67, 700)
    first = lot.ask_to_leave(claim)
    assert lot.ask_to_leave(claim) == first
    assert lot.ask_to_leave(claim, lot.after(999)) == first
    with reading(lot.sessions) as session:
        assert earlier_exit(session, lot.exit.terminal_id, claim) == first
    assert lot.wallet_fen() == START_FEN - 700


def test_name_stands_for_one_exit(lot: Lot) -> None:
    """The same name with another amount, time or card is refused and changes nothing."""
    lot.enter()
    lot.leave(67, 700)
    for claim in (lot.exit_claim(67, 701), lot.exit_claim(68, 700), lot.exit_claim(67, 700, card=lot.shop.city.senior)):
        with pytest.raises(PassageNameReused):
            lot.ask_to_leave(claim)
    assert lot.wallet_fen() == START_FEN - 700


def test_exit_without_entry(lot: Lot) -> None:
    """Who did not come in, or has left, owes nothing here, and nothing is written."""
    for card in (lot.adult, lot.shop.city.senior):
        with pytest.raises(NoOpenStay):
            lot.leave(10, 0, card=card)
    lot.enter()
    lot.leave(10, 0)
    with pytest.raises(NoOpenStay):
        lot.leave(11, 0, trace=2)
    with pytest.raises(NoOpenStay):
        lot.quote(11)


def test_too_little_money_leaves_the_stay_open_and_says_why(lot: Lot) -> None:
    """The driver tops up and leaves; the refusal stays a refusal under its own name."""
    lot.enter()
    for day in range(3):
        lot.shop.buy(lot.shop.claim(3_000, 50 + day))
    refused = lot.leave(600, 4_000)
    assert (refused.verdict, refused.reason) == (PurchaseVerdict.REFUSED, PurchaseReason.INSUFFICIENT_FUNDS)
    assert is_inside(lot)
    lot.shop.top_up(5_000)
    assert lot.leave(600, 4_000) == refused
    assert lot.leave(600, 4_000, trace=2).verdict is PurchaseVerdict.APPROVED
    assert lot.wallet_fen() == START_FEN - 9_000 + 5_000 - 4_000


def test_card_reported_lost_meanwhile(lot: Lot) -> None:
    """A finder cannot pay the car out with the lost card; once the holder has it back, the stay is where it was."""
    lot.enter()
    with transaction(lot.sessions) as session:
        report_loss(session, lot.adult.card_id, lot.shop.deed(), temporary=True)
    assert lot.leave(67, 700).reason is PurchaseReason.CARD_STATE
    assert is_inside(lot)
    with transaction(lot.sessions) as session:
        release_loss(session, lot.adult.card_id, lot.shop.deed())
    assert lot.leave(67, 700, trace=2).verdict is PurchaseVerdict.APPROVED


def test_terminal_without_the_card_gets_nothing(lot: Lot) -> None:
    """A gate that only knows a card's number cannot debit its account, nor end its stay."""
    lot.enter()
    assert lot.ask_to_leave(lot.forged(lot.exit_claim(67, 700))).reason is PurchaseReason.BAD_PROOF
    assert is_inside(lot)
    assert lot.wallet_fen() == START_FEN


def test_recorded_proof_is_soon_worth_nothing(lot: Lot) -> None:
    """An answer of the card that was kept back is refused six minutes later."""
    lot.enter()
    assert lot.ask_to_leave(lot.exit_claim(67, 700), lot.after(73)).reason is PurchaseReason.CLOCK
    assert is_inside(lot)


DEARER = [{"up_to_minutes": 60, "each_minutes": 60, "price": "9.00"}, {"each_minutes": 30, "price": "2.00"}]


def test_stay_is_priced_by_the_tariff_of_its_entry(lot: Lot) -> None:
    """A price that rises at noon is not charged to who came in the morning."""
    lot.enter()
    with transaction(lot.sessions) as session:
        set_rule(session, {**RULE, "charges": [{"steps": DEARER}]}, 5, lot.after(10))
    assert lot.leave(67, 700).reason is None
    lot.enter(2, at=lot.after(70))
    assert lot.leave(70 + 67, 1_100, trace=2).reason is None
    assert [stay.tariff_version for stay in lot.stays()] == [5, 4]


def test_clocks_of_two_gates_may_differ(lot: Lot) -> None:
    """A car that leaves at once, past a gate whose clock is slow, has stayed no time."""
    lot.enter()
    assert lot.leave(-1, 0).reason is None
    assert lot.stays()[0].left_at == lot.now


def test_gate_speaks_for_itself_only(lot: Lot) -> None:
    """A gate lets out at its own lot, under its own number, in its own batch."""
    lot.enter()
    claim = lot.exit_claim(67, 700)
    hsm, then = lot.shop.hsm, claim.happened_at
    for wrong, terminal_id, error in (
        (claim, lot.entry.terminal_id, NotAGate),
        (claim, lot.shop.city.bus1.terminal_id, NotAGate),
        (replace(claim, name=lot.entry.name(9)), lot.exit.terminal_id, NumberOfAnotherTerminal),
        (replace(claim, name=lot.exit.name(1, batch=2)), lot.exit.terminal_id, BatchNotGiven),
    ):
        with pytest.raises(error):
            leave(lot.sessions, hsm, terminal_id, wrong, then)
    lot.ask_to_leave(claim)
    with pytest.raises(NumberOfAnotherTerminal):
        leave(lot.sessions, hsm, lot.entry.terminal_id, claim, then)


def test_malformed_exits_are_refused_by_name(lot: Lot) -> None:
    """Whoever builds a gate learns which field is wrong."""
    claim = lot.exit_claim(67, 700)
    for field, value, error in (
        ("name", lot.exit.name(0), PurchaseInvalid),
        ("card_serial", b"", PassageInvalid),
        ("amount_fen", -1, PassageInvalid),
        ("amount_fen", 2**32, PassageInvalid),
        ("proof", bytes(7), PassageInvalid),
        ("date", bytes(4), PassageInvalid),
    ):
        wrong = replace(claim, **{field: value})  # type: ignore[arg-type] # one field of a wrong value each
        with pytest.raises(error):
            lot.ask_to_leave(wrong, lot.now)


def test_name_of_a_purchase_is_no_name_of_another_exit(lot: Lot) -> None:
    """What was bought under a name is not bought again as an exit."""
    lot.enter()
    claim = lot.exit_claim(1, 250)
    bought = PurchaseClaim(claim.name, claim.card_serial, 250, claim.date, claim.time, claim.proof)
    purchase(lot.sessions, lot.shop.hsm, lot.exit.terminal_id, bought, claim.happened_at)
    with pytest.raises(TraceReused):
        lot.leave(67, 700)
    with pytest.raises(PassageNameReused):
        lot.leave(2, 0)
    assert is_inside(lot)


def test_many_at_once_pay_once(committed: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A gate that repeats itself, and a second gate's hand on the same card, take one payment in all."""
    lot = Lot.open(committed, vault, now)
    lot.enter()

    def try_to_leave(trace: int) -> ExitAnswer | None:
        try:
            return lot.leave(67, 700, trace)
        except NoOpenStay:
            return None

    answers = at_once([partial(try_to_leave, trace) for trace in (1, 1, 1, 1, 1, 2, 3, 4)])
    assert {answer.verdict for answer in answers if isinstance(answer, ExitAnswer)} == {PurchaseVerdict.APPROVED}
    assert len({answer.reference for answer in answers if isinstance(answer, ExitAnswer)}) == 1
    assert lot.wallet_fen() == START_FEN - 700
    assert [stay.state for stay in lot.stays()] == [StayState.LEFT]
    assert lot.enter(2, at=lot.now + timedelta(minutes=80)).outcome is EntryOutcome.ENTERED
