"""What every request of one application needs: the database, the keys, the clock, the settings."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, cast

from flask import current_app, g, has_request_context

from citizencard.cards.reader_jobs import Workbench
from citizencard.checkout.settings import PaymentOptions
from citizencard.config import Settings
from citizencard.db import Sessions
from citizencard.keys.hsm import Hsm
from citizencard.payments.gateway import MethodKind, PaymentGateway
from citizencard.payments.webhook import WebhookSecret
from citizencard.staff.flow import LoginSecrets

EXTENSION: Final = "citizencard"


@dataclass(frozen=True, slots=True)
class City:
    """One city, as the requests of one application see it.

    Args:
        settings: of the installation.
        sessions: opens transactions.
        hsm: the keys' keeper.
        secrets: what keeps the secrets of logins.
        bench: what reader jobs run on.
        clock: the present instant, aware, in UTC.
        gateway: the payment provider; None where nothing can be paid on-line.
        payment_options: what goes with it.
    """

    settings: Settings
    sessions: Sessions = field(repr=False)
    hsm: Hsm = field(repr=False)
    secrets: LoginSecrets = field(repr=False)
    bench: Workbench = field(repr=False)
    clock: Callable[[], datetime] = field(repr=False)
    gateway: PaymentGateway | None = field(default=None, repr=False)
    payment_options: PaymentOptions = field(default_factory=PaymentOptions, repr=False)

    @property
    def payment_methods(self) -> tuple[MethodKind, ...]:
        """Ways of paying on-line that are offered."""
        return self.payment_options.methods

    @property
    def webhook_secrets(self) -> tuple[WebhookSecret, ...]:
        """Secrets that the provider's reports may be signed with."""
        return self.payment_options.webhook_secrets


def city() -> City:
    """The city of the application that handles the present request."""
    return cast("City", current_app.extensions[EXTENSION])


def now() -> datetime:
    """The instant of the present request: taken once, the same in all of it."""
    if "now" not in g:
        g.now = city().clock()
    return cast("datetime", g.now)


def request_id() -> str:
    """The name of the present request, in its answer, in the log and in the audit; empty outside of requests."""
    return str(g.get("request_id", "")) if has_request_context() else ""
