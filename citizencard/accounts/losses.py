"""Reports of loss as a holder means them: the card stops, and so does the account that it pays from, in one transaction."""

from datetime import datetime

from sqlalchemy.orm import Session

from citizencard.accounts.registry import account_of_card, locked_account, match_state
from citizencard.cards import states
from citizencard.cards.models import Card
from citizencard.cards.states import Deed


def report_loss(session: Session, card_id: str, deed: Deed, *, temporary: bool) -> datetime:
    """Report a card lost (`cards.states.report_loss`) and freeze its account: nothing can be spent from now on, money still comes in.

    Off-line taps count until the class's window is over; for the account there is no window.

    Returns:
        When terminals refuse the card.

    Raises:
        UnknownCard, LossNotReportable, CardStateForbids: as the card's own report.
    """
    effective_from = states.report_loss(session, card_id, deed, temporary=temporary)
    _match(session, card_id, deed)
    return effective_from


def release_loss(session: Session, card_id: str, deed: Deed) -> Card:
    """Take a temporary report back; the account thaws unless another of its cards is lost.

    Raises:
        UnknownCard, CardStateForbids: as the card's own release.
    """
    card = states.release_loss(session, card_id, deed)
    _match(session, card_id, deed)
    return card


def _match(session: Session, card_id: str, deed: Deed) -> None:
    account = account_of_card(session, card_id)
    if account is not None:
        locked_account(session, account.id)
        match_state(session, account.id, deed)
