"""Outlets, contacts, bank accounts and notices, over HTTP."""

from datetime import timedelta

from citizencard.staff.permissions import Role
from tests.api.registry import approve, license_line
from tests.api.world import World, ok, problem

ACCOUNT = {"holder": "City Bus Ltd", "bank": "Demo Bank", "number": "6200 0000 0000 0001", "reason": "new bank"}


def test_outlets_are_opened_listed_and_closed(world: World) -> None:
    """A merchant's shops are found again, and a closed one says since when."""
    finance = world.as_(Role.FINANCE)
    merchant = license_line(world)
    body = {"merchant_id": merchant, "name": "Depot", "address": "1 Depot Road", "opening_hours": "05:00-23:00"}
    outlet = ok(finance.post("/v1/merchant-outlets", body))
    problem(finance.post("/v1/merchant-outlets", body), 409, "merchant_outlet_name_taken")
    found = ok(finance.get(f"/v1/merchant-outlets?merchant_id={merchant}"))["data"]
    assert [one["id"] for one in found] == [outlet["id"]]
    closed = ok(finance.post(f"/v1/merchant-outlets/{outlet['id']}/closings"))
    assert closed["closed_at"] is not None
    problem(finance.post(f"/v1/merchant-outlets/{outlet['id']}/closings"), 409, "merchant_outlet_closed")


def test_bank_account_changes_by_two_people_three_days_and_a_word(world: World) -> None:
    """Proposed, agreed to, told, in force after three days; the number is shown in clear only to who says why."""
    finance, merchant = world.as_(Role.FINANCE), license_line(world)
    accounts = f"/v1/merchants/{merchant}/bank-accounts"
    problem(finance.post(accounts, ACCOUNT), 409, "merchant_contact_missing")
    contact = ok(finance.post(f"/v1/merchants/{merchant}/contacts", {"name": "王示例", "phone": "13000001111"}))
    assert (contact["name"], contact["phone"]) == ("王*", "····1111")
    assert ok(finance.get(f"/v1/merchants/{merchant}"))["contact"] == contact
    proposed = ok(finance.post(accounts, ACCOUNT))
    assert (proposed["state"], proposed["last4"]) == ("proposed", "0001")
    own = finance.post(f"/v1/approvals/{proposed['approval_id']}/decisions", {"decision": "approve"})
    problem(own, 403, "four_eyes_needed")
    approve(world, proposed["approval_id"])
    (agreed,) = ok(finance.get(accounts))["data"]
    assert (agreed["state"], agreed["ended_at"]) == ("agreed", None)
    (notice,) = ok(finance.get("/v1/merchant-notices"))["data"]
    assert (notice["kind"], notice["contact_id"], notice["sent_at"]) == ("bank_account_changes", contact["id"], None)
    clear = ok(finance.post(f"/v1/merchant-contacts/{contact['id']}/revelations", {"reason": "to call them"}))
    assert clear["phone"] == "13000001111"
    told = ok(finance.post(f"/v1/merchant-notices/{notice['id']}/tellings", {"way": "phone"}))
    assert told["way"] == "phone"
    assert ok(finance.get("/v1/merchant-notices"))["data"] == []
    shown = ok(finance.post(f"/v1/bank-accounts/{agreed['id']}/revelations", {"reason": "to compare"}))
    assert (shown["number"], shown["holder"]) == ("6200000000000001", "City Bus Ltd")
    world.clock.advance(timedelta(days=3))
    world.signed_in.clear()
    finance = world.as_(Role.FINANCE)
    assert ok(finance.get(accounts))["data"][0]["state"] == "in_force"
    late = finance.post(f"/v1/bank-accounts/{agreed['id']}/withdrawals", {"reason": "too late"})
    problem(late, 409, "bank_account_final")


def test_one_person_takes_it_back_in_time(world: World) -> None:
    """The contact objects: a supervisor alone stops it, and a second proposal begins anew."""
    finance, merchant = world.as_(Role.FINANCE), license_line(world)
    ok(finance.post(f"/v1/merchants/{merchant}/contacts", {"name": "王示例", "phone": "13000001111"}))
    accounts = f"/v1/merchants/{merchant}/bank-accounts"
    first = ok(finance.post(accounts, ACCOUNT))
    approve(world, first["approval_id"])
    taken = ok(
        world.as_(Role.SUPERVISOR).post(f"/v1/bank-accounts/{first['id']}/withdrawals", {"reason": "not theirs"})
    )
    assert (taken["state"], taken["end_reason"]) == ("taken_back", "not theirs")
    kinds = sorted(one["kind"] for one in ok(finance.get("/v1/merchant-notices"))["data"])
    assert kinds == ["bank_account_changes", "bank_account_stays"]
    problem(finance.post(accounts, ACCOUNT | {"number": "12"}), 422, "bank_account_invalid")
    problem(finance.get("/v1/merchants/mer_none"), 404, "unknown_merchant")
