"""Ways of paying: where they lead people to."""

import pytest

from api.portal.ways import page_to_go_to

PAGE = "https://wallet.test/pay"
STAND_IN = "http://127.0.0.1:8420/pay"


@pytest.mark.parametrize(
    ("url", "realm", "led_to"),
    [
        (PAGE, "production", PAGE),
        (PAGE, "test", PAGE),
        (STAND_IN, "test", STAND_IN),
        (STAND_IN, "production", None),
        (None, "production", None),
        (None, "test", None),
    ],
)
def test_real_money_is_paid_over_tls_only(url: str | None, realm: str, led_to: str | None) -> None:
    """A stand-in's page without TLS is gone to in a test city, and nowhere else."""
    assert page_to_go_to(url, realm) == led_to
