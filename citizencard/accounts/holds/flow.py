"""A hold from the terminal's word to its answer: look, ask the vault while no transaction is open, then judge and reserve in one."""

from datetime import datetime

from citizencard.accounts.holds.placing import HoldAnswer, earlier_hold, place
from citizencard.accounts.proof import PurchaseClaim
from citizencard.cards.as_of import known_cards
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.hsm import Hsm


def place_hold(sessions: Sessions, hsm: Hsm, terminal_id: str, claim: PurchaseClaim, now: datetime) -> HoldAnswer:
    """Answer a terminal's hold. A repeat gets the first verdict from the event's row, whatever has changed since.

    When the vault does not answer, nothing is written and the terminal asks again.

    Raises:
        PurchaseInvalid: not well formed.
        UnknownTerminal, TerminalDisabled: the sender may not speak.
        NumberOfAnotherTerminal: it speaks for a number that is not its own now.
        BatchNotGiven: the batch number was given at no sign-in.
        TraceReused: the name already stands for another event.
    """
    claim.check()
    with reading(sessions) as session:
        answered = earlier_hold(session, terminal_id, claim)
        card = known_cards(session, [claim.card_serial]).get(claim.card_serial)
    if answered is not None:
        return answered
    is_proved = card is not None and hsm.card_proof_is_valid(
        claim.card_serial, card.key_version, claim.challenge, claim.proof
    )
    with transaction(sessions) as session:
        return place(session, terminal_id, claim, now, is_proved=is_proved)
