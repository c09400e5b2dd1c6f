"""What staff do over HTTP, resource by resource."""

from datetime import date, timedelta
from typing import Any

import pyotp
import pytest
from sqlalchemy import event, text

from citizencard.db import reading
from citizencard.staff.permissions import Role
from tests.api.registry import TARIFF, approve, bind, equip, license_line, set_fares
from tests.api.test_journey import NUMBER, blank, issue_card, reader_job
from tests.api.world import World, ok, problem
from tests.citizencard.cards.make_cards import citizen_number

PERSON = {"document_type": "cn_id", "document_number": NUMBER, "name": "张三", "phone": "13800138000"}


def test_person_is_shown_masked_and_in_clear_only_with_a_reason(world: World) -> None:
    """A clerk sees as much of a resident as the counter needs; more needs a supervisor, a reason, and leaves a trace."""
    person = ok(world.as_(Role.CLERK).post("/v1/people", PERSON))
    assert person["document_number"].endswith("002X")
    assert "*" in person["document_number"]
    assert person["name"] == "张*"
    assert ok(world.as_(Role.CLERK).get(f"/v1/people/{person['id']}")) == person
    path = f"/v1/people/{person['id']}/revelations"
    supervisor = world.as_(Role.SUPERVISOR)
    problem(supervisor.post(path, {"reason": " "}), 422, "reason_unfit")
    clear = ok(supervisor.post(path, {"reason": "a letter to the address on file"}))
    assert (clear["document_number"], clear["name"], clear["phone"]) == (NUMBER, "张三", "13800138000")
    with reading(world.sessions) as session:
        acts = session.execute(text("SELECT act, subject FROM audit_entry ORDER BY id DESC LIMIT 1")).one()
    assert tuple(acts) == ("person.reveal", person["id"])


def test_person_is_found_by_the_whole_number_only(world: World) -> None:
    """The number stands in no address and no log, and nobody browses the register."""
    clerk = world.as_(Role.CLERK)
    person = ok(clerk.post("/v1/people", PERSON))
    found = ok(clerk.post("/v1/people/searches", {"document_number": NUMBER.lower()}))
    assert found == {"object": "list", "data": [person], "has_more": False}
    assert ok(clerk.post("/v1/people/searches", {"document_number": "110105194912310038"}))["data"] == []
    problem(clerk.post("/v1/people/searches", {"document_number": NUMBER[:17]}), 422, "document_invalid")


def test_person_is_registered_once(world: World) -> None:
    """Two counters that register the same resident get one resident."""
    clerk = world.as_(Role.CLERK)
    person = ok(clerk.post("/v1/people", PERSON))
    assert problem(clerk.post("/v1/people", PERSON), 409, "person_already_registered")["person_id"] == person["id"]


def test_nothing_personal_is_kept_for_repetitions(world: World) -> None:
    """The stored answer of a registration holds the id alone; the repetition is masked anew."""
    clerk = world.as_(Role.CLERK)
    first = ok(clerk.post("/v1/people", PERSON, Idempotency_Key="k"))
    assert ok(clerk.post("/v1/people", PERSON, Idempotency_Key="k")) == first
    with reading(world.sessions) as session:
        stored = str(session.execute(text("SELECT answer FROM idempotency_key")).scalar_one())
    assert first["id"] in stored
    assert "*" not in stored


def test_social_security_is_linked_and_updated(world: World) -> None:
    """The link is set as often as one likes; it is one link."""
    clerk = world.as_(Role.CLERK)
    person = ok(clerk.post("/v1/people", PERSON))
    path = f"/v1/people/{person['id']}/social-security"
    first = ok(clerk.put(path, {"region_code": "330203", "insurances": {"pension": "insured"}}))
    second = ok(clerk.put(path, {"region_code": "330203", "insurances": {"medical": "insured"}}))
    assert second["id"] == first["id"]
    assert (second["insurances"]["pension"], second["insurances"]["medical"]) == ("insured", "insured")
    found = problem(clerk.put(path, {"region_code": "330299"}), 409, "social_security_state_refused")
    assert found["refused_status"] == "linked"
    problem(clerk.put(path, {"region_code": "330203", "insurances": {"dental": "insured"}}), 422, "shape_invalid")


