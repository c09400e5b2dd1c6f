"""Reversals race their purchases and holds, one purchase arrives twenty times at once: never both, never neither, never twice.

Shops and gates of a lot, with cards that sign as genuine ones do, over a real database, vault and books. After every race all accounts
hold what they held before, the two answers agree, and the books prove.
"""

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from citizencard.accounts.models import PurchaseReason, PurchaseVerdict
from citizencard.accounts.proof import PurchaseName
from citizencard.accounts.purchases import PurchaseAnswer
from citizencard.accounts.reversals import ReversalAnswer, ReversalOutcome
from citizencard.db import Sessions, reading
from citizencard.keys.hsm import Hsm
from citizencard.parking.exits import ExitAnswer
from citizencard.parking.models import StayState
from ledger.models import PostedTransfer
from tests.citizencard.accounts.holds.make_holds import Pump, race_endings, race_holds
from tests.citizencard.accounts.make_accounts import STAGGER_S, STAGGERS, Shop, at_once
from tests.citizencard.keys.make_vault import regression_vault
from tests.citizencard.parking.make_parking import Lot
from tests.citizencard.purse.uploads.make_records import Device
from tests.drills.drill_uploads import NOW
from tests.journeys.databases import both_databases, committing

COPIES: Final = 20
PRICE_FEN: Final = 700
FREE_MINUTES: Final = 10
PAID_MINUTES: Final = 67
FIRST_HOLD: Final = 2_000_000
PORTION: Final = 500
"""Races between two looks at everything."""


@dataclass(frozen=True, slots=True)
class Size:
    """How much is tried.

    Args:
        races: so many purchases race their reversals.
        exits: so many paid exits of a lot, and as many free ones, race theirs.
        crowds: so often one purchase arrives twenty times at once.
        holds: so many holds race their reversals.
        endings: so many holds race with their settlement, their release and their reversal, when they expire.
    """

    races: int
    exits: int
    crowds: int
    holds: int
    endings: int


FULL: Final = Size(races=10_000, exits=150, crowds=20, holds=1_000, endings=1_000)
REDUCED: Final = Size(races=12, exits=4, crowds=2, holds=4, endings=4)


@dataclass
class Result:
    """What a run found.

    Args:
        tried: races by what raced.
        won: who was first how often.
        differences: what was not as it must be, in words.
    """

    tried: dict[str, int] = field(default_factory=dict)
    won: dict[str, int] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        tried = ", ".join(f"{count} {name}" for name, count in self.tried.items())
        won = ", ".join(f"{count} {name}" for name, count in self.won.items())
        return f"{tried}; outcomes: {won}; {len(self.differences)} differences"

    def count(self, outcome: str, times: int = 1) -> None:
        """Keep who was first."""
        self.won[outcome] = self.won.get(outcome, 0) + times


def run(sessions: Sessions, hsm: Hsm, now: datetime, size: Size) -> Result:
    """Race in a new city.

    Args:
        sessions: an empty database that really commits.
        hsm: the vault with the regression masters, whose cards sign here.
        now: the city's clock; it stands still.
        size: how much.
    """
    lot = Lot.open(sessions, hsm, now)
    result = Result()
    for number in range(size.crowds):
        _crowd(lot, number, result)
    result.tried[f"times {COPIES} identical purchases"] = size.crowds
    lot.enter()
    for number in range(2 * size.exits):
        _race_exit(lot, number + 1, (PAID_MINUTES, PRICE_FEN) if number % 2 else (FREE_MINUTES, 0), result)
    result.tried["exits against their reversals"] = 2 * size.exits
    _race_holds(lot.shop, size, result)
    # The others look at all books after each race, which takes the longer, the more is in them.
    _race_purchases(lot, size.races, result)
    return result


def _race_purchases(lot: Lot, races: int, result: Result) -> None:
    """In portions: after each all accounts and the books are looked at as well."""
    before = lot.shop.money()
    for first in range(1, races + 1, PORTION):
        portion = range(first, min(first + PORTION, races + 1))
        for trace in portion:
            _race_purchase(lot, trace, result)
        if lot.shop.money() != before:
            result.differences.append(f"traces {portion}: {lot.shop.money()}, not {before}")
    result.tried["purchases against their reversals"] = races


def _race_purchase(lot: Lot, trace: int, result: Result) -> None:
    """A purchase and its reversal, begun a little later: one of them is first, and afterwards nothing is paid."""
    shop = lot.shop
    claim = shop.claim(250, trace)

    def take_back() -> ReversalAnswer:
        time.sleep(trace % STAGGERS * STAGGER_S)
        return shop.take_back(claim.name)

    answers = at_once([partial(shop.buy, claim), take_back])
    bought = next(answer for answer in answers if isinstance(answer, PurchaseAnswer))
    back = next(answer for answer in answers if isinstance(answer, ReversalAnswer))
    result.count(back.outcome)
    agreed = {
        ReversalOutcome.REVERSED: bought.verdict is PurchaseVerdict.APPROVED,
        ReversalOutcome.REMEMBERED: bought.reason is PurchaseReason.REVERSED_BEFORE,
    }
    if not agreed.get(back.outcome, False):
        result.differences.append(f"trace {trace}: {bought} and {back}")
    left_fen = _paid_fen(shop, claim.name)
    if left_fen:
        result.differences.append(f"trace {trace}: {left_fen} fen stayed paid")


