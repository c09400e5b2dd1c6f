"""Whether and how on-line payment is set up here: the provider's client, the ways of paying that are offered, the webhook's secrets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, cast, get_args

from citizencard.payments.errors import PaymentSettingsInvalid
from citizencard.payments.gateway import MethodKind, PaymentGateway
from citizencard.payments.stripe import StripeGateway
from citizencard.payments.stripe_settings import StripeSettings
from citizencard.payments.stripe_transport import StripeTransport
from citizencard.payments.webhook import WebhookSecret

MAX_SECRETS: Final = 2
"""One in force, and the other while it is being rolled."""
_PREFIX: Final = "whsec_"


@dataclass(frozen=True, slots=True)
class PaymentOptions:
    """What pages and the webhook need beside the provider's client.

    Args:
        methods: ways of paying that are offered.
        webhook_secrets: those in force, at most two; with none no report is believed.
    """

    methods: tuple[MethodKind, ...] = ("card",)
    webhook_secrets: tuple[WebhookSecret, ...] = field(default=(), repr=False)

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "PaymentOptions":
        """Read STRIPE_METHODS (`card,alipay,wechat_pay`; `card` if not given) and STRIPE_WEBHOOK_SECRET_FILE (a secret a line).

        Raises:
            PaymentSettingsInvalid: an unknown method, or a file that cannot be read or holds something else.
        """
        names = tuple(name.strip() for name in (environ.get("STRIPE_METHODS") or "card").split(","))
        if not names or not set(names) <= set(get_args(MethodKind)):
            raise PaymentSettingsInvalid(f"STRIPE_METHODS knows {', '.join(get_args(MethodKind))}")
        return cls(cast("tuple[MethodKind, ...]", names), _secrets(environ.get("STRIPE_WEBHOOK_SECRET_FILE")))


def gateway_from_env(environ: Mapping[str, str]) -> PaymentGateway | None:
    """The provider's client; None where no key is named, and then nothing can be paid on-line.

    Raises:
        PaymentSettingsInvalid: see `StripeSettings`.
    """
    if not environ.get("STRIPE_SECRET_KEY_FILE"):
        return None
    return StripeGateway(StripeTransport(StripeSettings.from_env(environ)))


def _secrets(named: str | None) -> tuple[WebhookSecret, ...]:
    if not named:
        return ()
    try:
        lines = Path(named).read_text(encoding="ascii").split()
    except (OSError, UnicodeDecodeError):
        raise PaymentSettingsInvalid("the file STRIPE_WEBHOOK_SECRET_FILE cannot be read") from None
    if not 0 < len(lines) <= MAX_SECRETS or any(not line.startswith(_PREFIX) for line in lines):
        raise PaymentSettingsInvalid(f"STRIPE_WEBHOOK_SECRET_FILE holds 1 to {MAX_SECRETS} secrets whsec_…, one a line")
    return tuple(WebhookSecret(line) for line in lines)
