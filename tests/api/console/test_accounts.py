"""The on-line account at the counter, on both databases."""

from citizencard import chart
from citizencard.accounts.registry import open_account
from citizencard.cards.states import Deed
from citizencard.db import reading, transaction
from ledger import balance, prove
from tests.api.console.counter import Counter
from tests.citizencard.cards.make_cards import CLERK


def opened(counter: Counter) -> str:
    person_id = counter.person()
    with transaction(counter.world.sessions) as session:
        return open_account(session, person_id, Deed(CLERK, counter.world.clock())).id


def test_top_up_sent_twice_books_once(counter: Counter) -> None:
    """Fifty yuan over the counter, the button pressed twice: one slip, fifty yuan in the till and in the account."""
    account_id = opened(counter)
    form = f"/console/accounts/{account_id}/top-ups"
    counter.clerk.get(f"{form}/new")
    first = counter.clerk.send(form, amount_fen="50", follow=False)
    again = counter.clerk.send(form, amount_fen="50")
    assert first.status_code == 303
    assert "¥50.00 taken, slip 1, balance ¥50.00" in counter.clerk.words(), again.status_code
    with reading(counter.world.sessions) as session:
        assert balance(session, chart.wallet(account_id)).balance_fen == 5_000
        assert balance(session, chart.till(counter.till_id)).balance_fen == 5_000
        assert prove(session).differences == ()


def test_form_with_other_figures_is_not_taken_for_the_first_one(counter: Counter) -> None:
    """A form that went back in the browser and got another amount is refused, not booked silently as the old one."""
    account_id = opened(counter)
    form = f"/console/accounts/{account_id}/top-ups"
    counter.clerk.get(f"{form}/new")
    page = counter.clerk.page
    counter.clerk.send(form, amount_fen="50", follow=False)
    counter.clerk.page = page
    counter.clerk.send(form, amount_fen="60")
    assert counter.clerk.answer.status_code in {409, 422}
    with reading(counter.world.sessions) as session:
        assert balance(session, chart.wallet(account_id)).balance_fen == 5_000


def test_more_than_the_account_may_hold_is_refused_in_a_sentence(counter: Counter) -> None:
    """Nothing is taken, and the slips keep no gap."""
    account_id = opened(counter)
    form = f"/console/accounts/{account_id}/top-ups"
    counter.clerk.get(f"{form}/new")
    counter.clerk.send(form, amount_fen="5,000.01")
    assert counter.clerk.answer.status_code == 422
    assert "Nothing was changed" in counter.clerk.words()
    counter.clerk.get(f"{form}/new")
    counter.clerk.send(form, amount_fen="5,000")
    assert "slip 1" in counter.clerk.words()
    counter.clerk.get(f"{form}/new")
    counter.clerk.send(form, amount_fen="0.01")
    assert "Nothing was changed" in counter.clerk.words()


def test_till_of_another_outlet_takes_nothing(counter: Counter) -> None:
    """A clerk books into the drawers of the own outlet only."""
    account_id = opened(counter)
    form = f"/console/accounts/{account_id}/top-ups"
    counter.clerk.get(f"{form}/new")
    counter.clerk.send(form, amount_fen="50", till_id="till_00000000000000000000")
    assert counter.clerk.answer.status_code in {403, 404}
    with reading(counter.world.sessions) as session:
        assert balance(session, chart.wallet(account_id)).balance_fen == 0
