"""A stand-in of Stripe per test, and a gateway that loses no time waiting."""

import time
from collections.abc import Iterator

import pytest

from citizencard.payments.stripe import StripeGateway
from citizencard.payments.stripe_settings import StripeSettings
from citizencard.payments.stripe_transport import Patience, StripeTransport
from tests.stripe_fake.server import KEY, StripeFake, running_fake


@pytest.fixture
def fake() -> Iterator[StripeFake]:
    """A stand-in that listens on loopback."""
    with running_fake() as running:
        yield running


@pytest.fixture
def patience() -> Patience:
    """Three attempts with pauses of a hundredth and answers within a fifth of a second."""
    return Patience(read_s=0.2, wait=lambda pause_s: time.sleep(pause_s / 100))


@pytest.fixture
def transport(fake: StripeFake, patience: Patience) -> StripeTransport:
    """Requests to the stand-in."""
    return StripeTransport(StripeSettings(KEY, fake.address), patience)


@pytest.fixture
def gateway(transport: StripeTransport) -> StripeGateway:
    """The product's gateway on the stand-in."""
    return StripeGateway(transport)
