"""A refund from the counter: proposed by one person, approved by another, sent to the provider after the commit."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from api import create_app
from citizencard.config import Settings
from citizencard.db import Sessions
from citizencard.keys.vault import SoftwareVault
from tests.api.console.counter import Counter
from tests.api.doors import shared_doors
from tests.api.world import Clock, World
from tests.citizencard.billing.make_bills import Waterworks
from tests.citizencard.checkout.make_checkout import Office, office
from tests.citizencard.staff.make_staff import CHEAP


@pytest.fixture
def paying(sessions: Sessions, now: datetime) -> Iterator[Office]:
    """A waterworks whose bills are paid through the stand-in of the provider."""
    with office(Waterworks.open(sessions, now)) as opened:
        yield opened


@pytest.fixture
def refunding(paying: Office, api_vault: SoftwareVault, tmp_path: Path, now: datetime) -> Counter:
    """A counter of a city that takes payments."""
    settings = Settings("sqlite:///unused", tmp_path / "vault", tmp_path / "passphrase", "test")
    clock = Clock(now)
    app = create_app(
        settings,
        api_vault,
        paying.sessions,
        now=clock,
        passwords=CHEAP,
        gateway=paying.gateway,
        doors=shared_doors,
    )
    return Counter(World(app, paying.sessions, api_vault, clock))


def proposed(counter: Counter, payment_id: str) -> str:
    """The clerk proposes the whole amount; returns where the supervisor finds it."""
    counter.clerk.get(f"/console/payments/{payment_id}")
    counter.clerk.send(f"/console/payments/{payment_id}/refunds", amount_fen="49.50", reason="paid twice")
    assert "No money has moved" in counter.clerk.words()
    counter.supervisor.get("/console/approvals")
    assert "¥49.50" in counter.supervisor.words()
    (row,) = counter.supervisor.page.all("tbody")[0].all("tr")
    return str(row.one("a").attributes["href"])


def test_refund_needs_two_people_and_goes_back_once(refunding: Counter, paying: Office) -> None:
    """The clerk proposes, the supervisor reads exactly what is agreed to and approves; a second click changes nothing."""
    payment_id = paying.paid_bill().id
    path = proposed(refunding, payment_id)
    assert paying.see(payment_id).refunded_fen == 0
    refunding.supervisor.get(path)
    for shown in ("¥49.50", "paid twice", "Chen Jing", payment_id, "Bill"):
        assert shown in refunding.supervisor.words(), shown
    page = refunding.supervisor.page
    refunding.supervisor.send(f"{path}/decisions", decision="approve")
    assert "Approved and carried out" in refunding.supervisor.words()
    refunding.supervisor.page = page
    refunding.supervisor.send(f"{path}/decisions", decision="approve")
    seen = paying.see(payment_id)
    assert [(refund.amount_fen, refund.state) for refund in seen.refunds] == [(4_950, "succeeded")]
    paying.money(payment_id)
    refunding.clerk.get(f"/console/payments/{payment_id}")
    assert "Gone back" in refunding.clerk.words()


def test_own_proposal_is_refused_in_a_sentence(refunding: Counter, paying: Office) -> None:
    """A supervisor who proposed cannot approve: the page says so before, and refuses when it is tried all the same."""
    payment_id = paying.paid_bill().id
    window = refunding.supervisor
    window.get(f"/console/payments/{payment_id}")
    window.send(f"/console/payments/{payment_id}/refunds", amount_fen="49.50", reason="paid twice")
    window.get("/console/approvals")
    path = str(window.page.all("tbody")[0].one("a").attributes["href"])
    window.get(path)
    assert "You proposed this yourself" in window.words()
    window.send(f"{path}/decisions", decision="approve")
    assert window.answer.status_code == 403
    assert "The person who proposes cannot be the person who decides. Nothing was changed." in window.words()
    assert paying.see(payment_id).refunds == ()


def test_declined_refund_moves_nothing(refunding: Counter, paying: Office) -> None:
    """A no is written down, and the payment stays as it is."""
    payment_id = paying.paid_bill().id
    path = proposed(refunding, payment_id)
    refunding.supervisor.get(path)
    refunding.supervisor.send(f"{path}/decisions", decision="decline", reason="only paid once")
    assert "nothing was carried out" in refunding.supervisor.words()
    assert paying.see(payment_id).refunded_fen == 0


def test_more_than_was_paid_is_refused(refunding: Counter, paying: Office) -> None:
    """Nobody proposes what never came."""
    payment_id = paying.paid_bill().id
    refunding.clerk.get(f"/console/payments/{payment_id}")
    refunding.clerk.send(f"/console/payments/{payment_id}/refunds", amount_fen="49.51", reason="paid twice")
    assert refunding.clerk.answer.status_code in {409, 422}
    assert "Nothing was changed" in refunding.clerk.words()
