"""Words about money that leaves a chip."""

from api.pages.texts_unloads import UNLOADS
from citizencard.purse.unloads.models import UnloadState


def test_every_state_has_a_name_in_both_languages() -> None:
    """A clerk reads where an unload is, whatever became of it."""
    for state in UnloadState:
        assert all(UNLOADS[f"unload.state.{state}"])


def test_an_open_unload_says_that_nothing_is_paid() -> None:
    """As long as the card has not proved it, both languages tell the clerk to pay nothing."""
    chinese, english = UNLOADS["unload.now.authorised"]
    assert "不要付钱" in chinese
    assert "pay nothing" in english