def test_sign_in_over_http(world: World) -> None:
    """A new colleague activates the login, signs in, and enters a new code for an approval."""
    body = {"login": "boss.wang", "name": "Wang", "person_reference": "P-8", "roles": ["supervisor"]}
    made = ok(world.as_(Role.SECURITY_ADMIN).post("/v1/staff", body))
    caller = world.anybody()
    activation = {"one_time_token": made["one_time_token"], "password": "correct horse battery"}
    active = ok(caller.post("/v1/staff-activations", activation))
    assert active["provisioning_uri"].startswith("otpauth://totp/")
    totp = pyotp.TOTP(active["totp_secret"])

    def credentials() -> dict[str, str]:
        return {"login": "boss.wang", "password": "correct horse battery", "totp": totp.at(world.clock())}

    session = ok(caller.post("/v1/staff-sessions", credentials()))
    assert session["roles"] == ["supervisor"]
    problem(caller.post("/v1/staff-sessions", credentials()), 401, "sign_in_refused")
    caller.headers["Authorization"] = f"Bearer {session['token']}"
    world.clock.advance(timedelta(minutes=6))
    decision = {"decision": "approve"}
    problem(caller.post("/v1/approvals/apr_none/decisions", decision), 403, "fresh_code_needed")
    renewed = ok(caller.post("/v1/staff-sessions/current/codes", {"totp": totp.at(world.clock())}))
    caller.headers["Authorization"] = f"Bearer {renewed['token']}"
    problem(caller.post("/v1/approvals/apr_none/decisions", decision), 404, "approval_unknown")


def test_tariff_takes_effect_by_four_eyes(world: World) -> None:
    """Nobody changes fares alone; what is agreed to is exactly what was proposed."""
    finance, supervisor = world.as_(Role.FINANCE), world.as_(Role.SUPERVISOR)
    body = {"effective_from": "2026-01-01T00:00:00+08:00", "document": TARIFF}
    proposed = ok(finance.post("/v1/tariff-versions", body))
    assert proposed["version"] == 1
    waiting = ok(supervisor.get("/v1/approvals?state=open"))
    assert [approval["id"] for approval in waiting["data"]] == [proposed["approval_id"]]
    assert ok(supervisor.get("/v1/tariff-versions"))["data"] == []
    read = ok(supervisor.get(f"/v1/approvals/{proposed['approval_id']}"))
    assert read["details"]["transit"] == TARIFF["transit"]
    assert read["maker_id"] != read["checker_id"]
    decided = approve(world, proposed["approval_id"])
    assert decided["state"] == "executed"
    (version,) = ok(finance.get("/v1/tariff-versions"))["data"]
    assert version["document"]["transit"] == TARIFF["transit"]
    assert version["approval_id"] == proposed["approval_id"]
    path = f"/v1/approvals/{proposed['approval_id']}"
    assert ok(supervisor.get(path))["state"] == "executed"
    problem(supervisor.post(f"{path}/decisions", {"decision": "approve"}), 409, "approval_decided")


def test_mistakes_in_a_tariff_are_all_named(world: World) -> None:
    """Whoever writes a tariff sees every mistake at once, before anybody is asked to agree."""
    terms = {
        **TARIFF,
        "currency": "yuan",
        "transit": {**TARIFF["transit"], "lines": {"0": {"mode": "bus"}}},
        "taxis": {},
    }
    body = {"effective_from": "2026-01-01T00:00:00+08:00", "document": terms}
    found = problem(world.as_(Role.FINANCE).post("/v1/tariff-versions", body), 422, "tariff_invalid")
    assert found["faults"] == [
        "taxis: is not known here; taxi is",
        "currency: must be an ISO 4217 code such as CNY; what amounts and rules mean is checked once it is there",
        "transit.lines.0: must be named by a line number from 1 to 65535 or a range such as 100-199",
        "transit.lines.0.fare: is missing",
    ]


def test_proposer_does_not_decide(world: World) -> None:
    """Two people means two people, whatever roles one of them has."""
    both = world.as_(Role.FINANCE, Role.SUPERVISOR)
    body = {"effective_from": "2026-01-01T00:00:00+08:00", "document": TARIFF}
    proposed = ok(both.post("/v1/tariff-versions", body))
    path = f"/v1/approvals/{proposed['approval_id']}/decisions"
    problem(both.post(path, {"decision": "approve"}), 403, "four_eyes_needed")
    assert (
        ok(world.as_(Role.SUPERVISOR).post(path, {"decision": "decline", "reason": "too dear"}))["state"] == "declined"
    )
    assert ok(both.get("/v1/tariff-versions"))["data"] == []


