"""On-line purchases from the terminal's word to the books."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest

from citizencard.accounts.errors import BatchNotGiven, NumberOfAnotherTerminal, TraceReused
from citizencard.accounts.flow import purchase
from citizencard.accounts.models import PurchaseReason, PurchaseVerdict
from citizencard.accounts.purchases import PurchaseAnswer
from citizencard.accounts.registry import unlink_card
from citizencard.accounts.reversals import ReversalOutcome
from citizencard.cards.states import block_card, report_loss, unblock_card
from citizencard.db import Sessions, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.terminals.errors import TerminalDisabled
from citizencard.terminals.models import TerminalState
from citizencard.terminals.registry import set_terminal_state
from tests.citizencard.accounts.make_accounts import START_FEN, Shop, at_once, race_reversals

RACES = 24
"""Of the 1,000 that a drill runs at full size."""
COPIES = 20


@pytest.fixture
def shop(sessions: Sessions, vault: SoftwareVault, now: datetime) -> Shop:
    """An account with 10,000 fen and a terminal that sells."""
    return Shop.open(sessions, vault, now)


def test_purchase_moves_money_from_the_account_to_the_merchant(shop: Shop) -> None:
    """A genuine card pays: the account holds less, the merchant of the terminal's binding more, by the same amount."""
    answer = shop.buy(shop.claim(250))
    assert answer == PurchaseAnswer("online:330200000001:1:1", PurchaseVerdict.APPROVED, None, is_reversed=False)
    assert shop.money() == (START_FEN - 250, 250, START_FEN)


def test_claim_without_proof_is_refused_and_books_nothing(shop: Shop) -> None:
    """A terminal that knows a card number and has no card gets nothing, whatever it sends as proof."""
    stolen = shop.claim(250, trace=9).proof
    for trace, proof in enumerate((bytes(8), b"\xff" * 8, stolen), start=1):
        answer = shop.buy(replace(shop.claim(250, trace), proof=proof))
        assert (answer.verdict, answer.reason) == (PurchaseVerdict.REFUSED, PurchaseReason.BAD_PROOF)
    higher = replace(shop.claim(250, trace=4), amount_fen=9_000)
    assert shop.buy(higher).reason is PurchaseReason.BAD_PROOF
    another_card = replace(shop.claim(250, trace=5, card=shop.city.senior), card_serial=shop.city.adult.serial)
    assert shop.buy(another_card).reason is PurchaseReason.BAD_PROOF
    assert shop.money() == (START_FEN, 0, START_FEN)


def test_repeat_is_answered_from_its_row(shop: Shop) -> None:
    """A terminal that did not hear the answer gets the first one, after the card was blocked, the money spent or the hour over."""
    claim, poor = shop.claim(250), shop.claim(START_FEN, trace=2)
    first, refused = shop.buy(claim), shop.buy(poor)
    assert refused.reason is PurchaseReason.INSUFFICIENT_FUNDS
    shop.top_up(START_FEN)
    with transaction(shop.sessions) as session:
        block_card(session, shop.city.adult.card_id, shop.deed())
    later = shop.now + timedelta(hours=5)
    assert shop.buy(claim, later) == first
    assert shop.buy(poor, later) == refused
    assert shop.money() == (2 * START_FEN - 250, 250, 2 * START_FEN)


@pytest.mark.parametrize("verdict", [PurchaseVerdict.APPROVED, PurchaseVerdict.REFUSED])
def test_name_used_for_another_purchase_is_no_repeat(shop: Shop, verdict: PurchaseVerdict) -> None:
    """An approval is never an answer to another amount, card or time under the same name."""
    assert shop.buy(shop.claim(250 if verdict is PurchaseVerdict.APPROVED else 2 * START_FEN)).verdict is verdict
    for other in (
        shop.claim(9_000),
        shop.claim(250, card=shop.city.senior),
        shop.claim(250, at=shop.now + timedelta(seconds=1)),
    ):
        with pytest.raises(TraceReused):
            shop.buy(other)


def test_account_is_never_overdrawn(shop: Shop) -> None:
    """What the account does not hold is refused as a verdict; what it holds to the last fen is paid."""
    assert shop.buy(shop.claim(START_FEN + 1)).reason is PurchaseReason.INSUFFICIENT_FUNDS
    assert shop.buy(shop.claim(START_FEN, trace=2)).verdict is PurchaseVerdict.APPROVED
    assert shop.money() == (0, START_FEN, START_FEN)


