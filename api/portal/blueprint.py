"""The chapter of pages that the whole portal is, and the form of a button."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from flask import Blueprint

from api.web.forms import Form
from api.web.page import page_blueprint

pages: Final[Blueprint] = page_blueprint("portal", "api.portal")
steps: Final = Blueprint("portal_steps", "api.portal")
"""What the script of the reader asks for: JSON, and problem documents as refusals."""

TONES: Final[Mapping[str, str]] = {
    "active": "calm",
    "applied": "accent",
    "personalised": "accent",
    "issued": "accent",
    "temp_lost": "warning",
    "lost": "danger",
    "blocked": "danger",
}


class NothingForm(Form):
    """A button without fields."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """What a button says."""


@pages.context_processor
def tones() -> dict[str, Any]:
    """How states of cards are coloured, beside their words."""
    return {"tones": TONES}
