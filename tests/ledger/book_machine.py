"""Everything the ledger can do, in any order, on the ledger and on dictionaries: the same answers, the same balances, the books proved."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import count
from typing import Final

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

from citizencard.db import Sessions
from ledger import (
    AccountState,
    HoldState,
    NewAccount,
    NewHold,
    Settlement,
    balances,
    close_day,
    draw_cut,
    find_hold,
    fold,
    hold,
    open_accounts,
    open_day,
    post,
    post_each,
    release,
    release_hold,
    reverse,
    seal,
    set_account_state,
    settle_hold,
    settlement_transfer,
    stop,
    total_day,
)
from ledger.errors import AccountNotEmpty, HoldExpired, LedgerStopped
from tests.ledger.book_comparison import Comparison, amounts, is_replayed
from tests.ledger.book_model import FIRST, LATER, OTHER_TERMS, TICK, Answer
from tests.ledger.make import AT, transfer

MOST: Final = {
    "close day": 5,
    "cut": 4,
    "stop": 1,
    "audit": 1,
    "freeze": 3,
    "roll up": 6,
    "seal": 6,
    "replay": 5,
    "tick": 10,
    "open": 8,
    "hold": 12,
}
"""So often at most in one script, so that most of it is about money that moves."""

ticks = st.integers(1, 8)


def seldom(name: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A rule that is played a few times in one script at most, and counted here."""

    def allowed(self: "Machine") -> bool:
        return self.played[name] < MOST[name]

    return precondition(allowed)


