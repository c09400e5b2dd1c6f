"""A purchase from the terminal's word to its answer: look, ask the vault while no transaction is open, then judge and book in one."""

from datetime import datetime

from citizencard.accounts.proof import PurchaseClaim
from citizencard.accounts.purchases import PurchaseAnswer, decide, earlier_answer
from citizencard.cards.as_of import known_cards
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.hsm import Hsm


def purchase(sessions: Sessions, hsm: Hsm, terminal_id: str, claim: PurchaseClaim, now: datetime) -> PurchaseAnswer:
    """Answer a terminal's purchase. A repeat gets the first verdict from the event's row, whatever has changed since.

    When the vault does not answer, nothing is written and the terminal asks again.

    Raises:
        PurchaseInvalid: not well formed.
        UnknownTerminal, TerminalDisabled: the sender may not speak.
        NumberOfAnotherTerminal: it speaks for a number that is not its own now.
        BatchNotGiven: the batch number was given at no sign-in.
        TraceReused: the name already stands for a purchase of other content.
    """
    claim.check()
    with reading(sessions) as session:
        answered = earlier_answer(session, terminal_id, claim)
        card = known_cards(session, [claim.card_serial]).get(claim.card_serial)
    if answered is not None:
        return answered
    is_proved = card is not None and hsm.card_proof_is_valid(
        claim.card_serial, card.key_version, claim.challenge, claim.proof
    )
    with transaction(sessions) as session:
        return decide(session, terminal_id, claim, now, is_proved=is_proved)
