"""The pages of the queue of findings."""

import pytest

from citizencard.staff.permissions import Role
from tests.api.doubts import Doubts
from tests.api.web.browser import Browser, signed_in

LIST = "/console/findings"


@pytest.fixture
def window(doubtful: Doubts) -> Browser:
    """A supervisor's browser."""
    return signed_in(doubtful.world, Role.SUPERVISOR)


def test_queue_shows_what_waits_and_why(doubtful: Doubts, window: Browser) -> None:
    """The board, and every tap once with its reasons in words, its money, and the end of its card's number only."""
    window.get(LIST)
    words = window.words()
    for shown in ("Card on the hotlist", "Price differs", "Bad TAC", "Module not registered", "¥5.60", "up to 1 day"):
        assert shown in words, shown
    assert doubtful.city.lost.serial.hex() not in window.answer.get_data(as_text=True)
    assert len(window.page.all("input", _type="checkbox")) == 5


def test_filters_choose(doubtful: Doubts, window: Browser) -> None:
    """A reason, an age, whether money is at stake; what nobody knows chooses nothing."""
    window.get(f"{LIST}?kind=bad_tac")
    assert len(window.page.all("input", _type="checkbox")) == 1
    window.get(f"{LIST}?money=yes&merchant_id={doubtful.city.merchant_id}")
    assert len(window.page.all("input", _type="checkbox")) == 2
    window.get(f"{LIST}?age=older")
    assert "Nothing to decide" in window.words()
    window.get(f"{LIST}?state=nonsense&kind=nonsense&money=nonsense&age=nonsense")
    assert len(window.page.all("input", _type="checkbox")) == 5


def test_one_tap_is_shown_with_everything_known(doubtful: Doubts, window: Browser) -> None:
    """The record, the registry as of the tap, and what the card and the terminal did around it, in Chinese as well."""
    third = doubtful.records[2]
    window.get(f"{LIST}/tap_{third}")
    words = window.words()
    for shown in ("Card on the hotlist", "The terminal was City Bus’s, on line 1", "this one", "¥1.80"):
        assert shown in words, shown
    assert len(window.page.all("tbody")) == 3
    window.language = "zh"
    window.get(f"{LIST}/tap_{third}")
    assert "卡片在名单内" in window.words()
    assert window.get(f"{LIST}/tap_999999").status_code == 404
    assert window.get(f"{LIST}/lim_1").status_code == 422


def test_auditor_reads_and_cannot_decide(doubtful: Doubts) -> None:
    """Somebody who only reads sees the queue, and no button that decides."""
    window = signed_in(doubtful.world, Role.AUDITOR)
    window.get(LIST)
    assert "Card on the hotlist" in window.words()
    assert "Decide about" not in window.words()
    assert window.get("/console/finding-decisions").status_code == 403
