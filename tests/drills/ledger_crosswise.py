"""Batches over the same accounts in opposite order, from several processes: nobody waits for anybody crosswise."""

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from citizencard.db import Sessions, make_engine, make_sessions, reading, transaction
from ledger import Transfer, post, post_each
from tests.drills.ledger_crowds import Findings, fund_wallets
from tests.ledger.make import AT, held, transfer

PROCESSES: Final = 6
WALLETS: Final = tuple(f"wallet:x{number}" for number in range(6))
START_FEN: Final = 1_000_000
STATISTICS_S: Final = 1.5
"""PostgreSQL tells its counters a little later."""


def batch_of(number: int) -> Sequence[Transfer]:
    """Moves round the circle of wallets: one way when the number is even, the other way when it is odd; each begins somewhere else."""
    chance = random.Random(number)
    order = list(range(len(WALLETS)))
    order = order[number % len(order) :] + order[: number % len(order)]
    if number % 2:
        order.reverse()
    return [
        transfer(f"x{number}:{place}", WALLETS[here], WALLETS[there], chance.randint(1, 9))
        for place, (here, there) in enumerate(zip(order, order[1:] + order[:1], strict=True))
    ]


def post_share(url: str, begin_at: float, numbers: Sequence[int]) -> list[str]:
    """Post batches in this process, a transaction each; what went wrong."""
    engine = make_engine(url)
    sessions = make_sessions(engine)
    wrong = []
    with reading(sessions) as session:
        session.execute(text("SELECT 1"))
    time.sleep(max(0.0, begin_at - time.time()))
    for number in numbers:
        try:
            with transaction(sessions) as session:
                if number % 3:
                    post(session, batch_of(number), now=AT)
                else:
                    refused = [one.refusal for one in post_each(session, batch_of(number), now=AT) if one.refusal]
                    wrong += [f"batch {number}: {refusal!r}" for refusal in refused]
        except OperationalError as error:
            wrong.append(f"batch {number}: {error.orig!r}")
    engine.dispose()
    return wrong


def race_crosswise(city: list[Sessions], batches: int, findings: Findings, start_within_s: float) -> None:
    """Opposite batches from six processes; afterwards no deadlock was counted and each wallet holds what the batches say."""
    fund_wallets(city, dict.fromkeys(WALLETS, START_FEN))
    before = _deadlocks(city[0])
    url = city[0].kw["bind"].url.render_as_string(hide_password=False)
    begin_at = time.time() + start_within_s
    # What the processes need is imported once, by the server that they are forked from.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        shares = [pool.submit(post_share, url, begin_at, range(mine, batches, PROCESSES)) for mine in range(PROCESSES)]
        for share in shares:
            findings.differences += share.result()
    time.sleep(STATISTICS_S)
    expected = Counter(dict.fromkeys(WALLETS, START_FEN))
    for number in range(batches):
        for new in batch_of(number):
            expected[new.debit] -= new.amount_fen
            expected[new.credit] += new.amount_fen
    with reading(city[0]) as session:
        findings.expect("money after opposite batches", held(session, *WALLETS), [expected[code] for code in WALLETS])
    findings.counts[f"opposite batches from {PROCESSES} processes"] += batches
    findings.counts["deadlocks"] += _deadlocks(city[0]) - before
    findings.expect("deadlocks", findings.counts["deadlocks"], 0)


def _deadlocks(sessions: Sessions) -> int:
    """How many the database has counted; SQLite has one writer, and none."""
    if sessions.kw["bind"].dialect.name == "sqlite":
        return 0
    with reading(sessions) as session:
        found: int = session.execute(
            text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        ).scalar_one()
    return found
