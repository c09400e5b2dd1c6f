"""Holds from the terminal's word to the books: reserved, settled in parts, released, expired, taken back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest

from citizencard.accounts.balances import EnquiryAnswer, EnquiryClaim, enquire
from citizencard.accounts.errors import (
    BatchNotGiven,
    HoldAmountExceeded,
    HoldIsOver,
    HoldNotKnown,
    NumberOfAnotherTerminal,
    PurchaseInvalid,
    ReversalImpossible,
    SettlementReused,
    TraceReused,
)
from citizencard.accounts.holds.ending import release
from citizencard.accounts.holds.flow import place_hold
from citizencard.accounts.holds.models import ReleaseOutcome
from citizencard.accounts.holds.open_items import unpaid_parts
from citizencard.accounts.holds.placing import LIFETIME
from citizencard.accounts.holds.settling import SettlementAnswer, settle
from citizencard.accounts.losses import report_loss
from citizencard.accounts.models import PurchaseReason, PurchaseVerdict
from citizencard.accounts.proof import purchase_challenge
from citizencard.accounts.reversals import ReversalOutcome
from citizencard.audit import Actor
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.terminals.errors import TerminalDisabled
from citizencard.terminals.models import TerminalState
from citizencard.terminals.registry import set_terminal_state
from ledger import expire_holds
from tests.citizencard.accounts.holds.make_holds import Pump, race_endings, race_holds
from tests.citizencard.accounts.make_accounts import START_FEN, Shop, at_once, card_answer
from tests.citizencard.cards.make_blocks import put_on, stolen_card, stolen_module

RACES = 12
"""Of the thousands that a drill runs at full size."""
COPIES = 8
APPROVED, REFUSED = PurchaseVerdict.APPROVED, PurchaseVerdict.REFUSED


@pytest.fixture
def pump(sessions: Sessions, vault: SoftwareVault, now: datetime) -> Pump:
    """An account with 10,000 fen and a terminal that fills cars."""
    return Pump(Shop.open(sessions, vault, now))


def test_hold_reserves_and_the_real_amount_is_paid(pump: Pump) -> None:
    """A driver who holds ¥60 and fills ¥41.50 has paid ¥41.50, and the rest is free at once."""
    shop = pump.shop
    answer = pump.hold(shop.claim(6_000))
    assert (answer.reference, answer.verdict) == ("hold:330200000001:1:1", APPROVED)
    assert answer.expires_at == shop.now + LIFETIME
    assert shop.money() == (START_FEN, 0, START_FEN)
    assert pump.free_fen() == START_FEN - 6_000
    assert shop.buy(shop.claim(5_000, trace=2)).reason is PurchaseReason.INSUFFICIENT_FUNDS
    paid = pump.settle(pump.part(4_150, final=True))
    assert paid == SettlementAnswer("settle:hold:330200000001:1:1:1", APPROVED, None, is_late=False)
    assert shop.money() == (START_FEN - 4_150, 4_150, START_FEN)
    assert pump.free_fen() == START_FEN - 4_150
    assert pump.settle(pump.part(4_150, final=True)) == paid
    with pytest.raises(HoldIsOver):
        pump.settle(pump.part(100, n=2))
    assert pump.release(shop.name()).outcome is ReleaseOutcome.NOTHING_HELD


def test_parts_never_come_to_more_than_was_held(pump: Pump) -> None:
    """Several parts are paid one by one; the one that would be too much is refused, and what is left can still be taken."""
    shop = pump.shop
    pump.hold(shop.claim(6_000))
    assert pump.settle(pump.part(2_000)).verdict is APPROVED
    assert pump.settle(pump.part(3_000, n=2)).verdict is APPROVED
    with pytest.raises(HoldAmountExceeded) as refused:
        pump.settle(pump.part(1_001, n=3))
    assert refused.value.fields == {"left_fen": 1_000}
    with pytest.raises(SettlementReused):
        pump.settle(pump.part(2_001))
    assert pump.settle(pump.part(1_000, n=3)).verdict is APPROVED
    assert shop.money() == (START_FEN - 6_000, 6_000, START_FEN)
    with pytest.raises(HoldIsOver):
        pump.settle(pump.part(1, n=4))


def test_stolen_cards_and_modules_get_nothing_on_line(pump: Pump) -> None:
    """A card of a stolen box neither buys nor holds nor learns its balance; nor does any card at a device with a stolen module."""
    shop, adult = pump.shop, pump.shop.city.adult
    teller = Actor("terminal", shop.city.bus1.terminal_id)

    def ask(trace: int) -> EnquiryAnswer:
        signed = shop.claim(1, trace)
        proof = card_answer(adult.serial, purchase_challenge(signed.name, 0, signed.date + signed.time))
        claim = EnquiryClaim(signed.name, adult.serial, signed.date, signed.time, proof)
        return enquire(shop.sessions, shop.hsm, teller, claim, shop.now)

    assert ask(1).reason is None
    with transaction(shop.sessions) as session:
        put_on(session, stolen_card(adult.serial), shop.now)
    bought = shop.buy(shop.claim(100, trace=2))
    reasons = [bought.reason, pump.hold(shop.claim(100, trace=3)).reason, ask(4).reason]
    assert reasons == [PurchaseReason.HOTLISTED] * 3
    with transaction(shop.sessions) as session:
        put_on(session, stolen_module(shop.city.bus1.number), shop.now)
    for refused in (
        lambda: shop.buy(shop.claim(100, trace=5)),
        lambda: pump.hold(shop.claim(100, trace=6)),
        lambda: ask(7),
    ):
        with pytest.raises(TerminalDisabled):
            refused()
    assert shop.buy(shop.claim(100, trace=2)) == bought
    assert shop.money() == (START_FEN, 0, START_FEN)


def test_hold_is_judged_as_a_purchase_is(pump: Pump) -> None:
    """No proof, no money, a lost card: refused, said why, and the name is used up; a repeat gets the first answer for ever."""
    shop = pump.shop
    forged = pump.hold(replace(shop.claim(100), proof=bytes(8)))
    assert (forged.verdict, forged.reason, forged.expires_at) == (REFUSED, PurchaseReason.BAD_PROOF, None)
    assert pump.hold(shop.claim(START_FEN + 1, trace=2)).reason is PurchaseReason.INSUFFICIENT_FUNDS
    assert pump.hold(shop.claim(100, trace=3, at=shop.now - timedelta(minutes=6))).reason is PurchaseReason.CLOCK
    assert pump.hold(shop.claim(100, trace=4, card=shop.city.senior)).reason is PurchaseReason.NO_ACCOUNT
    assert pump.hold(shop.claim(100, trace=5, card=shop.city.lost)).reason is PurchaseReason.HOTLISTED
    good = pump.hold(shop.claim(100, trace=6))
    with transaction(shop.sessions) as session:
        report_loss(session, shop.city.adult.card_id, shop.deed(), temporary=True)
    assert pump.hold(shop.claim(100, trace=7)).reason is PurchaseReason.CARD_STATE
    assert pump.hold(shop.claim(100, trace=6), shop.now + timedelta(days=1)) == good
    assert pump.hold(replace(shop.claim(100), proof=bytes(8))) == forged
    assert shop.money() == (START_FEN, 0, START_FEN)


def test_what_was_held_is_paid_by_a_frozen_account(pump: Pump) -> None:
    """A loss that is reported while the car is being filled does not take the fuel's price from the merchant."""
    shop = pump.shop
    pump.hold(shop.claim(6_000))
    with transaction(shop.sessions) as session:
        report_loss(session, shop.city.adult.card_id, shop.deed(), temporary=False)
    assert pump.settle(pump.part(5_000, final=True)).verdict is APPROVED
    assert shop.money()[:2] == (START_FEN - 5_000, 5_000)


