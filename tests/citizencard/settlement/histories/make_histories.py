"""A city of two buses under a tariff with a daily cap, its uploads, and its nights."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from citizencard import chart
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.hsm import Hsm
from citizencard.purse.uploads.flow import take_batch
from citizencard.purse.uploads.models import TapAdjustment, TapRecord
from citizencard.purse.uploads.records import PurchaseRecord
from citizencard.settlement.flow import DayClosing, SettledDay, settle_day
from ledger import Transfer, balances, existing, open_day, post
from ledger.models import Account
from tests.citizencard.purse.uploads.make_records import MAKER, TARIFF, City, Device, TestCard, file_of, make_city, tap

CAP_FUND: Final = "cap_fund"
CAP: Final[dict[str, Any]] = {"name": "a_day", "classes": ["01"], "period": "day", "most": "3.00", "sponsor": CAP_FUND}


def with_rules(**rules: Any) -> dict[str, Any]:
    """The small city's tariff with further rules about rides."""
    return {**TARIFF, "transit": {**TARIFF["transit"], **rules}}


CAPPED: Final = with_rules(caps=[CAP])
LOADED_FEN: Final = 100_000


def load_chips(sessions: Sessions, cards: Iterable[TestCard], now: datetime, fen: int = LOADED_FEN) -> None:
    """Let money be on chips: without it no tap of theirs is covered."""
    loads = [
        Transfer(
            f"test:loaded:{card.card_id}", chart.till("T-1"), chart.purse(card.card_id), fen, "loaded", now, fact=True
        )
        for card in cards
    ]
    with transaction(sessions) as session:
        chart.open_missing(session, {code for load in loads for code in (load.debit, load.credit)})
        post(session, loads, now=now)


@dataclass
class Nights:
    """A city whose days are closed one after the other.

    Args:
        sessions, hsm, city: the city.
        now: its clock.
    """

    sessions: Sessions
    hsm: Hsm
    city: City
    now: datetime

    @classmethod
    def begin(cls, sessions: Sessions, hsm: Hsm, now: datetime, tariff: Mapping[str, Any] = CAPPED) -> "Nights":
        """Found the city under a tariff; its cards were loaded in time."""
        city = make_city(sessions, now, tariff)
        load_chips(sessions, (city.adult, city.senior, city.lost), now)
        return cls(sessions, hsm, city, now)

    def ride(
        self, minutes_ago: int, card: TestCard | None = None, bus: Device | None = None, **claims: Any
    ) -> PurchaseRecord:
        """An adult's full ride on the first bus, unless said otherwise."""
        fen = claims.pop("amount_fen", 180)
        return tap(
            bus or self.city.bus1, card or self.city.adult, self.now - timedelta(minutes=minutes_ago), fen, **claims
        )

    def upload(self, *records: PurchaseRecord) -> None:
        """Let the buses report; each record by the bus of its line."""
        for bus in (self.city.bus1, self.city.bus2):
            mine = [record for record in records if record.line == bus.line]
            if mine:
                take_batch(self.sessions, self.hsm, bus.terminal_id, file_of(bus, mine), self.now)

    def close(self, days: int = 1) -> SettledDay:
        """Close the open day and settle it; the next begins so many days later."""
        with reading(self.sessions) as session:
            day = open_day(session)
        return settle_day(self.sessions, DayClosing(day, day + timedelta(days=days)), MAKER, self.now)

    def due(self, card: TestCard | None = None) -> int:
        """What was given back to a card and waits for its holder, in fen."""
        return self.balance(chart.due((card or self.city.adult).card_id))

    def balance(self, code: str) -> int:
        """Of an account, in fen; 0 where there is none."""
        with reading(self.sessions) as session:
            return balances(session, [code])[code].balance_fen if existing(session, [code]) else 0

    def given(self) -> list[tuple[str, int, int, str]]:
        """What was given back: rule, number, fen, and the end of the reference."""
        with reading(self.sessions) as session:
            rows = session.scalars(select(TapAdjustment).order_by(TapAdjustment.id)).all()
        return [(row.rule, row.number, row.amount_fen, row.reference[len("adjust:tap:") + 32 :]) for row in rows]

    def verdicts(self) -> list[tuple[str | None, str, int]]:
        """What was said about each tap, and what sponsors pay for it, by its identity."""
        with reading(self.sessions) as session:
            rows = session.scalars(select(TapRecord).order_by(TapRecord.identity)).all()
        return [(row.identity, row.verdict, row.subsidy_fen) for row in rows]

    def books(self) -> dict[str, int]:
        """All accounts with what they hold, in fen."""
        with reading(self.sessions) as session:
            codes = list(session.scalars(select(Account.code).order_by(Account.code)))
            return {code: found.balance_fen for code, found in balances(session, codes).items()}


def on(record: PurchaseRecord, version: int) -> PurchaseRecord:
    """The same tap, saying that another version of the tariff priced it."""
    return replace(record, tariff_version=version)


def shuffled(records: Sequence[PurchaseRecord], order: Sequence[int]) -> list[PurchaseRecord]:
    """The records in another order."""
    return [records[index] for index in order]
