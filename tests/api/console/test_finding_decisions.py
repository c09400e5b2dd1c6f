"""Deciding about taps by pages: proposed by one person, read in words and agreed to by another."""

import pytest

from citizencard import chart
from citizencard.db import reading
from citizencard.staff.permissions import Role
from ledger import balance
from tests.api.doubts import Doubts
from tests.api.web.browser import Browser, signed_in

FORM = "/console/finding-decisions"


@pytest.fixture
def finance(doubtful: Doubts) -> Browser:
    """The browser of somebody of finance."""
    return signed_in(doubtful.world, Role.FINANCE)


def chosen(*records: int, about: str = "") -> str:
    return f"{FORM}?{'&'.join(f'tap=tap_{number}' for number in records)}&about={about}"


def test_batch_is_proposed_read_in_words_and_carried_out(doubtful: Doubts, finance: Browser) -> None:
    """Two ticked taps are given back: the second person reads what becomes of each, not a document, and agrees once."""
    third, fourth = doubtful.records[2:4]
    finance.get(chosen(third, fourth))
    assert "2 taps, ¥3.60 in all" in finance.words()
    finance.send(FORM, outcome="holder", reason="the bus had a list with the card")
    assert "No money has moved" in finance.words()
    supervisor = signed_in(doubtful.world, Role.SUPERVISOR)
    supervisor.get("/console/approvals")
    assert "Decide about taps" in supervisor.words()
    path = str(supervisor.page.all("tbody")[0].one("a").attributes["href"])
    supervisor.get(path)
    for shown in ("Give it back to the holder", "Card on the hotlist", "¥1.80", "2 taps, ¥3.60 in all", "City Bus"):
        assert shown in supervisor.words(), shown
    assert "record" not in supervisor.words()
    supervisor.send(f"{path}/decisions", decision="approve")
    assert "Approved and carried out" in supervisor.words()
    with reading(doubtful.world.sessions) as session:
        assert balance(session, chart.due(doubtful.city.lost.card_id)).balance_fen == 360
    finance.get(f"/console/findings/tap_{third}")
    assert "Given back to the holder" in finance.words()
    finance.get("/console/findings?state=decided")
    assert len(finance.page.all("tbody")[0].all("tr")) == 2


def test_all_of_a_choice_is_one_proposal(doubtful: Doubts, finance: Browser) -> None:
    """Without ticks the form is about all taps of the choice, here all of one reason."""
    finance.get(f"{FORM}?kind=hotlisted")
    assert "2 taps, ¥3.60 in all" in finance.words()
    finance.send(FORM, outcome="company", reason="no list yet")
    assert "No money has moved" in finance.words()
    finance.get(f"{FORM}?kind=hotlisted")
    assert "Nothing can be decided" in finance.words()
    assert doubtful.records


def test_merchant_is_asked_for_where_nobody_is_registered(doubtful: Doubts, finance: Browser) -> None:
    """Money of an unknown module is paid to the merchant that the decision names; without one the page says so."""
    stray = doubtful.records[5]
    finance.get(chosen(stray))
    finance.send(FORM, outcome="merchant", reason="their spare module")
    assert finance.answer.status_code == 422
    assert "must name the merchant" in finance.words()
    finance.send(FORM, outcome="merchant", merchant_id=doubtful.city.merchant_id, reason="their spare module")
    assert "No money has moved" in finance.words()


def test_goodwill_and_notes_have_forms_of_their_own(doubtful: Doubts, finance: Browser) -> None:
    """A rejected record can get goodwill, within what it says; what needs no money is noted by one person."""
    _, second, _, _, forged, _ = doubtful.records
    finance.get(chosen(forged, about="goodwill"))
    finance.send(f"{FORM}/goodwill", amount_fen="0", merchant_id=doubtful.city.merchant_id, reason="torn")
    assert finance.answer.status_code == 422
    finance.send(f"{FORM}/goodwill", amount_fen="1.00", merchant_id=doubtful.city.merchant_id, reason="torn")
    assert "No money has moved" in finance.words()
    finance.get(chosen(second))
    finance.send("/console/finding-notes", reason="the fare had just changed")
    assert "1 tap noted" in finance.words()
    finance.get(f"/console/findings/tap_{second}")
    assert "Noted: the fare had just changed" in finance.words()


def test_amount_that_changed_is_refused_in_a_sentence(doubtful: Doubts, finance: Browser) -> None:
    """What the page showed is what is proposed: another amount is refused, and nothing is changed."""
    third = doubtful.records[2]
    finance.get(chosen(third))
    finance.send(FORM, taps=f"{third}:179", outcome="holder", reason="x")
    assert finance.answer.status_code == 409
    assert "Nothing was changed" in finance.words()
    finance.send(FORM, taps="999999:1", outcome="holder", reason="x")
    assert finance.answer.status_code in {404, 409}
