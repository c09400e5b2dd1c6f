"""Finding out how a request ended."""

from citizencard.checkout.asking import KEY_LIFE, ask
from citizencard.checkout.attempts import take_open
from citizencard.checkout.orders import PAY_WITHIN, locked_order
from citizencard.db import transaction
from tests.citizencard.checkout.make_checkout import Office
from tests.stripe_fake.server import Ordered


def test_keys_are_not_used_longer_than_they_are_kept() -> None:
    """Stripe keeps a key for 24 hours at least."""
    assert PAY_WITHIN < KEY_LIFE
    assert KEY_LIFE.total_seconds() < 24 * 3600


def test_what_a_look_does_not_show_may_still_come(desk: Office) -> None:
    """While the key is young, 'not there' decides nothing; when it is old, it does, and nothing is sent any more."""
    desk.fake.order("create", Ordered.RESET_BEFORE)
    begun = desk.begin_bill()
    with transaction(desk.sessions) as session:
        task = take_open(session, locked_order(session, begun.id), desk.now)
    assert task is not None
    desk.fake.order("create", Ordered.RESET_BEFORE)
    assert not ask(desk.gateway, task, desk.now).has_ended
    posts = sum(seen.method == "POST" for seen in desk.fake.seen)
    heard = ask(desk.gateway, task, desk.now + KEY_LIFE)
    assert (heard.has_ended, heard.problem) == (True, "not_carried_out")
    assert sum(seen.method == "POST" for seen in desk.fake.seen) == posts
