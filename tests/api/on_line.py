"""A till and the two gates of a lot behind HTTP, and a resident with a real (emulated) card and an account."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from werkzeug.test import TestResponse

from citizencard.accounts.registry import link_card, open_account
from citizencard.accounts.top_ups import CashPaid, top_up
from citizencard.accounts.views import account_view
from citizencard.cards.states import Deed
from citizencard.db import reading, transaction
from citizencard.staff.permissions import Role
from hardware.card.bcd import bcd_date, bcd_time
from hardware.emulator import EmulatedCard
from hardware.terminal.online import challenge, prove, read_serial
from hardware.terminal.traces import EventName
from tests.api.registry import TARIFF, Equipped, approve, equip
from tests.api.test_journey import issue_card
from tests.api.world import World, ok
from tests.citizencard.cards.make_cards import CLERK
from tests.citizencard.parking.make_parking import LOT, RULE

START_FEN = 10_000


@dataclass
class Holder:
    """A resident with a card and an account."""

    world: World
    chip: EmulatedCard
    card_id: str
    account_id: str

    @classmethod
    def appear(cls, world: World) -> "Holder":
        """Card issued over HTTP; account with ¥100."""
        card, chip = issue_card(world)
        admin = world.as_(Role.SYSTEM_ADMIN)
        outlet = ok(admin.post("/v1/outlets", {"name": "中心网点"}))
        till = ok(admin.post("/v1/tills", {"outlet_id": outlet["id"], "name": "1"}))
        deed = Deed(CLERK, world.clock())
        with transaction(world.sessions) as session:
            account = open_account(session, None, deed)
            link_card(session, account.id, card["id"], deed)
            top_up(session, CashPaid(account.id, START_FEN, till["id"]), deed)
        chip.reset()
        return cls(world, chip, card["id"], account.id)

    @property
    def balance_fen(self) -> int:
        with reading(self.world.sessions) as session:
            return account_view(session, self.account_id).balance_fen


@dataclass
class Post:
    """A terminal that works on line: batch 1, and a trace that the test counts."""

    world: World
    equipped: Equipped

    @classmethod
    def stand(cls, world: World, merchant_id: str, name: str, kind: str = "pos") -> "Post":
        """Registered, bound, signed in."""
        equipped = equip(world, name, kind=kind)
        body = {
            "terminal_id": equipped.terminal["id"],
            "psam_id": equipped.psam["id"],
            "merchant_id": merchant_id,
            "line": None,
        }
        proposed = ok(world.as_(Role.STOCK_KEEPER).post("/v1/terminal-bindings", body))
        approve(world, proposed["approval_id"])
        ok(equipped.device.post("/terminals/sign-ins", {"psam_serial": equipped.psam["psam_serial"]}))
        return cls(world, equipped)

    @property
    def terminal_id(self) -> str:
        return str(self.equipped.terminal["id"])

    def name(self, trace: int) -> dict[str, Any]:
        return EventName(bytes.fromhex(self.equipped.psam["terminal_number"]), 1, trace).as_json()

    def seen(self, holder: Holder) -> dict[str, Any]:
        """The card and the time, as a request tells them."""
        at = self.world.clock()
        date, time = bcd_date(at).hex().upper(), bcd_time(at).hex().upper()
        return {"card_serial": read_serial(holder.chip).hex().upper(), "date": date, "time": time}

    def signed(self, holder: Holder, amount_fen: int, trace: int) -> dict[str, Any]:
        """A request that the card has signed for."""
        number = bytes.fromhex(self.equipped.psam["terminal_number"])
        body = {**self.name(trace), **self.seen(holder), "amount_fen": amount_fen}
        proof = prove(holder.chip, challenge(EventName(number, 1, trace), amount_fen, self.world.clock()))
        return {**body, "proof": proof.hex().upper()}

    def post(self, path: str, body: dict[str, Any]) -> TestResponse:
        self.equipped.device.now = self.world.clock()
        return self.equipped.device.post(path, body)


@dataclass
class Lot:
    """The gates of a lot."""

    entry: Post
    exit: Post

    @classmethod
    def open(cls, world: World) -> "Lot":
        """Tariff, company, gates: all over HTTP."""
        merchant = ok(world.as_(Role.FINANCE).post("/v1/merchants", {"name": "City Parking", "kind": "parking"}))
        document = {**TARIFF, "parking": {LOT: RULE}}
        body = {"effective_from": "2026-01-01T00:00:00+08:00", "document": document}
        approve(world, ok(world.as_(Role.FINANCE).post("/v1/tariff-versions", body))["approval_id"])
        posts = [Post.stand(world, merchant["id"], f"gate {direction}") for direction in ("entry", "exit")]
        for post, direction in zip(posts, ("entry", "exit"), strict=True):
            gate = {"terminal_id": post.terminal_id, "merchant_id": merchant["id"], "lot": LOT, "direction": direction}
            ok(world.as_(Role.STOCK_KEEPER).post("/v1/parking-gates", gate))
        return cls(posts[0], posts[1])

    def pass_time(self, minutes: int) -> None:
        self.entry.world.clock.advance(timedelta(minutes=minutes))
