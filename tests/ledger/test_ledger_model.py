"""Whatever the city does, the books equal a plain dictionary and can be proved."""

from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from citizencard.db import Sessions
from ledger import (
    AccountState,
    Transfer,
    balances,
    close_day,
    open_day,
    post,
    post_each,
    prove,
    reverse,
    set_account_state,
    trial_balance,
)
from ledger.errors import LedgerError
from tests.ledger.make import AT, books, transfer, wallet

ASSETS = ("bank", "till:1")
CODES = (*ASSETS, "merchant:1:clearing", "wallet:a", "wallet:b")
FLOORED = ("till:1", "wallet:a", "wallet:b")
CEILING_FEN = 150
EXAMPLES = 100
STEPS = 20

transfers = st.builds(
    lambda reference, pair, amount, recharge, fact: transfer(
        f"t{reference}", pair[0], pair[1], amount, recharge=recharge, fact=fact
    ),
    st.integers(0, 30),
    st.permutations(CODES).map(lambda order: order[:2]),
    st.integers(1, 60),
    st.booleans(),
    st.booleans(),
)
batches = st.lists(transfers, min_size=1, max_size=6)
steps = st.one_of(
    st.tuples(st.just("post"), batches),
    st.tuples(st.just("each"), batches),
    st.tuples(st.just("reverse"), st.integers(0, 30).map("t{}".format)),
    st.tuples(st.just("freeze"), st.sampled_from(FLOORED)),
    st.tuples(st.just("open"), st.sampled_from(FLOORED)),
    st.tuples(st.just("close"), st.just("")),
)


@dataclass
class Model:
    """The books as a child would keep them."""

    held: dict[str, int] = field(default_factory=lambda: dict.fromkeys(CODES, 0))
    booked: dict[str, Transfer] = field(default_factory=dict)
    frozen: set[str] = field(default_factory=set)

    def takes(self, new: Transfer) -> bool:
        """Book a transfer if it may be; whether it stands in the books now."""
        first = self.booked.get(new.reference)
        if first:
            return (first.debit, first.credit, first.amount_fen) == (new.debit, new.credit, new.amount_fen)
        changes = {
            new.debit: new.amount_fen if new.debit in ASSETS else -new.amount_fen,
            new.credit: -new.amount_fen if new.credit in ASSETS else new.amount_fen,
        }
        for code, change in changes.items():
            after = self.held[code] + change
            if change < 0 and ((code in FLOORED and after < 0) or (code in self.frozen and not new.fact)):
                return False
            if change > 0 and code.startswith("wallet") and new.recharge and not new.fact and after > CEILING_FEN:
                return False
        for code, change in changes.items():
            self.held[code] += change
        self.booked[new.reference] = new
        return True

    def takes_all(self, batch: list[Transfer]) -> bool:
        """Book a batch whole or not at all."""
        held, booked = dict(self.held), dict(self.booked)
        if all(self.takes(new) for new in batch):
            return True
        self.held, self.booked = held, booked
        return False

    def reverses(self, reference: str) -> bool:
        """Book the opposite of a transfer, once."""
        first = self.booked.get(reference)
        if first is None:
            return False
        return self.takes(transfer("rev:" + reference, first.credit, first.debit, first.amount_fen))


@given(st.lists(steps, min_size=3, max_size=STEPS))
@settings(
    max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_books_equal_a_dictionary(sessions: Sessions, script: list[tuple[str, str | list[Transfer]]]) -> None:
    """Any sequence of posts, batches, repeats, reversals, freezes and closes leaves balances as expected, and books that can be proved."""
    with sessions() as session:
        books(session, wallet("wallet:a", CEILING_FEN), wallet("wallet:b", CEILING_FEN))
        model = Model()
        begin = [transfer(f"begin:{code}", "bank", code, 100) for code in ("wallet:a", "wallet:b")]
        begin.append(transfer("begin:till", "till:1", "merchant:1:clearing", 100))
        assert model.takes_all(begin)
        post(session, begin, now=AT)
        for step, what in script:
            try:
                if isinstance(what, list):
                    if step == "post":
                        expected = model.takes_all(what)
                        assert len(post(session, what, now=AT)) == len(what)
                    else:
                        expected = True
                        verdicts = post_each(session, what, now=AT)
                        assert [verdict.posted is not None for verdict in verdicts] == [
                            model.takes(new) for new in what
                        ]
                elif step == "reverse":
                    expected = model.reverses(what)
                    reverse(session, what, occurred_at=AT, now=AT)
                elif step == "close":
                    day = open_day(session)
                    close_day(session, day, day + timedelta(days=1), now=AT)
                    expected = True
                else:
                    expected = True
                    state = AccountState.FROZEN if step == "freeze" else AccountState.OPEN
                    (model.frozen.add if step == "freeze" else model.frozen.discard)(what)
                    set_account_state(session, what, state)
            except LedgerError:
                assert not expected
            else:
                assert expected
            found = balances(session, CODES)
            assert {code: found[code].balance_fen for code in CODES} == model.held
        proof = prove(session)
        assert proof.differences == ()
        assert proof.transfers == len(model.booked)
        totals = trial_balance(session)
        assert totals.total_debits_fen == totals.total_credits_fen == proof.total_fen
        session.rollback()
