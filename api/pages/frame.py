"""What all pages have in common: language, navigation, addresses of our own stylesheet and script."""

import hashlib
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from flask import Response, make_response, render_template, request

from api.city import city
from api.pages.language import PARAMETER, Language, preferred, say

STATIC: Final = Path(__file__).parent / "static"
_DIGEST_CHARACTERS: Final = 10


@cache
def asset(name: str) -> str:
    """The address of a file of ours; it changes with the file, so that a browser never mixes two versions."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
    return f"/static/{name}?v={digest[:_DIGEST_CHARACTERS]}"


def address(path: str, language: Language, anchor: str = "") -> str:
    """The address of a page of ours, in the language that its reader chose by hand; else the browser goes on deciding."""
    query = f"?{PARAMETER}={language}" if PARAMETER in request.args else ""
    return f"{path}{query}{'#' if anchor else ''}{anchor}"


def render(template: str, language: Language | None = None, **values: object) -> Response:
    """A page in the reader's language. Templates get `t` for texts and `link` for addresses."""
    spoken = preferred() if language is None else language

    def t(key: str, **texts: str | int) -> str:
        return say(spoken, key, **texts)

    def link(path: str, anchor: str = "") -> str:
        return address(path, spoken, anchor)

    page = make_response(
        render_template(
            template,
            language=spoken,
            other=spoken.other,
            other_address=f"{request.path}?{urlencode({**request.args.to_dict(), PARAMETER: str(spoken.other)})}",
            is_test=city().settings.realm == "test",
            path=request.path,
            asset=asset,
            t=t,
            link=link,
            **values,
        )
    )
    page.headers["Content-Language"] = str(spoken)
    page.headers["Vary"] = "Accept-Language"
    return page
