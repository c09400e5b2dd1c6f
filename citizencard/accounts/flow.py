"""A purchase from the terminal's word to its answer: look, ask the vault while no transaction is open, then judge and book in one."""

from datetime import datetime

from citizencard.accounts.plain import paid_plainly
from citizencard.accounts.proof import PurchaseClaim
from citizencard.accounts.purchases import PurchaseAnswer, approved, decide, earlier_answer
from citizencard.cards.as_of import known_cards
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.hsm import Hsm
from citizencard.terminals.signing import Nonce, take_nonce, use_up
from ledger import prepared


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
    return _purchase(sessions, hsm, terminal_id, claim, now)


def signed_purchase(sessions: Sessions, hsm: Hsm, nonce: Nonce, claim: PurchaseClaim, now: datetime) -> PurchaseAnswer:
    """As `purchase`, for a request whose signature was checked and whose nonce is used up in the transaction that books the money.

    One commit instead of two. After an answer the nonce is used up; after a refusal it is not, and the caller uses it up: a request that is
    refused has had no effect, and one that is sent again finds the nonce free or not, but never an effect twice, since the event's own row
    is what money is moved under.

    Raises:
        NonceInvalid, NonceReplayed: of no usable length, or used in the last ten minutes; nothing was written.
        Others as `purchase`.
    """
    nonce.check()
    claim.check()
    bind = sessions.kw["bind"]
    if prepared.usable(bind):
        with prepared.line(bind) as line:
            if paid_plainly(line, hsm, nonce, claim, now):
                return approved(claim)
    return _purchase(sessions, hsm, nonce, claim, now)


def _purchase(sessions: Sessions, hsm: Hsm, sender: str | Nonce, claim: PurchaseClaim, now: datetime) -> PurchaseAnswer:
    terminal_id = sender.terminal_id if isinstance(sender, Nonce) else sender
    with reading(sessions) as session:
        answered = earlier_answer(session, terminal_id, claim)
        card = known_cards(session, [claim.card_serial]).get(claim.card_serial)
    if answered is not None:
        if isinstance(sender, Nonce):
            use_up(sessions, sender, now)
        return answered
    is_proved = card is not None and hsm.card_proof_is_valid(
        claim.card_serial, card.key_version, claim.challenge, claim.proof
    )
    with transaction(sessions) as session:
        if isinstance(sender, Nonce):
            take_nonce(session, sender, now=now)
        return decide(session, terminal_id, claim, now, is_proved=is_proved)
