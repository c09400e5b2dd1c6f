"""Words about findings."""

from api.pages.texts_findings import FINDINGS
from citizencard.purse.decisions.models import Outcome
from citizencard.purse.uploads.models import FindingKind, Reason
from citizencard.settlement.findings.entries import Age, State


def test_every_reason_kind_and_outcome_has_a_name_in_both_languages() -> None:
    """Who decides reads what is the case, whatever was found: no slug of ours."""
    keys = [f"finding.kind.{kind}" for kind in (*Reason, *FindingKind)]
    keys += [f"decision.outcome.{outcome}" for outcome in Outcome]
    keys += [f"finding.decided.{outcome}" for outcome in (*Outcome, "noted")]
    keys += [f"findings.age.{age}" for age in Age] + [f"findings.state.{state}" for state in State]
    for key in keys:
        assert all(FINDINGS[key]), key


def test_a_proposal_says_that_no_money_moved() -> None:
    """Whoever proposes reads in both languages that nothing is booked yet."""
    chinese, english = FINDINGS["decision.proposed"]
    assert "尚未移动" in chinese
    assert "No money has moved" in english
