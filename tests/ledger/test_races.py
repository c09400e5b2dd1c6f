"""Many at once: what holds for one clerk holds for a city in a hurry. Real threads, real connections, real commits."""

import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest
from sqlalchemy import text

from citizencard.db import Sessions, reading, transaction
from ledger import (
    AccountState,
    NewHold,
    Settlement,
    Transfer,
    balance,
    close_day,
    draw_cut,
    fold,
    hold,
    open_accounts,
    post,
    post_each,
    prove,
    reverse,
    seal,
    set_account_state,
    settle_hold,
    total_day,
)
from ledger.errors import AccountNotEmpty, BalanceTooLow, LedgerBusy, LedgerError, ReferenceReused
from tests.ledger.make import AT, DAY, bank, fund, held, merchant, transfer
from tests.ledger.racing import at_once, posting

MERCHANT = "merchant:1:clearing"


def test_one_wallet_many_tills(city: list[Sessions]) -> None:
    """A wallet with money for seven purchases, thirty-two tills at once: exactly seven are paid."""
    with transaction(city[0]) as session:
        fund(session, "wallet:1", 7 * 30 + 29)
    answers = at_once(
        city, [posting(transfer(f"buy{number}", "wallet:1", MERCHANT, 30)) for number in range(32)], BalanceTooLow
    )
    assert sum(answer is True for answer in answers) == 7
    assert sum(isinstance(answer, BalanceTooLow) for answer in answers) == 25
    with reading(city[0]) as session:
        assert held(session, "wallet:1", MERCHANT) == [29, 210]


@pytest.mark.parametrize("debit", ["bank", "till:1"])
def test_twenty_identical_uploads(city: list[Sessions], debit: str) -> None:
    """The same batch uploaded twenty times at once is booked once, whether its accounts are locked or derived."""
    batch = [transfer(f"t{number}", debit, MERCHANT, 5) for number in range(50)]

    def shuffled(seed: int) -> list[Transfer]:
        return random.Random(seed).sample(batch, len(batch))

    answers = at_once(city, [posting(*shuffled(seed)) for seed in range(20)])
    assert answers.count(True) == 1
    assert answers.count(False) == 19
    with reading(city[0]) as session:
        assert held(session, MERCHANT, debit) == [250, 250]


def test_overlapping_uploads(city: list[Sessions]) -> None:
    """Batches that share some of their records, in any order, book each record once."""
    records = [transfer(f"t{number}", "bank", MERCHANT, 1) for number in range(200)]
    actions = [posting(*random.Random(seed).sample(records, 100)) for seed in range(16)]
    sent = {new.reference for seed in range(16) for new in random.Random(seed).sample(records, 100)}
    assert not [answer for answer in at_once(city, actions) if isinstance(answer, LedgerError)]
    with reading(city[0]) as session:
        assert held(session, MERCHANT) == [len(sent)]


def test_opposite_batches(city: list[Sessions]) -> None:
    """Batches that move between the same wallets in opposite order do not wait for each other crosswise."""
    with transaction(city[0]) as session:
        fund(session, "wallet:1", 1_000)
    with transaction(city[0]) as session:
        fund(session, "wallet:2", 1_000)
    actions = []
    for number in range(30):
        there = transfer(f"there{number}", "wallet:1", "wallet:2", 2)
        back = transfer(f"back{number}", "wallet:2", "wallet:1", 1)
        actions.append(posting(there, back) if number % 2 else posting(back, there))
    assert at_once(city, actions) == [True] * 30
    with reading(city[0]) as session:
        assert held(session, "wallet:1", "wallet:2") == [970, 1_030]


