"""Bills of utilities over HTTP."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from citizencard.audit import AuditEntry
from citizencard.db import reading
from citizencard.staff.permissions import Role
from tests.api.registry import TARIFF, approve
from tests.api.world import World, ok, problem
from tests.citizencard.billing.make_bills import HOUSE, RULE, WATER, file_of, row

CSV = "text/csv; charset=utf-8"


def price_list(world: World) -> None:
    """The tariff with the price of water, in force since the beginning of the year."""
    document = {**TARIFF, "utilities": {RULE: dict(WATER)}}
    body = {"effective_from": "2026-01-01T00:00:00+08:00", "document": document}
    approve(world, ok(world.as_(Role.FINANCE).post("/v1/tariff-versions", body))["approval_id"])


@pytest.fixture
def service(world: World) -> dict[str, Any]:
    """A water service with its price."""
    price_list(world)
    finance = world.as_(Role.FINANCE)
    merchant = ok(finance.post("/v1/merchants", {"name": "示范市自来水公司", "kind": "utility"}))
    return ok(
        finance.post("/v1/utility-services", {"merchant_id": merchant["id"], "name": "居民生活用水", "rule": RULE})
    )


def send(world: World, service_id: str, raw: bytes, key: str = "k1", content_type: str = CSV) -> TestResponse:
    finance = world.as_(Role.FINANCE)
    return finance.client.post(
        f"/v1/bill-imports?service_id={service_id}&source_name=october.csv",
        data=raw,
        content_type=content_type,
        headers={**finance.headers, "Idempotency-Key": key},
    )


def test_service_is_registered(service: Mapping[str, Any]) -> None:
    """The finance desk says what a utility bills."""
    assert (service["object"], service["rule"], service["currency"]) == ("utility_service", RULE, "cny")
    assert service["id"].startswith("utl_")


def test_file_is_taken_once_and_its_report_comes_back(world: World, service: Mapping[str, Any]) -> None:
    """A file sent twice under one key is one import with one answer, rejects and all."""
    raw = file_of(row("A"), row("B", amount_fen=1), "=1+1,x")
    first = ok(send(world, service["id"], raw))
    assert (first["accepted"], first["accepted_fen"], first["duplicates"], first["rejected"]) == (1, 4_950, 0, 2)
    assert [(reject["line"], reject["field"], reject["reason"]) for reject in first["rejects"]] == [
        (3, "amount_fen", "amount_differs"),
        (4, "", "field_count"),
    ]
    assert first["rejects"][1]["raw"] == "'=1+1,x"
    again = send(world, service["id"], raw)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.get_json() == first
    assert ok(send(world, service["id"], raw, "k2"))["duplicates"] == 1


def test_same_file_for_another_service_is_another_request(world: World, service: Mapping[str, Any]) -> None:
    """Whose bills a file holds stands in the address: under a used key it is a mistake, and not answered with the other import."""
    raw = file_of(row("A"))
    finance = world.as_(Role.FINANCE)
    other = {"merchant_id": service["merchant_id"], "name": "非居民生活用水", "rule": RULE}
    second = ok(finance.post("/v1/utility-services", other))
    ok(send(world, service["id"], raw))
    problem(send(world, second["id"], raw), 422, "idempotency_key_reused")
    assert ok(send(world, second["id"], raw, "k2"))["accepted"] == 1


def test_clerk_sees_a_households_bills_and_it_is_written_down(world: World, service: Mapping[str, Any]) -> None:
    """Who looked at a household's bills can be told later; its whole number is not in the audit."""
    ok(send(world, service["id"], file_of(row("A"), row("B", quantity=35), row("C", customer_number="9"))))
    clerk = world.as_(Role.CLERK)
    page = ok(clerk.get(f"/v1/bills?customer_number={HOUSE}&limit=1"))
    rest = ok(clerk.get(f"/v1/bills?customer_number={HOUSE}&starting_after={page['data'][0]['id']}"))
    assert page["has_more"]
    assert not rest["has_more"]
    assert {bill["serial"] for bill in page["data"] + rest["data"]} == {"A", "B"}
    bill = page["data"][0]
    assert sum(part["minor"] for part in bill["parts"]) == bill["amount_fen"]
    assert {(part["what"], part["sponsor"]) for part in bill["parts"]} == {("tier", None), ("add_on", None)}
    assert bill["parts"][0]["rule"] == f"utilities.{RULE}.tiers.steps.0"
    assert bill["parts"][0]["facts"]["price"] == "1.8"
    dear = next(one for one in page["data"] + rest["data"] if one["serial"] == "B")
    assert "第 2 档 10 t，每 t ¥2.70：¥27.00" in dear["sentences"]["zh"]
    assert dear["sentences"]["en"].endswith("to pay ¥114.25.")
    assert (bill["state"], bill["version"], bill["due_on"]) == ("open", 1, "2026-12-15")
    assert ok(clerk.get(f"/v1/bills?customer_number={HOUSE}&service_id=utl_x"))["data"] == []
    with reading(world.sessions) as session:
        looks = session.scalars(select(AuditEntry.subject).where(AuditEntry.act == "bills.read")).all()
    assert looks == ["····3344"] * 3


@pytest.mark.parametrize("number", ["", "x", "1" * 21, "1%01", "1%0a"])
def test_number_that_is_none_is_refused(world: World, number: str) -> None:
    """A search is for a household's whole number."""
    problem(world.as_(Role.CLERK).get(f"/v1/bills?customer_number={number}"), 422, "shape_invalid")


def test_file_that_is_no_file_of_bills_is_refused(world: World, service: Mapping[str, Any]) -> None:
    """The wrong file, type or service says which it is, and nothing is taken."""
    found = problem(send(world, service["id"], b"a,b\n"), 422, "bill_file_unusable")
    assert found["reason"] == "header"
    problem(send(world, service["id"], file_of(row()), content_type="application/json"), 415, "unsupported_media_type")
    problem(send(world, "utl_x", file_of(row())), 404, "unknown_utility_service")
    problem(send(world, service["id"], b"x" * (8 * 2**20 + 1)), 413, "request_entity_too_large")


def test_only_the_finance_desk_brings_bills_in(world: World) -> None:
    """A clerk reads bills and makes none; an auditor does neither here."""
    clerk = world.as_(Role.CLERK)
    problem(clerk.post("/v1/utility-services", {}), 403, "permission_denied")
    problem(clerk.post("/v1/bill-imports?service_id=utl_x", {}), 403, "permission_denied")
    problem(world.as_(Role.AUDITOR).get("/v1/bills?customer_number=1"), 403, "permission_denied")


def test_file_needs_a_key(world: World, service: Mapping[str, Any]) -> None:
    """A file that is sent again after a broken line must be known again, so it cannot come without a key."""
    finance = world.as_(Role.FINANCE)
    path = f"/v1/bill-imports?service_id={service['id']}"
    answer = finance.client.post(path, data=file_of(row("A")), content_type=CSV, headers=finance.headers)
    problem(answer, 400, "idempotency_key_missing")
