"""Words about devices and merchants."""

from api.pages.texts_registry import MERCHANTS, TERMINALS
from citizencard.merchants.models import MerchantKind, NoticeKind
from citizencard.merchants.notices import WAYS
from citizencard.terminals.health import BEHIND
from citizencard.terminals.models import TerminalKind, TerminalState


def test_every_kind_and_state_has_a_name_in_both_languages() -> None:
    """Nobody reads a word of the database."""
    keys = [f"terminal.kind.{kind}" for kind in TerminalKind] + [f"terminal.state.{state}" for state in TerminalState]
    for key in [*keys, *(f"terminal.lag.{name}" for name in BEHIND)]:
        assert all(TERMINALS[key])
    told = [f"merchant.notice.{kind}" for kind in NoticeKind] + [f"merchant.notice.way.{way}" for way in WAYS]
    for key in [*told, *(f"merchant.kind.{kind}" for kind in MerchantKind)]:
        assert all(MERCHANTS[key])


def test_who_stops_a_device_reads_that_its_records_stay_valid() -> None:
    """In both languages, before the button is pressed."""
    chinese, english = TERMINALS["terminal.about.disablings"]
    assert "记录仍然有效" in chinese
    assert "stays valid" in english
