"""A city's books for measuring: purses with money, one merchant and a bank, and purchases without end."""

import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from bench.ledger.sizes import FUNDS_FEN, MOST_FEN
from citizencard.db import Sessions, make_engine, make_sessions, transaction
from ledger import AccountType, NewAccount, Transfer, open_accounts, open_first_day, post
from ledger.accounts import MAX_ACCOUNTS_AT_ONCE

BANK = "bank:float"
MERCHANT = "merchant:mer_00000000000000000001:clearing"
FRESH = "merchant:mer_00000000000000000002:clearing"
"""A merchant that nobody ever bought from."""
KIND = "purchase"
_NAME_BYTES = 12
_DRAWN = 1_000


def purse(number: int) -> str:
    """Code of a purse, as long as the city's own."""
    return f"purse:card_{number:020d}"


def open_city(address: str, cards: int) -> None:
    """Open a day, the bank, two derived merchants and the purses, locked and with a floor; put money into each purse."""
    engine = make_engine(address)
    sessions = make_sessions(engine)
    now = datetime.now(UTC)
    with transaction(sessions) as session:
        open_first_day(session, now.date(), now=now)
        merchants = [
            NewAccount(code, AccountType.LIABILITY, "merchant:<m>:clearing", locked=False) for code in (MERCHANT, FRESH)
        ]
        open_accounts(session, [NewAccount(BANK, AccountType.ASSET, "bank:float", locked=False), *merchants])
    for first in range(0, cards, MAX_ACCOUNTS_AT_ONCE):
        _open_purses(sessions, range(first, min(first + MAX_ACCOUNTS_AT_ONCE, cards)), now)
    engine.dispose()


def _open_purses(sessions: Sessions, numbers: range, now: datetime) -> None:
    with transaction(sessions) as session:
        open_accounts(
            session,
            [
                NewAccount(purse(number), AccountType.LIABILITY, "purse:<card>", locked=True, floor_fen=0)
                for number in numbers
            ],
        )
    with transaction(sessions) as session:
        post(
            session,
            [Transfer(f"fund:{number}", BANK, purse(number), FUNDS_FEN, "load", now) for number in numbers],
            now=now,
        )


@dataclass(frozen=True, slots=True)
class Purchases:
    """Purchases at the one merchant, by purses drawn by lot; each has a reference that nobody else has.

    Args:
        cards: how many purses there are.
        seed: of whoever buys: no two who buy at once have the same.
    """

    cards: int
    seed: str

    def __iter__(self) -> Iterator[Transfer]:
        """One purchase after the other, for ever."""
        chance = random.Random(self.seed)
        while True:
            # Many at once: whoever measures pays for the drawing too. References are drawn by lot, as the city's opaque ids are: their
            # places in the index are all over it.
            names = secrets.token_hex(_NAME_BYTES * _DRAWN)
            cards = chance.choices(range(self.cards), k=_DRAWN)
            amounts_fen = chance.choices(range(1, MOST_FEN + 1), k=_DRAWN)
            for name, card, amount_fen in zip(_cut(names), cards, amounts_fen, strict=True):
                yield Transfer(f"purchase:{name}", purse(card), MERCHANT, amount_fen, KIND, datetime.now(UTC))


def _cut(names: str) -> Iterator[str]:
    length = 2 * _NAME_BYTES
    return (names[at : at + length] for at in range(0, len(names), length))
