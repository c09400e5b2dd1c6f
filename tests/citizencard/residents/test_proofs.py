"""Cards that prove themselves."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from citizencard.cards.models import CardState
from citizencard.cards.states import Deed, report_loss
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.vault import SoftwareVault
from citizencard.residents import proofs
from citizencard.residents.errors import CardProofRefused, ProvedCardUnusable
from citizencard.residents.models import CardChallenge
from citizencard.residents.proofs import CHALLENGE_LIFE, FORGET_AFTER, ProvedCard, Purpose
from hardware.card.apdu import ResponseApdu
from tests.citizencard.cards.make_cards import CLERK
from tests.citizencard.residents.make_residents import CardInHand

SECOND = timedelta(seconds=1)


def test_card_in_the_hand_names_its_holder(
    sessions: Sessions, vault: SoftwareVault, in_hand: CardInHand, now: datetime
) -> None:
    """A resident holds the card to the reader, and the city knows whose it is."""
    proved = in_hand.prove(sessions, now)
    holder = proofs.check(sessions, vault, proved, now + CHALLENGE_LIFE - SECOND)
    assert (holder.person_id, holder.card_id) == (in_hand.card.person_id, in_hand.card.id)


def test_challenges_are_never_the_same(sessions: Sessions, now: datetime) -> None:
    """A recorded answer fits no other challenge, since each is drawn anew."""
    assert len({proofs.begin(sessions, None, Purpose.REGISTER, now).challenge8 for _ in range(50)}) == 50


def test_everything_that_is_not_a_fresh_proof_gets_one_answer(
    sessions: Sessions, vault: SoftwareVault, give_card: Callable[[], CardInHand], now: datetime
) -> None:
    """Whoever has no card learns nothing: wrong, late, foreign, unknown and garbled look the same."""
    mine, other = give_card(), give_card()
    asked = proofs.begin(sessions, None, Purpose.REGISTER, now)
    elsewhere = proofs.begin(sessions, None, Purpose.REGISTER, now)
    good = mine.answer(asked)
    select_answer, file_answer, proof = good.responses
    flipped = ResponseApdu(bytes((proof.data[0] ^ 1, *proof.data[1:])), proof.sw)
    unknown = ResponseApdu(file_answer.data[:19] + b"\x99" + file_answer.data[20:], file_answer.sw)
    named = proofs.begin(sessions, other.card.serial, Purpose.RESET, now)
    for proved, at in (
        (good, now + CHALLENGE_LIFE),
        (ProvedCard(elsewhere.id, good.responses), now),
        (ProvedCard(asked.id, (select_answer, file_answer, flipped)), now),
        (ProvedCard(asked.id, (select_answer, other.answer(asked).responses[1], proof)), now),
        (ProvedCard(asked.id, (select_answer, unknown, proof)), now),
        (ProvedCard(asked.id, (select_answer, ResponseApdu(b"\xff" * 30), proof)), now),
        (ProvedCard(asked.id, (select_answer, ResponseApdu(b"", 0x6A82), proof)), now),
        (ProvedCard(asked.id, ()), now),
        (ProvedCard("chl_unknown", good.responses), now),
        (mine.answer(named), now),
    ):
        with pytest.raises(CardProofRefused) as refused:
            proofs.check(sessions, vault, proved, at)
        assert str(refused.value) == "the card has not proved itself"
        assert refused.value.public == ()
    proofs.check(sessions, vault, other.answer(named), now)
    proofs.check(sessions, vault, good, now)


def test_proof_is_used_once(sessions: Sessions, vault: SoftwareVault, in_hand: CardInHand, now: datetime) -> None:
    """Somebody who recorded a proof can do nothing with it afterwards."""
    proved = in_hand.prove(sessions, now)
    holder = proofs.check(sessions, vault, proved, now)
    with transaction(sessions) as session:
        proofs.use(session, holder, now)
    with pytest.raises(CardProofRefused):
        proofs.check(sessions, vault, proved, now)
    with pytest.raises(CardProofRefused), transaction(sessions) as session:
        proofs.use(session, holder, now)


def test_lost_card_speaks_for_nobody(
    sessions: Sessions, vault: SoftwareVault, in_hand: CardInHand, now: datetime
) -> None:
    """Whoever finds a card that was reported lost gets no login of its holder."""
    holder = proofs.check(sessions, vault, in_hand.prove(sessions, now), now)
    with transaction(sessions) as session:
        report_loss(session, in_hand.card.id, Deed(CLERK, now, "lost on a bus"), temporary=True)
    with pytest.raises(ProvedCardUnusable), transaction(sessions) as session:
        proofs.use(session, holder, now)


def test_only_cards_that_were_handed_out_count() -> None:
    """A card that still lies in the outlet's drawer opens nobody's account."""
    assert {CardState.ISSUED, CardState.ACTIVE} == proofs.IN_HAND


def test_old_challenges_are_forgotten(sessions: Sessions, now: datetime) -> None:
    """Whoever asks for challenges all night fills no disk."""
    for _ in range(5):
        proofs.begin(sessions, None, Purpose.REGISTER, now)
    proofs.begin(sessions, None, Purpose.REGISTER, now + CHALLENGE_LIFE + FORGET_AFTER + SECOND)
    with reading(sessions) as session:
        assert session.scalar(select(func.count()).select_from(CardChallenge)) == 1