def test_effect_that_fails_leaves_the_approval_open(world: World) -> None:
    """An approval whose effect is refused has not been given: all of it happens, or nothing."""
    finance = world.as_(Role.FINANCE)
    body = {"effective_from": "2026-01-01T00:00:00+08:00", "document": TARIFF}
    first, second = (ok(finance.post("/v1/tariff-versions", body))["approval_id"] for _ in range(2))
    approve(world, second)
    path = f"/v1/approvals/{first}"
    supervisor = world.as_(Role.SUPERVISOR)
    problem(supervisor.post(f"{path}/decisions", {"decision": "approve"}), 409, "tariff_version_taken")
    assert ok(supervisor.get(path))["state"] == "proposed"


def test_binding_by_four_eyes(world: World) -> None:
    """Who is paid for a tap is decided by two, from the second on in which they have agreed."""
    equipped, merchant_id = equip(world), license_line(world)
    bind(world, equipped, merchant_id)
    body = {"terminal_id": equipped.terminal["id"], "psam_id": "psam_none", "merchant_id": merchant_id, "line": 26}
    stock = world.as_(Role.STOCK_KEEPER)
    problem(stock.post("/v1/terminal-bindings", body), 404, "unknown_psam_order")
    body["psam_id"] = equipped.psam["id"]
    problem(stock.post("/v1/terminal-bindings", {**body, "line": 27}), 404, "unknown_line")
    other = ok(world.as_(Role.FINANCE).post("/v1/merchants", {"name": "Other", "kind": "bus"}))["id"]
    problem(stock.post("/v1/terminal-bindings", {**body, "merchant_id": other}), 422, "binding_line_foreign")


def test_register_changes_leave_a_trace(world: World) -> None:
    """Who let a company, a line or a device into the registry can be asked years later."""
    bind(world, equip(world), license_line(world))
    with reading(world.sessions) as session:
        acts = set(session.execute(text("SELECT act FROM audit_entry")).scalars())
    assert {"merchant.register", "line.register", "terminal.register", "terminal.enrol", "psam.order"} <= acts
    assert {"approval.propose", "approval.approve", "approval.execute"} <= acts


def test_terminals_are_listed_with_their_numbers(world: World) -> None:
    """The store room sees every device and the number in it, page by page."""
    equipped = [equip(world, f"bus {number}") for number in range(3)]
    stock = world.as_(Role.STOCK_KEEPER)
    first = ok(stock.get("/v1/terminals?limit=2"))
    rest = ok(stock.get(f"/v1/terminals?limit=2&starting_after={first['data'][-1]['id']}"))
    assert (first["has_more"], rest["has_more"]) == (True, False)
    seen = {terminal["id"]: terminal["terminal_number"] for terminal in (*first["data"], *rest["data"])}
    assert seen == {one.terminal["id"]: one.psam["terminal_number"] for one in equipped}


def test_module_is_made_of_a_blank_chip_only(world: World) -> None:
    """A chip that was begun for something else is not taken for a module."""
    stock = world.as_(Role.STOCK_KEEPER)
    terminal = ok(stock.post("/v1/terminals", {"kind": "bus_validator", "name": "x"}))
    ok(stock.post("/v1/card-stock", {"batch": "B", "chip_serials": ["A1B2C3D4E5F60718"]}))
    body = {"chip_serial": "A1B2C3D4E5F60718", "terminal_id": terminal["id"]}
    problem(stock.post("/v1/psams", body), 409, "chip_known")
    problem(stock.post("/v1/psams", {**body, "terminal_id": "term_none"}), 404, "unknown_terminal")


def test_delivery_is_received_whole(world: World) -> None:
    """A delivery with one known chip is not half received."""
    stock = world.as_(Role.STOCK_KEEPER)
    serials = ["A1B2C3D4E5F60718", "A1B2C3D4E5F60719"]
    assert ok(stock.post("/v1/card-stock", {"batch": "B", "chip_serials": serials[:1]}))["received"] == 1
    problem(stock.post("/v1/card-stock", {"batch": "C", "chip_serials": serials}), 409, "chip_known")
    problem(stock.post("/v1/card-stock", {"batch": "C", "chip_serials": serials[1:] * 2}), 422, "shape_invalid")
    assert ok(stock.post("/v1/card-stock", {"batch": "C", "chip_serials": serials[1:]}))["received"] == 1


