"""Which terminals may carry loads."""

from typing import Final

from sqlalchemy.orm import Session

from citizencard.purse.loads.errors import NotAKiosk
from citizencard.terminals.errors import TerminalDisabled
from citizencard.terminals.models import TerminalKind, TerminalState
from citizencard.terminals.registry import terminal_by_id

LOADING: Final = frozenset({TerminalKind.KIOSK, TerminalKind.POS})


def check_kiosk(session: Session, terminal_id: str) -> None:
    """Refuse whoever may not carry loads.

    Raises:
        UnknownTerminal: there is no such terminal.
        TerminalDisabled: it may not speak at present.
        NotAKiosk: it is of another kind.
    """
    terminal = terminal_by_id(session, terminal_id)
    if terminal.state != TerminalState.ACTIVE:
        raise TerminalDisabled(f"terminal {terminal_id} is disabled", terminal=terminal_id)
    if terminal.kind not in LOADING:
        raise NotAKiosk(f"terminal {terminal_id} is a {terminal.kind}", terminal=terminal_id)
