"""Kiosks for tests: two that are bound, a card with an account, and loads step by step as a kiosk would carry them."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.accounts.proof import PurchaseName, purchase_challenge
from citizencard.accounts.registry import link_card, open_account
from citizencard.accounts.top_ups import CashPaid, top_up
from citizencard.audit import Actor
from citizencard.cards.models import Card
from citizencard.cards.states import Deed
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.hsm import Hsm
from citizencard.merchants.registry import register_merchant
from citizencard.purse.loads.kiosks import flow
from citizencard.purse.loads.kiosks.claims import KioskLoadClaim, LoadEvidence, LoadWanted
from citizencard.purse.loads.models import LoadSource
from citizencard.terminals.models import TerminalKind
from citizencard.terminals.registry import BIND, NewBinding, bind_terminal, register_psam, register_terminal
from citizencard.terminals.shifts import sign_in
from hardware.card.bcd import bcd_date, bcd_time
from hardware.card.channel import send
from hardware.card.crypto import TTI_LOAD
from hardware.card.profile import KEY_INDEX, PURSE_AID
from hardware.card.purse import CreditForLoad, GetTransactionProve, InitializeForLoad, select_application
from hardware.emulator import EmulatedCard
from hardware.terminal.online import prove
from ledger import Transfer, balances, existing, post
from tests.citizencard.cards.make_cards import CLERK, issue_card
from tests.citizencard.purse.loads.make_loads import City
from tests.citizencard.purse.uploads.make_records import approved

START_FEN = 20_000
DUE_FEN = 5_000


@dataclass(frozen=True, slots=True)
class Kiosk:
    """A terminal that carries loads."""

    terminal_id: str
    number: bytes


@dataclass(frozen=True, slots=True)
class Hall:
    """A hall with two kiosks and a shop's gate, and a resident whose card has an account with ¥200 and ¥50 due.

    Args:
        city: till and day.
        kiosks: two kiosks, and a device of another kind.
        card, chip: the resident's.
        account_id: its account.
    """

    city: City
    kiosks: tuple[Kiosk, ...]
    card: Card
    chip: EmulatedCard
    account_id: str

    @classmethod
    def open(cls, sessions: Sessions, hsm: Hsm, now: datetime) -> "Hall":
        """Set everything up."""
        city = City.open(sessions, hsm, now)
        card, chip = issue_card(sessions, hsm, now)
        deed = Deed(CLERK, now)
        with transaction(sessions) as session:
            merchant = register_merchant(session, "City Hall", "shop", now=now)
            kinds = (TerminalKind.KIOSK, TerminalKind.POS, TerminalKind.PARKING_EXIT)
            kiosks = tuple(_kiosk(session, number, kind, merchant.id, now) for number, kind in enumerate(kinds, 71))
            account = open_account(session, card.person_id, deed)
            link_card(session, account.id, card.id, deed)
            top_up(session, CashPaid(account.id, START_FEN, city.till.id), deed)
            due = chart.due(card.id)
            chart.open_missing(session, [due])
            post(session, [Transfer("test:due", chart.till(city.till.id), due, DUE_FEN, "test", now)], now=now)
        return cls(city, kiosks, card, chip, account.id)

    def deed(self, kiosk: int = 0) -> Deed:
        """Of a kiosk, now."""
        return Deed(Actor("terminal", self.kiosks[kiosk].terminal_id), self.city.now)

    def name(self, trace: int = 1, kiosk: int = 0) -> PurchaseName:
        """Of an event at a kiosk."""
        return PurchaseName(self.kiosks[kiosk].number, 1, trace)

    def claim(
        self, amount_fen: int = 1_000, trace: int = 1, source: LoadSource = LoadSource.DUE, kiosk: int = 0
    ) -> KioskLoadClaim:
        """What a kiosk sends after it has asked the card."""
        name, date, time = self.name(trace, kiosk), bcd_date(self.city.now), bcd_time(self.city.now)
        self.chip.reset()
        send(self.chip, select_application(PURSE_AID))
        is_account = source is LoadSource.ACCOUNT
        proof = prove(self.chip, purchase_challenge(name, amount_fen, date + time)) if is_account else b""
        initialized = self.initialize(amount_fen, name.terminal)
        return KioskLoadClaim(name, self.card.serial, amount_fen, source, initialized, date, time, proof)

    def initialize(self, amount_fen: int, terminal: bytes) -> bytes:
        """The card's answer."""
        return send(self.chip, InitializeForLoad(KEY_INDEX, amount_fen, terminal).command())

    def begin(self, claim: KioskLoadClaim, kiosk: int = 0) -> flow.KioskLoadAnswer:
        """The kiosk sends it."""
        return flow.begin_load(self.city.sessions, self.city.hsm, claim, self.deed(kiosk))

    def credit(self, told: flow.KioskLoadAnswer) -> bytes:
        """The card credits itself, and gives the TAC."""
        assert told.date is not None
        assert told.time is not None
        assert told.mac2 is not None
        return CreditForLoad.parse(send(self.chip, CreditForLoad(told.date, told.time, told.mac2).command()))

    def wanted(self, load_id: str) -> LoadWanted:
        """This card's load."""
        return LoadWanted(load_id, self.card.serial)

    def by_tac(self, load_id: str, tac: bytes, kiosk: int = 0) -> flow.LoadStanding:
        """The kiosk sends a TAC."""
        return self.take(LoadEvidence(load_id, self.card.serial, self.kiosks[kiosk].number, tac=tac), kiosk)

    def take(self, evidence: LoadEvidence, kiosk: int = 0) -> flow.LoadStanding:
        """The kiosk sends what the card has said."""
        return flow.take_evidence(self.city.sessions, self.city.hsm, evidence, self.deed(kiosk))

    def probe(self, load_id: str, kiosk: int = 0) -> flow.ProbeAnswer:
        """The kiosk asks what to ask the card."""
        return flow.begin_probe(self.city.sessions, self.wanted(load_id), self.deed(kiosk))

    def probed(self, load_id: str, kiosk: int = 0) -> LoadEvidence:
        """The card's answer to a probe."""
        asked = self.probe(load_id, kiosk)
        assert asked.probe is not None
        self.chip.reset()
        send(self.chip, select_application(PURSE_AID))
        initialized = self.initialize(asked.amount_fen, asked.probe)
        return LoadEvidence(load_id, self.card.serial, self.kiosks[kiosk].number, initialized=initialized)

    def stored_tac(self, load_id: str) -> bytes:
        """The TAC that the card has kept."""
        asked = self.probe(load_id)
        assert asked.online_seq is not None
        self.chip.reset()
        send(self.chip, select_application(PURSE_AID))
        return GetTransactionProve.parse(
            send(self.chip, GetTransactionProve(TTI_LOAD, asked.online_seq + 1).command())
        ).tac

    def give_back(self, load_id: str, kiosk: int = 0) -> flow.LoadStanding:
        """The resident changes his mind."""
        return flow.give_back_at_kiosk(self.city.sessions, self.wanted(load_id), self.deed(kiosk))

    def money(self) -> dict[str, int]:
        """Account, due, on its way, and the chip's shadow, in fen; what is zero is left out."""
        codes = {
            "wallet": chart.wallet(self.account_id),
            "due": chart.due(self.card.id),
            "inload": chart.inload(self.card.id),
            "purse": chart.purse(self.card.id),
            "owed": chart.owed("holder", self.card.id),
        }
        with reading(self.city.sessions) as session:
            found = balances(session, sorted(existing(session, list(codes.values()))))
        return {
            name: found[code].balance_fen for name, code in codes.items() if code in found and found[code].balance_fen
        }


def _kiosk(session: Session, number: int, kind: TerminalKind, merchant_id: str, now: datetime) -> Kiosk:
    terminal = register_terminal(session, f"Kiosk {number}", kind, now=now)
    terminal_number, serial = bytes.fromhex(f"3302{number:08d}"), bytes.fromhex(f"3302{number:016d}")
    register_psam(session, serial, terminal_number, now=now)
    binding = NewBinding(terminal.id, serial, merchant_id, None, now)
    bind_terminal(session, binding, approved(session, BIND, binding.payload(), now), now=now)
    sign_in(session, terminal.id, "1.0", now=now)
    return Kiosk(terminal.id, terminal_number)
