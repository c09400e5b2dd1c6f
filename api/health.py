"""Is the process alive, and may it be sent work? For whoever supervises it."""

from typing import Final

from flask import Blueprint, Response

from api.city import city
from api.face import json_answer
from citizencard.migrations.state import is_at_head

READY: Final = 200
NOT_READY: Final = 503

pages = Blueprint("health", __name__)


@pages.get("/healthz")
def alive() -> Response:
    """The process answers; nothing else is asked."""
    return json_answer({"status": "alive"}, READY)


@pages.get("/readyz")
def ready() -> Response:
    """The database answers, and its history is where this version needs it."""
    current = is_at_head(city().sessions)
    return json_answer({"status": "ready" if current else "migrations_pending"}, READY if current else NOT_READY)
