"""Days close, cuts are drawn, accounts folded and transfers sealed while eight writers post and readers look."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import count
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from citizencard.db import Sessions, make_engine, make_sessions, reading, transaction
from ledger import (
    NewHold,
    Settlement,
    balance,
    close_day,
    draw_cut,
    expire_holds,
    fold,
    hold,
    open_accounts,
    open_day,
    seal,
    settle_hold,
    total_day,
    trial_balance,
)
from ledger.errors import HoldExpired, LedgerBusy
from ledger.hot import post_hot
from tests.drills.ledger_crowds import Findings, fund_wallets
from tests.ledger.make import AT, merchant, transfer
from tests.ledger.racing import at_once, posting

WRITERS: Final = 8
READERS: Final = 2
SHARE: Final = 3
"""Every transaction pays a multiple of it to the merchant: a sum that is none would show half a transaction."""
PAUSE_S: Final = 0.02
MERCHANT: Final = "merchant:rolled:clearing"
SUMS: Final = text(
    "SELECT COALESCE(sum(CASE WHEN t.debit_id = a.id THEN t.amount_fen END), 0),"
    " COALESCE(sum(CASE WHEN t.credit_id = a.id THEN t.amount_fen END), 0)"
    " FROM ledger_account a LEFT JOIN ledger_transfer t ON t.debit_id = a.id OR t.credit_id = a.id WHERE a.code = :code"
)
COUNTED: Final = text(
    "SELECT count(*), COALESCE(sum(amount_fen), 0) FROM ledger_transfer WHERE id > :low AND id <= :cut"
)


class Rolling:
    """A while of writing, rolling and reading.

    Args:
        city: connections.
        seconds: how long.
    """

    def __init__(self, city: list[Sessions], seconds: float) -> None:
        self.city = city
        self.seconds = seconds
        self.findings = Findings()
        self.cuts: list[tuple[int, int, int, int]] = []
        self._over = threading.Event()
        self._lock = threading.Lock()

    def run(self) -> Findings:
        """Do it all at once, then look at every cut again."""
        with transaction(self.city[0]) as session:
            open_accounts(session, [merchant(MERCHANT)])
        fund_wallets(self.city, {f"wallet:w{number}": 1_000_000 for number in range(WRITERS)})
        watchers = [self._whole_look, self._quick_look] * (READERS // 2)
        rollers = [self._close, self._cut, self._fold, self._seal, self._expire]
        works = [self._until_over(work) for work in (*rollers, *watchers)]
        works += [self._until_over(self._write(writer)) for writer in range(WRITERS)]
        works.append(self._end)
        refused = [answer for answer in at_once(self.city, works) if answer is not None]
        self.findings.expect("refusals while rolling", refused, [])
        with reading(self.city[0]) as session:
            for low, cut, transfers, total_fen in self.cuts:
                found = tuple(session.execute(COUNTED, {"low": low, "cut": cut}).one())
                self.findings.expect(f"behind the cut {cut}", found, (transfers, total_fen))
        self.findings.counts["cuts counted twice"] = len(self.cuts)
        return self.findings

    def _end(self, _sessions: Sessions) -> None:
        self._over.wait(self.seconds)
        self._over.set()

    def _until_over(self, work: Callable[[Sessions], str]) -> Callable[[Sessions], None]:
        def act(sessions: Sessions) -> None:
            done: Counter[str] = Counter()
            try:
                while not self._over.is_set():
                    try:
                        done[work(sessions)] += 1
                    except LedgerBusy:
                        done["times too busy"] += 1
                    except OperationalError:
                        # SQLite lets writers poll for their turn, and one of so many may go without for fifteen seconds.
                        if sessions.kw["bind"].dialect.name != "sqlite":
                            raise
                        done["times without a turn"] += 1
            finally:
                self._over.set()
                with self._lock:
                    self.findings.counts.update(done)

        return act

    def _write(self, writer: int) -> Callable[[Sessions], str]:
        numbers = count()
        code = f"wallet:w{writer}"

        def act(sessions: Sessions) -> str:
            number = next(numbers)
            name = f"w{writer}:{number}"
            if number % 4 == 0:
                posting(*(transfer(f"{name}:{part}", "bank", MERCHANT, 1) for part in range(SHARE)))(sessions)
            elif number % 4 == 1:
                back = [transfer(f"{name}:{part}", MERCHANT, "bank", 1) for part in range(2)]
                posting(*back, transfer(name, code, MERCHANT, SHARE))(sessions)
            elif number % 4 == 2:
                with sessions.kw["bind"].connect() as connection:
                    post_hot(connection, transfer(name, code, MERCHANT, SHARE), now=AT)
            else:
                self._reserve(sessions, code, name, settle=number % 8 == 3)
            return "transactions written"

        return act

    def _reserve(self, sessions: Sessions, code: str, name: str, *, settle: bool) -> None:
        with transaction(sessions) as session:
            hold(session, NewHold(name, code, MERCHANT, 2 * SHARE, "fuel", AT, AT + timedelta(minutes=1)), now=AT)
        if settle:
            # The sweep may have been quicker.
            with suppress(HoldExpired), transaction(sessions) as session:
                settle_hold(session, Settlement(name, 1, SHARE, AT, final=True), now=AT)

    def _close(self, sessions: Sessions) -> str:
        with reading(sessions) as session:
            day = open_day(session)
        with transaction(sessions) as session:
            low = session.execute(text("SELECT COALESCE(max(cut_id), 0) FROM ledger_day")).scalar_one()
        with transaction(sessions) as session:
            cut = close_day(session, day, day + timedelta(days=1), now=AT).cut_id
        self._count(sessions, low, cut)
        with transaction(sessions) as session:
            total_day(session, day)
        self._over.wait(PAUSE_S)
        return "days closed"

    def _cut(self, sessions: Sessions) -> str:
        with transaction(sessions) as session:
            cut = draw_cut(session, AT)
        self._count(sessions, max(0, cut - 500), cut)
        self._over.wait(PAUSE_S)
        return "cuts drawn"

    def _count(self, sessions: Sessions, low: int, cut: int) -> None:
        """What is up to the cut now must be there for ever, and nothing more."""
        with reading(sessions) as session:
            transfers, total_fen = session.execute(COUNTED, {"low": low, "cut": cut}).one()
        with self._lock:
            self.cuts.append((low, cut, transfers, total_fen))

    def _fold(self, sessions: Sessions) -> str:
        with transaction(sessions) as session:
            done = fold(session, now=AT, limit=100)
        self._over.wait(0 if done.has_more else PAUSE_S)
        return "folds" if done.accounts else "folds of nothing"

    def _seal(self, sessions: Sessions) -> str:
        with transaction(sessions) as session:
            done = seal(session, now=AT, limit=100)
        self._over.wait(0 if done else PAUSE_S)
        return "seals" if done else "seals of nothing"

    def _expire(self, sessions: Sessions) -> str:
        self._over.wait(PAUSE_S)
        with transaction(sessions) as session:
            expired = expire_holds(session, AT + timedelta(minutes=2), limit=5)
        return "sweeps of holds" if expired else "sweeps of nothing"

    def _whole_look(self, sessions: Sessions) -> str:
        """One snapshot of the database for several statements: the balance is the sum, debits are credits."""
        engine = sessions.kw["bind"]
        if engine.dialect.name == "postgresql":
            sessions = make_sessions(engine.execution_options(isolation_level="REPEATABLE READ"))
        with reading(sessions) as session:
            for code in (MERCHANT, "bank"):
                found = balance(session, code)
                sums = tuple(int(each) for each in session.execute(SUMS, {"code": code}).one())
                self._expect(f"balance of {code}", (found.debits_fen, found.credits_fen), sums)
            totals = trial_balance(session)
        self._expect("debits and credits", totals.total_debits_fen, totals.total_credits_fen)
        return "whole looks"

    def _quick_look(self, sessions: Sessions) -> str:
        """Each statement sees its own moment: the balance lies between the sums before and after it, and shows no half transaction."""
        with reading(sessions) as session:
            before = int(session.execute(SUMS, {"code": MERCHANT}).one()[1])
        with reading(sessions) as session:
            found = balance(session, MERCHANT).credits_fen
        with reading(sessions) as session:
            after = int(session.execute(SUMS, {"code": MERCHANT}).one()[1])
        self._expect("balance in order of time", before <= found <= after, True)
        self._expect("half a transaction", found % SHARE, 0)
        return "quick looks"

    def _expect(self, what: str, found: object, expected: object) -> None:
        with self._lock:
            self.findings.expect(what, found, expected)


def roll(url: str, city: list[Sessions], seconds: float, findings: Findings) -> None:
    """Write, roll and read for a while. A clock that stands still is what the ledger must bear as well."""
    began = time.monotonic()
    done = Rolling(city, seconds).run()
    findings.counts.update(done.counts)
    findings.differences += done.differences
    engine = make_engine(url)
    sessions = make_sessions(engine)
    with transaction(sessions) as session:
        draw_cut(session, AT)
    for work in (fold, seal):
        with transaction(sessions) as session:
            work(session, now=AT)
    engine.dispose()
    findings.counts["seconds of rolling"] += round(time.monotonic() - began)
