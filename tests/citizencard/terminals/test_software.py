"""Which software devices shall run."""

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from citizencard.terminals.errors import VersionUnknown
from citizencard.terminals.models import TerminalKind
from citizencard.terminals.software import require_software, required_rows, required_software
from tests.citizencard.terminals.make_terminals import MAKER


def test_the_last_word_about_a_kind_counts(session: Session, now: datetime) -> None:
    """A rollback is a last word too; kinds about which nobody said anything may run what they like."""
    for kind, software in (("pos", "pos 1"), ("kiosk", "kiosk 1"), ("pos", "pos 2"), ("pos", " pos 1 ")):
        require_software(session, TerminalKind(kind), software, MAKER, now)
    assert required_software(session) == {"kiosk": "kiosk 1", "pos": "pos 1"}
    assert [row.set_by for row in required_rows(session)] == [MAKER.id, MAKER.id]
    for software in (" ", "x" * 65):
        with pytest.raises(VersionUnknown):
            require_software(session, TerminalKind.POS, software, MAKER, now)
