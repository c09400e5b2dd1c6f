"""The words of the reader."""

import re
from pathlib import Path

from api.console.reader_steps import CONNECTED, OF_OUTCOME, OF_TICK
from api.pages.texts_reader import READER
from citizencard.cards.issuing.personalise import PERSONALISED
from citizencard.cards.issuing.proof import NOT_PROVED
from citizencard.cards.reader_jobs import CARD_REFUSED, SUPERSEDED, TORN
from citizencard.purse.loads.flow import LOADED, NOT_GENUINE, OVER_CEILING, REPLAYED, UNDECIDED
from citizencard.purse.loads.recovery import DISPROVEN, GIVEN_BACK
from citizencard.purse.unloads import flow as unload
from citizencard.purse.unloads import recovery as unload_recovery
from hardware.agent.errors import AlreadyPaired, PairingCodeDead, PairingCodeWrong, SessionOver, StepExpired
from hardware.cli.agent import run
from hardware.errors import NoReader, ReaderBusy

SCRIPT = Path(__file__).parents[3] / "api" / "pages" / "static" / "reader.js"
OF_MAKING = {PERSONALISED, TORN, CARD_REFUSED, NOT_PROVED, SUPERSEDED}
OF_LOADING = {LOADED, NOT_GENUINE, OVER_CEILING, REPLAYED, UNDECIDED, DISPROVEN, GIVEN_BACK}
OF_UNLOADING = {
    unload.UNLOADED,
    unload.NOT_GENUINE,
    unload.NOTHING_THERE,
    unload.BALANCE_DIFFERS,
    unload.REPLAYED,
    unload.UNDECIDED,
    unload_recovery.DISPROVEN,
}


def test_every_end_of_a_job_is_a_sentence() -> None:
    """Whatever becomes of a card on the reader, the clerk reads what was done and what to do next."""
    assert {f"outcome.{outcome}" for outcome in OF_MAKING | OF_LOADING | OF_UNLOADING} <= READER.keys()


def test_every_visible_step_has_a_name() -> None:
    """What ticks has a word."""
    assert {f"step.{stage}" for stage in (CONNECTED, *OF_TICK.values(), *OF_OUTCOME.values())} <= READER.keys()


def test_refusals_of_the_agent_that_people_can_mend_are_sentences() -> None:
    """A card that is not there, a wrong code, a clock that is off: each says what to do."""
    mendable = (NoReader, ReaderBusy, StepExpired, SessionOver, AlreadyPaired, PairingCodeWrong, PairingCodeDead)
    assert {f"reader.{error.code}" for error in mendable} <= READER.keys()


def test_script_of_the_reader_holds_no_words() -> None:
    """The script shows what stands hidden in the page, and what the server said; it writes no markup."""
    source = re.sub(r"^\s*//.*$", "", SCRIPT.read_text(), flags=re.MULTILINE)
    assert not re.search(r"[\u4e00-\u9fff]", source)
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|eval\(", source)
    for written in re.findall(r"textContent = (.*);", source):
        assert "dataset" in written or "trouble." in written or "String(" in written, written


def test_hint_how_to_pair_names_what_the_agent_is_started_with() -> None:
    """A clerk who follows the sentence gets a code: without the origin the agent would take no pairing from this page."""
    assert "--origin" in {name for option in run.params for name in option.opts}
    assert all("citizencard-agent run" in said and "--origin" in said for said in READER["console.agent.pair.about"])
