"""Tariffs at the desk: versions and their story, going back, taking back."""

from datetime import timedelta

from api.console.tariffs import wall_instant
from citizencard.staff.permissions import Role
from tests.api.registry import approve, set_fares
from tests.api.test_tariffs import dearer, propose, wall
from tests.api.web.browser import Browser, signed_in
from tests.api.world import World


def decide(world: World, path: str) -> Browser:
    """A supervisor opens the approval that a page led to, and agrees."""
    supervisor = signed_in(world, Role.SUPERVISOR)
    supervisor.get(path)
    supervisor.send(f"{path}/decisions", decision="approve")
    assert "Approved and carried out" in supervisor.words()
    return supervisor


def where(browser: Browser) -> str:
    return browser.answer.request.path


def test_a_clerk_reads_what_rides_cost(world: World) -> None:
    """Everybody of staff finds the fares in force as words, with who agreed to them; only finance can change anything."""
    clerk = signed_in(world, Role.CLERK)
    clerk.get("/console/tariffs")
    assert "There is no tariff yet" in clerk.words()
    set_fares(world)
    clerk.get("/console/tariffs")
    assert "in force" in clerk.words()
    clerk.get("/console/tariffs/1")
    for shown in ("¥2.00", "adult", "transport_fund", "samples"):
        assert shown in clerk.words(), shown
    assert "Roll back" not in clerk.words()
    answer = clerk.get("/console/tariffs/1/file")
    assert answer.get_json()["version"] == 1
    assert answer.headers["Content-Disposition"] == 'attachment; filename="tariff-1.json"'
    assert clerk.get("/console/tariffs/9").status_code == 404
    assert clerk.get("/console/tariffs/new").status_code == 403


def test_going_back_is_one_step_for_the_clerk(world: World) -> None:
    """A button at the earlier version, and the yes of a second person who sees what it changes: then its fares hold again."""
    set_fares(world)
    approve(world, propose(world, dearer(), wall(world, minutes=1))["approval_id"])
    world.clock.advance(timedelta(minutes=2))
    finance = signed_in(world, Role.FINANCE)
    finance.get("/console/tariffs/1")
    finance.send("/console/tariffs/1/rollbacks", effective_from="tomorrow")
    assert finance.answer.status_code == 422
    assert "2026-12-01T00:00" in finance.words()
    finance.send("/console/tariffs/1/rollbacks", effective_from="")
    path = where(finance)
    assert path.startswith("/console/approvals/")
    for shown in ("waits for a second person", "version 1 again, as version 3", "at once", "¥2.50", "¥2.00"):
        assert shown in finance.words(), shown
    decide(world, path)
    finance.get("/console/tariffs/3")
    for shown in ("in force", "brings back the rules of version 1"):
        assert shown in finance.words(), shown
    finance.get("/console/tariffs/1")
    finance.send("/console/tariffs/1/rollbacks", effective_from="2020-01-01T00:00")
    assert finance.answer.status_code == 409
    assert "Nothing was changed" in finance.words() or "nothing was changed" in finance.words()


def test_taking_back_what_was_to_come(world: World) -> None:
    """The council puts the new fares off: the desk says why, a second person agrees, and the version says so for ever."""
    set_fares(world)
    approve(world, propose(world, dearer(), wall(world, days=1))["approval_id"])
    finance = signed_in(world, Role.FINANCE)
    finance.get("/console/tariffs/2")
    finance.send("/console/tariffs/2/withdrawals", reason="")
    assert finance.answer.status_code == 422
    finance.send("/console/tariffs/2/withdrawals", reason="put off by the council")
    supervisor = decide(world, where(finance))
    assert "put off by the council" in supervisor.words()
    assert "Withdraw version 2" in supervisor.words()
    finance.get("/console/tariffs/2")
    assert "withdrawn" in finance.words()


def test_times_are_those_of_the_city() -> None:
    """What a browser's field for times sends is Beijing time; anything else is no time."""
    instant = wall_instant("2026-12-01T00:00")
    assert instant is not None
    assert instant.isoformat() == "2026-12-01T00:00:00+08:00"
    assert [wall_instant(text) for text in ("", "tomorrow", "2026-13-01T00:00", "2026-12-01")] == [None] * 4
