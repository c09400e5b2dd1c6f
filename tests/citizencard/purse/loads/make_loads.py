"""Loads for tests: a city with an open business day and a till, and loads through the real job."""

from dataclasses import dataclass
from datetime import datetime

from citizencard import chart
from citizencard.cards.models import Card
from citizencard.cards.reader_jobs import JobContext, JobOrder, JobStep, Workbench
from citizencard.cards.states import Deed
from citizencard.clock import beijing_date
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.hsm import Hsm
from citizencard.purse.loads.flow import LOAD, LOADED
from citizencard.purse.loads.kinds import READER_JOBS
from citizencard.purse.loads.loads import LoadWish, find_load, give_back, request_load
from citizencard.purse.loads.models import Load
from citizencard.purse.loads.recovery import RECOVER_LOAD
from citizencard.staff.models import Till
from citizencard.staff.outlets import open_outlet, open_till
from hardware.card.channel import send
from hardware.card.profile import PURSE_AID
from hardware.card.purse import GetBalance, select_application
from hardware.emulator import EmulatedCard
from ledger import balances, open_first_day
from tests.citizencard.cards.make_cards import CLERK
from tests.citizencard.cards.reader import Workstation


@dataclass(frozen=True, slots=True)
class Money:
    """What the books say about one card, in fen."""

    purse: int = 0
    inload: int = 0
    till: int = 0
    due: int = 0
    owed: int = 0


@dataclass(frozen=True, slots=True)
class City:
    """A city with an open day and one till.

    Args:
        sessions, hsm, now: of the test.
        till: where cash is paid in.
    """

    sessions: Sessions
    hsm: Hsm
    now: datetime
    till: Till

    @classmethod
    def open(cls, sessions: Sessions, hsm: Hsm, now: datetime) -> "City":
        """Open the first business day and a till."""
        with transaction(sessions) as session:
            open_first_day(session, beijing_date(now), now=now)
            outlet = open_outlet(session, "中心网点", CLERK, now)
            till = open_till(session, outlet.id, "A", CLERK, now)
        return cls(sessions, hsm, now, till)

    @property
    def bench(self) -> Workbench:
        """The server's side of reader jobs."""
        return Workbench(self.sessions, self.hsm, READER_JOBS)

    def deed(self) -> Deed:
        """Of the clerk, now."""
        return Deed(CLERK, self.now)

    def request(self, card: Card, amount_fen: int = 10_000) -> Load:
        """Ask for a load in cash."""
        with transaction(self.sessions) as session:
            return request_load(session, LoadWish(card.id, amount_fen, self.till.id), self.deed())

    def station(self, chip: EmulatedCard) -> Workstation:
        """An honest workstation with this chip, freshly powered, in its reader."""
        chip.reset()
        return Workstation(self.bench, chip)

    def load_order(self, load: Load, chip: EmulatedCard) -> JobOrder:
        """The job that loads."""
        return JobOrder(LOAD, load.id, chip.atr, CLERK)

    def load(self, load: Load, chip: EmulatedCard) -> JobStep:
        """Run the job that loads, to its end."""
        return self.station(chip).run(self.load_order(load, chip), self.now)

    def recover_order(self, load: Load, chip: EmulatedCard) -> JobOrder:
        """The job that finds out what became of a load."""
        return JobOrder(RECOVER_LOAD, load.id, chip.atr, CLERK)

    def recover(self, load: Load, chip: EmulatedCard) -> JobStep:
        """Run that job to its end."""
        return self.station(chip).run(self.recover_order(load, chip), self.now)

    def give_back(self, load: Load) -> Load:
        """The clerk's decision after a disproof."""
        with transaction(self.sessions) as session:
            return give_back(session, load.id, self.deed())

    def context(self, step: JobStep, load: Load) -> JobContext:
        """What a step of the load's job gets, to run a part of it alone."""
        return JobContext(self.sessions, self.hsm, step.job_id, load.id, CLERK, self.now)

    def loaded(self, card: Card, chip: EmulatedCard, amount_fen: int = 10_000) -> Load:
        """A load that went well."""
        load = self.request(card, amount_fen)
        assert self.load(load, chip).outcome == LOADED
        return self.stored(load)

    def stored(self, load: Load) -> Load:
        """The load as the database has it."""
        with reading(self.sessions) as session:
            found = find_load(session, load.id)
            session.expunge_all()
        return found

    def money(self, card: Card) -> Money:
        """What the books say."""
        codes = {
            "purse": chart.purse(card.id),
            "inload": chart.inload(card.id),
            "till": chart.till(self.till.id),
            "due": chart.due(card.id),
            "owed": chart.owed("holder", card.id),
        }
        with reading(self.sessions) as session:
            found = balances(session, list(codes.values()))
        return Money(**{name: found[code].balance_fen for name, code in codes.items() if code in found})


def chip_balance(chip: EmulatedCard) -> int:
    """What is really on the chip."""
    chip.reset()
    send(chip, select_application(PURSE_AID))
    return GetBalance.parse(send(chip, GetBalance().command()))
