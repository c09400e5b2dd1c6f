"""What the provider says, in the city's words."""

import pytest

from citizencard.checkout.reports import told
from citizencard.payments.gateway import Problem
from tests.citizencard.checkout.make_checkout import Office
from tests.stripe_fake.books import TO_PAGE


@pytest.mark.parametrize(
    ("problem", "slug"),
    [
        (Problem(code="card_declined", decline_code="insufficient_funds"), "insufficient_funds"),
        (Problem(code="expired_card"), "expired_card"),
        (Problem(code="card_declined", decline_code="stolen_card"), "card_declined"),
        (Problem(), "card_declined"),
    ],
)
def test_people_are_told_what_helps_them(problem: Problem, slug: str) -> None:
    """No money, an old card; that a card is reported stolen is not told to whoever holds it."""
    assert told(problem) == slug


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "http://evil.test/",
        "http://127.0.0.1.evil.test/",
        "http://127.0.0.1@evil.test/",
        "http://localhost.evil.test/",
        "https://",
        "https://[x/",
        "https://x.test/\n",
        "https://x.test/" + "x" * 2048,
    ],
)
def test_only_pages_are_gone_to(desk: Office, url: str) -> None:
    """An address that is no page of the bank is dropped, whoever sent it."""
    begun = desk.begin_bill()
    desk.confirm(begun.id, TO_PAGE)
    desk.provider(begun.id)["next_action"] = {"type": "redirect_to_url", "redirect_to_url": {"url": url}}
    assert desk.refresh(begun.id).next_url is None
