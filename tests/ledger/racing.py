"""Starting many at the same instant."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from typing import TypeVar

from citizencard.db import Sessions, transaction
from ledger import Transfer, post
from ledger.errors import LedgerError
from tests.ledger.make import AT

Result = TypeVar("Result")


def at_once(
    city: list[Sessions], actions: list[Callable[[Sessions], Result]], refusal: type[LedgerError] = LedgerError
) -> list[Result | LedgerError]:
    """Start all actions at the same instant; what each returned, or how it was refused."""
    gate = threading.Barrier(len(actions))

    def run(action: Callable[[Sessions], Result], sessions: Sessions) -> Result | LedgerError:
        gate.wait()
        try:
            return action(sessions)
        except refusal as error:
            return error

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions, cycle(city)))


def posting(*transfers: Transfer) -> Callable[[Sessions], bool]:
    """An action: post in a transaction of its own; whether anything was new."""

    def act(sessions: Sessions) -> bool:
        with transaction(sessions) as session:
            return not all(posted.replayed for posted in post(session, transfers, now=AT))

    return act