def test_card_class_has_its_ages(world: World) -> None:
    """A young man gets no senior's card, and the refusal does not tell his birthday."""
    clerk = world.as_(Role.CLERK)
    person = ok(clerk.post("/v1/people", {**PERSON, "document_number": citizen_number(date(1999, 12, 31))}))
    body = {"person_id": person["id"], "card_class": "03"}
    assert problem(clerk.post("/v1/cards", body), 422, "class_not_for_person")["minimum_age"] == 70
    problem(clerk.post("/v1/cards", {**body, "card_class": "7F"}), 422, "unknown_card_class")
    problem(clerk.post("/v1/cards", {**body, "person_id": "per_none"}), 404, "person_unknown")


def test_job_is_watched_without_its_token(world: World) -> None:
    """A supervisor sees how far a card is, and cannot go on with it."""
    card, _ = issue_card(world)
    with reading(world.sessions) as session:
        job_id = session.execute(text("SELECT id FROM reader_job")).scalar_one()
    seen = ok(world.as_(Role.SUPERVISOR).get(f"/v1/reader-jobs/{job_id}"))
    assert (seen["subject_id"], seen["done"], seen["outcome"]) == (card["id"], True, "personalised")
    assert seen["ticks"]
    assert "token" not in seen
    assert "commands" not in seen


def test_job_is_for_those_who_may_do_what_it_does(world: World) -> None:
    """A clerk loads cards but makes no modules; a key custodian the other way round."""
    body = {"kind": "personalise_psam", "subject_id": "psam_none", "atr": "3B00"}
    problem(world.as_(Role.CLERK).post("/v1/reader-jobs", body), 403, "permission_denied")
    load = {"kind": "load", "subject_id": "load_none", "atr": "3B00"}
    problem(world.as_(Role.KEY_CUSTODIAN).post("/v1/reader-jobs", load), 403, "permission_denied")
    problem(world.as_(Role.CLERK).post("/v1/reader-jobs", load), 404, "unknown_load")
    problem(world.as_(Role.CLERK).post("/v1/reader-jobs", {**load, "kind": "erase"}), 422, "unknown_job_kind")


def test_step_is_answered_by_whoever_holds_the_token(world: World) -> None:
    """Another workstation cannot put its card under somebody else's job."""
    clerk = world.as_(Role.CLERK)
    person = ok(clerk.post("/v1/people", PERSON))
    card = ok(clerk.post("/v1/cards", {"person_id": person["id"], "card_class": "01"}))
    chip = blank(world)
    chip.reset()
    serials = {"batch": "B", "chip_serials": [chip.image.chip_serial.hex()]}
    ok(world.as_(Role.STOCK_KEEPER).post("/v1/card-stock", serials))
    job = ok(clerk.post("/v1/reader-jobs", {"kind": "personalise", "subject_id": card["id"], "atr": chip.atr.hex()}))
    path = f"/v1/reader-jobs/{job['id']}/steps/{job['step']}"
    problem(clerk.post(path, {"token": "another", "responses": [], "torn": True}), 403, "reader_token_wrong")
    problem(
        clerk.post(f"/v1/reader-jobs/{job['id']}/steps/9", {"token": job["token"], "responses": [], "torn": True}),
        409,
        "reader_step_unknown",
    )
    torn = {"token": job["token"], "responses": [], "torn": True}
    first = ok(clerk.post(path, torn))
    assert (first["done"], first["outcome"]) == (True, "torn")
    assert ok(clerk.post(path, torn)) == first
    problem(clerk.post(path, {**torn, "torn": False}), 409, "reader_step_conflict")
    assert reader_job(clerk, "personalise", card["id"], chip)["outcome"] == "personalised"


