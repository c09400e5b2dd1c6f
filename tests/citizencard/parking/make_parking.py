"""A lot with a gate in and a gate out, in the small city of the on-line accounts; priced by the published rule."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final

from sqlalchemy.orm import Session

from citizencard.accounts.proof import PurchaseName, purchase_challenge
from citizencard.accounts.reversals import ReversalAnswer
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.hsm import Hsm
from citizencard.merchants.registry import register_merchant
from citizencard.parking.entries import EntryAnswer, enter_lot
from citizencard.parking.exits import ExitAnswer
from citizencard.parking.flow import leave
from citizencard.parking.gates import NewGate, assign_gate
from citizencard.parking.models import Direction, ParkingStay
from citizencard.parking.passages import EntryClaim, ExitClaim
from citizencard.parking.reversals import take_back
from citizencard.parking.stays import StayQuote, quote_stay
from citizencard.parking.views import StayView, stays_of_card
from citizencard.tariffs.versions import PUBLISH, publish, publish_payload
from citizencard.terminals.registry import BIND, NewBinding, bind_terminal, register_psam, register_terminal
from citizencard.terminals.shifts import sign_in
from hardware.card.files import bcd_date, bcd_time
from tests.citizencard.accounts.make_accounts import Shop, card_answer
from tests.citizencard.purse.uploads.make_records import TARIFF, TestCard, approved

LOT: Final = "east_street"
RULE: Final[Mapping[str, Any]] = {
    "title": "太仓路内停车",
    "free": {"minutes": 30},
    "period": "24_hours",
    "charges": [
        {
            "when": {"hours": {"from": "07:00", "until": "21:00"}},
            "steps": [
                {"up_to_minutes": 60, "each_minutes": 60, "price": "5.00"},
                {"each_minutes": 30, "price": "2.00"},
            ],
        }
    ],
    "most_a_period": "40.00",
}
"""Taicang's streets: up to 30 minutes free, up to an hour 5 yuan, then 2 for each half hour, at most 40 in 24 hours, 7:00 to 21:00."""
MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Gate:
    """A terminal at the lot."""

    terminal_id: str
    number: bytes

    def name(self, trace: int, batch: int = 1) -> PurchaseName:
        """A passage's name."""
        return PurchaseName(self.number, batch, trace)


@dataclass(frozen=True)
class Lot:
    """The lot, its merchant, its gates, and the city around it."""

    shop: Shop
    merchant_id: str
    entry: Gate
    exit: Gate

    @classmethod
    def open(cls, sessions: Sessions, hsm: Hsm, now: datetime) -> "Lot":
        """Set everything up."""
        shop = Shop.open(sessions, hsm, now)
        with transaction(sessions) as session:
            set_rule(session, RULE, 4, now - timedelta(hours=12))
            merchant = register_merchant(session, "City Parking", "parking", now=now)
            gates = [make_gate(session, number, merchant.id, shop) for number in (901, 902)]
            for gate, direction in zip(gates, Direction, strict=True):
                assign_gate(session, NewGate(gate.terminal_id, merchant.id, LOT, direction), shop.deed())
        return cls(shop, merchant.id, *gates)

    @cached_property
    def sessions(self) -> Sessions:
        return self.shop.sessions

    @property
    def now(self) -> datetime:
        return self.shop.now

    @property
    def adult(self) -> TestCard:
        return self.shop.city.adult

    def after(self, minutes: int) -> datetime:
        """So many minutes after the usual entry."""
        return self.now + minutes * MINUTE

    def entry_claim(self, trace: int = 1, at: datetime | None = None, card: TestCard | None = None) -> EntryClaim:
        when = at or self.now
        return EntryClaim(self.entry.name(trace), (card or self.adult).serial, bcd_date(when), bcd_time(when))

    def enter(
        self, trace: int = 1, at: datetime | None = None, card: TestCard | None = None, now: datetime | None = None
    ) -> EntryAnswer:
        """A car comes to the gate in."""
        with transaction(self.sessions) as session:
            claim = self.entry_claim(trace, at, card)
            return enter_lot(session, self.entry.terminal_id, claim, now or at or self.now)

    def quote(self, minutes: int, card: TestCard | None = None) -> StayQuote:
        """The gate out asks."""
        with reading(self.sessions) as session:
            return quote_stay(session, self.exit.terminal_id, (card or self.adult).serial, self.after(minutes))

    def exit_claim(self, minutes: int, amount_fen: int, trace: int = 1, card: TestCard | None = None) -> ExitClaim:
        used, when = card or self.adult, self.after(minutes)
        name, date, time = self.exit.name(trace), bcd_date(when), bcd_time(when)
        proof = card_answer(used.serial, purchase_challenge(name, amount_fen, date + time))
        return ExitClaim(name, used.serial, amount_fen, date, time, proof)

    def ask_to_leave(self, claim: ExitClaim, now: datetime | None = None) -> ExitAnswer:
        """The gate out sends it."""
        return leave(self.sessions, self.shop.hsm, self.exit.terminal_id, claim, now or claim.happened_at)

    def leave(self, minutes: int, amount_fen: int, trace: int = 1, card: TestCard | None = None) -> ExitAnswer:
        """A car comes to the gate out."""
        return self.ask_to_leave(self.exit_claim(minutes, amount_fen, trace, card))

    def forged(self, claim: ExitClaim) -> ExitClaim:
        """The same without the card."""
        return replace(claim, proof=bytes(8))

    def take_back(self, trace: int = 1) -> ReversalAnswer:
        """The gate out reverses what it asked for under this name."""
        with transaction(self.sessions) as session:
            return take_back(session, self.exit.terminal_id, self.exit.name(trace), self.now)

    def stays(self, card: TestCard | None = None) -> list[StayView]:
        """The card's stays, newest first."""
        with reading(self.sessions) as session:
            return stays_of_card(session, (card or self.adult).card_id)

    def stay(self, stay_id: str | None) -> ParkingStay:
        """A stay's row."""
        with reading(self.sessions) as session:
            return session.get_one(ParkingStay, stay_id)

    def wallet_fen(self) -> int:
        """What the resident's account holds; the books must prove."""
        return self.shop.money()[0]


def set_rule(session: Session, rule: Mapping[str, Any], version: int, since: datetime) -> None:
    """Publish a tariff with this rule for the lot."""
    document = TARIFF | {"version": version, "effective_from": since.isoformat(), "parking": {LOT: dict(rule)}}
    publish(session, document, approved(session, PUBLISH, publish_payload(document), since), now=since)


def make_gate(session: Session, number: int, merchant_id: str, shop: Shop) -> Gate:
    """A terminal that is bound to a merchant and has signed in once, standing nowhere."""
    now = shop.now - timedelta(hours=1)
    terminal = register_terminal(session, f"Gate {number}", "parking_entry", now=now)
    terminal_number, psam_serial = bytes.fromhex(f"3302{number:08d}"), bytes.fromhex(f"3302{number:016d}")
    register_psam(session, psam_serial, terminal_number, now=now)
    binding = NewBinding(terminal.id, psam_serial, merchant_id, None, now)
    bind_terminal(session, binding, approved(session, BIND, binding.payload(), now), now=now)
    sign_in(session, terminal.id, "1.0", now=now)
    return Gate(terminal.id, terminal_number)
