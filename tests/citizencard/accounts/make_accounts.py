"""A city with a till, an account with money, and terminals that buy from it with proofs as the card would give them."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from citizencard import chart
from citizencard.accounts.flow import purchase
from citizencard.accounts.models import CashTopUp, PurchaseReason, PurchaseVerdict
from citizencard.accounts.proof import PurchaseClaim, PurchaseName, purchase_challenge
from citizencard.accounts.purchases import PurchaseAnswer
from citizencard.accounts.registry import link_card, open_account
from citizencard.accounts.reversals import ReversalAnswer, ReversalOutcome, reverse_purchase
from citizencard.accounts.top_ups import CashPaid, top_up
from citizencard.cards.models import Card
from citizencard.cards.states import Deed
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.hsm import Hsm, KeyRole
from citizencard.staff.models import Till
from citizencard.staff.outlets import open_outlet, open_till
from citizencard.terminals.shifts import sign_in
from hardware.card import crypto
from hardware.card.files import bcd_date, bcd_time
from ledger import balances, existing, prove
from tests.citizencard.cards.make_cards import CLERK
from tests.citizencard.keys.make_vault import REGRESSION_MASTERS
from tests.citizencard.purse.uploads.make_records import CITY_FACTOR, City, Device, TestCard, make_city

START_FEN = 10_000
STAGGERS = 8
STAGGER_S = 0.004
"""Reversals begin 0 to 28 ms after their purchases, so that now the one, now the other comes first."""


def card_answer(serial: bytes, challenge: bytes) -> bytes:
    """What a card with the regression keys answers to INTERNAL AUTHENTICATE."""
    key = crypto.diversify_chain(REGRESSION_MASTERS[KeyRole.INTERNAL], [CITY_FACTOR, serial[-8:]])
    return crypto.triple_des_encrypt(key, challenge)


@dataclass(frozen=True, slots=True)
class Shop:
    """The small city of the uploads; its adult has an account with 10,000 fen, and both validators have signed in once.

    Args:
        sessions, hsm, now: of the test.
        city: merchant, terminals, cards.
        till: where cash is paid in.
        account_id: the adult's.
    """

    sessions: Sessions
    hsm: Hsm
    now: datetime
    city: City
    till: Till
    account_id: str

    @classmethod
    def open(cls, sessions: Sessions, hsm: Hsm, now: datetime) -> "Shop":
        """Set everything up."""
        city = make_city(sessions, now)
        deed = Deed(CLERK, now)
        with transaction(sessions) as session:
            outlet = open_outlet(session, "中心网点", CLERK, now)
            till = open_till(session, outlet.id, "A", CLERK, now)
            card = session.get_one(Card, city.adult.card_id)
            account = open_account(session, card.person_id, deed)
            link_card(session, account.id, card.id, deed)
            for device in (city.bus1, city.bus2):
                sign_in(session, device.terminal_id, "1.0", now=now)
        shop = cls(sessions, hsm, now, city, till, account.id)
        shop.top_up(START_FEN)
        return shop

    def deed(self) -> Deed:
        """Of the clerk, now."""
        return Deed(CLERK, self.now)

    def top_up(self, amount_fen: int, account_id: str | None = None) -> CashTopUp:
        """Pay cash in."""
        with transaction(self.sessions) as session:
            return top_up(session, CashPaid(account_id or self.account_id, amount_fen, self.till.id), self.deed())

    def name(self, trace: int = 1, batch: int = 1, device: Device | None = None) -> PurchaseName:
        """A purchase's name at the first validator."""
        return PurchaseName((device or self.city.bus1).number, batch, trace)

    def claim(
        self, amount_fen: int = 250, trace: int = 1, card: TestCard | None = None, at: datetime | None = None
    ) -> PurchaseClaim:
        """What the first validator says after a card has signed for it."""
        used, when = card or self.city.adult, at or self.now
        name, date, time = self.name(trace), bcd_date(when), bcd_time(when)
        proof = card_answer(used.serial, purchase_challenge(name, amount_fen, date + time))
        return PurchaseClaim(name, used.serial, amount_fen, date, time, proof)

    def buy(self, claim: PurchaseClaim, now: datetime | None = None) -> PurchaseAnswer:
        """The first validator sends it."""
        return purchase(self.sessions, self.hsm, self.city.bus1.terminal_id, claim, now or self.now)

    def take_back(self, name: PurchaseName) -> ReversalAnswer:
        """The first validator reverses it."""
        with transaction(self.sessions) as session:
            return reverse_purchase(session, self.city.bus1.terminal_id, name, self.now)

    def money(self) -> tuple[int, int, int]:
        """Wallet, merchant and till, in fen; the books must prove."""
        codes = [
            chart.wallet(self.account_id),
            chart.clearing(self.city.merchant_id),
            chart.till(self.till.id),
        ]
        with reading(self.sessions) as session:
            found = balances(session, sorted(existing(session, codes)))
            assert prove(session).proved
        wallet, merchant, till = (found[code].balance_fen if code in found else 0 for code in codes)
        return wallet, merchant, till


def at_once(works: Sequence[Callable[[], object]]) -> list[object]:
    """Run all of them in threads that start together; what they return, in no order. An error fails the test."""
    gate = threading.Barrier(len(works))
    answers: list[object] = []
    errors: list[Exception] = []

    def run(work: Callable[[], object]) -> None:
        gate.wait()
        try:
            answers.append(work())
        except Exception as error:  # noqa: BLE001 # whatever a thread died of must fail the test and not vanish with the thread
            errors.append(error)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors, errors
    return answers


def race_reversals(shop: Shop, races: int) -> dict[ReversalOutcome, int]:
    """Let purchases race their reversals, each begun a little earlier or later; returns who was first how often.

    After every race the two answers agree, and the account holds what it held before: never both, never neither.
    """
    won = dict.fromkeys(ReversalOutcome, 0)
    before = shop.money()
    for trace in range(1, races + 1):
        claim = shop.claim(250, trace)

        def late(name: PurchaseName = claim.name, delay_s: float = trace % STAGGERS * STAGGER_S) -> ReversalAnswer:
            time.sleep(delay_s)
            return shop.take_back(name)

        answers = at_once([partial(shop.buy, claim), late])
        bought = next(answer for answer in answers if isinstance(answer, PurchaseAnswer))
        back = next(answer for answer in answers if isinstance(answer, ReversalAnswer))
        won[back.outcome] += 1
        if back.outcome is ReversalOutcome.REVERSED:
            assert bought.verdict is PurchaseVerdict.APPROVED
        else:
            assert back.outcome is ReversalOutcome.REMEMBERED
            assert bought.reason is PurchaseReason.REVERSED_BEFORE
        assert shop.money() == before
    return won