class Machine(Comparison):
    """Each rule is one thing the ledger can do."""

    # Accounts

    @seldom("open")
    @rule(account=st.sampled_from((*LATER, OTHER_TERMS)))
    def open_account(self, account: NewAccount) -> None:
        """Open an account, another time as well, and on other terms."""
        self.played["open"] += 1
        self.try_both("open", self.model.opens(account), lambda: open_accounts(self.session, [account]))

    @seldom("freeze")
    @rule(data=st.data())
    def freeze(self, data: st.DataObject) -> None:
        """Freeze an account."""
        self.played["freeze"] += 1
        self._turn("freeze", data.draw(self.codes()), AccountState.FROZEN)

    @precondition(lambda self: AccountState.FROZEN in self.model.states.values())
    @rule(data=st.data())
    def unfreeze(self, data: st.DataObject) -> None:
        """Let a frozen account spend again."""
        frozen = [code for code, state in self.model.states.items() if state is AccountState.FROZEN]
        self._turn("unfreeze", data.draw(st.sampled_from(frozen)), AccountState.OPEN)

    @precondition(lambda self: len(self.model.held) > len(FIRST))
    @rule(data=st.data(), emptied=st.booleans())
    def close_account(self, data: st.DataObject, emptied: bool) -> None:
        """Close an account, mostly after its money was taken out."""
        code = data.draw(st.sampled_from([code for code in self.model.held if code not in {one.code for one in FIRST}]))
        has_fen = self.model.held[code]
        if emptied and has_fen:
            out = transfer(f"empty:{len(self.model.booked)}", code, "bank", abs(has_fen))
            into = transfer(out.reference, "bank", code, abs(has_fen))
            self.post_both("empty", [out if self.model.falls(out, code) == (has_fen > 0) else into])
        self._turn("close account", code, AccountState.CLOSED)

    def _turn(self, name: str, code: str, state: AccountState) -> None:
        expected = self.model.turns(code, state)
        if state is AccountState.CLOSED:
            # A hold that is over binds its accounts until it is expired, by command here.
            self.sweep()
        self.try_both(name, expected, lambda: set_account_state(self.session, code, state))
        if expected is AccountNotEmpty:
            assert balances(self.session, [code])[code].state is not AccountState.CLOSED

    # Transfers

    @rule(data=st.data())
    def post_one(self, data: st.DataObject) -> None:
        """Post one transfer."""
        self.post_both("post", [data.draw(self.transfers(together=False))])

    @rule(data=st.data(), fact=st.booleans())
    def pay_in(self, data: st.DataObject, fact: bool) -> None:
        """Recharge an account up to its ceiling, or above."""
        code = data.draw(st.sampled_from([code for code in self.model.held if code != "bank"]))
        amount_fen = data.draw(self.amounts_between("bank", code))
        name = f"t{len(self.model.booked)}"
        self.post_both("pay in", [transfer(name, "bank", code, amount_fen, recharge=True, fact=fact)])

    @rule(data=st.data())
    def post_batch(self, data: st.DataObject) -> None:
        """Post several, all or none."""
        self.post_both("post batch", data.draw(st.lists(self.transfers(), min_size=2, max_size=4)))

    @rule(data=st.data())
    def post_verdicts(self, data: st.DataObject) -> None:
        """Post several, each for itself."""
        batch = data.draw(st.lists(self.transfers(), min_size=2, max_size=4))
        expected = self.model.takes_each(batch)
        found = post_each(self.session, batch, now=self.model.now)
        assert [
            Answer(type(one.refusal) if one.refusal else None, is_replayed(one.posted)) for one in found
        ] == expected
        self.remember([one.posted for one in found if one.posted])
        self.tally["verdicts"] += sum(one.posted is not None for one in found)
        self.tally["verdicts refused"] += sum(one.refusal is not None for one in found)

    @seldom("replay")
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """Post again what is in the books, whatever became of its accounts: the first answer comes again."""
        self.played["replay"] += 1
        names = [name for name in self.model.booked if not name.startswith("rev:")]
        chosen = data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=3))
        self.post_both("replay", [self.model.booked[name] for name in chosen])

    @rule(data=st.data(), again=st.booleans())
    def reverse_one(self, data: st.DataObject, again: bool) -> None:
        """Reverse a transfer, perhaps twice; or a reversal, which is refused."""
        reference = data.draw(st.sampled_from([*self.model.booked, "t-nobody"]))
        for seconds in range(2 if again else 1):
            expected = self.model.reverses(reference)
            at = AT + timedelta(seconds=seconds)
            done = self.try_both(
                "reverse again" if seconds else "reverse",
                expected.refusal,
                lambda at=at: reverse(self.session, reference, occurred_at=at, now=self.model.now),  # type: ignore[misc] # bound now
            )
            if done:
                assert done.replayed == expected.replayed
                self.remember([done])

    # Holds

    @precondition(lambda self: len(self.model.holds) < MOST["hold"])
    @rule(data=st.data(), amount_fen=amounts, recharge=st.booleans(), lasts=ticks)
    def place_hold(self, data: st.DataObject, amount_fen: int, recharge: bool, lasts: int) -> None:
        """Reserve money, or room for a recharge."""
        debit, credit = data.draw(self.pairs(reserving=True))
        until = self.model.now + (lasts - 1) * TICK
        self._place(
            "hold", NewHold(f"h{len(self.model.holds)}", debit, credit, amount_fen, "test", AT, until, recharge)
        )

    @precondition(lambda self: self.model.holds)
    @rule(data=st.data(), more_fen=st.integers(0, 1))
    def repeat_hold(self, data: st.DataObject, more_fen: int) -> None:
        """Reserve again, or under the same name something else."""
        terms = self.model.holds[data.draw(self.hold_names())].terms
        wanted = NewHold(
            terms.reference, terms.debit, terms.credit, terms.amount_fen + more_fen, "test", AT, terms.expires_at
        )
        self._place("replay hold", wanted)

    def _place(self, name: str, wanted: NewHold) -> None:
        expected = self.model.places(wanted)
        found = self.try_both(name, expected.refusal, lambda: hold(self.session, wanted, now=self.model.now))
        assert found is None or found.replayed == expected.replayed

    @precondition(lambda self: any(self.model.is_open(one) for one in self.model.holds.values()))
    @rule(data=st.data(), final=st.booleans())
    def settle_part(self, data: st.DataObject, final: bool) -> None:
        """Settle a part of a hold that is open."""
        name = data.draw(st.sampled_from([each for each, one in self.model.holds.items() if self.model.is_open(one)]))
        amount_fen = data.draw(st.integers(1, self.model.holds[name].rest_fen))
        part = next(n for n in count(10) if f"settle:{name}:{n}" not in self.model.booked)
        self._settle("settle part", Settlement(name, part, amount_fen, AT, final))

    @precondition(lambda self: self.model.holds)
    @rule(data=st.data(), part=st.integers(1, 9), amount_fen=amounts, final=st.booleans())
    def settle_any(self, data: st.DataObject, part: int, amount_fen: int, final: bool) -> None:
        """Settle what may be settled before, too much, or too late: then as an ordinary transfer."""
        self._settle("settle anything", Settlement(data.draw(self.hold_names()), part, amount_fen, AT, final))

    @precondition(lambda self: self.model.holds)
    @rule(data=st.data())
    def settle_whole(self, data: st.DataObject) -> None:
        """Settle all that is left of a hold."""
        name = data.draw(self.hold_names())
        self._settle("settle whole", Settlement(name, 9, max(1, self.model.holds[name].rest_fen), AT))

    def _settle(self, name: str, part: Settlement) -> None:
        expected = self.model.settles(part)
        found = self.try_both(name, expected.refusal, lambda: settle_hold(self.session, part, now=self.model.now))
        if found:
            assert found.posted.replayed == expected.replayed
            assert found.hold.amount_fen - found.hold.settled_fen == self.model.holds[part.hold].rest_fen
            self.remember([found.posted])
        if expected.refusal is HoldExpired:
            late = settlement_transfer(find_hold(self.session, part.hold), part)
            assert late == self.model.worded(part)
            self.post_both("settle late", [late])

    @precondition(lambda self: self.model.holds)
    @rule(data=st.data())
    def release_one(self, data: st.DataObject) -> None:
        """Give back what a hold reserves."""
        name = data.draw(self.hold_names())
        expected = self.model.releases(name)
        found = self.try_both("release", expected.refusal, lambda: release_hold(self.session, name, now=self.model.now))
        assert found is None or found.state is self.model.holds[name].state

    @precondition(lambda self: any(self.model.is_open(one) for one in self.model.holds.values()))
    @rule(data=st.data())
    def expire(self, data: st.DataObject) -> None:
        """The time of a hold runs out; end all that are over, and look at what is reserved. Some a posting has ended before."""
        still_open = [name for name, one in self.model.holds.items() if self.model.is_open(one)]
        self.model.now = self.model.holds[data.draw(st.sampled_from(still_open))].terms.expires_at
        over = [name for name, one in self.model.holds.items() if self.model.is_over(one)]
        ended = [name for name in over if find_hold(self.session, name).state is HoldState.EXPIRED]
        self.tally["found expired by a posting"] += len(ended)
        self.sweep()
        self.compare_reserves()

    # The day's work behind the posting

    @seldom("tick")
    @rule(minutes=st.integers(1, 4))
    def tick(self, minutes: int) -> None:
        """Some minutes pass."""
        self.played["tick"] += 1
        self.model.now += minutes * TICK
        self.tally["minutes"] += minutes

    @seldom("close day")
    @rule(counted=st.booleans())
    def close_the_day(self, counted: bool) -> None:
        """Close the day, and count it; or leave that to the next time. Again, it gives the same cut."""
        self.played["close day"] += 1
        day = open_day(self.session)
        assert day == self.model.day
        self.model.closes()
        first = close_day(self.session, day, self.model.day, now=self.model.now)
        assert close_day(self.session, day, self.model.day, now=self.model.now + TICK) == first
        self.tally["close day"] += 1
        if counted:
            assert total_day(self.session, day) == total_day(self.session, day)
            self.tally["total day"] += 1

    @seldom("cut")
    @rule()
    def cut(self) -> None:
        """Make everything final."""
        self.played["cut"] += 1
        assert draw_cut(self.session, self.model.now) == max(self.ids.values())
        self.model.last_cut_at = self.model.now
        self.tally["cut"] += 1

    @seldom("roll up")
    @rule(limit=st.integers(1, 20))
    def roll_up(self, limit: int) -> None:
        """Move the checkpoints of derived accounts."""
        self.played["roll up"] += 1
        folded = fold(self.session, now=self.model.now, limit=limit)
        self.tally["roll up" if folded.accounts else "roll up, nothing to do"] += 1

    @seldom("seal")
    @rule(limit=st.integers(1, 20))
    def seal_some(self, limit: int) -> None:
        """Seal what is final."""
        self.played["seal"] += 1
        made = seal(self.session, now=self.model.now, limit=limit)
        self.tally["seal" if made else "seal, nothing to do"] += 1

    @seldom("stop")
    @rule()
    def stand_still(self) -> None:
        """While the ledger is stopped nothing new is posted, and what is in the books is still answered."""
        self.played["stop"] += 1
        stop(self.session, "a drill", now=self.model.now)
        old = next(iter(self.model.booked.values()))
        assert post(self.session, [old], now=self.model.now)[0].replayed
        new = transfer("never", "bank", "merchant:1:clearing", 1, fact=True)
        self.try_both("stop", LedgerStopped, lambda: post(self.session, [new], now=self.model.now))
        release(self.session, "somebody", "a drill", now=self.model.now)

    @seldom("audit")
    @rule()
    def audit(self) -> None:
        """Somebody looks at everything."""
        self.played["audit"] += 1
        self.compare_all()


def run_machine(
    sessions: Sessions, scripts: int, steps: int, *, derandomize: bool = False, shrink: bool = True
) -> Counter[str]:
    """Play so many scripts of so many steps; the first that differs is raised, made as short as it can be.

    Returns:
        How often each thing was done, and how often it was refused.
    """
    tally: Counter[str] = Counter()
    run_state_machine_as_test(
        lambda: Machine(sessions, tally),  # type: ignore[arg-type] # any factory will do
        settings=settings(
            max_examples=scripts,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            derandomize=derandomize,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
        ),
    )
    return tally
