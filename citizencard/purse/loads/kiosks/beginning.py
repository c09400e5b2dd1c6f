"""A load at a kiosk inside transactions: its name taken, its money booked into `inload`, its MAC2 written down as released.

Order of locks: card row, the name, the load's row, then the ledger's.
"""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from citizencard.accounts.errors import NumberOfAnotherTerminal
from citizencard.accounts.models import PurchaseReason
from citizencard.accounts.names import name_reused, take_name
from citizencard.accounts.purchases import check_speaker
from citizencard.accounts.registry import account_of_card
from citizencard.accounts.spending import objection
from citizencard.cards.as_of import hotlisted_at
from citizencard.cards.classes import card_class
from citizencard.cards.models import Card
from citizencard.cards.states import Deed, locked_card
from citizencard.purse.counters import check_no_other_open
from citizencard.purse.loads.errors import CardNotLoadable, ChipCeilingExceeded, LoadNotPayable
from citizencard.purse.loads.kiosks.claims import KioskLoadClaim
from citizencard.purse.loads.kiosks.speaking import check_kiosk
from citizencard.purse.loads.loads import Announced, authorise, check_loadable, last_attempt, locked_load, reserve
from citizencard.purse.loads.models import Load, LoadAttempt, LoadSource, LoadState
from hardware.card.files import bcd_date, bcd_time


@dataclass(frozen=True, slots=True)
class Checked:
    """What the vault has said about a claim: whether the card's proof is good. MAC1 is."""

    claim: KioskLoadClaim
    is_proved: bool


def earlier_load(session: Session, terminal_id: str, claim: KioskLoadClaim, card_id: str) -> Load | None:
    """The load of this name; None if there is none.

    Raises:
        NumberOfAnotherTerminal: it is another terminal's.
        TraceReused: the name already stands for a load of other content.
    """
    load = session.get(Load, claim.load_id)
    if load is None:
        return None
    if load.kiosk_id != terminal_id:
        raise NumberOfAnotherTerminal("another terminal's load", terminal=claim.name.terminal.hex())
    if (load.card_id, load.amount_fen, load.source) != (card_id, claim.amount_fen, claim.source):
        raise name_reused(claim.name)
    return load


def is_announced(attempt: LoadAttempt | None, claim: KioskLoadClaim) -> bool:
    """Whether an attempt is of just this answer of the card."""
    said = claim.said
    return attempt is not None and (attempt.online_seq, attempt.random, attempt.mac1, attempt.old_balance_fen) == (
        said.online_seq,
        said.random,
        said.mac1,
        said.balance_fen,
    )


def reserve_at_kiosk(session: Session, card_id: str, checked: Checked, deed: Deed) -> LoadAttempt:
    """Book the money, before MAC2 exists. The same announcement again changes nothing.

    Raises:
        UnknownTerminal, TerminalDisabled, NotAKiosk, NumberOfAnotherTerminal, BatchNotGiven: the terminal may not ask.
        TraceReused: the name stands for something else, or was taken back before.
        CardNotLoadable: the card is not active, or on the hotlist.
        ChipCeilingExceeded: the chip would hold more than its class allows, by the balance that it certifies itself.
        LoadNotPayable: the card's account cannot be asked; says why.
        LoadAlreadyOpen, UnloadAlreadyOpen: another load or unload of the card is not decided; names it.
        AnnouncementStale: the card has counted on since it said this.
        LoadStateForbids: MAC2 is out and not disproven, or the load has ended.
        BalanceTooLow, AccountFrozen, AccountClosed: what shall pay does not.
    """
    claim, kiosk = checked.claim, deed.actor
    card = locked_card(session, card_id)
    check_kiosk(session, kiosk.id)
    check_speaker(session, kiosk.id, claim.name, deed.now)
    load = earlier_load(session, kiosk.id, claim, card.id)
    if not is_announced(None if load is None else last_attempt(session, load.id), claim):
        _check_chip(session, card, claim, deed)
    if load is None:
        check_no_other_open(session, card.id, None)
        account_id = _payer(session, card, checked, deed) if claim.source is LoadSource.ACCOUNT else None
        if not take_name(session, kiosk.id, claim.name, deed.now):
            raise name_reused(claim.name)
        load = _request(session, card, claim, account_id, deed)
    return reserve(session, load.id, _announced(claim, deed), deed)


def release_mac2(session: Session, load_id: str, attempt_id: int, deed: Deed) -> None:
    """Write down that MAC2 leaves the house, once; of copies that arrive together all get the same MAC2.

    Raises:
        LoadStateForbids: another attempt took over meanwhile, or the load is decided.
    """
    locked_load(session, load_id)
    last = last_attempt(session, load_id)
    if last is None or last.id != attempt_id or last.mac2_released_at is None:
        authorise(session, load_id, attempt_id, deed)


def _check_chip(session: Session, card: Card, claim: KioskLoadClaim, deed: Deed) -> None:
    check_loadable(card)
    if hotlisted_at(session, [card.serial], [deed.now])[0]:
        raise CardNotLoadable("the card is on the hotlist", card_id=card.id, state="hotlisted")
    ceiling_fen, balance_fen = card_class(card.card_class).ceiling_fen, claim.said.balance_fen
    if balance_fen + claim.amount_fen > ceiling_fen:
        raise ChipCeilingExceeded(
            f"the chip holds {balance_fen} fen of {ceiling_fen}", ceiling_fen=ceiling_fen, balance_fen=balance_fen
        )


def _payer(session: Session, card: Card, checked: Checked, deed: Deed) -> str:
    reason = objection(session, card, checked.claim.happened_at, deed.now, is_proved=checked.is_proved)
    account = account_of_card(session, card.id)
    if reason is not None or account is None:
        said = reason or PurchaseReason.NO_ACCOUNT
        raise LoadNotPayable(f"the account cannot be asked: {said}", reason=str(said))
    return account.id


def _request(session: Session, card: Card, claim: KioskLoadClaim, account_id: str | None, deed: Deed) -> Load:
    load = Load(
        id=claim.load_id,
        card_id=card.id,
        amount_fen=claim.amount_fen,
        source=claim.source,
        account_id=account_id,
        kiosk_id=deed.actor.id,
        state=LoadState.REQUESTED,
        requested_at=deed.now,
        changed_at=deed.now,
    )
    session.add(load)
    session.flush()
    return load


def _announced(claim: KioskLoadClaim, deed: Deed) -> Announced:
    said = claim.said
    return Announced(
        job_id=None,
        kiosk_id=deed.actor.id,
        old_balance_fen=said.balance_fen,
        online_seq=said.online_seq,
        key_version=said.key_version,
        algorithm=said.algorithm,
        random=said.random,
        mac1=said.mac1,
        terminal=claim.name.terminal,
        date=bcd_date(deed.now),
        time=bcd_time(deed.now),
    )