def test_lost_blocked_and_listed_cards_do_not_pay(shop: Shop) -> None:
    """A reported loss counts at once on line, before terminals know of it; a card on the hotlist does not pay either."""
    card_id = shop.city.adult.card_id
    with transaction(shop.sessions) as session:
        block_card(session, card_id, shop.deed())
    assert shop.buy(shop.claim(trace=1)).reason is PurchaseReason.CARD_STATE
    with transaction(shop.sessions) as session:
        unblock_card(session, card_id, shop.deed())
    assert shop.buy(shop.claim(trace=2)).verdict is PurchaseVerdict.APPROVED
    with transaction(shop.sessions) as session:
        report_loss(session, card_id, shop.deed(), temporary=True)
    assert shop.buy(shop.claim(trace=3)).reason is PurchaseReason.CARD_STATE
    assert shop.buy(shop.claim(trace=4, card=shop.city.lost)).reason is PurchaseReason.HOTLISTED


def test_card_without_an_account_does_not_pay(shop: Shop) -> None:
    """A card that is nobody's means to pay, or not ours at all, is refused."""
    assert shop.buy(shop.claim(trace=1, card=shop.city.senior)).reason is PurchaseReason.NO_ACCOUNT
    stranger = replace(shop.city.adult, serial=bytes.fromhex("03103302999999999990"))
    assert shop.buy(shop.claim(trace=2, card=stranger)).reason is PurchaseReason.UNKNOWN_CARD
    with transaction(shop.sessions) as session:
        unlink_card(session, shop.account_id, shop.city.adult.card_id, shop.deed())
    assert shop.buy(shop.claim(trace=3)).reason is PurchaseReason.NO_ACCOUNT


@pytest.mark.parametrize(("minutes", "good"), [(-5, True), (5, True), (-6, False), (6, False)])
def test_old_and_early_proofs_are_worth_nothing(shop: Shop, minutes: int, *, good: bool) -> None:
    """A terminal cannot gather a card's signatures today and spend them another day."""
    answer = shop.buy(shop.claim(at=shop.now + timedelta(minutes=minutes)))
    assert answer.reason is (None if good else PurchaseReason.CLOCK)


def test_terminal_speaks_for_its_own_number_only(shop: Shop) -> None:
    """Another terminal's number, a batch that was never given, a disabled terminal: nothing is even written down."""
    with pytest.raises(NumberOfAnotherTerminal):
        purchase(shop.sessions, shop.hsm, shop.city.bus2.terminal_id, shop.claim(), shop.now)
    ahead = replace(shop.claim(), name=shop.name(batch=2))
    with pytest.raises(BatchNotGiven):
        shop.buy(ahead)
    assert shop.buy(shop.claim()).verdict is PurchaseVerdict.APPROVED
    with pytest.raises(NumberOfAnotherTerminal):
        purchase(shop.sessions, shop.hsm, shop.city.bus2.terminal_id, shop.claim(), shop.now)
    with transaction(shop.sessions) as session:
        set_terminal_state(session, shop.city.bus1.terminal_id, TerminalState.DISABLED)
    with pytest.raises(TerminalDisabled):
        shop.buy(shop.claim(trace=2))


def test_twenty_identical_purchases_at_once_are_one(
    committed: Sessions, vault: SoftwareVault, now: datetime, record_property: Callable[[str, object], None]
) -> None:
    """A terminal that stutters pays once, and hears the same answer twenty times."""
    shop = Shop.open(committed, vault, now)
    claim = shop.claim(250)
    answers = at_once([partial(shop.buy, claim)] * COPIES)
    assert len(answers) == COPIES
    assert set(answers) == {
        PurchaseAnswer("online:330200000001:1:1", PurchaseVerdict.APPROVED, None, is_reversed=False)
    }
    assert shop.money() == (START_FEN - 250, 250, START_FEN)
    record_property("drill_size", f"{COPIES} identical purchases at once: 1 booked")


def test_purchases_at_once_never_overdraw(committed: Sessions, vault: SoftwareVault, now: datetime) -> None:
    """Eight purchases that want a third of the account each: three are paid."""
    shop = Shop.open(committed, vault, now)
    answers = at_once([partial(shop.buy, shop.claim(3_300, trace)) for trace in range(1, 9)])
    verdicts = [answer.verdict for answer in answers if isinstance(answer, PurchaseAnswer)]
    assert verdicts.count(PurchaseVerdict.APPROVED) == 3
    assert shop.money() == (START_FEN - 9_900, 9_900, START_FEN)


def test_purchase_and_its_reversal_at_once(
    committed: Sessions, vault: SoftwareVault, now: datetime, record_property: Callable[[str, object], None]
) -> None:
    """Whoever comes first, in the end nothing is paid: booked and taken back, or forestalled and refused. Never both, never neither."""
    shop = Shop.open(committed, vault, now)
    won = race_reversals(shop, RACES)
    said = f"{RACES} races: {won[ReversalOutcome.REVERSED]} purchases first, {won[ReversalOutcome.REMEMBERED]} reversals first"
    record_property("drill_size", said)
