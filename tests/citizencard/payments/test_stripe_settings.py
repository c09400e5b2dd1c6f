"""The key goes to Stripe over TLS and nowhere else, and shows nowhere."""

from pathlib import Path

import pytest

from citizencard.payments.errors import PaymentSettingsInvalid
from citizencard.payments.stripe_settings import StripeSettings

LIVE = "sk_live_canary"


@pytest.mark.parametrize(
    ("key", "address"),
    [
        ("pk_test_1", "https://api.stripe.com"),
        ("", "https://api.stripe.com"),
        (LIVE, "http://api.stripe.com"),
        (LIVE, "https://api.stripe.com.evil.invalid"),
        (LIVE, "http://127.0.0.1:8420"),
        ("sk_test_1", "ftp://127.0.0.1"),
        ("sk_test_1", "https://api.stripe.com/v1"),
        ("sk_test_1", "https://user:word@api.stripe.com"),
        ("sk_test_1", "http://127.0.0.1:port"),
    ],
)
def test_an_unsafe_address_or_key_is_refused(key: str, address: str) -> None:
    """A slip in the settings never sends a live key to another house or in the clear."""
    with pytest.raises(PaymentSettingsInvalid) as refusal:
        StripeSettings(key, address)
    assert not key or key not in str(refusal.value)


def test_a_stand_in_is_spoken_to_with_a_test_key() -> None:
    """The demo's server on loopback and the one of the compose file are reached without TLS."""
    assert not StripeSettings("sk_test_1", "http://127.0.0.1:8420").live
    assert not StripeSettings("rk_test_1", "http://stripe-mock:12111").live
    assert StripeSettings(LIVE).live


def test_the_key_comes_from_a_file_and_shows_in_no_repr(tmp_path: Path) -> None:
    """Whoever prints the settings learns the address only."""
    file = tmp_path / "key"
    file.write_text("sk_test_canary\n")
    settings = StripeSettings.from_env({"STRIPE_SECRET_KEY_FILE": str(file), "STRIPE_API_BASE": "http://localhost:1"})
    assert settings.secret_key == "sk_test_canary"
    assert "canary" not in repr(settings)


def test_a_missing_file_is_said_in_words(tmp_path: Path) -> None:
    """The operator learns which setting is wrong."""
    for environ in ({}, {"STRIPE_SECRET_KEY_FILE": str(tmp_path / "none")}):
        with pytest.raises(PaymentSettingsInvalid, match="STRIPE_SECRET_KEY_FILE"):
            StripeSettings.from_env(environ)
