"""The newcomer's home page: in ten seconds a living city. And the part of it that moves, for the page's own script."""

from typing import Final, cast

from flask import Blueprint, Response, current_app
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException

from api.city import EXTENSION, City
from api.city import now as instant
from api.pages.board import Kept
from api.pages.formats import clock, minute, stamp, yuan
from api.pages.frame import render
from api.pages.language import Language, preferred
from api.pages.plot import plot
from api.pages.sentences import sentence
from api.problems import broken
from citizencard.db import reading
from citizencard.settlement.overview import Holdings, Pulse, holdings, pulse

BOARD: Final = "citizencard.home"
REFRESH_MS: Final = 2_000
DOORS: Final = (("clerk", "/console", ""), ("resident", "/portal", ""), ("terminals", "/docs", "terminals"))
"""The ways in: their names in the catalogue, where each leads, and to which place on that page."""

pages = Blueprint("home", __name__)


class Board:
    """The figures of one city, for all who look at its page.

    Args:
        of: the city.
    """

    def __init__(self, of: City) -> None:
        self.pulse = Kept(lambda: _pulse(of))
        self.holdings = Kept(lambda: _holdings(of))


@pages.record
def _set_up(state: BlueprintSetupState) -> None:
    state.app.extensions[BOARD] = Board(cast("City", state.app.extensions[EXTENSION]))


@pages.get("/")
def home() -> Response:
    """The whole page."""
    language = preferred()
    return render("home.html", language, doors=DOORS, refresh_ms=REFRESH_MS, **_figures(language))


@pages.get("/home/figures")
def figures() -> Response:
    """The part that moves, as HTML."""
    language = preferred()
    return render("city.html", language, **_figures(language))


@pages.errorhandler(Exception)
def trouble(error: Exception) -> Response | HTTPException:
    """People get a page, not a problem document; the log gets the same as for every fault."""
    if isinstance(error, HTTPException):
        return error
    problem = broken(error)
    document = problem.get_json(force=True)
    page = render("trouble.html", kind=document["code"], reference=document["reference"])
    page.status_code = problem.status_code
    if "Retry-After" in problem.headers:
        page.headers["Retry-After"] = problem.headers["Retry-After"]
    return page


def _figures(language: Language) -> dict[str, object]:
    board = cast("Board", current_app.extensions[BOARD])
    seen, held = board.pulse.get(), board.holdings.get()
    now = max(instant(), seen.at)
    return {
        "pulse": seen,
        "holdings": held,
        "at": clock(seen.at),
        "proved_at": "" if seen.proof is None else stamp(seen.proof.at, now),
        "plot": plot(seen.per_minute),
        "taps": [sentence(tap, language, now) for tap in seen.latest],
        "yuan": yuan,
        "minute": minute,
    }


def _pulse(of: City) -> Pulse:
    with reading(of.sessions) as session:
        return pulse(session, of.clock())


def _holdings(of: City) -> Holdings:
    with reading(of.sessions) as session:
        return holdings(session)
