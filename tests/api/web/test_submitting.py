"""A form is carried out once; a refusal comes back on its page."""

import secrets

from sqlalchemy import select

from citizencard.db import reading
from citizencard.idempotency.models import IdempotencyKey
from citizencard.staff.models import Outlet
from citizencard.staff.permissions import Role
from tests.api.web.browser import Browser, signed_in
from tests.api.world import World


def outlets(world: World) -> list[str]:
    with reading(world.sessions) as session:
        return sorted(session.scalars(select(Outlet.name)))


def filled_in(browser: Browser, **fields: str) -> dict[str, str]:
    browser.get("/console/sample")
    form = browser.form("/console/sample")
    hidden = {str(one.attributes["name"]): str(one.attributes["value"]) for one in form.all("input", type="hidden")}
    return {**hidden, "amount_fen": "50", **fields}


def test_double_click_and_reload_book_once(town: World) -> None:
    """The same form sent again has the effect of once, and its answer; a new form is a new request."""
    browser = signed_in(town, Role.SYSTEM_ADMIN)
    fields = filled_in(browser, name="North")
    for said in ("One thing", "2 things", "2 things"):
        browser.post("/console/sample", fields)
        assert said in browser.words()
    assert outlets(town) == ["North"]
    browser.post("/console/sample", filled_in(browser, name="South"))
    assert outlets(town) == ["North", "South"]


def test_form_number_with_other_fields_is_refused(town: World) -> None:
    """Going back in the browser and changing a sent form is told, and changes nothing."""
    browser = signed_in(town, Role.SYSTEM_ADMIN)
    fields = filled_in(browser, name="North")
    browser.post("/console/sample", fields)
    answer = browser.post("/console/sample", {**fields, "name": "South"})
    assert answer.status_code in (409, 422)
    assert "Nothing was changed" in browser.words()
    assert outlets(town) == ["North"]


def test_form_of_one_person_is_not_that_of_another(town: World) -> None:
    """The form's number counts within a login only."""
    first, second = signed_in(town, Role.SYSTEM_ADMIN), signed_in(town, Role.SYSTEM_ADMIN)
    once = secrets.token_urlsafe(16)
    first.post("/console/sample", {**filled_in(first, name="North"), "once": once})
    second.post("/console/sample", {**filled_in(second, name="South"), "once": once})
    assert outlets(town) == ["North", "South"]


def test_refusal_comes_back_on_the_page_and_the_form_may_be_sent_again(town: World) -> None:
    """What a rule forbids is said in a sentence with a reference; what was typed stays, and put right it is booked once."""
    browser = signed_in(town, Role.SYSTEM_ADMIN)
    browser.post("/console/sample", filled_in(browser, name="North"))
    answer = browser.post("/console/sample", filled_in(browser, name="North"))
    assert answer.status_code == 409
    alert = browser.page.one("div", role="alert", _class="refusal alert alert-danger")
    assert "Nothing was changed" in alert.words()
    assert answer.headers["X-Request-Id"] in alert.words()
    assert browser.page.one("input", id="name").attributes["value"] == "North"
    browser.send("/console/sample", name="South")
    assert outlets(town) == ["North", "South"]


def test_flow_of_several_transactions_is_not_begun_again(town: World) -> None:
    """Work that was carried out is answered from what is stored."""
    browser = signed_in(town, Role.SYSTEM_ADMIN)
    fields = filled_in(browser, name="North")
    for _ in range(3):
        browser.post("/console/sample/again", fields)
        assert "One thing" in browser.words()


def test_what_is_stored_holds_nothing_that_was_typed(town: World) -> None:
    """The stored answer is ids; the form itself is kept as a digest."""
    browser = signed_in(town, Role.SYSTEM_ADMIN)
    browser.post("/console/sample", filled_in(browser, name="North", note="secret no"))
    with reading(town.sessions) as session:
        rows = session.query(IdempotencyKey).all()
    assert rows
    assert all("secret" not in f"{vars(row)}" for row in rows)
