"""Holds for tests, and races of what can happen to one: the full size is a drill's."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from citizencard import chart
from citizencard.accounts.errors import AccountError, HoldIsOver, ReversalImpossible
from citizencard.accounts.holds.ending import ReleaseAnswer, release, reverse_event
from citizencard.accounts.holds.flow import place_hold
from citizencard.accounts.holds.placing import HoldAnswer
from citizencard.accounts.holds.settling import SettlementAnswer, SettlementClaim, settle
from citizencard.accounts.models import PurchaseReason, PurchaseVerdict
from citizencard.accounts.proof import PurchaseClaim, PurchaseName
from citizencard.accounts.reversals import ReversalAnswer, ReversalOutcome
from citizencard.db import reading, transaction
from hardware.card.files import bcd_date, bcd_time
from ledger import balance
from tests.citizencard.accounts.make_accounts import STAGGER_S, STAGGERS, Shop, at_once


@dataclass(frozen=True, slots=True)
class Pump:
    """The shop of the accounts' tests, whose first validator is a fuel pump."""

    shop: Shop

    @property
    def terminal_id(self) -> str:
        return self.shop.city.bus1.terminal_id

    def hold(self, claim: PurchaseClaim, now: datetime | None = None) -> HoldAnswer:
        """The pump asks for a hold."""
        return place_hold(self.shop.sessions, self.shop.hsm, self.terminal_id, claim, now or self.shop.now)

    def part(self, amount_fen: int, n: int = 1, trace: int = 1, *, final: bool = False) -> SettlementClaim:
        """What the pump says that it has delivered."""
        at = self.shop.now
        return SettlementClaim(self.shop.name(trace), n, amount_fen, bcd_date(at), bcd_time(at), final)

    def settle(self, part: SettlementClaim, now: datetime | None = None) -> SettlementAnswer:
        """It sends that."""
        with transaction(self.shop.sessions) as session:
            return settle(session, self.terminal_id, part, now or self.shop.now)

    def release(self, name: PurchaseName, now: datetime | None = None) -> ReleaseAnswer:
        """Nothing more comes."""
        with transaction(self.shop.sessions) as session:
            return release(session, self.terminal_id, name, now or self.shop.now)

    def take_back(self, name: PurchaseName, now: datetime | None = None) -> ReversalAnswer:
        """Nobody heard the answer."""
        with transaction(self.shop.sessions) as session:
            return reverse_event(session, self.terminal_id, name, now or self.shop.now)

    def free_fen(self) -> int:
        """What the account can still spend."""
        with reading(self.shop.sessions) as session:
            found = balance(session, chart.wallet(self.shop.account_id))
        return found.balance_fen - found.held_out_fen


def race_holds(pump: Pump, races: int) -> dict[ReversalOutcome, int]:
    """Let holds race their reversals; returns who was first how often. After each, nothing is reserved and nothing can be settled."""
    won = dict.fromkeys(ReversalOutcome, 0)
    before = pump.free_fen()
    for trace in range(1, races + 1):
        claim = pump.shop.claim(3_000, trace)
        delay_s = trace % STAGGERS * STAGGER_S
        answers = at_once([partial(pump.hold, claim), partial(_after, delay_s, partial(pump.take_back, claim.name))])
        held = next(answer for answer in answers if isinstance(answer, HoldAnswer))
        back = next(answer for answer in answers if isinstance(answer, ReversalAnswer))
        won[back.outcome] += 1
        if back.outcome is ReversalOutcome.REVERSED:
            assert held.verdict is PurchaseVerdict.APPROVED
        else:
            assert back.outcome is ReversalOutcome.REMEMBERED
            assert held.reason is PurchaseReason.REVERSED_BEFORE
        assert pump.free_fen() == before
    return won


def race_endings(pump: Pump, races: int) -> dict[str, int]:
    """Let a settlement, a release and a reversal of one hold race, at the very end of its time; returns how each race went.

    Whatever comes first: the merchant has the amount exactly if the settlement says so, and nothing stays reserved.
    """
    found: dict[str, int] = {}
    for trace in range(1, races + 1):
        claim = pump.shop.claim(100, trace)
        expires_at = pump.hold(claim).expires_at
        assert expires_at is not None
        wallet_fen, merchant_fen, _ = pump.shop.money()
        late = expires_at + timedelta(seconds=trace % 2 - 1)
        part = pump.part(60, trace=trace, final=True)
        delays_s = [trace * factor % STAGGERS * STAGGER_S for factor in (1, 3, 5)]
        answers = at_once(
            [
                partial(_after, delays_s[0], partial(_refusable, partial(pump.settle, part, late))),
                partial(_after, delays_s[1], partial(_refusable, partial(pump.release, claim.name, late))),
                partial(_after, delays_s[2], partial(_refusable, partial(pump.take_back, claim.name, late))),
            ]
        )
        is_paid = any(isinstance(answer, SettlementAnswer) for answer in answers)
        refused = [answer for answer in answers if isinstance(answer, AccountError)]
        assert all(isinstance(answer, HoldIsOver | ReversalImpossible) for answer in refused)
        assert pump.shop.money()[:2] == (wallet_fen - 60 * is_paid, merchant_fen + 60 * is_paid)
        assert pump.free_fen() == wallet_fen - 60 * is_paid
        how = "settled" if is_paid else "taken back"
        found[how] = found.get(how, 0) + 1
    return found


def _after(delay_s: float, work: Callable[[], object]) -> object:
    time.sleep(delay_s)
    return work()


def _refusable(work: Callable[[], object]) -> object:
    try:
        return work()
    except AccountError as refusal:
        return refusal
