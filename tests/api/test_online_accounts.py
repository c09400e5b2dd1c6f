"""On-line accounts over HTTP: opened, linked, topped up with a slip; each once."""

from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import text

from citizencard.db import reading
from citizencard.staff.permissions import Role
from tests.api.test_journey import issue_card
from tests.api.world import World, ok, problem

CEILING_FEN = 500_000


@dataclass
class Desk:
    """A resident's card and account, and the till."""

    card: dict[str, Any]
    account: dict[str, Any]
    till_id: str


@pytest.fixture
def desk(world: World) -> Desk:
    """A resident with a card, an empty account, and a till."""
    card, _ = issue_card(world)
    admin = world.as_(Role.SYSTEM_ADMIN)
    outlet = ok(admin.post("/v1/outlets", {"name": "人民路服务厅"}))
    till = ok(admin.post("/v1/tills", {"outlet_id": outlet["id"], "name": "1"}))
    account = ok(world.as_(Role.CLERK).post("/v1/online-accounts", {"person_id": card["person_id"]}))
    return Desk(card, account, till["id"])


def test_cash_reaches_the_account_once_with_its_slip(world: World, desk: Desk) -> None:
    """¥50 over the counter: a repeated request books one slip, and the next payment gets the next number."""
    clerk, path = world.as_(Role.CLERK), f"/v1/online-accounts/{desk.account['id']}"
    body = {"amount_fen": 5_000, "till_id": desk.till_id}
    first = clerk.post(f"{path}/top-ups", body, Idempotency_Key="k1")
    again = clerk.post(f"{path}/top-ups", body, Idempotency_Key="k1")
    assert ok(first) == ok(again)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (ok(first)["slip_serial"], ok(first)["amount_fen"]) == (1, 5_000)
    assert ok(clerk.post(f"{path}/top-ups", body))["slip_serial"] == 2
    assert ok(clerk.get(path))["balance_fen"] == 10_000
    assert ok(world.as_(Role.AUDITOR).post("/v1/ledger-proofs", {}))["proved"]
    with reading(world.sessions) as session:
        acts = session.execute(text("SELECT act FROM audit_entry WHERE act LIKE 'account.%' ORDER BY id")).scalars()
        assert list(acts) == ["account.open", "account.top_up", "account.top_up"]


def test_account_takes_no_more_than_its_ceiling(world: World, desk: Desk) -> None:
    """¥5,000 with a real name; a top-up beyond it takes no cash and uses up no slip."""
    assert desk.account["ceiling_fen"] == CEILING_FEN
    clerk, path = world.as_(Role.CLERK), f"/v1/online-accounts/{desk.account['id']}/top-ups"
    ok(clerk.post(path, {"amount_fen": CEILING_FEN - 100, "till_id": desk.till_id}))
    problem(clerk.post(path, {"amount_fen": 101, "till_id": desk.till_id}), 409, "ceiling_exceeded")
    assert ok(clerk.post(path, {"amount_fen": 100, "till_id": desk.till_id}))["slip_serial"] == 2


def test_card_is_linked_to_its_holders_account_alone(world: World, desk: Desk) -> None:
    """A card pays from one account, its holder's; another resident's account cannot have it."""
    clerk = world.as_(Role.CLERK)
    linked = ok(clerk.post(f"/v1/online-accounts/{desk.account['id']}/cards", {"card_id": desk.card["id"]}))
    assert linked["card_ids"] == [desk.card["id"]]
    bearers = ok(clerk.post("/v1/online-accounts", {"person_id": None}))
    assert (bearers["is_registered"], bearers["ceiling_fen"]) == (False, 100_000)
    found = problem(
        clerk.post(f"/v1/online-accounts/{bearers['id']}/cards", {"card_id": desk.card["id"]}),
        409,
        "card_not_linkable",
    )
    assert found["reason"] == "linked_already"


def test_resident_has_one_account(world: World, desk: Desk) -> None:
    """A second account would be a second ceiling; the answer names the first."""
    found = problem(
        world.as_(Role.CLERK).post("/v1/online-accounts", {"person_id": desk.card["person_id"]}), 409, "account_exists"
    )
    assert found["account_id"] == desk.account["id"]


@pytest.mark.parametrize("role", [Role.FINANCE, Role.STOCK_KEEPER, Role.AUDITOR])
def test_cash_is_taken_by_the_counter_only(world: World, desk: Desk, role: Role) -> None:
    """Who keeps the books, the store or the watch takes no money."""
    path = f"/v1/online-accounts/{desk.account['id']}/top-ups"
    body = {"amount_fen": 100, "till_id": desk.till_id}
    problem(world.as_(role).post(path, body), 403, "permission_denied")
