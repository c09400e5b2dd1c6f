"""What the page's script asks for: steps of reader jobs."""

from api.console.reader_steps import stages_of
from citizencard.workstations.relay import Handed
from tests.api.console.counter import Counter
from tests.api.web.browser import ADDRESS
from tests.citizencard.workstations.desk import Desk


def test_script_gets_problem_documents_and_needs_the_pages_token(counter: Counter, desk: Desk) -> None:
    """Without the token of the page nothing begins; what is refused is said in JSON with a code and a reference."""
    counter.pair(desk)
    card_id = counter.apply(counter.person())
    wish = counter.wish(desk, "personalise", card_id)
    bare = counter.clerk.client.post("/console/reader-steps", base_url=ADDRESS, json=wish)
    assert (bare.status_code, bare.get_json(force=True)["code"]) == (403, "form_token_wrong")
    for body, code in (
        ({**wish, "kind": "personalise_psam"}, "unknown_job_kind"),
        ({**wish, "agent": "agt_nobody"}, "unknown_agent"),
        ({**wish, "kind": "load"}, "unknown_load"),
        ({**wish, "kind": "load", "subject": "load_\0"}, "malformed_request"),
        ({**wish, "subject": "card_\ud800"}, "malformed_request"),
        ({"agent": 7}, "malformed_request"),
        ([], "malformed_request"),
    ):
        answer = counter.ask("/console/reader-steps", body)
        assert answer.get_json(force=True)["code"] == code, body
    token = counter.clerk.token("/console/reader-agents")
    deep = counter.clerk.client.post(
        "/console/reader-steps",
        base_url=ADDRESS,
        data="[" * 15_000,
        content_type="application/json",
        headers={"X-CSRF-Token": token},
    )
    assert (deep.status_code, deep.get_json(force=True)["code"]) == (400, "malformed_request")
    refused = counter.ask("/console/reader-answers", {"answer": "x", "token": ""})
    assert refused.get_json(force=True)["code"] == "malformed_request"
    assert counter.ask("/console/reader-answers", {"answer": {}, "token": ""}).status_code == 404


def test_answer_counts_once_and_only_for_who_began(counter: Counter, desk: Desk) -> None:
    """A replayed answer and a colleague's browser are both refused; the job is begun again and goes on."""
    counter.pair(desk)
    card_id = counter.apply(counter.person())
    desk.put_in(counter.blank())
    handed = counter.ask("/console/reader-steps", counter.wish(desk, "personalise", card_id)).get_json()
    said = {"answer": desk.carry(handed["signed"]), "token": ""}
    assert counter.ask("/console/reader-answers", said, counter.supervisor).status_code == 404
    assert counter.ask("/console/reader-answers", said).status_code == 200
    again = counter.ask("/console/reader-answers", said)
    assert (again.status_code, again.get_json(force=True)["code"]) == (409, "agent_answer_taken")
    assert counter.run(desk, "personalise", card_id)["outcome"] == "personalised"


def test_visible_steps_follow_the_job() -> None:
    """A tick that people do not see, such as one key of many, ticks nothing; the end of a job ticks its last step."""
    assert stages_of(Handed({})) == []
    assert stages_of(Handed({}, "job_1", ticks=("key load",))) == ["connected"]
    assert stages_of(Handed({}, "job_1", ticks=("money booked",))) == ["connected", "booked"]
    assert stages_of(Handed(None, "job_1", outcome="loaded")) == ["connected", "credited"]
    assert stages_of(Handed(None, "job_1", outcome="torn")) == ["connected"]
