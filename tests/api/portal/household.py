"""A resident with a household, an account and a card, before a city whose payment provider is the stand-in of the tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from api import create_app
from citizencard import chart
from citizencard.billing.flow import link_household
from citizencard.billing.households import HouseholdClaim
from citizencard.cards.models import Card
from citizencard.config import Settings
from citizencard.db import Sessions, new_id, reading, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.payments.stripe import StripeGateway
from citizencard.payments.stripe_settings import StripeSettings
from citizencard.payments.stripe_transport import StripeTransport
from citizencard.residents.models import Resident
from ledger import balances, existing, prove
from tests.api.doors import shared_doors
from tests.api.web.browser import Browser
from tests.api.world import Clock, World
from tests.citizencard.billing.make_bills import HOUSE, SYSTEM, Waterworks
from tests.citizencard.cards.make_cards import CardWish, issue_card
from tests.citizencard.checkout.make_checkout import IMPATIENT
from tests.citizencard.staff.make_staff import CHEAP, PASSWORD
from tests.stripe_fake.server import KEY, StripeFake, running_fake

BILL_FEN = 4_950


@dataclass
class Home:
    """One household: `resident` is a browser in which its member has signed in, `neighbour` one of somebody else."""

    world: World
    works: Waterworks
    fake: StripeFake

    def window(self, person_id: str, language: str = "en") -> Browser:
        """A browser in which this person has signed in."""
        login = f"home-{person_id.removeprefix('per_')[:12]}"
        with transaction(self.world.sessions) as session:
            if session.query(Resident).filter_by(person_id=person_id).one_or_none() is None:
                session.add(
                    Resident(
                        id=new_id("res"),
                        person_id=person_id,
                        login=login,
                        password_hash=CHEAP.hash(PASSWORD),
                        failed_count=0,
                        registered_at=self.world.clock(),
                    )
                )
        browser = Browser(self.world, language)
        browser.get("/portal/sign-in")
        assert browser.send("/portal/sign-in", login=login, password=PASSWORD, follow=False).status_code == 303
        return browser

    def resident(self, language: str = "en") -> Browser:
        """The householder's browser."""
        return self.window(self.works.person_id, language)

    def neighbour(self) -> Browser:
        """Somebody else's browser."""
        return self.window(self.works.neighbour_id)

    def linked_bill(self, serial: str = "W1", **other: object) -> str:
        """A bill of the householder's household, which is linked."""
        bill_id = self.works.bill(serial, **other)
        claim = HouseholdClaim(self.works.person_id, self.works.service_id, HOUSE, serial)
        link_household(self.world.sessions, claim, SYSTEM, self.world.clock())
        return bill_id

    def later(self, **passed: float) -> None:
        """Time passes, here and at the provider."""
        self.world.clock.advance(timedelta(**passed))
        self.fake.books.now_s = int(self.world.clock().timestamp())

    def wallet_fen(self) -> int:
        """What the householder's account holds; the books must prove."""
        return self._fen(chart.wallet(self.works.account_id))

    def utility_fen(self) -> int:
        """What the utility is owed."""
        return self._fen(chart.clearing(self.works.merchant_id))

    def _fen(self, code: str) -> int:
        with reading(self.world.sessions) as session:
            assert prove(session).proved
            found = balances(session, sorted(existing(session, [code])))
        return found[code].balance_fen if code in found else 0


@contextmanager
def at_home(sessions: Sessions, vault: SoftwareVault, clock: Clock, folder: Path) -> Iterator[Home]:
    """Set everything up; each account holds ¥200."""
    works = Waterworks.open(sessions, clock())
    with running_fake() as fake:
        fake.books.now_s = int(clock().timestamp())
        gateway = StripeGateway(StripeTransport(StripeSettings(KEY, fake.address), IMPATIENT))
        settings = Settings("sqlite:///unused", folder / "vault", folder / "passphrase", "test")
        app = create_app(settings, vault, sessions, now=clock, passwords=CHEAP, gateway=gateway, doors=shared_doors)
        yield Home(World(app, sessions, vault, clock), works, fake)


def give_card(home: Home, person_id: str) -> Card:
    """An active card that pays from the account."""
    card, _ = issue_card(home.world.sessions, home.world.vault, home.world.clock(), CardWish(person_id=person_id))
    return card