def test_reversed_once(city: list[Sessions]) -> None:
    """Sixteen reversals of one transfer at once: one is booked, all get the same answer."""
    with transaction(city[0]) as session:
        post(session, [transfer("a", "bank", "wallet:1", 10), transfer("d", "bank", MERCHANT, 10)], now=AT)

    def reversing(reference: str, seconds: int) -> Callable[[Sessions], tuple[int, bool]]:
        def act(sessions: Sessions) -> tuple[int, bool]:
            with transaction(sessions) as session:
                done = reverse(session, reference, occurred_at=AT + timedelta(seconds=seconds), now=AT)
                return done.id, done.replayed

        return act

    for reference in ("a", "d"):
        answers = at_once(city, [reversing(reference, seconds) for seconds in range(16)])
        assert len({answer[0] for answer in answers if isinstance(answer, tuple)}) == 1
        assert sorted(answer[1] for answer in answers if isinstance(answer, tuple)) == [False, *[True] * 15]
    with reading(city[0]) as session:
        assert held(session, "bank", "wallet:1", MERCHANT) == [0, 0, 0]


def test_verdicts_under_pressure(city: list[Sessions]) -> None:
    """Sixteen batches spend from the same two wallets: never more than is there, never less than could be."""
    with transaction(city[0]) as session:
        fund(session, "wallet:1", 100)
    with transaction(city[0]) as session:
        fund(session, "wallet:2", 50)

    def spending(batch: int) -> Callable[[Sessions], int]:
        def act(sessions: Sessions) -> int:
            wanted = [
                transfer(f"s{batch}:{number}", f"wallet:{1 + (number + batch) % 2}", MERCHANT, 1)
                for number in range(20)
            ]
            with transaction(sessions) as session:
                return sum(verdict.posted is not None for verdict in post_each(session, wanted, now=AT))

        return act

    answers = at_once(city, [spending(batch) for batch in range(16)])
    assert sum(answer for answer in answers if isinstance(answer, int)) == 150
    with reading(city[0]) as session:
        assert held(session, "wallet:1", "wallet:2", MERCHANT) == [0, 0, 150]


def test_nothing_behind_the_cut(city: list[Sessions]) -> None:
    """Days close while eight writers post: a day has every transfer up to its cut and none after; no balance shows half a batch."""
    stop = threading.Event()

    def writing(writer: int) -> Callable[[Sessions], int]:
        def act(sessions: Sessions) -> int:
            done = 0
            # A breath between two batches: SQLite gives the books to whoever asks in the right moment, and the close has to get them too.
            while not stop.wait(0.01):
                batch = [transfer(f"w{writer}:{done}:{part}", "bank", MERCHANT, 1) for part in range(3)]
                posting(*batch)(sessions)
                done += 1
            return done

        return act

    def closing(sessions: Sessions) -> int:
        try:
            for number in range(8):
                close_one(sessions, DAY + timedelta(days=number))
                with reading(sessions) as session:
                    found = balance(session, MERCHANT)
                    assert found.balance_fen % 3 == 0
                stop.wait(0.03)
        finally:
            stop.set()
        return 0

    answers = at_once(city, [*(writing(writer) for writer in range(8)), closing])
    assert not [answer for answer in answers if isinstance(answer, LedgerError)]
    with reading(city[0]) as session:
        proof = prove(session)
        assert proof.proved
        assert proof.transfers == 3 * sum(answer for answer in answers if isinstance(answer, int))
        assert session.execute(text("SELECT count(*) FROM ledger_day WHERE state = 'closed'")).scalar() == 8


