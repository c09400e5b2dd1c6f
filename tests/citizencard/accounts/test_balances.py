"""Balance enquiries at terminals: the card in the field is what entitles somebody to an answer."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from citizencard import chart
from citizencard.accounts.balances import READ, EnquiryAnswer, EnquiryClaim, EnquiryVerdict, enquire
from citizencard.accounts.errors import NumberOfAnotherTerminal, PurchaseInvalid, TraceReused
from citizencard.accounts.holds.ending import reverse_event
from citizencard.accounts.models import PurchaseReason
from citizencard.accounts.proof import purchase_challenge
from citizencard.accounts.reversals import ReversalOutcome
from citizencard.audit import Actor
from citizencard.audit.models import AuditEntry
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from hardware.card.files import bcd_date, bcd_time
from ledger import Transfer, post
from tests.citizencard.accounts.holds.make_holds import Pump
from tests.citizencard.accounts.make_accounts import START_FEN, Shop, card_answer
from tests.citizencard.purse.uploads.make_records import TestCard


@pytest.fixture
def shop(sessions: Sessions, vault: SoftwareVault, now: datetime) -> Shop:
    """An account with 10,000 fen and a terminal."""
    return Shop.open(sessions, vault, now)


def _claim(shop: Shop, trace: int = 1, card: TestCard | None = None) -> EnquiryClaim:
    used, name = card or shop.city.adult, shop.name(trace)
    date, time = bcd_date(shop.now), bcd_time(shop.now)
    return EnquiryClaim(
        name, used.serial, date, time, card_answer(used.serial, purchase_challenge(name, 0, date + time))
    )


def _ask(shop: Shop, claim: EnquiryClaim, now: datetime | None = None) -> EnquiryAnswer:
    teller = Actor("terminal", shop.city.bus1.terminal_id)
    return enquire(shop.sessions, shop.hsm, teller, claim, now or shop.now)


def _looks(shop: Shop) -> int:
    with reading(shop.sessions) as session:
        return session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.act == READ)) or 0


def test_holder_reads_what_can_be_spent_and_what_waits_for_the_chip(shop: Shop) -> None:
    """What is held at a pump is not told as free; money that waits to be written is told apart; every look is in the audit trail."""
    Pump(shop).hold(shop.claim(3_000, trace=9))
    due = chart.due(shop.city.adult.card_id)
    with transaction(shop.sessions) as session:
        chart.open_missing(session, [due])
        moved = Transfer("test:due", chart.till(shop.till.id), due, 700, "test", shop.now)
        post(session, [moved], now=shop.now)
    answer = _ask(shop, _claim(shop))
    assert answer == EnquiryAnswer(EnquiryVerdict.ANSWERED, None, START_FEN - 3_000, 700, shop.now)
    assert _looks(shop) == 1
    assert _ask(shop, _claim(shop, 2, shop.city.senior)) == replace(answer, balance_fen=None, due_fen=0)
    assert _looks(shop) == 2


def test_recorded_enquiry_tells_nothing_new(shop: Shop) -> None:
    """Sent again, at once or next year, a request gets the answer of its own day; under another name its proof is worth nothing."""
    claim = _claim(shop)
    first = _ask(shop, claim)
    shop.top_up(5_000)
    assert _ask(shop, claim, shop.now + timedelta(days=365)) == first
    assert _looks(shop) == 1
    assert _ask(shop, replace(claim, name=shop.name(2))).reason is PurchaseReason.BAD_PROOF
    with pytest.raises(TraceReused):
        _ask(shop, _claim(shop, 1, shop.city.senior))
    with pytest.raises(TraceReused):
        shop.buy(shop.claim(100))


def test_without_a_good_proof_of_now_there_is_no_answer(shop: Shop) -> None:
    """A number alone, an old proof, a lost card: refused, and neither a balance nor a word about the account is told."""
    refused = _ask(shop, replace(_claim(shop), proof=bytes(8)))
    assert refused == EnquiryAnswer(EnquiryVerdict.REFUSED, PurchaseReason.BAD_PROOF, None, None, shop.now)
    assert _ask(shop, _claim(shop, 2), shop.now + timedelta(minutes=6)).reason is PurchaseReason.CLOCK
    assert _ask(shop, _claim(shop, 3, shop.city.lost)).reason is PurchaseReason.HOTLISTED
    spent = shop.claim(100, trace=4)
    assert _ask(shop, replace(_claim(shop, 4), proof=spent.proof)).reason is PurchaseReason.BAD_PROOF
    assert _looks(shop) == 0
    with pytest.raises(PurchaseInvalid):
        _ask(shop, replace(_claim(shop), proof=b""))


def test_enquiry_has_nothing_to_take_back(shop: Shop) -> None:
    """A terminal that lost the answer and reverses the name is told that no money moved; a name reversed first gets no answer."""
    _ask(shop, _claim(shop))
    terminal_id = shop.city.bus1.terminal_id
    with transaction(shop.sessions) as session:
        back = reverse_event(session, terminal_id, shop.name(1), shop.now)
        first = reverse_event(session, terminal_id, shop.name(2), shop.now)
        with pytest.raises(NumberOfAnotherTerminal):
            reverse_event(session, shop.city.bus2.terminal_id, shop.name(1), shop.now)
    assert (back.outcome, first.outcome) == (ReversalOutcome.NOTHING_TO_REVERSE, ReversalOutcome.REMEMBERED)
    assert _ask(shop, _claim(shop, 2)).reason is PurchaseReason.REVERSED_BEFORE
