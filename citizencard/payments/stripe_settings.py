"""Where Stripe is and with which key we speak to it; the key shows in no repr."""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from citizencard.payments.errors import PaymentSettingsInvalid

STRIPE: Final = "https://api.stripe.com"
_KEY: Final = re.compile(r"(sk|rk)_[A-Za-z0-9_]{1,250}")


@dataclass(frozen=True, slots=True)
class StripeSettings:
    """Address and key.

    Args:
        secret_key: `sk_…`, or better a restricted key `rk_…`.
        api_base: scheme, host and port; a stand-in without TLS is spoken to with a test key only.

    Raises:
        PaymentSettingsInvalid: the key has no form of a key, or would travel in the clear.
    """

    secret_key: str = field(repr=False)
    api_base: str = STRIPE

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.secret_key):
            raise PaymentSettingsInvalid("the secret key does not begin with sk_ or rk_")
        try:
            parts = urlsplit(self.api_base)
            bare = (
                not (parts.path or parts.query or parts.fragment or parts.username or parts.password)
                and parts.port != 0
            )
        except ValueError:
            raise PaymentSettingsInvalid("STRIPE_API_BASE is not an address") from None
        if parts.scheme not in ("https", "http") or not parts.hostname or not bare:
            raise PaymentSettingsInvalid("STRIPE_API_BASE must be scheme, host and port, and nothing else")
        if parts.scheme == "http" and "_test_" not in self.secret_key and not _is_loopback(parts.hostname):
            raise PaymentSettingsInvalid("only a test key may travel without TLS")
        if self.live and self.api_base != STRIPE:
            raise PaymentSettingsInvalid(f"a live key is sent to {STRIPE} only")

    @property
    def live(self) -> bool:
        """Whether real money moves."""
        return self.secret_key.startswith(("sk_live_", "rk_live_"))

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "StripeSettings":
        """Read STRIPE_API_BASE (optional) and STRIPE_SECRET_KEY_FILE, a file that holds the key alone.

        Raises:
            PaymentSettingsInvalid: the file is not named or cannot be read, or the values are not usable.
        """
        named = environ.get("STRIPE_SECRET_KEY_FILE")
        if not named:
            raise PaymentSettingsInvalid("STRIPE_SECRET_KEY_FILE is missing")
        try:
            key = Path(named).read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            raise PaymentSettingsInvalid("the file STRIPE_SECRET_KEY_FILE cannot be read") from None
        return cls(secret_key=key, api_base=environ.get("STRIPE_API_BASE") or STRIPE)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
