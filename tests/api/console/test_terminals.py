"""Devices at the desk."""

from datetime import timedelta
from typing import Any

from citizencard.db import transaction
from citizencard.staff.permissions import Role
from citizencard.terminals.heartbeats import Heartbeat, record_heartbeat
from tests.api.registry import bind, equip, license_line
from tests.api.web.browser import Browser, signed_in
from tests.api.world import World, ok

LIST = "/console/terminals"


def heard(world: World, terminal_id: str, **said: Any) -> None:
    """What a device says of itself now."""
    words = {"software": "validator 1", "records_waiting": 3, "faults": "printer", **said}
    beat = Heartbeat(words["software"], 0, 0, words["records_waiting"], None, -2, 2048, words["faults"])
    with transaction(world.sessions) as session:
        record_heartbeat(session, terminal_id, beat, world.clock())


def test_desk_registers_a_device_and_shows_how_each_is(world: World) -> None:
    """A registered kiosk, a bus that says it is broken, one that says nothing: found by their filters."""
    browser = signed_in(world, Role.STOCK_KEEPER)
    browser.get(LIST)
    assert "No such devices" in browser.words()
    browser.get(f"{LIST}/new")
    browser.send(LIST, name="kiosk 1", kind="kiosk")
    assert "The device is registered" in browser.words()
    bus = equip(world, "bus 26-03").terminal["id"]
    heard(world, bus)
    browser.get(f"{LIST}/software")
    browser.send(f"{LIST}/software", kind="bus_validator", software="validator 2")
    assert "validator 2" in browser.words()
    browser.get(f"{LIST}?kind=bus_validator&lag=software")
    words = browser.words()
    assert ("bus 26-03" in words, "kiosk 1" in words, "Old software" in words, "Faulty" in words) == (
        True,
        False,
        True,
        True,
    )
    browser.get(f"{LIST}?lag=silent&state=active&kind=nonsense")
    assert "No such devices" in browser.words()
    world.clock.advance(timedelta(hours=25))
    again = signed_in(world, Role.STOCK_KEEPER)
    again.get(f"{LIST}?lag=silent")
    assert "bus 26-03" in again.words()
    again.get(f"{LIST}/{bus}")
    assert "printer" in again.words()


def test_page_of_a_device_tells_its_whole_history(world: World) -> None:
    """Whom it earned for, its key, who stopped it and why; other roles read and change nothing."""
    equipped, merchant = equip(world, "bus 26"), license_line(world)
    bind(world, equipped, merchant)
    terminal = equipped.terminal["id"]
    supervisor = signed_in(world, Role.SUPERVISOR)
    supervisor.get(f"{LIST}/{terminal}/disablings")
    supervisor.send(f"{LIST}/{terminal}/disablings", reason="stolen from the depot")
    words = supervisor.words()
    assert "The device is stopped" in words
    for told in (
        "stolen from the depot",
        "Demo City Bus Company",
        "With a one-time code",
        equipped.psam["terminal_number"],
    ):
        assert told in words
    supervisor.get(f"{LIST}/{terminal}/enablings")
    assert supervisor.answer.status_code == 403
    auditor = signed_in(world, Role.AUDITOR)
    auditor.get(f"{LIST}/{terminal}")
    assert "stolen from the depot" in auditor.words()
    assert "Stop it" not in auditor.words()
    assert signed_in(world, Role.CLERK).get(LIST).status_code == 403


def test_letting_speak_and_unbinding_take_a_second_person(world: World) -> None:
    """The keeper proposes both; the supervisor finds them by their names in the inbox."""
    equipped = equip(world)
    bind(world, equipped, license_line(world))
    path = f"{LIST}/{equipped.terminal['id']}"
    keeper, supervisor = signed_in(world, Role.STOCK_KEEPER), signed_in(world, Role.SUPERVISOR)
    for act, reason in (("disablings", "broken"), ("enablings", "repaired"), ("unbindings", "sold")):
        keeper.get(f"{path}/{act}")
        keeper.send(f"{path}/{act}", reason=reason)
    assert "a second person has to agree" in keeper.words()
    supervisor.get("/console/approvals")
    words = supervisor.words()
    assert "Let a device speak again" in words
    assert "Unbind a device" in words
    keeper.get(f"{path}/enablings")
    keeper.send(f"{path}/enablings", reason="")
    assert keeper.answer.status_code == 422


def test_code_is_shown_once_to_who_may_have_it(world: World) -> None:
    """A new device: at once. One that has a key: after a second person agreed, to the proposer, in that answer alone."""
    keeper = signed_in(world, Role.STOCK_KEEPER)
    made = ok(world.as_(Role.STOCK_KEEPER).post("/v1/terminals", {"kind": "kiosk", "name": "kiosk 1"}))["id"]
    assert len(code_of(keeper, f"{LIST}/{made}")) == 32
    path = f"{LIST}/{equip(world).terminal['id']}"
    keeper.get(f"{path}/codes")
    assert "another code needs a second person" in keeper.words()
    keeper.get(f"{path}/invitations")
    keeper.send(f"{path}/invitations", reason="new board")
    waiting = ok(world.as_(Role.SUPERVISOR).get("/v1/approvals"))["data"]
    decision = {"decision": "approve", "reason": "seen"}
    ok(world.as_(Role.SUPERVISOR).post(f"/v1/approvals/{waiting[-1]['id']}/decisions", decision))
    other = signed_in(world, Role.STOCK_KEEPER)
    other.get(f"{path}/codes")
    assert "new board" not in other.words()
    code = code_of(keeper, path)
    assert len(code) == 32
    keeper.get(f"{path}/codes")
    assert code not in keeper.words()


def test_device_is_put_at_an_outlet_of_its_merchant(world: World) -> None:
    """Only outlets that are in use are offered."""
    equipped, merchant = equip(world), license_line(world)
    bind(world, equipped, merchant)
    finance = world.as_(Role.FINANCE)
    body = {"merchant_id": merchant, "name": "North depot", "address": "1 Depot Road"}
    outlet = ok(finance.post("/v1/merchant-outlets", body))["id"]
    keeper = signed_in(world, Role.STOCK_KEEPER)
    path = f"{LIST}/{equipped.terminal['id']}"
    keeper.get(f"{path}/place")
    keeper.send(f"{path}/place", outlet_id=outlet)
    assert "North depot" in keeper.words()
    keeper.get(f"{path}/place")
    keeper.send(f"{path}/place", outlet_id="mout_none")
    assert keeper.answer.status_code == 404


def code_of(browser: Browser, path: str) -> str:
    """The code that a device's page gives."""
    browser.get(f"{path}/codes")
    browser.send(f"{path}/codes")
    words: list[str] = browser.words().split()
    return next((word for word in words if len(word) == 32 and set(word) <= set("0123456789abcdef")), "")
