"""A page as authors of pages write one: a form that opens an outlet, all components, one act that wants a fresh code."""

from dataclasses import dataclass

from flask import Flask, Response

from api.auth import actor
from api.city import now
from api.routes import ACCESS, PORTAL, console
from api.web.forms import Choice, Count, Day, Form, Line, Lines, Tick, Yuan, new_form, read_form
from api.web.page import Said, go_to, page_blueprint, render_page
from api.web.submitting import answer_form, book_again, book_once
from citizencard.staff.outlets import open_outlet
from citizencard.staff.permissions import Permission

SERIAL = bytes.fromhex("02150000000000000015")

ROUTES = {
    ("GET", "/console/sample"): console(Permission.OUTLETS_MANAGE),
    ("POST", "/console/sample"): console(Permission.OUTLETS_MANAGE),
    ("POST", "/console/sample/again"): console(Permission.OUTLETS_MANAGE),
    ("GET", "/console/sample/fresh"): console(Permission.OUTLETS_MANAGE, fresh_code=True),
    ("POST", "/console/sample/fresh"): console(Permission.OUTLETS_MANAGE, fresh_code=True),
    ("GET", "/console/sample/fault"): console(),
    ("GET", "/portal/sample"): PORTAL,
}


@dataclass(frozen=True, slots=True)
class Opening:
    """What is typed on the page."""

    name: str
    amount_fen: int
    count: int = 1
    day: object = None
    kind: str = "a"
    note: str = ""
    sure: bool = False


class OpeningForm(Form):
    """One field of each kind."""

    name = Line(8)
    amount_fen = Yuan(100, 500_000)
    count = Count(1, 9, load_default=1)
    day = Day(load_default=None)
    kind = Choice("a", "b", load_default="a")
    note = Lines(20, load_default="")
    sure = Tick()


def register(app: Flask) -> None:
    """Open the pages."""
    pages = page_blueprint("sample", __name__)
    again: list[str] = []

    @pages.get("/console/sample")
    def sample() -> Response:
        return render_page("sample/page.html", form=new_form(amount_fen="50"), reader=True, serial=SERIAL)

    @pages.post("/console/sample")
    def opened() -> Response:
        who = actor(Permission.OUTLETS_MANAGE)
        form = read_form(OpeningForm, Opening)

        def act(given: Opening) -> Response:
            done = book_once(form, lambda session: {"id": open_outlet(session, given.name, who, now()).id})
            return go_to("/console/sample", Said("form.faults", values={"n": 2 if done.replayed else 1}))

        return answer_form(form, act, "sample/page.html", serial=SERIAL)

    @pages.post("/console/sample/again")
    def opened_by_flow() -> Response:
        form = read_form(OpeningForm, Opening)

        def flow() -> dict[str, str]:
            again.append("done")
            return {"done": str(len(again))}

        def act(_given: Opening) -> Response:
            return go_to(
                "/console/sample", Said("form.faults", values={"n": int(book_again(form, flow).answer.body["done"])})
            )

        return answer_form(form, act, "sample/page.html", serial=SERIAL)

    @pages.route("/console/sample/fresh", methods=["GET", "POST"])
    def fresh() -> Response:
        return render_page("sample/page.html", form=new_form(), serial=SERIAL)

    @pages.get("/console/sample/fault")
    def fault() -> Response:
        raise ZeroDivisionError("3210 is a number nobody may see")

    @pages.get("/portal/sample")
    def of_resident() -> Response:
        return render_page("sample/page.html", form=new_form(), serial=SERIAL)

    assert ROUTES.keys() <= ACCESS.keys()
    app.register_blueprint(pages)