def _paid_fen(shop: Shop, name: PurchaseName) -> int:
    """What the books say was paid under a name and not given back."""
    wanted = {name.reference: 1, f"rev:{name.reference}": -1}
    with reading(shop.sessions) as session:
        found = session.execute(
            select(PostedTransfer.reference, PostedTransfer.amount_fen).where(PostedTransfer.reference.in_(wanted))
        )
        return sum(wanted[reference] * amount_fen for reference, amount_fen in found)


def _race_holds(shop: Shop, size: Size, result: Result) -> None:
    """Under names that no purchase has."""
    races: tuple[tuple[str, int, Callable[[Pump, int], Mapping[Any, int]]], ...] = (
        ("holds against their reversals", size.holds, race_holds),
        ("holds against settlement, release and reversal", size.endings, race_endings),
    )
    first = FIRST_HOLD
    for name, times, race in races:
        try:
            for outcome, won in race(Pump(_Later.than(shop, first)), times).items():
                result.count(f"of holds {outcome}", won)
        except AssertionError as found:
            result.differences.append(f"{name}: {found}")
        result.tried[name] = times
        first += times


@dataclass(frozen=True, slots=True)
class _Later(Shop):
    """The same shop, whose traces have come further.

    Args:
        first: so far.
    """

    first: int = 0

    @classmethod
    def than(cls, shop: Shop, first: int) -> "_Later":
        """The shop, so much later."""
        return cls(shop.sessions, shop.hsm, shop.now, shop.city, shop.till, shop.account_id, first)

    def name(self, trace: int = 1, batch: int = 1, device: Device | None = None) -> PurchaseName:
        """A name that comes after those of before."""
        return Shop.name(self, self.first + trace, batch, device)


def _crowd(lot: Lot, number: int, result: Result) -> None:
    """One purchase, twenty times at once: approved twenty times, paid once; then it is taken back."""
    before = lot.shop.money()
    claim = lot.shop.claim(250, 1_000_000 + number)
    works: list[Callable[[], object]] = [partial(lot.shop.buy, claim)] * COPIES
    answers = [answer for answer in at_once(works) if isinstance(answer, PurchaseAnswer)]
    if len(answers) != COPIES or {answer.verdict for answer in answers} != {PurchaseVerdict.APPROVED}:
        result.differences.append(f"crowd {number}: {answers}")
    paid_fen = before[0] - lot.shop.money()[0]
    if paid_fen != claim.amount_fen:
        result.differences.append(f"crowd {number}: {paid_fen} fen were paid, not {claim.amount_fen}")
    lot.shop.take_back(claim.name)
    if lot.shop.money() != before:
        result.differences.append(f"crowd {number}: {lot.shop.money()} after the reversal, not {before}")


def _race_exit(lot: Lot, trace: int, stay: tuple[int, int], result: Result) -> None:
    """A car leaves while its gate takes that back: afterwards it is inside and nothing is paid."""
    before = lot.shop.money()
    ahead_s = (trace % STAGGERS - STAGGERS // 2) * STAGGER_S

    def leave() -> ExitAnswer:
        time.sleep(max(0.0, -ahead_s))
        return lot.leave(*stay, trace)

    def take_back() -> ReversalAnswer:
        time.sleep(max(0.0, ahead_s))
        return lot.take_back(trace)

    answers = at_once([leave, take_back])
    left = next(answer for answer in answers if isinstance(answer, ExitAnswer))
    back = next(answer for answer in answers if isinstance(answer, ReversalAnswer))
    result.count(back.outcome)
    agreed = {
        ReversalOutcome.REVERSED: left.verdict is PurchaseVerdict.APPROVED,
        ReversalOutcome.REMEMBERED: left.reason is PurchaseReason.REVERSED_BEFORE,
    }
    if not agreed.get(back.outcome, False):
        result.differences.append(f"exit {trace}: {left} and {back}")
    if lot.stays()[0].state is not StayState.OPEN or lot.shop.money() != before:
        result.differences.append(f"exit {trace}: {lot.stays()[0]}, {lot.shop.money()}, not {before}")


def run_full() -> bool:
    """The drill at full size on both databases; prints its counts."""
    clean = True
    with both_databases() as urls, tempfile.TemporaryDirectory() as folder:
        hsm = regression_vault(Path(folder))
        for name, url in urls.items():
            began = time.monotonic()
            with committing(url) as sessions:
                result = run(sessions, hsm, NOW, FULL)
            print(f"{name}: {result}, {time.monotonic() - began:.0f} s")
            for difference in result.differences:
                print(f"  {difference}")
            clean = clean and not result.differences
    return clean
