"""Every main page of the three faces, in both languages: with much on it, with little, with nothing."""

from typing import Final

import pytest
from playwright.sync_api import Browser

from citizencard.staff.permissions import Role
from tests.browser.family import LONG_NAME, Family, settle
from tests.browser.town import Town
from tests.browser.window import LOCALES, Window
from tests.citizencard.staff.make_staff import PASSWORD

TELL_ALL: Final = "document.querySelectorAll('[data-say]').forEach((one) => { one.hidden = false; })"
"""Let the reader's script say everything at once that it can say."""


@pytest.fixture(scope="module")
def family(town: Town) -> Family:
    """Somebody with a great deal of everything."""
    return settle(town)


def look(window: Window, places: dict[str, str]) -> None:
    """Open each place and look at it; who may not see it, or a wrong address, is a fault of the test."""
    for name, path in places.items():
        answer = window.open(path)
        assert answer.status == 200, path
        assert window.path == path.partition("?")[0], path
        window.seen(f"page-{name}")


@pytest.mark.parametrize("language", LOCALES)
def test_public_pages(chromium: Browser, town: Town, family: Family, language: str) -> None:
    """A newcomer, somebody who checks a slip, and whoever wants to sign in read everything in their language."""
    with Window(chromium, town, language=language) as window:
        look(
            window,
            {
                "home": "/",
                "docs": "/docs",
                "verify": f"/verify/{family.token}",
                "console-sign-in": "/console/sign-in",
                "portal-sign-in": "/portal/sign-in",
                "portal-register": "/portal/register",
                "portal-reset": "/portal/reset",
            },
        )


@pytest.mark.parametrize("language", LOCALES)
def test_portal(chromium: Browser, town: Town, family: Family, language: str) -> None:
    """A resident with a year of bills, a nine-digit one among them, finds every figure whole."""
    with Window(chromium, town, language=language) as window:
        window.open("/portal/sign-in")
        window.known.add("/portal/sign-in")
        window.fill(login=family.login, password=PASSWORD)
        window.send("/portal/sign-in")
        look(
            window,
            {
                "portal": "/portal",
                "portal-cards": "/portal/cards",
                "portal-card": f"/portal/cards/{family.rich_card}",
                "portal-loss": f"/portal/cards/{family.rich_card}/loss",
                "portal-bills": "/portal/bills",
                "portal-bill-huge": f"/portal/bills/{family.huge_bill}",
                "portal-bill-open": f"/portal/bills/{family.open_bill}",
                "portal-bill-paid": f"/portal/bills/{family.paid_bill}",
                "portal-bill-cancelled": f"/portal/bills/{family.cancelled_bill}",
                "portal-pay": f"/portal/bills/{family.open_bill}/account-payment",
                "portal-households": "/portal/households",
                "portal-top-ups": "/portal/top-ups",
                "portal-account": "/portal/account",
                "portal-receipts": "/portal/receipts",
                "portal-password": "/portal/password",
            },
        )
        with window.sized("phone"):
            window.page.locator(".who summary").click()
            assert window.form("/portal/sign-out").locator("button").is_visible()
            window.seen("page-portal-menu")


@pytest.mark.parametrize("language", LOCALES)
def test_console(chromium: Browser, town: Town, family: Family, language: str) -> None:
    """A clerk with a long name serves somebody with a long name; the reader says everything that it can say."""
    with Window(chromium, town, language=language) as window:
        window.sign_in(town.hire(Role.CLERK, Role.SUPERVISOR, name=LONG_NAME))
        person, card = f"/console/people/{family.person_id}", f"/console/cards/{family.rich_card}"
        look(
            window,
            {
                "start": "/console",
                "people-new": "/console/people/new",
                "person": person,
                "reveal": f"{person}/revelation",
                "social": f"{person}/social-security",
                "apply": f"{person}/cards/new",
                "card": card,
                "card-lost": f"/console/cards/{family.lost_card}",
                "loss": f"{card}/loss",
                "load-new": f"/console/cards/{family.lost_card}/loads/new",
                "issuing": f"/console/cards/{family.new_card}/issuing",
                "load": f"/console/loads/{family.load_id}",
                "top-up": f"/console/accounts/{family.account_id}/top-ups/new",
                "readers": "/console/reader-agents",
                "inbox": "/console/approvals",
                "approval": f"/console/approvals/{family.approval_id}",
                "password": "/console/password",
            },
        )
        for name, path in (
            ("issuing", f"/console/cards/{family.new_card}/issuing"),
            ("readers", "/console/reader-agents"),
        ):
            window.open(path)
            window.page.evaluate(TELL_ALL)
            window.seen(f"page-{name}-says")
