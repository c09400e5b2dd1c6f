"""A new card in the place of a lost one, by pages and over HTTP."""

from citizencard.cards.models import Card, CardState, ChipKind
from citizencard.cards.stock import Delivery, receive_chips
from citizencard.db import reading, transaction
from citizencard.settlement.replacements.models import CardReplacement
from citizencard.staff.permissions import Role
from tests.api.console.counter import Counter
from tests.api.world import ok, problem
from tests.citizencard.staff.make_staff import BOOTSTRAP


def lost(counter: Counter, person_id: str, number: int) -> str:
    """A card of somebody that was reported lost for good."""
    card_id, chip = counter.apply(person_id), number.to_bytes(8)
    with transaction(counter.world.sessions) as session:
        receive_chips(session, Delivery(ChipKind.CARD, "B-9", (chip,)), actor=BOOTSTRAP, now=counter.world.clock())
        card = session.get_one(Card, card_id)
        card.chip_serial, card.state = chip, CardState.LOST
    return card_id


def test_clerk_puts_a_new_card_in_the_place_of_a_lost_one(counter: Counter) -> None:
    """The holder of a lost card has a new one in its place; the page says when the money follows, and it is done once."""
    person_id = counter.person()
    old = lost(counter, person_id, 71)
    path = f"/console/cards/{old}/replacement"
    counter.clerk.get(path)
    assert "No card can take its place" in counter.clerk.words()
    new = counter.apply(person_id)
    counter.clerk.get(f"/console/cards/{old}")
    assert "Put a new card in its place" in counter.clerk.words()
    counter.clerk.get(path)
    page = counter.clerk.page
    counter.clerk.send(f"{path}s", new_card_id=new, reason="left on the bus")
    assert "the money follows after" in counter.clerk.words()
    counter.clerk.page = page
    counter.clerk.send(f"{path}s", new_card_id=new, reason="left on the bus")
    with reading(counter.world.sessions) as session:
        assert session.get_one(CardReplacement, old).new_card_id == new
    counter.clerk.get(path)
    counter.clerk.send(f"{path}s", new_card_id=new, reason="again")
    assert counter.clerk.answer.status_code == 409
    assert "Nothing was changed" in counter.clerk.words()


def test_programs_replace_cards_too(counter: Counter) -> None:
    """The same over HTTP, for who works at the counter and nobody else."""
    person_id = counter.person()
    old, new = lost(counter, person_id, 72), counter.apply(person_id)
    path, body = f"/v1/cards/{old}/replacements", {"new_card_id": new, "reason": "left on the bus"}
    problem(counter.world.as_(Role.FINANCE).post(path, body), 403, "permission_denied")
    found = ok(counter.world.as_(Role.CLERK).post(path, body))
    assert (found["reason"], found["moved_at"]) == ("lost", None)
    problem(counter.world.as_(Role.CLERK).post(path, body), 409, "card_replaced")
    stranger = counter.apply(counter.person())
    other = lost(counter, person_id, 73)
    body = {"new_card_id": stranger, "reason": "x"}
    problem(counter.world.as_(Role.CLERK).post(f"/v1/cards/{other}/replacements", body), 409, "replacement_unfit")
