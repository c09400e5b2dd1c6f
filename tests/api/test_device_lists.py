"""What devices fetch by version, and how staff decide what is in it."""

from base64 import b64decode
from datetime import datetime, timedelta
from typing import Any

import pytest

from citizencard.db import reading
from citizencard.staff.permissions import Role
from citizencard.terminals.models import AcknowledgedKind
from citizencard.terminals.shifts import acknowledged_version
from hardware.card.files import application_serial
from hardware.terminal.fares import DeviceTable
from hardware.terminal.hotlist import Hotlist
from tests.api.registry import TARIFF, Equipped, approve, equip, set_fares
from tests.api.signing import ALL, Wish
from tests.api.test_journey import issue_card
from tests.api.world import World, ok, problem

QUERIED = (*ALL[:2], "@query", ALL[2])
SHANGHAI = {"issuer": "01012000FFFFFFFF", "city": "2000", "name": "Shanghai"}


def fetch(of: Equipped, path: str, query: str) -> Any:
    return of.device.get(path, Wish(covered=QUERIED, query=query))


def hotlist(of: Equipped, held: Hotlist) -> Hotlist:
    answer = fetch(of, "/terminals/hotlist", f"?since={held.version}")
    assert (answer.status_code, answer.content_type) == (200, "application/octet-stream")
    return held.updated(answer.data)


def lose(world: World) -> tuple[bytes, datetime]:
    card, _ = issue_card(world)
    report = ok(world.as_(Role.CLERK).post(f"/v1/cards/{card['id']}/loss-reports", {"reason": "left on a bench"}))
    return bytes.fromhex("0" + card["number"]), datetime.fromisoformat(report["effective_from"])


def wait(world: World, equipped: Equipped, until: datetime) -> None:
    world.clock.advance(max(until - world.clock(), timedelta(0)))
    equipped.device.now = world.clock()


def test_lost_card_is_on_the_hotlist_when_its_time_has_come(world: World) -> None:
    """Buses refuse a lost card once the report takes effect, not a minute earlier; a second fetch brings only what is new."""
    equipped = equip(world)
    held = hotlist(equipped, Hotlist())
    assert held.version == 0
    serial, effective_from = lose(world)
    assert not hotlist(equipped, held).refuses(serial) or effective_from <= world.clock()
    wait(world, equipped, effective_from)
    held = hotlist(equipped, held)
    assert (held.version, held.refuses(serial)) == (1, True)
    second = application_serial("3302", "00000009000")
    block = {"kind": "range", "first": second.hex(), "last": second.hex(), "reason": "stolen"}
    approve(world, ok(world.as_(Role.STOCK_KEEPER).post("/v1/hotlist-blocks", block))["approval_id"])
    raw = fetch(equipped, "/terminals/hotlist", "?since=1").data
    assert int.from_bytes(raw[20:24], "big") == 1, "a delta to version 1"
    held = held.updated(raw)
    assert (held.version, held.refuses(serial), held.refuses(second)) == (2, True, True)
    assert hotlist(equipped, held) == held
    # A version that never was, as after books were restored, is answered by the whole list.
    assert Hotlist.parse(fetch(equipped, "/terminals/hotlist", "?since=77").data) == held


def test_only_the_devices_own_word_counts(world: World) -> None:
    """A list that was sent and got lost on the way decides about nobody's money; what the device says next does."""
    equipped = equip(world)
    _, effective_from = lose(world)
    wait(world, equipped, effective_from)

    def known() -> int | None:
        with reading(world.sessions) as session:
            return acknowledged_version(session, equipped.terminal["id"], AcknowledgedKind.HOTLIST)

    held = hotlist(equipped, Hotlist())
    assert (held.version, known()) == (1, None)
    body = {"psam_serial": equipped.psam["psam_serial"], "hotlist_version": 9}
    assert ok(equipped.device.post("/terminals/sign-ins", body))["hotlist_version"] == 1
    assert known() is None
    hotlist(equipped, held)
    assert known() == 1


def test_stolen_box_and_stolen_module_are_refused_once_two_people_agree(world: World) -> None:
    """A range of cards is refused from the moment of the second signature until two people take it off again."""
    equipped = equip(world)
    stock = world.as_(Role.STOCK_KEEPER)
    cards = [application_serial("3302", f"{number:011}") for number in (8_000, 8_500, 9_000)]
    block = {"kind": "range", "first": cards[0].hex(), "last": cards[2].hex(), "reason": "stolen"}
    proposed = ok(stock.post("/v1/hotlist-blocks", block))["approval_id"]
    assert hotlist(equipped, Hotlist()).version == 0
    approve(world, proposed)
    module = {"kind": "module", "first": "330200000099", "last": "330200000099", "reason": "stolen"}
    approve(world, ok(stock.post("/v1/hotlist-blocks", module))["approval_id"])
    held = hotlist(equipped, Hotlist())
    assert [held.refuses(card) for card in cards] == [True, True, True]
    assert held.refuses_module(bytes.fromhex("330200000099"))
    problem(stock.post("/v1/hotlist-blocks", block), 409, "hotlist_block_taken")
    (first, _) = ok(stock.get("/v1/hotlist-blocks"))["data"]
    removal = stock.post(f"/v1/hotlist-blocks/{first['id']}/removals", {"reason": "found again"})
    approve(world, ok(removal)["approval_id"])
    held = hotlist(equipped, held)
    assert not any(held.refuses(card) for card in cards)
    again = stock.post(f"/v1/hotlist-blocks/{first['id']}/removals", {"reason": "found again"})
    problem(again, 409, "hotlist_block_ended")
    problem(stock.post("/v1/hotlist-blocks/9/removals", {"reason": "no"}), 404, "unknown_hotlist_block")


