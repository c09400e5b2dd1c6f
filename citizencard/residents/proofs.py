"""The card proves that it is here: it signs eight random bytes with its internal key (INTERNAL AUTHENTICATE, kid 01).

Only the chip holds that key, diversified for its serial; the vault derives it and compares. Whoever has no card gets one answer to
everything, so nothing can be learnt here about cards, people or logins.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from citizencard.cards.models import Card, CardState
from citizencard.cards.states import locked_card
from citizencard.db import Sessions, new_id, reading, transaction
from citizencard.keys.hsm import Hsm
from citizencard.residents.errors import CardProofRefused, ProvedCardUnusable
from citizencard.residents.models import CHALLENGE_BYTES, CardChallenge
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.files import PUBLIC_DATA_BYTES, PublicApplicationData
from hardware.card.profile import INTERNAL_KID, PUBLIC_DATA_SFI, PURSE_AID
from hardware.card.purse import internal_authenticate, read_binary, select_application
from hardware.errors import MalformedCardData

CHALLENGE_LIFE: Final = timedelta(minutes=2)
FORGET_AFTER: Final = timedelta(hours=1)
ANSWERS: Final = 3
IN_HAND: Final = frozenset({CardState.ISSUED, CardState.ACTIVE})
"""States in which whoever holds the card is taken for its holder: handed out, and not reported lost."""


class Purpose(StrEnum):
    """What a card is asked to prove itself for."""

    REGISTER = "register"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class ChallengeGiven:
    """What the card is to answer, within two minutes.

    Args:
        id: names the challenge.
        challenge8: eight random bytes.
        commands: for the card, in order; its answers come back as they are.
    """

    id: str
    challenge8: bytes
    commands: tuple[CommandApdu, ...]


@dataclass(frozen=True, slots=True)
class ProvedCard:
    """The card's answers to the commands of a challenge."""

    challenge_id: str
    responses: Sequence[ResponseApdu] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose card has proved itself, for which challenge."""

    challenge_id: str
    card_id: str
    card_serial: bytes = field(repr=False)
    person_id: str


def begin(sessions: Sessions, card_serial: bytes | None, purpose: Purpose, now: datetime) -> ChallengeGiven:
    """Draw a challenge; challenges that ran out an hour ago are forgotten here.

    Args:
        sessions: opens the transaction.
        card_serial: the one card that may answer, 10 bytes; None for any.
        purpose: what for.
        now: its life of two minutes begins.
    """
    challenge8 = secrets.token_bytes(CHALLENGE_BYTES)
    row = CardChallenge(
        id=new_id("chl"),
        challenge=challenge8,
        purpose=str(purpose),
        card_serial=card_serial,
        expires_at=now + CHALLENGE_LIFE,
    )
    with transaction(sessions) as session:
        session.execute(delete(CardChallenge).where(CardChallenge.expires_at < now - FORGET_AFTER))
        session.add(row)
    return ChallengeGiven(row.id, challenge8, commands_for(challenge8))


def commands_for(challenge8: bytes) -> tuple[CommandApdu, ...]:
    """Select the purse application, read the serial from EF15, sign the challenge."""
    return (
        select_application(PURSE_AID),
        read_binary(PUBLIC_DATA_SFI, PUBLIC_DATA_BYTES),
        internal_authenticate(challenge8, INTERNAL_KID),
    )


def check(sessions: Sessions, hsm: Hsm, proved: ProvedCard, now: datetime) -> Holder:
    """Find out whose card has answered. The challenge stays open until it is used up.

    Raises:
        CardProofRefused: unknown, expired or used challenge, unknown card, or the answer is not this card's to this challenge.
    """
    refusal = CardProofRefused("the card has not proved itself")
    serial, answer8 = _read(proved)
    with reading(sessions) as session:
        asked = session.get(CardChallenge, proved.challenge_id)
        card = session.scalar(select(Card).where(Card.serial == serial))
        session.expunge_all()
    if asked is None or asked.used_at is not None or asked.expires_at <= now or card is None:
        raise refusal
    if asked.card_serial not in {None, serial}:
        raise refusal
    if not hsm.card_proof_is_valid(serial, card.key_version, asked.challenge, answer8):
        raise refusal
    return Holder(asked.id, card.id, serial, card.person_id)


def use(session: Session, holder: Holder, now: datetime) -> None:
    """Use the challenge up and make sure that the card still speaks for its holder; its row stays locked.

    Raises:
        CardProofRefused: the challenge was used meanwhile, or has run out.
        ProvedCardUnusable: the card is reported lost, blocked, ended, or not handed out.
    """
    card = locked_card(session, holder.card_id)
    if CardState(card.state) not in IN_HAND or card.person_id != holder.person_id:
        raise ProvedCardUnusable("the card does not speak for its holder now")
    used = session.scalars(
        update(CardChallenge)
        .where(CardChallenge.id == holder.challenge_id, CardChallenge.used_at.is_(None), CardChallenge.expires_at > now)
        .values(used_at=now, card_serial=holder.card_serial)
        .returning(CardChallenge.id)
    ).one_or_none()
    if used is None:
        raise CardProofRefused("the card has not proved itself")


def _read(proved: ProvedCard) -> tuple[bytes, bytes]:
    """Serial and proof out of the card's answers.

    Raises:
        CardProofRefused: they are not the answers of a card of ours.
    """
    responses = proved.responses
    if len(responses) != ANSWERS or not all(response.ok for response in responses):
        raise CardProofRefused("the card has not proved itself")
    try:
        return PublicApplicationData.decode(responses[1].data).serial, responses[2].data
    except (MalformedCardData, ValueError):
        raise CardProofRefused("the card has not proved itself") from None