def test_one_name_stands_for_one_event(pump: Pump) -> None:
    """A hold's name buys nothing and a purchase's name holds nothing, however a terminal counts."""
    shop = pump.shop
    pump.hold(shop.claim(100))
    with pytest.raises(TraceReused):
        shop.buy(shop.claim(100))
    with pytest.raises(TraceReused):
        pump.hold(shop.claim(101))
    shop.buy(shop.claim(200, trace=2))
    with pytest.raises(TraceReused):
        pump.hold(shop.claim(200, trace=2))
    assert shop.money() == (START_FEN - 200, 200, START_FEN)


def test_release_frees_what_is_left(pump: Pump) -> None:
    """A driver who hangs the nozzle up again has the whole amount back; parts that were settled stay."""
    shop = pump.shop
    pump.hold(shop.claim(6_000))
    pump.hold(shop.claim(3_000, trace=2))
    pump.settle(pump.part(1_000, trace=2))
    for trace in (1, 2):
        assert [pump.release(shop.name(trace)).outcome for _ in range(2)] == [ReleaseOutcome.RELEASED] * 2
        with pytest.raises(HoldIsOver):
            pump.settle(pump.part(500, n=2, trace=trace))
    assert pump.free_fen() == START_FEN - 1_000
    assert pump.hold(shop.claim(6_000)).is_ended


