"""The proof of decisions: money that no decision explains, and decisions whose money is not there."""

from datetime import datetime

from citizencard import chart
from citizencard.db import Sessions, reading, transaction
from citizencard.purse.decisions.models import TapDecision
from citizencard.settlement.findings.vouching import decisions_booked, decisions_within, made_good
from citizencard.settlement.vouching import CHECKS
from ledger import Transfer, post, prove
from tests.citizencard.purse.uploads.make_records import City
from tests.citizencard.settlement.findings.make_findings import decided, ids, line


def test_decisions_of_every_kind_are_proved(sessions: Sessions, doubtful: City, now: datetime) -> None:
    """What was decided and booked agrees, by all checks of the city."""
    _, _, third, fourth, forged, stray = ids(sessions)
    decided(sessions, [line(third, "company", 180), line(fourth, "merchant", 180)], now)
    decided(sessions, [line(forged, "goodwill", 100, doubtful.merchant_id), line(stray, "holder", 200)], now)
    with reading(sessions) as session:
        proof = prove(session, also=CHECKS)
    assert proof.proved, proof.differences


def test_decisions_and_their_transfers_belong_together(sessions: Sessions, doubtful: City, now: datetime) -> None:
    """A decision without money, one of another amount, for another account, or about no money in doubt is named, and money for none."""
    first, _, third, fourth, forged, stray = ids(sessions)
    approval_id = decided(sessions, [line(third, "company", 180)], now)
    suspense, due = chart.merchant_suspense(doubtful.merchant_id), chart.due(doubtful.adult.card_id)
    company = {"merchant_id": doubtful.merchant_id, "credited": due, "made_good": "madegood:tap:x"}

    def invented(record_id: int, outcome: str, fen: int, number: int, **more: str) -> TapDecision:
        return TapDecision(
            record_id=record_id, outcome=outcome, amount_fen=fen, reference=f"approval:{approval_id}:{number}",
            subsidy_fen=0, finding_to=0, approval_id=approval_id, line=number, decided_by="x", decided_at=now, **more,
        )  # fmt: skip

    def moved(reference: str, debit: str, credit: str, kind: str) -> Transfer:
        return Transfer(reference, debit, credit, 180, kind=kind, occurred_at=now, fact=True)

    with transaction(sessions) as session:
        assert [*decisions_booked(session), *decisions_within(session), *made_good(session)] == []
        chart.open_missing(session, [due, chart.subsidy(doubtful.merchant_id), chart.expense("goodwill")])
        session.add_all(
            [
                invented(first, "merchant", 180, 2, merchant_id=doubtful.merchant_id),
                invented(fourth, "holder", 180, 3, credited=chart.due(doubtful.lost.card_id)),
                invented(forged, "goodwill", 181, 4, merchant_id=doubtful.merchant_id),
                invented(stray, "company", 199, 5, **company),
            ]
        )
        post(
            session,
            [
                moved(f"approval:{approval_id}:3", suspense, due, "decision"),
                moved("approval:apr_x:1", suspense, due, "decision"),
                moved("approval:apr_x:2", chart.expense("goodwill"), chart.subsidy(doubtful.merchant_id), "goodwill"),
                moved("madegood:tap:y", chart.expense("hotlist_loss"), due, "madegood"),
            ],
            now=now,
        )
        booked = {one.where for one in decisions_booked(session)}
        within = {one.where for one in decisions_within(session)}
        good = {one.where for one in made_good(session)}
    assert booked == {f"tap {n}" for n in (first, fourth, forged, stray)} | {"approval:apr_x:1", "approval:apr_x:2"}
    assert within == {f"tap {n}" for n in (first, forged, stray)}
    assert good == {f"tap {stray}", "madegood:tap:y"}
