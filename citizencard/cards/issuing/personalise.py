"""The reader job `personalise`: from a blank to a card in stock that has proved its keys.

Torn or refused anywhere, the job ends and a new one for the same card and chip starts over by what the chip says: the control key, then
the transport key, once each; everything below the master file is erased and written anew. A number never moves to another chip.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from sqlalchemy.orm import Session

from citizencard.cards.errors import CardStateForbids, ChipNotBlank, UnknownCard, UnknownChip, WrongChip
from citizencard.cards.issuing import proof
from citizencard.cards.issuing.card_plan import CardPlan
from citizencard.cards.issuing.stages import Writer
from citizencard.cards.issuing.writing import AGAIN, FRESH, begin_writing, go_on_writing
from citizencard.cards.models import Card, CardState, CardStock, ChipKind, StockState
from citizencard.cards.numbering import SOCIAL_SECURITY_DIGITS, SOCIAL_SECURITY_NUMBERS, next_number
from citizencard.cards.reader_jobs import CARD_REFUSED, TORN, CardAnswer, JobContext, Move
from citizencard.cards.states import Act, Deed, change_state, locked_card
from citizencard.cards.stock import locked_chip, move_chip, take_chip
from citizencard.db import reading
from citizencard.keys.hsm import CardKeyHolder
from citizencard.people.flow import personal_data
from citizencard.social_security.errors import LinkUnknown
from citizencard.social_security.flow import card_data
from hardware.card.atr import chip_serial_of as historical_serial
from hardware.card.profile import CardProfile
from hardware.card.social_security import card_id_body, card_number_check
from hardware.errors import MalformedCardData

PERSONALISE: Final = "personalise"
PERSONALISED: Final = "personalised"


@dataclass(frozen=True, slots=True)
class _Subject:
    """The card to be made, and its chip."""

    card: Card
    chip: CardStock


@dataclass(frozen=True, slots=True)
class _Binding:
    """What is fixed when a card is begun: its chip, its 卡识别码 (empty if it has none), the version of its keys."""

    chip_serial: bytes
    ss_card_id: bytes
    key_version: int


class Personalise:
    """See the module."""

    def begin(self, context: JobContext, atr: bytes) -> Move:
        """Bind card and chip, store that it was begun, and start with the chip's control key.

        Raises:
            UnknownCard, UnknownChip: no such card, or a chip that is not ours.
            CardStateForbids: the card is made already, or given up.
            WrongChip: the card was begun on another chip.
            ChipNotBlank: the chip was begun for another card.
        """
        chip_serial = chip_serial_of(atr)
        subject = _look(context, chip_serial)
        if subject.card.chip_serial is None:
            # Fixed with the chip: a card that is begun keeps its version, whatever custodians do meanwhile.
            subject.card.key_version = context.hsm.chip_key_versions()[-1]
        mode = FRESH if subject.chip.has_transport_key else AGAIN
        card_id = _social_security_card_id(context, subject.card.person_id, chip_serial)
        move = begin_writing(_plan(context, subject), mode)
        bound = _Binding(chip_serial, card_id, subject.card.key_version)
        effect = partial(_bind, context=context, bound=bound)
        return Move(move.state, move.commands, effect=effect)

    def go_on(self, context: JobContext, state: Mapping[str, Any], answer: CardAnswer) -> Move:
        """One stage, or one part of the proof."""
        subject = _look(context, None)
        match state["phase"]:
            case proof.PROVING:
                return proof.go_on_proving(context.hsm, subject.card, state, answer, context.now)
            case proof.DEBITING:
                return _end(context, subject.card, state, answer)
            case _:
                return go_on_writing(_plan(context, subject), state, answer)


def chip_serial_of(atr: bytes) -> bytes:
    """The chip serial that an answer to reset names: its last 8 historical bytes. A claim, which the keys derived from it confirm.

    Raises:
        UnknownChip: no answer to reset, or too short to name one.
    """
    try:
        return historical_serial(atr)
    except MalformedCardData:
        raise UnknownChip("the answer to reset names no chip", chip_serial=atr.hex().upper()) from None


def _look(context: JobContext, claimed: bytes | None) -> _Subject:
    """The card with its chip: the one that it is bound to, or the one claimed by a reader at the beginning."""
    with reading(context.sessions) as session:
        card = session.get(Card, context.subject_id)
        if card is None:
            raise UnknownCard("no such card", card_id=context.subject_id)
        _check(card, claimed)
        chip_serial = card.chip_serial or claimed
        chip = session.get(CardStock, chip_serial)
        if chip is None or chip.kind != ChipKind.CARD:
            raise UnknownChip("not in our stock", chip_serial=(chip_serial or b"").hex().upper())
        if card.chip_serial is None and chip.state != StockState.BLANK:
            raise ChipNotBlank(f"chip is {chip.state}", chip_serial=chip.chip_serial.hex().upper(), state=chip.state)
        session.expunge_all()
    return _Subject(card, chip)


def _social_security_card_id(context: JobContext, person_id: str, chip_serial: bytes) -> bytes:
    """The 16 bytes of the 卡识别码 of this holder's region on this chip; empty for a holder who is not in social security."""
    try:
        region = card_data(context.sessions, context.hsm, person_id).region_code
    except LinkUnknown:
        return b""
    body = card_id_body(region, chip_serial)
    return body + context.hsm.card_identity_mac(body)


