"""What creates something or moves money happens once, however often it is sent."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from api.idempotency import NEEDS_NO_KEY, REPLAYED
from api.routes import ACCESS
from citizencard.db import Sessions, reading
from citizencard.idempotency.models import IdempotencyKey
from citizencard.idempotency.slots import hash_of
from citizencard.staff.permissions import Role
from tests.api.registry import license_line
from tests.api.test_matrix import address
from tests.api.world import World, ok, problem

KEY = "order-2026-11-21-0001"
LINE = {"number": 5, "name": "5 路", "base_fare_fen": 200}
FILES = ("/v1/bill-imports",)
"""Take a file and no JSON; that they need a key is tried where they are."""


def test_repetition_gets_the_first_answer(world: World) -> None:
    """A clerk whose connection broke presses the button again: one outlet, the same answer, and it says that it is a repetition."""
    admin = world.as_(Role.SYSTEM_ADMIN)
    first = admin.post("/v1/outlets", {"name": "here"}, Idempotency_Key=KEY)
    second = admin.post("/v1/outlets", {"name": "here"}, Idempotency_Key=KEY)
    assert ok(first) == ok(second)
    assert (first.status_code, second.status_code) == (201, 201)
    assert REPLAYED not in first.headers
    assert second.headers[REPLAYED] == "true"


def test_key_names_one_request(world: World) -> None:
    """Another order under the number of an earlier one is a mistake, and is told so."""
    finance = world.as_(Role.FINANCE)
    line = {"merchant_id": license_line(world), **LINE}
    ok(finance.post("/v1/lines", line, Idempotency_Key=KEY))
    problem(
        finance.post("/v1/lines", {**line, "base_fare_fen": 201}, Idempotency_Key=KEY), 422, "idempotency_key_reused"
    )


def test_stored_hash_of_a_request_needs_the_vault(world: World) -> None:
    """Who steals the table of keys cannot try ID numbers until a hash fits: without the index key no hash can be made."""
    ok(world.as_(Role.SYSTEM_ADMIN).post("/v1/outlets", {"name": "here"}, Idempotency_Key=KEY))
    with reading(world.sessions) as session:
        stored = session.scalars(select(IdempotencyKey.request_hash)).all()
    bare = {hash_of("POST", "/v1/outlets", body) for body in (b'{"name": "here"}', b'{"name":"here"}')}
    assert stored
    assert bare.isdisjoint(kept[-32:] for kept in stored)
    assert all(len(kept) == 33 for kept in stored)


def test_key_belongs_to_its_caller_and_route(world: World) -> None:
    """Two people who count from one get in nobody's way."""
    admin, other = world.as_(Role.SYSTEM_ADMIN), world.as_(Role.SYSTEM_ADMIN, Role.FINANCE)
    ok(admin.post("/v1/outlets", {"name": "here"}, Idempotency_Key=KEY))
    ok(other.post("/v1/outlets", {"name": "there"}, Idempotency_Key=KEY))
    ok(other.post("/v1/merchants", {"name": "x", "kind": "bus"}, Idempotency_Key=KEY))


def test_refused_request_may_be_sent_again(world: World) -> None:
    """A refusal is not remembered: once the reason is gone, the same request goes through."""
    finance = world.as_(Role.FINANCE)
    line = {"merchant_id": "mer_none", **LINE}
    problem(finance.post("/v1/lines", line, Idempotency_Key=KEY), 404, "unknown_merchant")
    problem(finance.post("/v1/lines", line, Idempotency_Key=KEY), 404, "unknown_merchant")


@pytest.mark.parametrize("key", ["", "x" * 256, "schlüssel", "a\tb"])
def test_key_has_a_form(world: World, key: str) -> None:
    """A key that a database or a log could garble is refused."""
    answer = world.as_(Role.SYSTEM_ADMIN).post("/v1/outlets", {"name": "here"}, Idempotency_Key=key)
    assert answer.status_code == 400