def test_folds_and_seals_under_writers(city: list[Sessions]) -> None:
    """Cuts, folds and seals go on under eight writers: no balance ever shows half a batch, and all that was sealed stays as it was."""
    stop = threading.Event()

    def writing(writer: int) -> Callable[[Sessions], int]:
        def act(sessions: Sessions) -> int:
            done = 0
            while not stop.wait(0.01):
                posting(*(transfer(f"w{writer}:{done}:{part}", "bank", MERCHANT, 1) for part in range(3)))(sessions)
                done += 1
            return done

        return act

    def rolling(sessions: Sessions) -> int:
        try:
            for number in range(12):
                roll_one(sessions, number)
                with reading(sessions) as session:
                    found = balance(session, MERCHANT)
                    assert found.balance_fen % 3 == 0
                    # In one statement: between two, the other one that rolls may have folded further.
                    stored, told = session.execute(
                        text(
                            "SELECT (SELECT max(folded_to) FROM ledger_account WHERE NOT locked),"
                            " (SELECT max(folded_to) FROM ledger_fold)"
                        )
                    ).one()
                    assert stored == told or not stored
        finally:
            stop.set()
        return 0

    answers = at_once(city, [*(writing(writer) for writer in range(8)), rolling, rolling])
    assert not [answer for answer in answers if isinstance(answer, LedgerError)]
    with reading(city[0]) as session:
        assert prove(session).transfers == 3 * sum(answer for answer in answers if isinstance(answer, int))
        assert session.execute(text("SELECT count(*) FROM ledger_seal")).scalar_one() > 0


def roll_one(sessions: Sessions, number: int) -> None:
    """Draw a cut; when posting does not pause, the last one has to do. Fold and seal up to it."""
    try:
        with transaction(sessions) as session:
            draw_cut(session, AT + timedelta(minutes=number))
    except LedgerBusy:
        pass
    for work in (fold, seal):
        with transaction(sessions) as session:
            work(session, now=AT)


def test_one_wallet_many_pumps(city: list[Sessions]) -> None:
    """Holds, purchases and settlements race for one wallet: never more is promised and paid than is there."""
    with transaction(city[0]) as session:
        fund(session, "wallet:1", 7 * 30)

    def pump(number: int) -> Callable[[Sessions], int]:
        def act(sessions: Sessions) -> int:
            with transaction(sessions) as session:
                hold(
                    session,
                    NewHold(f"h{number % 12}", "wallet:1", MERCHANT, 30, "fuel", AT, AT + timedelta(hours=1)),
                    now=AT,
                )
            with transaction(sessions) as session:
                settled = settle_hold(session, Settlement(f"h{number % 12}", 1, 20, AT, final=True), now=AT)
            return 0 if settled.posted.replayed else 20

        return act

    actions: list[Callable[[Sessions], int]] = [pump(number) for number in range(24)]
    actions += [posting(transfer(f"buy{number}", "wallet:1", MERCHANT, 30)) for number in range(8)]
    answers = at_once(city, actions, BalanceTooLow)
    paid_fen = sum(answer if answer is not True else 30 for answer in answers if isinstance(answer, int))
    with reading(city[0]) as session:
        assert held(session, "wallet:1", MERCHANT) == [7 * 30 - paid_fen, paid_fen]
        assert balance(session, "wallet:1").held_out_fen == 0
    assert paid_fen > 0


def close_one(sessions: Sessions, day: date) -> None:
    """Close a day as settlement does: at once, and count afterwards; when posting does not pause, try again."""
    for _ in range(5):
        try:
            with transaction(sessions) as session:
                close_day(session, day, day + timedelta(days=1), now=AT)
            break
        except LedgerBusy:
            continue
    with transaction(sessions) as session:
        total_day(session, day)


def test_day_closed_once(city: list[Sessions]) -> None:
    """Eight clerks close the same day at once: one cut, one next day."""

    def close(sessions: Sessions) -> int:
        with transaction(sessions) as session:
            return close_day(session, DAY, DAY + timedelta(days=1), now=AT).cut_id

    posting(transfer("a", "bank", MERCHANT, 1))(city[0])
    answers = at_once(city, [close] * 8)
    assert len(set(answers)) == 1
    with reading(city[0]) as session:
        assert session.execute(text("SELECT count(*) FROM ledger_day")).scalar() == 2


