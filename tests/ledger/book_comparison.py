"""The ledger beside the dictionaries: how a step is played on both, what is compared, and what a script draws its next step from."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import permutations
from typing import Final, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant

from citizencard.db import Sessions
from ledger import (
    Posted,
    Transfer,
    TrialBalanceRow,
    balance_on,
    balances,
    expire_holds,
    open_accounts,
    open_first_day,
    post,
    prove,
    trial_balance,
    trial_balance_at,
    trial_balance_on,
)
from ledger.errors import LedgerError
from tests.ledger.book_model import FIRST, Answer, Model, Refusal
from tests.ledger.make import AT, DAY, transfer

Found = TypeVar("Found")

UNKNOWN: Final = "wallet:nobody"
amounts = st.integers(1, 25) | st.integers(1, 60)


class Comparison(RuleBasedStateMachine):
    """A script on empty books that are rolled back.

    Args:
        sessions: a migrated database without books.
        tally: counts what succeeded and what was refused, by name.
    """

    def __init__(self, sessions: Sessions, tally: Counter[str]) -> None:
        super().__init__()
        self.tally = tally
        self.played: Counter[str] = Counter()
        self.model = Model()
        self.ids: dict[str, int] = {}
        self.sound = False
        self.session = sessions()
        open_first_day(self.session, DAY, now=AT)
        open_accounts(self.session, FIRST)
        begin = [transfer(f"begin:{code}", "bank", code, 100) for code in ("wallet:a", "wallet:b")]
        begin.append(transfer("begin:till", "till:1", "merchant:1:clearing", 100))
        self.post_both("begin", begin)

    def teardown(self) -> None:
        """Compare everything at the end of a script that has not failed already; leave no trace."""
        try:
            if self.sound:
                self.compare_all()
        finally:
            self.session.rollback()
            self.session.close()

    @invariant()
    def the_same_balances(self) -> None:
        """After each step, in one statement."""
        found = balances(self.session, list(self.model.held))
        assert {code: one.balance_fen for code, one in found.items()} == self.model.held
        self.model.instants[self.model.now] = dict(self.model.held)
        self.sound = True

    def try_both(self, name: str, expected: Refusal, act: Callable[[], Found]) -> Found | None:
        self.sound = False
        found: Found | None = None
        refusal: LedgerError | None = None
        try:
            found = act()
        except LedgerError as error:
            refusal = error
        assert (type(refusal) if refusal else None) is expected, f"{name}: {refusal!r}, not {expected}"
        self.tally[f"{name} refused" if refusal else name] += 1
        return found

    def post_both(self, name: str, batch: list[Transfer]) -> None:
        refusal, answers = self.model.takes_all(batch)
        posted = self.try_both(name, refusal, lambda: post(self.session, batch, now=self.model.now))
        if posted is not None:
            assert [Answer(replayed=one.replayed) for one in posted] == answers
            self.remember(posted)

    def remember(self, posted: Sequence[Posted]) -> None:
        """A reference keeps its id for ever, and what is new comes after everything that was there."""
        for one in posted:
            if not one.replayed:
                assert one.id > max(self.ids.values(), default=0)
                assert one.business_date == self.model.day
            assert self.ids.setdefault(one.transfer.reference, one.id) == one.id

    def sweep(self) -> None:
        while done := expire_holds(self.session, self.model.now, limit=2):
            self.tally["expire"] += done

    def compare_reserves(self) -> None:
        found = balances(self.session, list(self.model.held))
        reserved = {code: (one.held_out_fen, one.held_in_fen) for code, one in found.items()}
        assert reserved == {
            code: (self.model.reserves(code, out=True), self.model.reserves(code, out=False)) for code in found
        }
        assert {code: one.state for code, one in found.items()} == self.model.states

    def compare_all(self) -> None:
        self.sweep()
        self.compare_reserves()
        self._same_past()
        proof = prove(self.session)
        assert proof.differences == ()
        assert proof.transfers == len(self.model.booked)
        assert proof.accounts == len(self.model.accounts)
        totals = trial_balance(self.session)
        assert totals.total_debits_fen == totals.total_credits_fen == proof.total_fen
        self.tally["proofs"] += 1

    def _same_past(self) -> None:
        for day, held in self.model.days.items():
            past = trial_balance_on(self.session, day)
            assert past.final
            assert _by_family(past.totals.rows) == self._families(held)
            assert balance_on(self.session, "wallet:a", day).balance_fen == held["wallet:a"]
        for instant, held in self.model.instants.items():
            past = trial_balance_at(self.session, instant)
            assert past.final == (self.model.last_cut_at is not None and self.model.last_cut_at > instant)
            assert _by_family(past.totals.rows) == self._families(held)

    def _families(self, held: dict[str, int]) -> Counter[str]:
        sums: Counter[str] = Counter()
        for code, has_fen in held.items():
            sums[self.model.accounts[code].family] += has_fen
        return sums

    def codes(self) -> st.SearchStrategy[str]:
        return st.sampled_from([*self.model.held, UNKNOWN])

    def hold_names(self) -> st.SearchStrategy[str]:
        """Mostly a hold that is open."""
        names = list(self.model.holds)
        still_open = [name for name in names if self.model.is_open(self.model.holds[name])]
        return st.sampled_from(still_open or names) | st.sampled_from(names)

    def pairs(self, *, reserving: bool = False) -> st.SearchStrategy[tuple[str, str]]:
        """Any two accounts; mostly two between which a little money could move, and of which one that falls keeps count."""
        every = list(permutations(self.model.held, 2))
        likely = []
        for debit, credit in every:
            little = transfer("try", debit, credit, 5)
            counted = [code for code in (debit, credit) if self.model.falls(little, code)]
            if self.model.judge(little) is None and (
                not reserving or any(self.model.accounts[code].locked for code in counted)
            ):
                likely.append((debit, credit))
        return st.sampled_from(likely or every) | st.sampled_from(likely or every) | st.sampled_from(every)

    def transfers(self, *, together: bool = True) -> st.SearchStrategy[Transfer]:
        """A new reference mostly; or one of a few, which may be taken. Now and then an account that nobody opened."""
        fresh = st.just(f"t{len(self.model.booked)}") if not together else st.integers(1_000, 10_000).map("t{}".format)
        return st.builds(
            lambda reference, terms, recharge, fact: transfer(
                reference, terms[0], terms[1], terms[2], recharge=recharge, fact=fact
            ),
            fresh | fresh | st.integers(0, 60).map("t{}".format),
            self.pairs().flatmap(lambda pair: st.tuples(*map(st.just, pair), self.amounts_between(*pair)))
            | st.sampled_from(list(self.model.held)).map(lambda code: (UNKNOWN, code, 1)),
            st.booleans(),
            st.booleans(),
        )

    def amounts_between(self, debit: str, credit: str) -> st.SearchStrategy[int]:
        """Some amount; or just what is there and what there is room for, and one fen more."""
        just = []
        little = transfer("try", debit, credit, 1)
        for code in (debit, credit):
            terms = self.model.accounts[code]
            if self.model.falls(little, code) and terms.floor_fen is not None:
                just.append(self.model.held[code] - self.model.reserves(code, out=True) - terms.floor_fen)
            elif not self.model.falls(little, code) and terms.ceiling_fen is not None:
                just.append(self.model.room(code))
        edges = [limit + more for limit in just for more in (0, 1) if limit + more > 0]
        return amounts | st.sampled_from(edges) if edges else amounts


def is_replayed(posted: Posted | None) -> bool:
    return posted is not None and posted.replayed


def _by_family(rows: Sequence[TrialBalanceRow]) -> Counter[str]:
    sums: Counter[str] = Counter()
    for row in rows:
        sums[row.family] += row.balance_fen
    return sums