def test_everything_that_creates_needs_a_key(world: World) -> None:
    """No route that changes something can be called without a key, but for those on the list."""
    everybody = frozenset(Role(role) for role in ("clerk", "supervisor", "finance", "stock_keeper", "system_admin"))
    callers = [world.as_(*everybody), world.as_(Role.SECURITY_ADMIN)]
    for method, path in ACCESS:
        if method != "POST" or not path.startswith("/v1/") or path in {*NEEDS_NO_KEY, *FILES}:
            continue
        answers = [caller.post(address(path), BODIES[path], Idempotency_Key="") for caller in callers]
        codes = {answer.get_json(force=True)["code"] for answer in answers}
        assert codes <= {"idempotency_key_missing", "permission_denied", "person_unknown"}, (path, codes)


REGISTRY_BODIES = {
    "/v1/terminal-unbindings": {"terminal_id": "term_none", "reason": "x"},
    "/v1/terminals/<terminal_id>/disablings": {"reason": "x"},
    "/v1/terminals/<terminal_id>/enablings": {"reason": "x"},
    "/v1/terminals/<terminal_id>/invitations": {"reason": "x"},
    "/v1/terminals/<terminal_id>/codes": {},
    "/v1/terminal-software": {"kind": "pos", "software": "x"},
    "/v1/merchant-outlets": {"merchant_id": "mer_none", "name": "x", "address": "x"},
    "/v1/merchant-outlets/<outlet_id>/closings": {},
    "/v1/merchants/<merchant_id>/contacts": {"name": "x", "phone": "13000000000"},
    "/v1/merchants/<merchant_id>/bank-accounts": {"holder": "x", "bank": "x", "number": "12345678", "reason": "x"},
    "/v1/bank-accounts/<bank_account_id>/withdrawals": {"reason": "x"},
    "/v1/merchant-notices/<notice_id>/tellings": {"way": "phone"},
}
"""Bodies for the registry of devices and merchants."""
LIST_BODIES = {
    "/v1/hotlist-blocks": {"kind": "module", "first": "330200000001", "last": "330200000001", "reason": "x"},
    "/v1/hotlist-blocks/<int:block_id>/removals": {"reason": "x"},
    "/v1/partner-issuers": {"issuer": "0101100045670000", "city": "4567", "name": "x"},
    "/v1/partner-issuers/<int:issuer_id>/withdrawals": {"reason": "x"},
}
"""Bodies for what devices fetch."""


BODIES: dict[str, dict[str, Any]] = {
    **REGISTRY_BODIES,
    **LIST_BODIES,
    "/v1/outlets": {"name": "x"},
    "/v1/tills": {"outlet_id": "out_none", "name": "x"},
    "/v1/staff": {"login": "abc", "name": "x", "person_reference": "p", "roles": ["clerk"]},
    "/v1/approvals/<approval_id>/decisions": {"decision": "approve"},
    "/v1/people": {"document_number": "11010519491231002X", "name": "x"},
    "/v1/merchants": {"name": "x", "kind": "bus"},
    "/v1/lines": {**LINE, "merchant_id": "mer_none"},
    "/v1/tariff-versions": {
        "effective_from": "2026-01-01T00:00:00Z",
        "document": {"name": "x"},
    },
    "/v1/tariff-versions/<int:version>/rollbacks": {},
    "/v1/tariff-versions/<int:version>/withdrawals": {"reason": "x"},
    "/v1/terminals": {"kind": "bus_validator", "name": "x"},
    "/v1/psams": {"chip_serial": "00" * 8, "terminal_id": "term_none"},
    "/v1/terminal-bindings": {"terminal_id": "term_none", "merchant_id": "mer_none", "psam_id": "psam_none"},
    "/v1/card-stock": {"batch": "x", "chip_serials": ["00" * 8]},
    "/v1/cards": {"person_id": "per_none", "card_class": "01"},
    "/v1/cards/<card_id>/activation": {},
    "/v1/cards/<card_id>/loss-reports": {"reason": "x"},
    "/v1/loads": {"card_id": "card_none", "amount_fen": 1, "till_id": "till_none"},
    "/v1/loads/<load_id>/give-backs": {"reason": "x"},
    "/v1/unloads": {"card_id": "card_none"},
    "/v1/unloads/<unload_id>/withdrawals": {"reason": "x"},
    "/v1/unloads/<unload_id>/pay-outs": {"till_id": "till_none", "reason": "x"},
    "/v1/reader-agents": {"name": "x", "code": "x", "said": {}},
    "/v1/reader-agents/<agent_id>/confirmations": {"fingerprint": "x"},
    "/v1/parking-gates": {
        "terminal_id": "term_none",
        "merchant_id": "mer_none",
        "lot": "street",
        "direction": "entry",
    },
    "/v1/online-accounts": {"person_id": "per_none"},
    "/v1/online-accounts/<account_id>/cards": {"card_id": "card_none"},
    "/v1/online-accounts/<account_id>/top-ups": {"amount_fen": 1, "till_id": "till_none"},
    "/v1/payments/<payment_id>/refunds": {"amount_fen": 1, "reason": "x"},
    "/v1/tap-decisions": {
        "lines": [{"tap_id": "tap_1", "outcome": "holder", "amount_fen": 1}],
        "reason": "x",
    },
    "/v1/tap-notes": {"tap_ids": ["tap_1"], "reason": "x"},
    "/v1/upload-limits/<limit_id>/releases": {"reason": "x"},
    "/v1/cards/<card_id>/replacements": {"new_card_id": "card_none", "reason": "x"},
    "/v1/utility-services": {"merchant_id": "mer_none", "name": "x", "rule": "water"},
    "/v1/day-closes": {"day": "2026-11-21", "next_day": "2026-11-22"},
}
"""A body for each route that creates."""


