"""Loads at kiosks: money committed before MAC2 exists, MAC2 out only after that is written down, and an end by the card's proof alone.

Whatever breaks between two of these steps leaves an open load with its money in `inload`. Any kiosk, or a counter, ends it when the card
comes back: by a TAC, by a counter that rose, or by a probe whose value nobody knew before.
"""

import secrets
from dataclasses import dataclass
from functools import partial
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.audit import Actor, record
from citizencard.cards.as_of import known_cards
from citizencard.cards.errors import UnknownCard
from citizencard.cards.models import Card
from citizencard.cards.states import Deed
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.hsm import Hsm
from citizencard.purse.counters import IN_LOAD
from citizencard.purse.loads.errors import CardNotGenuine, UnknownLoad
from citizencard.purse.loads.evidence import is_genuine, mac2_of, proves_credit
from citizencard.purse.loads.judging import CounterSays, attempt_of, what_counter_says
from citizencard.purse.loads.kiosks.beginning import Checked, earlier_load, is_announced, release_mac2, reserve_at_kiosk
from citizencard.purse.loads.kiosks.claims import KioskLoadClaim, LoadEvidence, LoadWanted
from citizencard.purse.loads.kiosks.speaking import check_kiosk
from citizencard.purse.loads.loads import (
    disprove_load,
    find_load,
    give_back,
    last_attempt,
    locked_load,
    prove_load,
    require_state,
)
from citizencard.purse.loads.models import Load, LoadAttempt, LoadSource, LoadState
from citizencard.purse.loads.subject import Subject, look_at

PROBE_BYTES: Final = 6
PROBE: Final = "probe"
ENDED: Final = frozenset({LoadState.PROVEN, LoadState.GIVEN_BACK})


@dataclass(frozen=True, slots=True)
class KioskLoadAnswer:
    """What a kiosk is told about its load.

    Args:
        load_id: the load's name.
        state: `authorised`: give MAC2 to the card; `proven`: it is on the chip already.
        date, time: BCD, for CREDIT; None when there is nothing to credit.
        mac2: the order to the card, 4 bytes, the same however often it is asked for; None when there is nothing to credit.
    """

    load_id: str
    state: LoadState
    date: bytes | None = None
    time: bytes | None = None
    mac2: bytes | None = None


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """What a terminal needs to find out what became of a load.

    Args:
        load_id: the load.
        state: where it is now; when it has ended there is nothing to find out.
        amount_fen: what the probe's INITIALIZE is asked with.
        online_seq: the card's counter n of the newest attempt; GET TRANSACTION PROVE is asked for n + 1. None if it has ended.
        probe: value for the terminal field of INITIALIZE, 6 bytes; None if it has ended.
    """

    load_id: str
    state: LoadState
    amount_fen: int
    online_seq: int | None
    probe: bytes | None


@dataclass(frozen=True, slots=True)
class LoadStanding:
    """Where a load stands after what a card has said."""

    load_id: str
    state: LoadState
    amount_fen: int


@dataclass(frozen=True, slots=True)
class _Seen:
    card: Card
    load: Load | None
    attempt: LoadAttempt | None


def begin_load(sessions: Sessions, hsm: Hsm, claim: KioskLoadClaim, deed: Deed) -> KioskLoadAnswer:
    """Book a load and release its MAC2. The same request again gives the same MAC2, whatever broke in between.

    Raises:
        PurchaseInvalid: not well formed.
        UnknownCard: it is none of ours.
        CardNotGenuine: MAC1 is not this card's for this amount and terminal.
        Others: see `beginning.reserve_at_kiosk`.
    """
    claim.check()
    seen = _look(sessions, claim, deed.actor)
    attempt = seen.attempt
    if seen.load is not None and attempt is not None and attempt.mac2_released_at and is_announced(attempt, claim):
        return _told(hsm, seen.card, seen.load, attempt)
    if not is_genuine(hsm, seen.card, claim.said, claim.amount_fen, claim.name.terminal):
        raise CardNotGenuine("MAC1 is not good")
    if seen.load is not None and attempt is not None and attempt.mac2_released_at:
        standing = _after_counter(sessions, look_at(sessions, seen.load.id), claim.said.online_seq, deed)
        if standing.state is LoadState.PROVEN:
            return KioskLoadAnswer(seen.load.id, standing.state)
    is_proved = claim.source is LoadSource.ACCOUNT and hsm.card_proof_is_valid(
        claim.card_serial, seen.card.key_version, claim.challenge, claim.proof
    )
    with transaction(sessions) as session:
        attempt = reserve_at_kiosk(session, seen.card.id, Checked(claim, is_proved), deed)
        load = find_load(session, claim.load_id)
        session.expunge_all()
    told = _told(hsm, seen.card, load, attempt)
    with transaction(sessions) as session:
        release_mac2(session, load.id, attempt.id, deed)
    return told


def begin_probe(sessions: Sessions, wanted: LoadWanted, deed: Deed) -> ProbeAnswer:
    """Give the value that a card has to be asked with to disprove a load's newest attempt; the same for every question about it.

    Raises:
        UnknownTerminal, TerminalDisabled, NotAKiosk: the terminal may not ask.
        UnknownLoad: there is none, or it is another card's.
        LoadStateForbids: it was never booked.
    """
    with transaction(sessions) as session:
        check_kiosk(session, deed.actor.id)
        _, load = locked_load(session, _found(session, wanted).id)
        state = LoadState(load.state)
        if state in ENDED:
            return ProbeAnswer(load.id, state, load.amount_fen, None, None)
        require_state(load, PROBE, LoadState.RESERVED, LoadState.AUTHORISED, LoadState.DISPROVEN)
        attempt = last_attempt(session, load.id)
        if attempt is not None and attempt.probe is None:
            attempt.probe = secrets.token_bytes(PROBE_BYTES)
            record(session, deed.actor, "load.probe", load.id, after={"attempt": attempt.number}, now=deed.now)
        return ProbeAnswer(
            load.id,
            state,
            load.amount_fen,
            None if attempt is None else attempt.online_seq,
            None if attempt is None else attempt.probe,
        )


