"""What a card's holder reads at a terminal: the account's balance, and what waits to be written onto the chip. Only with the card's proof.

The card signs amount 0 under the enquiry's own name. The name is used up, and the answer is kept: a request that somebody has recorded
tells nothing that it has not told before.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.accounts.errors import NumberOfAnotherTerminal
from citizencard.accounts.models import BalanceEnquiry, PurchaseReason
from citizencard.accounts.names import check_forestalled, name_reused, take_name
from citizencard.accounts.proof import PurchaseClaim, PurchaseName, purchase_challenge
from citizencard.accounts.purchases import check_speaker
from citizencard.accounts.registry import account_of_card
from citizencard.accounts.spending import objection
from citizencard.audit import Actor, record
from citizencard.cards.as_of import known_cards
from citizencard.cards.models import Card
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.hsm import Hsm
from ledger import balances, existing

READ: Final = "account.read_balance"
SIGNED_FEN: Final = 0
"""The amount that the card signs for when it only wants to know."""


class EnquiryVerdict(StrEnum):
    """Whether there is an answer."""

    ANSWERED = "answered"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class EnquiryClaim:
    """What a terminal says about an enquiry.

    Args:
        name: which enquiry.
        card_serial: application serial, 10 bytes.
        date: 4 bytes BCD, Beijing.
        time: 3 bytes BCD, Beijing.
        proof: the card's answer to INTERNAL AUTHENTICATE over the challenge for amount 0, 8 bytes.
    """

    name: PurchaseName
    card_serial: bytes
    date: bytes
    time: bytes
    proof: bytes = field(repr=False)

    @property
    def challenge(self) -> bytes:
        """The 8 bytes that the card has to sign."""
        return purchase_challenge(self.name, SIGNED_FEN, self.date + self.time)

    @property
    def happened_at(self) -> datetime:
        """The terminal's date and time as an instant in UTC."""
        return self._as_purchase().happened_at

    def check(self) -> None:
        """Refuse what is not well formed; nothing is written down about it.

        Raises:
            PurchaseInvalid: names the field.
        """
        self._as_purchase().check()

    def _as_purchase(self) -> PurchaseClaim:
        """Of the smallest purchase, which has the same form."""
        return PurchaseClaim(self.name, self.card_serial, SIGNED_FEN + 1, self.date, self.time, self.proof)


@dataclass(frozen=True, slots=True)
class EnquiryAnswer:
    """What a terminal shows to the card's holder; the first answer, however often it is asked for.

    Args:
        verdict: answered or refused.
        reason: why it was refused; None when answered.
        balance_fen: what the account can spend; None when the card pays from none.
        due_fen: what waits to be written onto the chip (补登); None when refused.
        answered_at: when this was so.
    """

    verdict: EnquiryVerdict
    reason: PurchaseReason | None
    balance_fen: int | None
    due_fen: int | None
    answered_at: datetime


def enquire(sessions: Sessions, hsm: Hsm, teller: Actor, claim: EnquiryClaim, now: datetime) -> EnquiryAnswer:
    """Answer an enquiry. It is in the audit trail before it is told.

    Args:
        sessions: opens its own transactions, none while the vault is asked.
        hsm: the vault.
        teller: the terminal that asks; its signature was checked.
        claim: what it says.
        now: when it arrived.

    Raises:
        PurchaseInvalid: not well formed.
        UnknownTerminal, TerminalDisabled, NumberOfAnotherTerminal, BatchNotGiven: the sender may not speak.
        TraceReused: the name already stands for another event.
    """
    claim.check()
    with reading(sessions) as session:
        row = _find(session, claim.name)
        card = known_cards(session, [claim.card_serial]).get(claim.card_serial)
    if row is not None:
        return _answer(row, teller.id, claim)
    is_proved = card is not None and hsm.card_proof_is_valid(
        claim.card_serial, card.key_version, claim.challenge, claim.proof
    )
    with transaction(sessions) as session:
        return _decide(session, teller, claim, now, is_proved=is_proved)


def _decide(session: Session, teller: Actor, claim: EnquiryClaim, now: datetime, *, is_proved: bool) -> EnquiryAnswer:
    check_speaker(session, teller.id, claim.name, now)
    if not take_name(session, teller.id, claim.name, now):
        earlier = _find(session, claim.name)
        if earlier is not None:
            return _answer(earlier, teller.id, claim)
        check_forestalled(session, teller.id, claim.name)
        return EnquiryAnswer(EnquiryVerdict.REFUSED, PurchaseReason.REVERSED_BEFORE, None, None, now)
    card = session.scalars(select(Card).where(Card.serial == claim.card_serial)).one_or_none()
    reason = objection(session, card, claim.happened_at, now, is_proved=is_proved)
    account = None if card is None or reason is not None else account_of_card(session, card.id)
    row = BalanceEnquiry(
        terminal_number=claim.name.terminal,
        batch=claim.name.batch,
        trace=claim.name.trace,
        terminal_id=teller.id,
        card_serial=claim.card_serial,
        card_id=None if card is None else card.id,
        account_id=None if account is None else account.id,
        happened_at=claim.happened_at,
        verdict=EnquiryVerdict.ANSWERED if reason is None else EnquiryVerdict.REFUSED,
        reason=reason,
        received_at=now,
    )
    if card is not None and reason is None:
        row.due_fen = _free_fen(session, chart.due(card.id))
        row.balance_fen = None if account is None else _free_fen(session, chart.wallet(account.id))
        record(session, teller, READ, card.id if account is None else account.id, now=now)
    session.add(row)
    session.flush()
    return _answer(row, teller.id, claim)


def _free_fen(session: Session, code: str) -> int:
    """What an account of the books holds beyond what is held; 0 while there is no such account."""
    if not existing(session, [code]):
        return 0
    found = balances(session, [code])[code]
    return found.balance_fen - found.held_out_fen


def _find(session: Session, name: PurchaseName) -> BalanceEnquiry | None:
    wanted = select(BalanceEnquiry).where(
        BalanceEnquiry.terminal_number == name.terminal,
        BalanceEnquiry.batch == name.batch,
        BalanceEnquiry.trace == name.trace,
    )
    return session.scalars(wanted).one_or_none()


def _answer(row: BalanceEnquiry, terminal_id: str, claim: EnquiryClaim) -> EnquiryAnswer:
    if row.terminal_id != terminal_id:
        raise NumberOfAnotherTerminal("another terminal's enquiry", terminal=row.terminal_number.hex())
    if (row.card_serial, row.happened_at) != (claim.card_serial, claim.happened_at):
        raise name_reused(claim.name)
    return EnquiryAnswer(
        verdict=EnquiryVerdict(row.verdict),
        reason=None if row.reason is None else PurchaseReason(row.reason),
        balance_fen=row.balance_fen,
        due_fen=row.due_fen,
        answered_at=row.received_at,
    )