def test_lost_one_time_token_is_replaced_and_the_first_is_void(world: World) -> None:
    """The answer with a new login's token was lost: asked again, the city gives another one, and stores neither."""
    admin = world.as_(Role.SECURITY_ADMIN)
    body = {"login": "clerk.li", "name": "Li", "person_reference": "P-77", "roles": ["clerk"]}
    first = ok(admin.post("/v1/staff", body, Idempotency_Key=KEY))
    again = admin.post("/v1/staff", body, Idempotency_Key=KEY)
    assert again.headers[REPLAYED] == "true"
    second = ok(again)
    assert second["id"] == first["id"]
    assert second["one_time_token"] != first["one_time_token"]
    activation = {"one_time_token": first["one_time_token"], "password": "correct horse battery"}
    problem(world.anybody().post("/v1/staff-activations", activation), 422, "one_time_token_invalid")
    activation["one_time_token"] = second["one_time_token"]
    ok(world.anybody().post("/v1/staff-activations", activation))
    assert ok(admin.post("/v1/staff", body, Idempotency_Key=KEY))["one_time_token"] is None


def test_lost_enrolment_code_is_replaced(world: World) -> None:
    """The same for the code that a device makes itself known by."""
    stock = world.as_(Role.STOCK_KEEPER)
    body = {"kind": "bus_validator", "name": "bus 26"}
    first = ok(stock.post("/v1/terminals", body, Idempotency_Key=KEY))
    second = ok(stock.post("/v1/terminals", body, Idempotency_Key=KEY))
    assert second["id"] == first["id"]
    assert second["enrolment_code"] not in (None, first["enrolment_code"])


def test_twenty_at_once_do_it_once(make_world: Callable[[Sessions], World], committed: Sessions) -> None:
    """Twenty impatient clicks make one outlet; whoever comes while it is made is asked to come again."""
    world = make_world(committed)
    admin = world.as_(Role.SYSTEM_ADMIN)
    answers: list[tuple[int, str]] = []

    def click() -> None:
        headers = {**admin.headers, "Idempotency-Key": KEY}
        answer = world.app.test_client().post("/v1/outlets", json={"name": "here"}, headers=headers)
        found = answer.get_json(force=True)
        answers.append((answer.status_code, found.get("id") or found["code"]))
        if answer.status_code == 409:
            assert answer.headers["Retry-After"] == "1"

    threads = [threading.Thread(target=click) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = {identifier for status, identifier in answers if status == 201}
    assert len(made) == 1
    assert {answer for answer in answers if answer[0] != 201} <= {(409, "idempotency_in_progress")}
