"""What stands in the navigation of the console and of the portal. An entry that somebody's roles do not open is not shown to him."""

from dataclasses import dataclass
from typing import Final

from api.routes import Door


@dataclass(frozen=True, slots=True)
class Entry:
    """A place in the navigation.

    Args:
        path: of the page; it must be in the table of routes.
        text: its name in the catalogue.
    """

    path: str
    text: str


CONSOLE: Final[tuple[Entry, ...]] = (
    Entry("/console", "console.start"),
    Entry("/console/people/new", "console.nav.people"),
    Entry("/console/approvals", "console.nav.approvals"),
    Entry("/console/findings", "console.nav.findings"),
    Entry("/console/tariffs", "console.nav.tariffs"),
    Entry("/console/terminals", "console.nav.terminals"),
    Entry("/console/merchants", "console.nav.merchants"),
    Entry("/console/reader-agents", "console.nav.agents"),
)
PORTAL: Final[tuple[Entry, ...]] = (
    Entry("/portal", "portal.nav.start"),
    Entry("/portal/cards", "portal.nav.cards"),
    Entry("/portal/bills", "portal.nav.bills"),
    Entry("/portal/top-ups", "portal.nav.top_ups"),
    Entry("/portal/receipts", "portal.nav.receipts"),
    Entry("/portal/account", "portal.nav.account"),
)


def entries(door: Door) -> tuple[Entry, ...]:
    """All entries of the console or the portal, in their order."""
    return {Door.CONSOLE: CONSOLE, Door.PORTAL: PORTAL}.get(door, ())