def take_evidence(sessions: Sessions, hsm: Hsm, evidence: LoadEvidence, deed: Deed) -> LoadStanding:
    """Judge what a card has said about a load. What proves nothing changes nothing, and the load stays as it is.

    Raises:
        PurchaseInvalid: not well formed.
        UnknownTerminal, TerminalDisabled, NotAKiosk: the terminal may not ask.
        UnknownLoad: there is none, or it is another card's.
        LoadStateForbids: it was never booked.
        CardNotGenuine: neither the TAC nor MAC1 is this card's.
    """
    evidence.check()
    with reading(sessions) as session:
        check_kiosk(session, deed.actor.id)
        _found(session, LoadWanted(evidence.load_id, evidence.card_serial))
    subject = look_at(sessions, evidence.load_id)
    attempt = attempt_of(subject, "prove")
    if evidence.tac:
        if not proves_credit(hsm, subject.card, subject.load, attempt, evidence.tac):
            raise CardNotGenuine("the TAC does not prove this load")
        return _prove(sessions, subject, deed)
    said = evidence.said
    amount_fen = evidence.amount_fen or subject.load.amount_fen
    genuine = partial(is_genuine, hsm, subject.card)
    if said is not None and attempt.probe and genuine(said, subject.load.amount_fen, attempt.probe):
        return _after_counter(sessions, subject, said.online_seq, deed, is_probe=True)
    if said is not None and genuine(said, amount_fen, evidence.terminal_number):
        return _after_counter(sessions, subject, said.online_seq, deed)
    raise CardNotGenuine("MAC1 is not good")


def give_back_at_kiosk(sessions: Sessions, wanted: LoadWanted, deed: Deed) -> LoadStanding:
    """End a disproven load of this kiosk: the money goes back to where it came from. Again, the same.

    Raises:
        UnknownLoad: there is none, or it is another card's or another terminal's.
        LoadStateForbids: not disproven: without proof nothing is given back.
    """
    with transaction(sessions) as session:
        check_kiosk(session, deed.actor.id)
        load = _found(session, wanted)
        if load.kiosk_id != deed.actor.id:
            raise UnknownLoad("another terminal's load", load_id=load.id)
        _, load = locked_load(session, load.id)
        if load.state != LoadState.GIVEN_BACK:
            load = give_back(session, load.id, deed)
        return LoadStanding(load.id, LoadState(load.state), load.amount_fen)


def _look(sessions: Sessions, claim: KioskLoadClaim, kiosk: Actor) -> _Seen:
    with reading(sessions) as session:
        check_kiosk(session, kiosk.id)
        known = known_cards(session, [claim.card_serial]).get(claim.card_serial)
        if known is None:
            raise UnknownCard("no such card")
        card = session.get_one(Card, known.card_id)
        load = earlier_load(session, kiosk.id, claim, card.id)
        attempt = None if load is None else last_attempt(session, load.id)
        session.expunge_all()
    return _Seen(card, load, attempt)


def _told(hsm: Hsm, card: Card, load: Load, attempt: LoadAttempt) -> KioskLoadAnswer:
    state = LoadState.AUTHORISED if load.state == LoadState.RESERVED else LoadState(load.state)
    if state is not LoadState.AUTHORISED:
        return KioskLoadAnswer(load.id, state)
    return KioskLoadAnswer(load.id, state, attempt.date, attempt.time, mac2_of(hsm, card, load, attempt))


def _after_counter(
    sessions: Sessions, subject: Subject, counter: int, deed: Deed, *, is_probe: bool = False
) -> LoadStanding:
    attempt = attempt_of(subject, "prove")
    says = what_counter_says(subject, attempt, counter)
    if says is CounterSays.CREDITED and attempt.mac2_released_at is not None:
        return _prove(sessions, subject, deed)
    is_open = subject.load.state in {LoadState.RESERVED, LoadState.AUTHORISED}
    if says is CounterSays.NOT_CREDITED and is_probe and is_open:
        with transaction(sessions) as session:
            disprove_load(session, subject.load.id, attempt.id, deed)
    return _standing(sessions, subject.load.id)


def _prove(sessions: Sessions, subject: Subject, deed: Deed) -> LoadStanding:
    with transaction(sessions) as session:
        prove_load(session, subject.load.id, deed)
    return _standing(sessions, subject.load.id)


def _standing(sessions: Sessions, load_id: str) -> LoadStanding:
    with reading(sessions) as session:
        load = find_load(session, load_id)
        return LoadStanding(load.id, LoadState(load.state), load.amount_fen)


def _found(session: Session, wanted: LoadWanted) -> Load:
    """The load, if it is this card's."""
    of_card = select(Load).join(Card, Card.id == Load.card_id).where(Card.serial == wanted.card_serial)
    which = Load.state.in_(IN_LOAD) if wanted.load_id is None else Load.id == wanted.load_id
    load = session.scalars(of_card.where(which)).one_or_none()
    if load is None:
        raise UnknownLoad("no such load of this card", load_id=wanted.load_id or "")
    return load
