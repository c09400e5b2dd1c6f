"""One name, one event: holds, loads and enquiries take their names where purchases and tombstones have theirs.

Terminal number, batch and trace name what a terminal asked for, whatever it was. The row that keeps a name is unique, and is made before
anything else is written: of two that want it, and of an event and its reversal, one makes the row and the other waits and reads it.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from citizencard.accounts.errors import NumberOfAnotherTerminal, TraceReused
from citizencard.accounts.models import PurchaseReason, PurchaseVerdict
from citizencard.accounts.proof import PurchaseName
from citizencard.accounts.purchases import enter, find_purchase


def take_name(session: Session, terminal_id: str, name: PurchaseName, now: datetime) -> bool:
    """Take a name for something that is no purchase. False if it is taken; whoever is taking it is waited for."""
    values = {
        "terminal_id": terminal_id,
        "verdict": PurchaseVerdict.REFUSED,
        "reason": PurchaseReason.OTHER_EVENT,
        "received_at": now,
    }
    return enter(session, name, values) is not None


def check_forestalled(session: Session, terminal_id: str, name: PurchaseName) -> None:
    """Let a name pass that is taken because its reversal came first.

    Raises:
        NumberOfAnotherTerminal: another terminal has taken it.
        TraceReused: it stands for another event.
    """
    row = find_purchase(session, name)
    if row is not None and row.terminal_id != terminal_id:
        raise NumberOfAnotherTerminal("another terminal's event", terminal=name.terminal.hex())
    if row is None or row.reason != PurchaseReason.REVERSED_BEFORE:
        raise name_reused(name)


def name_reused(name: PurchaseName) -> TraceReused:
    """The refusal of a name that stands for something else."""
    return TraceReused(
        "the name stands for another event", terminal=name.terminal.hex(), batch=name.batch, trace=name.trace
    )
