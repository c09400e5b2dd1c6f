"""A city behind HTTP in which taps are in doubt."""

from dataclasses import dataclass
from pathlib import Path

from api import create_app
from citizencard.config import Settings
from citizencard.db import Sessions
from citizencard.keys.vault import SoftwareVault
from tests.api.doors import shared_doors
from tests.api.world import Clock, World
from tests.citizencard.purse.uploads.make_records import City
from tests.citizencard.settlement.findings.make_findings import doubtful_day, ids
from tests.citizencard.staff.make_staff import CHEAP


@dataclass(frozen=True)
class Doubts:
    """The city, and the numbers of its records in the order of their taps, see `doubtful_day`."""

    world: World
    city: City
    records: tuple[int, ...]


def in_doubt(sessions: Sessions, vault: SoftwareVault, clock: Clock, folder: Path) -> Doubts:
    """Play the day, and put the application before it."""
    city = doubtful_day(sessions, vault, clock())
    settings = Settings("sqlite:///unused", folder / "vault", folder / "passphrase", "test")
    app = create_app(settings, vault, sessions, now=clock, passwords=CHEAP, doors=shared_doors)
    return Doubts(World(app, sessions, vault, clock), city, tuple(ids(sessions)))