def test_unanswered_hold_is_taken_back_in_either_order(pump: Pump) -> None:
    """A pump that heard nothing reverses its hold; one that arrives after its reversal is refused for ever."""
    shop = pump.shop
    pump.hold(shop.claim(6_000))
    for _ in range(2):
        assert pump.take_back(shop.name()).outcome is ReversalOutcome.REVERSED
    assert pump.hold(shop.claim(6_000)).is_ended
    assert pump.release(shop.name()).outcome is ReleaseOutcome.NOTHING_HELD
    assert pump.take_back(shop.name(2)).outcome is ReversalOutcome.REMEMBERED
    late = pump.hold(shop.claim(6_000, trace=2))
    assert (late.verdict, late.reason) == (REFUSED, PurchaseReason.REVERSED_BEFORE)
    assert pump.hold(shop.claim(6_000, trace=2)) == late
    pump.hold(shop.claim(START_FEN + 1, trace=3))
    assert pump.take_back(shop.name(3)).outcome is ReversalOutcome.NOTHING_TO_REVERSE
    assert pump.free_fen() == START_FEN
    with pytest.raises(HoldIsOver):
        pump.settle(pump.part(100))


def test_hold_with_a_settled_part_is_not_taken_back(pump: Pump) -> None:
    """What has been paid does not vanish by a reversal of the hold: the terminal releases the rest instead."""
    shop = pump.shop
    pump.hold(shop.claim(6_000))
    pump.settle(pump.part(1_000))
    with pytest.raises(ReversalImpossible):
        pump.take_back(shop.name())
    assert shop.money()[:2] == (START_FEN - 1_000, 1_000)


def test_part_after_the_time_is_tried_as_a_purchase(pump: Pump) -> None:
    """A pump that was off line past the hold's end is paid if the account still can; otherwise the merchant bears it, and it is listed."""
    shop = pump.shop
    after = shop.now + LIFETIME
    pump.hold(shop.claim(6_000))
    pump.hold(shop.claim(4_000, trace=2))
    with transaction(shop.sessions) as session:
        assert expire_holds(session, after) == 2
    late = pump.settle(pump.part(5_000, final=True), after)
    assert late == SettlementAnswer("settle:hold:330200000001:1:1:1", APPROVED, None, is_late=True)
    assert shop.buy(shop.claim(3_000, trace=3)).verdict is APPROVED
    unpaid = pump.settle(pump.part(2_001, trace=2), after)
    assert (unpaid.verdict, unpaid.reason, unpaid.is_late) == (REFUSED, PurchaseReason.INSUFFICIENT_FUNDS, True)
    with reading(shop.sessions) as session:
        items = unpaid_parts(session)
        assert unpaid_parts(session, after=items[0].id) == []
    assert [(item.amount_fen, item.reason, item.merchant_id) for item in items] == [
        (2_001, "insufficient_funds", shop.city.merchant_id)
    ]
    shop.top_up(100)
    assert pump.settle(pump.part(2_001, trace=2), after) == unpaid
    assert pump.settle(pump.part(2_001, n=2, trace=2), after).verdict is APPROVED
    with reading(shop.sessions) as session:
        assert unpaid_parts(session) == []
    with pytest.raises(HoldAmountExceeded):
        pump.settle(pump.part(2_000, n=3, trace=2), after)


