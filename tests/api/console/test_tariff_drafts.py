"""A tariff on its way to a second person."""

import json

from citizencard.staff.permissions import Role
from tests.api.registry import TARIFF, set_fares
from tests.api.test_tariffs import dearer
from tests.api.web.browser import signed_in
from tests.api.world import World

FORM = "/console/tariffs"


def test_every_mistake_of_a_file_is_shown_with_its_place(world: World) -> None:
    """Whoever brings a file sees all that is wrong with it at once, keeps the text, and proposes nothing by mistake."""
    finance = signed_in(world, Role.FINANCE)
    finance.get("/console/tariffs/new")
    broken = {**TARIFF, "currency": "yuan", "taxis": {}}
    text = json.dumps(broken)
    finance.send(FORM, document=text, wish="propose")
    assert finance.answer.status_code == 422
    for shown in ("2 mistakes", "taxis", "is not known here; taxi is", "must be an ISO 4217 code"):
        assert shown in finance.words(), shown
    assert finance.page.one("textarea").words() == text
    finance.send(FORM, document='{"format": 2,', wish="look")
    assert "the whole file" in finance.words()
    finance.send(FORM, document="[]", wish="look")
    assert "must be an object" in finance.words()
    finance.send(FORM, document=json.dumps(TARIFF), effective_from="soon", wish="look")
    assert "Beijing time" in finance.words()
    finance.get("/console/approvals")
    assert "Publish a tariff" not in finance.words()


def test_a_sound_file_is_looked_at_and_then_proposed(world: World) -> None:
    """First what it says and changes, then the proposal: the approver sees the same on the page where the yes is given."""
    set_fares(world)
    finance = signed_in(world, Role.FINANCE)
    finance.get("/console/tariffs/new")
    text = json.dumps(dearer())
    finance.send(FORM, document=text, effective_from="2026-12-01T00:00", wish="look")
    assert finance.answer.status_code == 200
    for shown in ("No mistakes", "Compared with version 1", "¥2.00", "¥2.50", "No taps in that time"):
        assert shown in finance.words(), shown
    page = finance.page
    finance.send(FORM, document=text, effective_from="2026-12-01T00:00", wish="propose")
    path = finance.answer.request.path
    assert path.startswith("/console/approvals/")
    assert "You proposed this yourself" in finance.words()
    finance.page = page
    finance.send(FORM, document=text, effective_from="2026-12-01T00:00", wish="propose")
    assert finance.answer.request.path == path
    supervisor = signed_in(world, Role.SUPERVISOR)
    supervisor.get(path)
    for shown in ("Compared with version 1", "¥2.50", "2026-12-01", "Its exact text"):
        assert shown in supervisor.words(), shown
    supervisor.send(f"{path}/decisions", decision="approve", reason="seen")
    assert "Approved and carried out" in supervisor.words()
    finance.get("/console/tariffs/2")
    assert "waits for its time" in finance.words()


def test_a_large_file_fits(world: World) -> None:
    """A metro with two thousand prices is pasted like any other tariff; another currency is shown without a trial on taps in yuan."""
    prices = [{"from": 1, "to": stop, "price": "3.00"} for stop in range(2, 2_000)]
    lines = {"1": {"mode": "bus", "fare": {"between": prices}}}
    document = {**TARIFF, "currency": "EUR", "transit": {**TARIFF["transit"], "lines": lines}}
    finance = signed_in(world, Role.FINANCE)
    finance.get("/console/tariffs/new")
    finance.send(FORM, document=json.dumps(document), effective_from="2026-12-01T00:00", wish="look")
    assert finance.answer.status_code == 200, finance.words()[:500]
    assert "€3.00" in finance.words()
    assert "On past taps" not in finance.words()
    assert "It is in EUR" in finance.words()
    finance.send(FORM, document=json.dumps(document), effective_from="2026-12-01T00:00", wish="propose")
    assert finance.answer.request.path.startswith("/console/approvals/")
    assert "nothing here could be priced" in finance.words()
