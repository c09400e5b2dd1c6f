"""Money off the chip, by pages and through a real reader agent."""

from citizencard import chart
from citizencard.db import reading
from citizencard.purse.unloads.models import Unload
from citizencard.purse.unloads.unloads import find_unload
from ledger import balance, prove
from tests.api.console.counter import Counter
from tests.api.console.test_loads import asked as asked_to_load
from tests.citizencard.workstations.desk import Desk


def _asked(counter: Counter, card_id: str, amount: str = "") -> str:
    """Ask for an unload by the pages; of all there is without an amount."""
    counter.clerk.get(f"/console/cards/{card_id}/unloads/new")
    answer = counter.clerk.send(f"/console/cards/{card_id}/unloads", amount_fen=amount, follow=False)
    assert answer.status_code == 303, counter.clerk.words()
    return str(answer.headers["Location"]).rpartition("/")[2]


def _loaded(counter: Counter, desk: Desk, amount: str) -> str:
    counter.pair(desk)
    card_id = counter.made(desk, counter.person())
    assert counter.run(desk, "load", asked_to_load(counter, card_id, amount))["outcome"] == "loaded"
    return card_id


def _held(counter: Counter, code: str) -> int:
    with reading(counter.world.sessions) as session:
        return balance(session, code).balance_fen


def _unload(counter: Counter, unload_id: str) -> Unload:
    with reading(counter.world.sessions) as session:
        found = find_unload(session, unload_id)
        session.expunge_all()
    return found


def test_card_is_given_up_in_three_clicks_and_paid_by_a_supervisor(counter: Counter, desk: Desk) -> None:
    """Fifty yuan come off the chip, are due, and go out of the till on a slip; the card is closed and the books prove."""
    card_id = _loaded(counter, desk, "50")
    counter.clerk.get(f"/console/cards/{card_id}")
    assert "Take money off the card" in counter.clerk.words()
    unload_id = _asked(counter, card_id)
    end = counter.run(desk, "unload", unload_id)
    assert (end["outcome"], end["achieved"]) == ("unloaded", ["connected", "ordered", "debited"])
    assert (_held(counter, chart.purse(card_id)), _held(counter, chart.due(card_id))) == (0, 5_000)
    counter.clerk.get(f"/console/unloads/{unload_id}")
    assert "¥50.00 are off the chip" in counter.clerk.words()
    assert "pay in cash" not in counter.clerk.words()
    counter.supervisor.get(f"/console/unloads/{unload_id}")
    counter.supervisor.send(f"/console/unloads/{unload_id}/pay-outs", reason="moves away")
    assert "were paid in cash, slip 2" in counter.supervisor.words()
    assert (_unload(counter, unload_id).state, counter.card(card_id).state) == ("paid_out", "closed")
    assert _held(counter, chart.till(counter.till_id)) == 0
    with reading(counter.world.sessions) as session:
        assert prove(session).differences == ()
    assert counter.ask("/console/reader-steps", counter.wish(desk, "unload", unload_id)).status_code == 409


def test_open_unload_is_shown_and_ended_by_the_card(counter: Counter, desk: Desk) -> None:
    """A lost answer after the debit loses nothing: both pages say that it is open, nothing is paid, and the card's proof ends it."""
    card_id = _loaded(counter, desk, "50")
    unload_id = _asked(counter, card_id, "20")
    handed = counter.ask("/console/reader-steps", counter.wish(desk, "unload", unload_id)).get_json()
    while "ordered" not in handed.get("stages", []):
        answer = desk.carry(handed["signed"])
        handed = counter.ask("/console/reader-answers", {"answer": answer, "token": handed["token"] or ""}).get_json()
    desk.carry(handed["signed"])  # the chip is debited; its answer never arrives
    counter.clerk.get(f"/console/unloads/{unload_id}")
    assert "pay nothing" in counter.clerk.words()
    for path in ("", "/unloads/new"):
        counter.clerk.get(f"/console/cards/{card_id}{path}")
        assert "Taking ¥20.00 off is not finished" in counter.clerk.words()
    counter.clerk.get(f"/console/cards/{card_id}/loads/new")
    counter.clerk.send(f"/console/cards/{card_id}/loads", amount_fen="1")
    assert counter.clerk.answer.status_code == 409
    assert counter.run(desk, "unload", unload_id)["outcome"] == "unloaded"
    assert (_held(counter, chart.purse(card_id)), _held(counter, chart.due(card_id))) == (3_000, 2_000)
    counter.supervisor.get(f"/console/unloads/{unload_id}")
    counter.supervisor.send(f"/console/unloads/{unload_id}/pay-outs", reason="moves away")
    assert "There is still money on the chip" in counter.supervisor.words()


def test_unload_is_withdrawn_before_it_is_ordered(counter: Counter, desk: Desk) -> None:
    """Asked for by mistake, it is given up, and nothing has happened to the card."""
    card_id = _loaded(counter, desk, "50")
    unload_id = _asked(counter, card_id)
    counter.clerk.get(f"/console/unloads/{unload_id}")
    counter.clerk.send(f"/console/unloads/{unload_id}/withdrawals", reason="another card was meant")
    assert "the money is still on the card" in counter.clerk.words()
    assert _held(counter, chart.purse(card_id)) == 5_000