def _check(card: Card, claimed: bytes | None) -> None:
    if card.state != CardState.APPLIED:
        raise CardStateForbids(f"personalise from {card.state}", card_id=card.id, state=card.state, act=PERSONALISE)
    if claimed is not None and card.chip_serial not in {None, claimed}:
        raise WrongChip("begun on another chip", card_id=card.id)


def _plan(context: JobContext, subject: _Subject) -> CardPlan:
    profile = CardProfile()
    writer = Writer(
        context.hsm,
        CardKeyHolder(subject.chip.chip_serial, subject.card.serial, key_version=subject.card.key_version),
        profile.dialect,
    )
    person_id = subject.card.person_id
    holder = partial(personal_data, context.sessions, context.hsm, person_id)
    social = partial(card_data, context.sessions, context.hsm, person_id)
    return CardPlan(writer, subject.card, holder, None if subject.card.ss_card_number is None else social, profile)


def _bind(session: Session, *, context: JobContext, bound: _Binding) -> None:
    """Write down that this card is made on this chip, before the chip is told anything."""
    card = locked_card(session, context.subject_id)
    _check(card, bound.chip_serial)
    if card.chip_serial is None:
        take_chip(session, bound.chip_serial, ChipKind.CARD, now=context.now)
        card.chip_serial = bound.chip_serial
        card.key_version = bound.key_version
    if bound.ss_card_id and card.ss_card_number is None:
        first8 = next_number(session, SOCIAL_SECURITY_NUMBERS, SOCIAL_SECURITY_DIGITS)
        card.ss_card_number = first8 + card_number_check(first8)
        card.ss_card_id = bound.ss_card_id
    session.flush()


def _end(context: JobContext, card: Card, state: Mapping[str, Any], answer: CardAnswer) -> Move:
    if answer.torn:
        return Move(outcome=TORN)
    if answer.refusal is not None:
        return Move(outcome=CARD_REFUSED, ticks=(f"refused with {answer.refusal.sw:04X}",))
    if not proof.purchase_proved(context.hsm, card, state, answer):
        return Move(outcome=proof.NOT_PROVED)
    return Move(
        outcome=PERSONALISED,
        ticks=("purchase key and TAC key proved",),
        effect=partial(_into_stock, context=context),
    )


def _into_stock(session: Session, *, context: JobContext) -> None:
    card = locked_card(session, context.subject_id)
    change_state(session, card, Act.PERSONALISE, Deed(context.actor, context.now))
    if card.chip_serial is None:
        raise ValueError("a card without a chip cannot have proved its keys")
    chip = locked_chip(session, card.chip_serial, ChipKind.CARD)
    move_chip(session, chip, StockState.PERSONALISED, now=context.now)


def spoil_card(session: Session, card_id: str, deed: Deed) -> Card:
    """Give up a card whose chip does not let itself be written: neither its number nor its chip is used again.

    Raises:
        UnknownCard: there is none.
        CardStateForbids: not in making.
    """
    card = locked_card(session, card_id)
    change_state(session, card, Act.SPOIL, deed)
    if card.chip_serial is not None:
        move_chip(session, locked_chip(session, card.chip_serial, ChipKind.CARD), StockState.SPOILED, now=deed.now)
    return card
