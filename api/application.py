"""Putting the application together."""

import logging
import secrets
from collections.abc import Callable
from datetime import date, datetime
from typing import Final

from flask import Flask, Response, g, request
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import BaseConverter, ValidationError

from api import auth, health, nonces, openapi, problems, webhooks
from api.city import EXTENSION, City, request_id
from api.console.chapter import CHAPTERS as CONSOLE
from api.headers import secure
from api.pages import docs, home, receipts
from api.portal.chapter import CHAPTERS as PORTAL
from api.routes import SMALL_BODY_BYTES
from api.schemas.fields import DAY
from api.web.page import lost
from api.web.signing_in.chapter import pages as sign_in_pages
from citizencard import clock
from citizencard.cards.reader_jobs import Workbench
from citizencard.checkout.settings import PaymentOptions
from citizencard.config import Settings
from citizencard.db import Sessions, make_engine, make_sessions
from citizencard.keys.hsm import FieldContext, Hsm
from citizencard.payments.gateway import PaymentGateway
from citizencard.purse.loads.kinds import READER_JOBS
from citizencard.staff.flow import LoginSecrets
from citizencard.staff.passwords import Passwords
from citizencard.staff.totp import SealedInPlace

REQUEST_ID_BYTES: Final = 9
PAGES: Final = (health.pages, webhooks.pages, home.pages, docs.pages, receipts.pages, sign_in_pages, *CONSOLE, *PORTAL)

log = logging.getLogger("citizencard.api")


class DayConverter(BaseConverter):
    """A calendar day in a path, such as 2026-11-21."""

    def to_python(self, value: str) -> date:
        """Read the day; anything else is no such address."""
        if not DAY.fullmatch(value):
            raise ValidationError
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValidationError from None

    def to_url(self, value: date) -> str:
        """Write the day."""
        return value.isoformat()


def create_app(  # noqa: PLR0913 # each part of the city that a test or a demo replaces has its name here
    settings: Settings,
    hsm: Hsm,
    sessions: Sessions | None = None,
    *,
    now: Callable[[], datetime] = clock.now,
    passwords: Passwords | None = None,
    gateway: PaymentGateway | None = None,
    payment_options: PaymentOptions | None = None,
    doors: Callable[[City], Flask] | None = None,
) -> Flask:
    """Make the application.

    Args:
        settings: of the installation.
        hsm: the keys' keeper, opened.
        sessions: opens transactions; made from the settings when not given.
        now: the clock; aware instants.
        passwords: what hashing a password costs.
        gateway: the payment provider; without one nothing can be paid on-line.
        payment_options: ways of paying that are offered, and the secrets of the provider's reports.
        doors: makes the application of the city; `open_doors` when not given.
    """
    opened = sessions or make_sessions(make_engine(settings.database_url))
    city = City(
        settings=settings,
        sessions=opened,
        hsm=hsm,
        secrets=LoginSecrets(SealedInPlace(hsm, FieldContext), passwords or Passwords()),
        bench=Workbench(opened, hsm, READER_JOBS),
        clock=now,
        gateway=gateway,
        payment_options=payment_options or PaymentOptions(),
    )
    return (doors or open_doors)(city)


def open_doors(city: City) -> Flask:
    """Make the application of a city: its faces for staff, terminals and browsers."""
    app = Flask("api", static_folder="pages/static", static_url_path="/static", template_folder="pages/templates")
    app.config.update(MAX_CONTENT_LENGTH=SMALL_BODY_BYTES, MAX_FORM_MEMORY_SIZE=SMALL_BODY_BYTES, JSON_AS_ASCII=False)
    app.extensions[EXTENSION] = city
    app.url_map.converters["day"] = DayConverter
    app.before_request(_name_request)
    auth.install(app)
    problems.install(app)
    for nowhere in (NotFound, MethodNotAllowed):
        app.register_error_handler(nowhere, lost)
    app.after_request(_sign_answer)
    app.after_request(nonces.use_up_rest)
    openapi.install(app)
    for pages in PAGES:
        app.register_blueprint(pages)
    return app


def _name_request() -> None:
    g.request_id = f"req_{secrets.token_hex(REQUEST_ID_BYTES)}"


def _sign_answer(answer: Response) -> Response:
    answer.headers["X-Request-Id"] = request_id()
    log.info("%s %s %s %d", request_id(), request.method, request.url_rule or "-", answer.status_code)
    return secure(answer)
