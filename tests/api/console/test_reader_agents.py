"""Reader agents at the counter, against a real one."""

import json

from citizencard.workstations.messages import fingerprint
from tests.api.console.counter import AGENTS, Counter
from tests.citizencard.workstations.desk import Desk


def test_reader_works_after_a_second_person_compared_its_fingerprint(counter: Counter, desk: Desk) -> None:
    """The clerk pairs with the code from the agent's window; the page shows the fingerprint only after somebody has typed it from there."""
    counter.clerk.get(AGENTS)
    said, code = desk.say(json.loads(str(counter.clerk.form(AGENTS).attributes["data-pairing"])))
    counter.clerk.send(AGENTS, code=code, name="window 3", said=json.dumps(said))
    assert "Waits for a supervisor" in counter.clerk.words()
    page = f"{AGENTS}/{desk.folder.agent}"
    shown = fingerprint(desk.folder.public_key)
    counter.supervisor.get(page)
    assert shown not in counter.supervisor.words()
    counter.supervisor.send(f"{page}/confirmations", fingerprint="0000 0000")
    assert counter.supervisor.answer.status_code == 422
    assert "Nothing was changed" in counter.supervisor.words()
    counter.supervisor.send(f"{page}/confirmations", fingerprint=shown.lower())
    counter.supervisor.get(page)
    assert shown in counter.supervisor.words()
    counter.clerk.get("/console")
    assert "Ready" in counter.clerk.words()
    assert "window 3" in counter.clerk.words()


def test_pairing_that_no_agent_agreed_to_is_refused(counter: Counter) -> None:
    """A form without the agent's answer, or with a made-up one, pairs nothing."""
    for said in ("", "no json", '{"agent": "agt_1"}', "[" * 1_990):
        counter.clerk.get(AGENTS)
        counter.clerk.send(AGENTS, code="7KQ2-M9XA", name="window 3", said=said)
        assert counter.clerk.answer.status_code == 422, said
    counter.clerk.get(AGENTS)
    assert "No reader is paired yet" in counter.clerk.words()


def test_ended_reader_gets_no_steps(counter: Counter, desk: Desk) -> None:
    """Ended at the counter, a reader is refused at the next job, and its workstation is told."""
    agent = counter.pair(desk)
    card_id = counter.apply(counter.person())
    counter.clerk.get(f"{AGENTS}/{agent}")
    counter.clerk.send(f"{AGENTS}/{agent}/endings")
    answer = counter.ask("/console/reader-steps", counter.wish(desk, "personalise", card_id))
    assert (answer.status_code, answer.get_json(force=True)["code"]) == (409, "agent_ended")
    counter.clerk.get("/console")
    assert "This reader was ended" in counter.clerk.words()


def test_another_window_chooses_the_reader(counter: Counter, desk: Desk) -> None:
    """A browser that did not pair it is told once which reader stands beside it."""
    agent = counter.pair(desk)
    counter.supervisor.get(AGENTS)
    counter.supervisor.send(f"{AGENTS}/{agent}/choices")
    assert "This is the reader of this workstation now" in counter.supervisor.words()
