"""Cash onto the chip, by pages and through a real reader agent."""

from datetime import timedelta

from sqlalchemy import update

from citizencard import chart
from citizencard.db import reading, transaction
from citizencard.staff.outlets import open_outlet
from citizencard.staff.permissions import Role
from citizencard.workstations.models import ReaderAgent
from ledger import balance, prove
from tests.api.console.counter import Counter
from tests.api.web.browser import make_login
from tests.api.world import problem
from tests.citizencard.staff.make_staff import BOOTSTRAP
from tests.citizencard.workstations.desk import Desk


def asked(counter: Counter, card_id: str, amount: str) -> str:
    """Ask for a load by the pages."""
    counter.clerk.get(f"/console/cards/{card_id}/loads/new")
    answer = counter.clerk.send(f"/console/cards/{card_id}/loads", amount_fen=amount, follow=False)
    assert answer.status_code == 303, counter.clerk.words()
    return str(answer.headers["Location"]).rpartition("/")[2]


def held(counter: Counter, code: str) -> int:
    with reading(counter.world.sessions) as session:
        return balance(session, code).balance_fen


def test_cash_goes_onto_the_chip_and_the_card_proves_it(counter: Counter, desk: Desk) -> None:
    """Fifty yuan are in the till and on the chip, the slip has its number, and the books prove."""
    counter.pair(desk)
    card_id = counter.made(desk, counter.person())
    load_id = asked(counter, card_id, "50")
    end = counter.run(desk, "load", load_id)
    assert (end["outcome"], end["achieved"]) == ("loaded", ["connected", "booked", "credited"])
    counter.clerk.get(f"/console/loads/{load_id}")
    assert "¥50.00 are on the chip, slip 1" in counter.clerk.words()
    assert (held(counter, chart.purse(card_id)), held(counter, chart.till(counter.till_id))) == (5_000, 5_000)
    with reading(counter.world.sessions) as session:
        assert prove(session).differences == ()


def test_card_taken_away_after_the_credit_is_asked_what_became_of_it(counter: Counter, desk: Desk) -> None:
    """A lost answer after the credit loses nothing: the page offers to find out, and the card's own proof ends the load."""
    counter.pair(desk)
    card_id = counter.made(desk, counter.person())
    load_id = asked(counter, card_id, "50")
    handed = counter.ask("/console/reader-steps", counter.wish(desk, "load", load_id)).get_json()
    while "booked" not in handed.get("stages", []):
        answer = desk.carry(handed["signed"])
        handed = counter.ask("/console/reader-answers", {"answer": answer, "token": handed["token"] or ""}).get_json()
    desk.carry(handed["signed"])  # the chip is credited; its answer never arrives
    counter.clerk.get(f"/console/loads/{load_id}")
    assert "Find out what became of it" in counter.clerk.words()
    counter.clerk.get(f"/console/cards/{card_id}")
    assert "A load of ¥50.00 is not finished" in counter.clerk.words()
    assert counter.run(desk, "load", load_id)["outcome"] == "loaded"
    assert counter.load(load_id).state == "proven"
    assert (held(counter, chart.purse(card_id)), held(counter, chart.till(counter.till_id))) == (5_000, 5_000)


def test_load_asked_for_twice_is_one(counter: Counter, desk: Desk) -> None:
    """A double click asks for one load; an amount that no chip holds is a sentence at the form."""
    counter.pair(desk)
    card_id = counter.made(desk, counter.person())
    form = f"/console/cards/{card_id}/loads"
    counter.clerk.get(f"{form}/new")
    first, again = (counter.clerk.send(form, amount_fen="50", follow=False) for _ in range(2))
    assert first.headers["Location"] == again.headers["Location"]
    counter.clerk.get(f"{form}/new")
    counter.clerk.send(form, amount_fen="1000.01")
    assert counter.clerk.answer.status_code == 422
    assert "Nothing was changed" in counter.clerk.words()
    counter.clerk.send(form, amount_fen="much")
    assert "An amount such as 50 or 12.50" in counter.clerk.words()


def test_load_that_ended_takes_no_more_steps(counter: Counter, desk: Desk) -> None:
    """A page left open does not load a second time."""
    counter.pair(desk)
    card_id = counter.made(desk, counter.person())
    load_id = asked(counter, card_id, "1")
    assert counter.run(desk, "load", load_id)["outcome"] == "loaded"
    answer = counter.ask("/console/reader-steps", counter.wish(desk, "load", load_id))
    assert answer.status_code == 409
    assert answer.get_json(force=True)["code"] == "load_state_forbids"
    counter.world.clock.advance(timedelta(seconds=1))
    assert held(counter, chart.purse(card_id)) == 100


def test_disproven_load_is_given_back_by_a_supervisor(counter: Counter, desk: Desk) -> None:
    """Only what the card has disproven is given back, by a supervisor, with a reason."""
    counter.pair(desk)
    card_id = counter.made(desk, counter.person())
    load_id = asked(counter, card_id, "50")
    handed = counter.ask("/console/reader-steps", counter.wish(desk, "load", load_id)).get_json()
    while "booked" not in handed.get("stages", []):
        answer = desk.carry(handed["signed"])
        handed = counter.ask("/console/reader-answers", {"answer": answer, "token": handed["token"] or ""}).get_json()
    assert counter.run(desk, "load", load_id)["outcome"] == "disproven"  # the credit never reached the card
    counter.supervisor.get(f"/console/loads/{load_id}")
    counter.supervisor.send(f"/console/loads/{load_id}/give-backs", reason="holder cannot wait")
    assert "given back" in counter.supervisor.words()
    assert (held(counter, chart.till(counter.till_id)), counter.load(load_id).state) == (0, "given_back")


def test_cash_is_booked_into_a_foreign_till_by_nobody(counter: Counter, desk: Desk) -> None:
    """A load that was asked for at another outlet and not paid is not carried out here: that till would be short of the cash."""
    counter.pair(desk)
    load_id = asked(counter, counter.made(desk, counter.person()), "50")
    with transaction(counter.world.sessions) as session:
        elsewhere = open_outlet(session, "East Station", BOOTSTRAP, counter.world.clock()).id
        session.execute(update(ReaderAgent).values(outlet_id=elsewhere))
    stranger = counter.window(make_login(counter.world, Role.CLERK, outlet_id=elsewhere))
    refused = counter.ask("/console/reader-steps", counter.wish(desk, "load", load_id), stranger)
    assert (refused.status_code, refused.get_json(force=True)["code"]) == (403, "elsewhere_refused")
    caller = counter.world.as_(Role.CLERK, outlet_id=elsewhere)
    wish = {"kind": "load", "subject_id": load_id}
    problem(caller.post(f"/v1/reader-agents/{desk.folder.agent}/jobs", wish), 403, "elsewhere_refused")
    problem(caller.post("/v1/reader-jobs", {**wish, "atr": "3B00"}), 403, "elsewhere_refused")
    assert counter.load(load_id).state == "requested"
