"""Many at the same instant, round after round: one wallet and many tills, one transfer and many who reverse it, one hold and many ends."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from citizencard.db import Sessions, make_engine, make_sessions, reading, transaction
from ledger import (
    AccountState,
    HoldState,
    NewHold,
    Settlement,
    Transfer,
    balance,
    expire_holds,
    find_hold,
    hold,
    open_accounts,
    post,
    post_each,
    prove,
    release_hold,
    reverse,
    set_account_state,
    settle_hold,
)
from ledger.errors import AccountFrozen, BalanceTooLow, HoldEnded, HoldExpired, LedgerError
from ledger.hot import post_hot
from tests.ledger.make import AT, held, transfer, wallet
from tests.ledger.racing import at_once, posting

TILLS: Final = 32
REVERSERS: Final = 16
PRICE_FEN: Final = 30
ENGINES: Final = 8
"""Engines that the threads share; each keeps five connections open."""
MERCHANT: Final = "merchant:1:clearing"

Action = Callable[[Sessions], object]


@dataclass
class Findings:
    """What was tried, by name, and what was not as it must be, in words."""

    counts: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        counted = ", ".join(f"{times:,} {name}" for name, times in self.counts.items())
        return f"{counted}; {len(self.differences)} differences"

    def expect(self, what: str, found: object, expected: object) -> None:
        """Keep a difference."""
        if found != expected:
            self.differences.append(f"{what}: {found}, not {expected}")


@contextmanager
def crowded(url: str) -> Iterator[list[Sessions]]:
    """Connections enough for all the threads."""
    engines = [make_engine(url) for _ in range(ENGINES)]
    yield [make_sessions(engine) for engine in engines]
    for engine in engines:
        engine.dispose()


def prove_clean(city: list[Sessions], findings: Findings, when: str) -> None:
    """The books prove."""
    with reading(city[0]) as session:
        for difference in prove(session).differences:
            findings.differences.append(f"{when}: {difference}")


def fund_wallets(city: list[Sessions], amounts_fen: dict[str, int]) -> None:
    """Open wallets and put money in."""
    with transaction(city[0]) as session:
        open_accounts(session, [wallet(code, None) for code in amounts_fen])
    with transaction(city[0]) as session:
        post(session, [transfer(f"fund:{code}", "bank", code, amount) for code, amount in amounts_fen.items()], now=AT)


def _judged(new: Transfer) -> Action:
    def act(sessions: Sessions) -> object:
        with transaction(sessions) as session:
            verdict = post_each(session, [new], now=AT)[0]
        return verdict.refusal if verdict.posted is None else not verdict.posted.replayed

    return act


def _hot(new: Transfer) -> Action:
    def act(sessions: Sessions) -> object:
        engine = sessions.kw["bind"]
        with engine.connect() as connection:
            return not post_hot(connection, new, now=AT).replayed

    return act


WAYS: Final[dict[str, Callable[[Transfer], Action]]] = {"post": posting, "post_each": _judged, "hot door": _hot}
"""How one transfer is posted in a transaction of its own; True when it is new."""


def _any_way(number: int) -> Callable[[Transfer], Action]:
    return list(WAYS.values())[number % len(WAYS)]


def race_wallets(city: list[Sessions], rounds: int, findings: Findings) -> None:
    """A wallet with money for k purchases, thirty-two tills at once: exactly k are paid. In every fifth round each till has a twin."""
    chance = random.Random(rounds)
    enough = [chance.choice((0, 1, chance.randint(2, 30), 31, 32)) for _ in range(rounds)]
    start = {f"wallet:r{number}": k * PRICE_FEN + chance.randint(1, PRICE_FEN - 1) for number, k in enumerate(enough)}
    fund_wallets(city, start)
    for number, k in enumerate(enough):
        way = list(WAYS)[number % len(WAYS)]
        twins = 2 if number % 5 == 4 else 1
        actions = [
            WAYS[way](transfer(f"r{number}:{till // twins}", f"wallet:r{number}", MERCHANT, PRICE_FEN))
            for till in range(TILLS)
        ]
        answers = at_once(city, actions)
        paid = min(k, TILLS // twins)
        found = Counter(answer if isinstance(answer, bool) else type(answer).__name__ for answer in answers)
        expected = Counter({True: paid, False: paid * (twins - 1), "BalanceTooLow": TILLS - paid * twins})
        findings.expect(f"round {number} by {way}, money for {k}", +found, +expected)
        findings.counts[f"rounds of {TILLS} tills by {way}"] += 1
        findings.counts["purchases paid"] += found[True]
        findings.counts["purchases answered again"] += found[False]
        findings.counts["purchases refused"] += found["BalanceTooLow"]
        enough[number] = paid
    with reading(city[0]) as session:
        left = held(session, *start)
    expected_fen = [fen - paid * PRICE_FEN for fen, paid in zip(start.values(), enough, strict=True)]
    findings.expect("money left in the wallets", left, expected_fen)


def race_reversals(city: list[Sessions], rounds: int, findings: Findings) -> None:
    """Sixteen reverse one transfer: it is reversed once, and all hear of that. In some rounds a till wants the money too."""
    fund_wallets(city, {f"wallet:v{number}": 10 for number in range(rounds)})
    for number in range(rounds):
        code = f"wallet:v{number}"
        with transaction(city[0]) as session:
            post(session, [transfer(f"v{number}", "bank", code if number % 2 else MERCHANT, 40)], now=AT)
        contested = number % 3 == 0 and number % 2 == 1
        actions: list[Action] = [_reversing(f"v{number}", seconds) for seconds in range(REVERSERS)]
        if contested:
            actions += [posting(transfer(f"v{number}:till", code, MERCHANT, 50))]
        answers = at_once(city, actions)
        done = [answer for answer in answers if isinstance(answer, tuple)]
        bought = contested and answers[-1] is True
        findings.counts["transfers reversed by many"] += 1
        findings.counts["lost to a purchase"] += bought
        found = Counter(answer[1] for answer in done)
        expected = Counter() if bought else Counter({False: 1, True: REVERSERS - 1})
        findings.expect(f"reversals of v{number}", +found, +expected)
        findings.expect(f"reversals of v{number}, ids", len({answer[0] for answer in done}), 0 if bought else 1)
        findings.counts["reversals answered"] += len(done)


def _reversing(reference: str, seconds: int) -> Action:
    def act(sessions: Sessions) -> tuple[int, bool]:
        with transaction(sessions) as session:
            done = reverse(session, reference, occurred_at=AT + timedelta(seconds=seconds), now=AT)
        return done.id, done.replayed

    return act


def race_holds(city: list[Sessions], rounds: int, findings: Findings) -> None:
    """A hold is settled, released and expired at once, while purchases want what it reserves: it ends once, and the money agrees."""
    fund_wallets(city, {f"wallet:h{number}": 100 for number in range(rounds)})
    for number in range(rounds):
        code, name = f"wallet:h{number}", f"hold:{number}"
        with transaction(city[0]) as session:
            hold(session, NewHold(name, code, MERCHANT, 60, "fuel", AT, AT + timedelta(hours=1)), now=AT)
        actions: list[Action] = [_settling(name) for _ in range(4)]
        actions += [_releasing(name) for _ in range(4)]
        actions += [_expiring for _ in range(4)]
        actions += [_any_way(till)(transfer(f"h{number}:{till}", code, MERCHANT, PRICE_FEN)) for till in range(4)]
        random.Random(number).shuffle(actions)
        answers = at_once(city, actions)
        with reading(city[0]) as session:
            ended, left = find_hold(session, name), balance(session, code)
        settled = [answer for answer in answers if isinstance(answer, tuple)]
        paid = sum(answer is True for answer in answers)
        is_settled = ended.state is HoldState.SETTLED
        findings.counts[f"holds {ended.state}"] += 1
        findings.counts["purchases beside holds"] += paid
        findings.expect(f"{name} settled by one", len({each[0] for each in settled}), int(is_settled))
        findings.expect(f"{name} settled anew", sum(each[1] is False for each in settled), int(is_settled))
        findings.expect(f"{name} is over", ended.reserved_fen + left.held_out_fen + left.held_in_fen, 0)
        findings.expect(f"{name} settled", ended.settled_fen, 40 if is_settled else 0)
        findings.expect(f"money beside {name}", left.balance_fen, 100 - ended.settled_fen - paid * PRICE_FEN)
        odd = [
            answer
            for answer in answers
            if isinstance(answer, LedgerError) and not isinstance(answer, BalanceTooLow | HoldEnded | HoldExpired)
        ]
        findings.expect(f"refusals beside {name}", odd, [])


def _settling(name: str) -> Action:
    def act(sessions: Sessions) -> tuple[int, bool]:
        with transaction(sessions) as session:
            done = settle_hold(session, Settlement(name, 1, 40, AT, final=True), now=AT)
        return done.posted.id, done.posted.replayed

    return act


def _releasing(name: str) -> Action:
    def act(sessions: Sessions) -> None:
        with transaction(sessions) as session:
            release_hold(session, name, now=AT)

    return act


def _expiring(sessions: Sessions) -> None:
    with transaction(sessions) as session:
        expire_holds(session, AT + timedelta(hours=2))


def race_freezes(city: list[Sessions], rounds: int, findings: Findings) -> None:
    """A wallet is frozen while tills take money from it: after whoever froze it has his answer, nothing is taken any more."""
    fund_wallets(city, {f"wallet:z{number}": 100 for number in range(rounds)})
    for number in range(rounds):
        code = f"wallet:z{number}"
        actions: list[Action] = [_any_way(till)(transfer(f"z{number}:{till}", code, MERCHANT, 1)) for till in range(12)]
        actions += [_freezing(code, f"z{number}:after{clerk}") for clerk in range(4)]
        random.Random(number).shuffle(actions)
        answers = at_once(city, actions)
        paid = sum(answer is True for answer in answers)
        with reading(city[0]) as session:
            findings.expect(f"money of the frozen {code}", held(session, code), [100 - paid])
        refused = sum(isinstance(answer, AccountFrozen) for answer in answers)
        findings.expect(f"answers about the frozen {code}", paid + refused, 16)
        findings.expect(f"paid after {code} was frozen", paid <= 12, True)
        findings.counts["wallets frozen"] += 1
        findings.counts["paid before the freeze"] += paid
        findings.counts["refused after it"] += refused


def _freezing(code: str, reference: str) -> Action:
    def act(sessions: Sessions) -> str:
        with transaction(sessions) as session:
            set_account_state(session, code, AccountState.FROZEN)
        posting(transfer(reference, code, MERCHANT, 1))(sessions)
        return "paid although frozen"

    return act