def test_accounts_opened_at_once(city: list[Sessions]) -> None:
    """Terminals that meet a new merchant in the same moment open one account."""

    def opening(sessions: Sessions) -> bool:
        with transaction(sessions) as session:
            open_accounts(session, [merchant(f"merchant:{number}:clearing") for number in random.sample(range(50), 50)])
        return True

    assert at_once(city, [opening] * 12) == [True] * 12


def test_closed_accounts_hold_nothing(city: list[Sessions]) -> None:
    """An account that nobody locks is closed while money comes in: it is closed empty, or stays open."""
    with transaction(city[0]) as session:
        open_accounts(session, [bank(f"bank:{number}") for number in range(6)])

    def closing(code: str) -> Callable[[Sessions], bool]:
        def act(sessions: Sessions) -> bool:
            with transaction(sessions) as session:
                set_account_state(session, code, AccountState.CLOSED)
            return True

        return act

    actions: list[Callable[[Sessions], bool]] = []
    for number in range(6):
        actions.append(posting(transfer(f"in{number}", f"bank:{number}", MERCHANT, 1)))
        actions.append(closing(f"bank:{number}"))
    answers = at_once(city, actions)
    for paid, closed in zip(answers[::2], answers[1::2], strict=True):
        assert (paid is True) != (closed is True)
        assert closed is True or isinstance(closed, AccountNotEmpty | LedgerBusy)


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize(("debit", "other"), [("bank", "till:1"), ("wallet:1", "wallet:2")])
def test_reference_taken_while_deciding(city: list[Sessions], debit: str, other: str, plain: bool) -> None:
    """Somebody gives a reference another content at the same moment: one of the two is booked, the other is refused."""
    with transaction(city[0]) as session:
        fund(session, "wallet:1", 10)
    with transaction(city[0]) as session:
        fund(session, "wallet:2", 10)
    second = [transfer("same", other if debit != "bank" else debit, MERCHANT, 6), transfer("more", "bank", MERCHANT, 1)]
    second += [] if plain else [transfer("dear", "wallet:2", MERCHANT, 11)]
    refused = [ReferenceReused, type(None)] + ([] if plain else [BalanceTooLow])
    started = threading.Event()

    def act() -> list[LedgerError | None]:
        with transaction(city[1]) as session:
            started.set()
            return [verdict.refusal for verdict in post_each(session, second, now=AT)]

    with ThreadPoolExecutor(1) as pool:
        with transaction(city[0]) as session:
            post(session, [transfer("same", debit, MERCHANT, 5)], now=AT)
            answer = pool.submit(act)
            # On SQLite the other one waits for its transaction to begin, on PostgreSQL for our reference.
            started.wait(0.2)
            threading.Event().wait(0.2)
        if plain or debit == "bank" or city[0].kw["bind"].dialect.name == "sqlite":
            assert [type(refusal) for refusal in answer.result()] == refused
        else:
            with pytest.raises(ReferenceReused):
                answer.result()
            assert [type(refusal) for refusal in act()] == refused
    with reading(city[0]) as session:
        assert held(session, MERCHANT) == [6]


def test_reference_taken_in_the_same_moment(city: list[Sessions]) -> None:
    """Somebody takes one of the references while the batch is being posted: refused, rolled back, and none of the batch is in the books."""
    taken = threading.Event()
    tried = threading.Event()

    def first(sessions: Sessions) -> None:
        with transaction(sessions) as session:
            post(session, [transfer("x", "bank", MERCHANT, 5)], now=AT)
            taken.set()
            tried.wait(0.5)

    def second(sessions: Sessions) -> None:
        taken.wait()
        try:
            with transaction(sessions) as session:
                post(session, [transfer("a", "bank", "wallet:1", 7), transfer("x", "bank", MERCHANT, 6)], now=AT)
        finally:
            tried.set()

    answers = at_once(city, [first, second])
    assert isinstance(answers[1], ReferenceReused)
    with reading(city[0]) as session:
        assert held(session, "wallet:1", MERCHANT) == [0, 5]