def test_load_is_given_back_only_when_disproven(world: World) -> None:
    """Without the chip's own proof nobody gives money back, whatever a supervisor thinks."""
    card, _ = issue_card(world)
    admin, clerk = world.as_(Role.SYSTEM_ADMIN), world.as_(Role.CLERK)
    outlet = ok(admin.post("/v1/outlets", {"name": "here"}))
    till = ok(admin.post("/v1/tills", {"outlet_id": outlet["id"], "name": "1"}))
    wish = {"card_id": card["id"], "amount_fen": 100, "till_id": till["id"]}
    load = ok(clerk.post("/v1/loads", wish))
    assert load["slip"] is None
    back = f"/v1/loads/{load['id']}/give-backs"
    problem(world.as_(Role.SUPERVISOR).post(back, {"reason": "asked for"}), 409, "load_state_forbids")
    problem(clerk.post("/v1/loads", {**wish, "amount_fen": 100_001}), 422, "load_amount_invalid")
    problem(clerk.post("/v1/loads", {**wish, "amount_fen": 0}), 422, "shape_invalid")
    problem(clerk.post("/v1/loads", {**wish, "amount_fen": 1.5}), 422, "shape_invalid")


def test_card_reported_lost_is_not_loaded(world: World) -> None:
    """No money is put on a card that somebody else may hold."""
    card, _ = issue_card(world)
    clerk = world.as_(Role.CLERK)
    path = f"/v1/cards/{card['id']}/loss-reports"
    report = ok(clerk.post(path, {"reason": "by telephone", "temporary": True}))
    assert report["state"] == "temp_lost"
    assert ok(clerk.get(f"/v1/cards/{card['id']}"))["state"] == "temp_lost"
    problem(clerk.post(f"/v1/cards/{card['id']}/activation", {}), 409, "card_state_forbids")


def test_only_the_open_day_is_closed(world: World) -> None:
    """Days follow one another; nobody closes tomorrow or yesterday."""
    finance = world.as_(Role.FINANCE)
    problem(finance.get("/v1/day-closes/2026-11-21"), 404, "day_not_closed")
    problem(finance.post("/v1/day-closes", {"day": "2026-11-22", "next_day": "2026-11-23"}), 409, "day_not_open")
    problem(finance.post("/v1/day-closes", {"day": "2026-11-21", "next_day": "2026-11-21"}), 422, "next_day_wrong")
    problem(finance.get("/v1/day-closes/2026-11-31"), 404, "not_found")


def test_unknown_account_is_not_found(world: World) -> None:
    """An auditor who mistypes an account is told so, not shown a balance of nothing."""
    auditor = world.as_(Role.AUDITOR)
    problem(auditor.get("/v1/accounts/purse:none/balance"), 404, "unknown_account")
    problem(auditor.get("/v1/accounts/purse:none/statement"), 404, "unknown_account")


def test_findings_are_paged(world: World) -> None:
    """The list of things to look at begins empty, and refuses a place that it never gave."""
    supervisor = world.as_(Role.SUPERVISOR)
    assert ok(supervisor.get("/v1/findings")) == {"object": "list", "data": [], "has_more": False}
    problem(supervisor.get("/v1/findings?starting_after=x"), 422, "shape_invalid")


@pytest.mark.parametrize(
    "path", ["/v1/terminals", "/v1/lines", "/v1/merchants", "/v1/tariff-versions", "/v1/approvals"]
)
def test_number_of_statements_does_not_grow_with_the_page(world: World, path: str) -> None:
    """A list of a hundred costs the database as many questions as a list of one."""
    caller = world.as_(Role.STOCK_KEEPER, Role.FINANCE, Role.SUPERVISOR)

    def statements() -> int:
        count: list[Any] = []
        bind_ = world.sessions.kw["bind"]

        def note(*_: object) -> None:
            count.append(1)

        event.listen(bind_, "before_cursor_execute", note)
        ok(caller.get(f"{path}?limit=100"))
        event.remove(bind_, "before_cursor_execute", note)
        return len(count)

    merchant_id = license_line(world)
    bind(world, equip(world), merchant_id)
    set_fares(world)
    before = statements()
    for number in range(3, 7):
        equip(world, f"bus {number}")
        line = {"merchant_id": merchant_id, "number": number, "name": "x", "base_fare_fen": 1}
        ok(world.as_(Role.FINANCE).post("/v1/lines", line))
        body = {"effective_from": "2026-12-01T00:00:00+08:00", "document": TARIFF}
        ok(world.as_(Role.FINANCE).post("/v1/tariff-versions", body))
    assert statements() == before
