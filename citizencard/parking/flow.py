"""An exit from the gate's word to its answer: look, ask the vault while no transaction is open, then judge, pay and end in one."""

from datetime import datetime

from citizencard.cards.as_of import known_cards
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.hsm import Hsm
from citizencard.parking.exits import ExitAnswer, decide_exit, earlier_exit
from citizencard.parking.passages import ExitClaim


def leave(sessions: Sessions, hsm: Hsm, terminal_id: str, claim: ExitClaim, now: datetime) -> ExitAnswer:
    """Answer a gate's exit. A repeat gets the first verdict from the exit's row, whatever has changed since.

    When the vault does not answer, nothing is written and the gate asks again.

    Raises:
        PurchaseInvalid, PassageInvalid: not well formed.
        UnknownTerminal, TerminalDisabled, NumberOfAnotherTerminal, BatchNotGiven, NotAGate: the sender may not speak.
        PassageNameReused, TraceReused: the name already stands for something else.
        NoOpenStay: the card is not inside.
        AmountDiffers: the stay costs another amount at that time; tells which.
    """
    claim.check()
    with reading(sessions) as session:
        answered = earlier_exit(session, terminal_id, claim)
        card = known_cards(session, [claim.card_serial]).get(claim.card_serial)
    if answered is not None:
        return answered
    is_proved = card is not None and hsm.card_proof_is_valid(
        claim.card_serial, card.key_version, claim.challenge, claim.proof
    )
    with transaction(sessions) as session:
        return decide_exit(session, terminal_id, claim, now, is_proved=is_proved)
