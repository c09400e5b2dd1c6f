"""The chapter of pages that the sign-in pages of the console and the portal share."""

from typing import Final

from flask import Blueprint, request

from api.pages.language import PARAMETER
from api.routes import Door
from api.web.doors import HOME, NEXT, local
from api.web.page import page_blueprint

pages: Final[Blueprint] = page_blueprint("web", "api.web")


def onward(door: Door) -> dict[str, str]:
    """What a form's own address carries on: where to go afterwards, and the language if it was chosen in the address."""
    kept = {NEXT: local(request.args.get(NEXT, ""), HOME[door])}
    return kept | {name: request.args[name] for name in (PARAMETER,) if name in request.args}