@pytest.mark.parametrize(
    "block",
    [
        {"kind": "range", "first": "03103302000000090005", "last": "03103302000000080006"},
        {"kind": "range", "first": "03103302000000090004", "last": "03103302000000099998"},
        {"kind": "range", "first": "03101000000000090005", "last": "03101000000000099998"},
        {"kind": "module", "first": "330200000001", "last": "330200000002"},
        {"kind": "module", "first": "33020000000A", "last": "33020000000A"},
    ],
)
def test_block_must_name_cards_or_a_module_of_the_city(world: World, block: dict[str, str]) -> None:
    """A slip of the pen does not bar half a city: the lower serial first, check digits right, ours."""
    answer = world.as_(Role.STOCK_KEEPER).post("/v1/hotlist-blocks", {**block, "reason": "stolen"})
    problem(answer, 422, "hotlist_block_invalid")


def test_next_fares_can_be_fetched_before_their_time(world: World) -> None:
    """All buses switch at one instant, because each has tomorrow's fares today; fares neither in force nor to come, nobody gets."""
    equipped = equip(world)
    set_fares(world)
    later = world.clock() + timedelta(days=1)
    body = {"effective_from": later.isoformat(), "document": TARIFF}
    approve(world, ok(world.as_(Role.FINANCE).post("/v1/tariff-versions", body))["approval_id"])
    begun = ok(equipped.device.post("/terminals/sign-ins", {"psam_serial": equipped.psam["psam_serial"]}))
    assert begun["parameter_version"] == 1
    assert [one["version"] for one in begun["upcoming"]] == [2]
    answer = ok(fetch(equipped, "/terminals/parameters", "?version=2"))
    table = DeviceTable.parse(b64decode(answer["table"]))
    assert (table.version, table.effective_from) == (2, later)
    assert ok(equipped.device.get("/terminals/parameters"))["version"] == 1
    problem(fetch(equipped, "/terminals/parameters", "?version=3"), 422, "version_unknown")
    wait(world, equipped, later)
    assert ok(equipped.device.get("/terminals/parameters"))["version"] == 2
    problem(fetch(equipped, "/terminals/parameters", "?version=1"), 422, "version_unknown")


def test_issuers_are_admitted_and_withdrawn_by_two_people(world: World) -> None:
    """A city that joins is on every device's list by version; one that leaves is off it; ourselves is nobody else."""
    equipped = equip(world)
    stock = world.as_(Role.STOCK_KEEPER)
    assert ok(equipped.device.get("/terminals/issuers")) == {"object": "issuer_list", "version": 0, "issuers": []}
    approve(world, ok(stock.post("/v1/partner-issuers", SHANGHAI))["approval_id"])
    assert ok(equipped.device.get("/terminals/issuers"))["issuers"] == [SHANGHAI]
    problem(stock.post("/v1/partner-issuers", SHANGHAI), 409, "issuer_admitted")
    problem(stock.post("/v1/partner-issuers", {**SHANGHAI, "issuer": "01013302FFFFFFFF"}), 422, "issuer_invalid")
    problem(stock.post("/v1/partner-issuers", {**SHANGHAI, "city": "20x0"}), 422, "issuer_invalid")
    (known,) = ok(stock.get("/v1/partner-issuers"))["data"]
    ending = stock.post(f"/v1/partner-issuers/{known['id']}/withdrawals", {"reason": "left"})
    approve(world, ok(ending)["approval_id"])
    assert ok(equipped.device.get("/terminals/issuers")) == {"object": "issuer_list", "version": 2, "issuers": []}
    again = stock.post(f"/v1/partner-issuers/{known['id']}/withdrawals", {"reason": "left"})
    problem(again, 409, "issuer_withdrawn")
    problem(stock.post("/v1/partner-issuers/9/withdrawals", {"reason": "left"}), 404, "unknown_issuer")


def test_who_works_with_an_old_list_is_reported(world: World) -> None:
    """The company sees which devices have yet to hear of a new city, until they say themselves that they know it."""
    equipped = equip(world)
    stock = world.as_(Role.STOCK_KEEPER)
    approve(world, ok(stock.post("/v1/partner-issuers", SHANGHAI))["approval_id"])
    ok(equipped.device.get("/terminals/issuers"))
    (lag,) = ok(stock.get("/v1/list-lags?list=issuers"))["data"]
    assert (lag["terminal_id"], lag["version"], lag["current"]) == (equipped.terminal["id"], 0, 1)
    assert (lag["is_overdue"], lag["behind_since"]) == (False, "2026-11-21T00:30:00Z")
    body = {"psam_serial": equipped.psam["psam_serial"], "issuer_version": 1}
    ok(equipped.device.post("/terminals/sign-ins", body))
    assert ok(stock.get("/v1/list-lags?list=issuers"))["data"] == []
    assert ok(stock.get("/v1/list-lags?list=hotlist"))["data"] == []
