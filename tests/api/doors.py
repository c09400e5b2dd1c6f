"""Applications that share their doors: what does not depend on the city is put together once and not for each test."""

import copy

from flask import Flask

from api.application import open_doors
from api.city import EXTENSION, City
from api.pages.home import BOARD, Board

OF_THE_CITY = {EXTENSION, BOARD}
SHARED = {"flask-smorest"}
_PATTERNS: dict[str, Flask] = {}


def shared_doors(city: City) -> Flask:
    """An application of the city, for `create_app`: routes, document and templates serve all tests of a process.

    So does its map of addresses: a test that adds one makes an application of its own, with `open_doors`.
    """
    address = city.settings.public_url
    pattern = _PATTERNS.get(address) or _PATTERNS.setdefault(address, _pattern(city))
    app = copy.copy(pattern)
    app.config = copy.copy(pattern.config)
    app.view_functions = dict(pattern.view_functions)
    app.extensions = {**pattern.extensions, EXTENSION: city, BOARD: Board(city)}
    return app


def _pattern(city: City) -> Flask:
    app = open_doors(city)
    assert set(app.extensions) == OF_THE_CITY | SHARED, "what is new there: of the city, or shared?"
    assert app.jinja_env, "made now, so that each template is compiled once"
    return app