def test_terminal_ends_its_own_holds_only(pump: Pump) -> None:
    """Nobody settles, releases or takes back for another; what was never held cannot be settled; what has no form is refused."""
    shop = pump.shop
    pump.hold(shop.claim(6_000))
    other = shop.city.bus2.terminal_id
    with transaction(shop.sessions) as session:
        with pytest.raises(NumberOfAnotherTerminal):
            settle(session, other, pump.part(100), shop.now)
        with pytest.raises(NumberOfAnotherTerminal):
            release(session, other, shop.name(), shop.now)
    with pytest.raises(NumberOfAnotherTerminal):
        place_hold(shop.sessions, shop.hsm, other, shop.claim(6_000), shop.now)
    for missing in (partial(pump.settle, pump.part(100, trace=9)), partial(pump.release, shop.name(9))):
        with pytest.raises(HoldNotKnown):
            missing()
    with pytest.raises(BatchNotGiven):
        pump.hold(replace(shop.claim(100), name=shop.name(batch=2)))
    good = pump.part(100)
    for wrong in (replace(good, n=1_000), replace(good, amount_fen=0), replace(good, date=b"\x20\x26\x13\x01")):
        with pytest.raises(PurchaseInvalid):
            pump.settle(wrong)
    with transaction(shop.sessions) as session:
        set_terminal_state(session, pump.terminal_id, TerminalState.DISABLED)
    with pytest.raises(TerminalDisabled):
        pump.settle(good)
    assert pump.release(shop.name()).outcome is ReleaseOutcome.RELEASED


def test_copies_at_once_are_one(committed: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """A pump that stutters holds once and is paid once, and hears the same answers."""
    pump = Pump(Shop.open(committed, vault, now))
    claim = pump.shop.claim(6_000)
    assert len(set(at_once([partial(pump.hold, claim)] * COPIES))) == 1
    assert pump.free_fen() == START_FEN - 6_000
    assert len(set(at_once([partial(pump.settle, pump.part(4_000, final=True))] * COPIES))) == 1
    assert pump.shop.money() == (START_FEN - 4_000, 4_000, START_FEN)
    assert pump.free_fen() == START_FEN - 4_000


def test_hold_and_its_reversal_at_once(
    committed: Sessions, vault: SoftwareVault, now: datetime, record_property: Callable[[str, object], None]
) -> None:
    """Whoever comes first, in the end nothing is reserved: never both, never neither."""
    won = race_holds(Pump(Shop.open(committed, vault, now)), RACES)
    said = (
        f"{RACES} races: {won[ReversalOutcome.REVERSED]} holds first, {won[ReversalOutcome.REMEMBERED]} reversals first"
    )
    record_property("drill_size", said)


def test_settlement_release_and_reversal_at_once(
    committed: Sessions, vault: SoftwareVault, now: datetime, record_property: Callable[[str, object], None]
) -> None:
    """At the last second of a hold all three arrive together: the merchant is paid exactly if it was told so."""
    found = race_endings(Pump(Shop.open(committed, vault, now)), RACES)
    record_property("drill_size", f"{RACES} races of the three endings: {found}")
