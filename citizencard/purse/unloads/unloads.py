"""What may happen to an unload, inside the caller's transaction.

    requested → announced → authorised → proven → paid out
            ↘       ↓            ↓          ↑
              withdrawn      disproven ─────┘ late

One unload is one order to one chip. Nothing is owed before the chip has proved that it gave the money, and what it has proved is never
refused. Order of locks: card row, then unload row, then the ledger's.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.audit import record
from citizencard.cards.classes import card_class
from citizencard.cards.models import Card, CardState
from citizencard.cards.states import Deed, locked_card
from citizencard.db import new_id
from citizencard.purse.counters import check_counter, check_no_other_open, newest_load_attempt
from citizencard.purse.unloads.errors import (
    CardNotUnloadable,
    UnknownUnload,
    UnloadAmountInvalid,
    UnloadStateForbids,
)
from citizencard.purse.unloads.models import Unload, UnloadAttempt, UnloadState
from ledger import Transfer, post

PROVEN: Final = "proven"
DISPROVEN: Final = "disproven"
BY_MAC3: Final = "mac3"
BY_COUNTER: Final = "counter"
UNLOADABLE: Final = frozenset({CardState.ACTIVE, CardState.BLOCKED, CardState.CLOSED})
"""States in which the money on a chip may be brought home. A lost card is the finder's to hand in, not to unload."""


@dataclass(frozen=True, slots=True)
class UnloadWish:
    """What a resident asks for at a counter: so many fen off a card, or all there is (None)."""

    card_id: str
    amount_fen: int | None = None


@dataclass(frozen=True, slots=True)
class Announced:
    """What a genuine card answered to INITIALIZE FOR UNLOAD: its MAC1 was found good.

    Args:
        job_id: the reader job in which it did.
        amount_fen: what MAC2 will take.
        old_balance_fen, online_seq, key_version, algorithm, random, mac1: the card's answer.
        terminal: 6 bytes that it was asked with.
        date, time: BCD, for MAC2.
    """

    job_id: str
    amount_fen: int
    old_balance_fen: int
    online_seq: int
    key_version: int
    algorithm: int
    random: bytes
    mac1: bytes
    terminal: bytes
    date: bytes
    time: bytes


def request_unload(session: Session, wish: UnloadWish, deed: Deed) -> Unload:
    """Write down what was asked for. The card has to prove that it is genuine, and later that it gave the money.

    Raises:
        UnknownCard: there is no such card.
        CardNotUnloadable: never handed out, lost or spoiled.
        UnloadAmountInvalid: nothing, or more than the class's chips hold.
        LoadAlreadyOpen, UnloadAlreadyOpen: another load or unload of the card is not decided; names it.
    """
    card = locked_card(session, wish.card_id)
    check_unloadable(card)
    ceiling_fen = card_class(card.card_class).ceiling_fen
    if wish.amount_fen is not None and not 0 < wish.amount_fen <= ceiling_fen:
        raise UnloadAmountInvalid(
            f"{wish.amount_fen} fen, must be 1 to {ceiling_fen}", amount_fen=wish.amount_fen, ceiling_fen=ceiling_fen
        )
    check_no_other_open(session, card.id, None)
    unload = Unload(
        id=new_id("unload"),
        card_id=card.id,
        wanted_fen=wish.amount_fen,
        state=UnloadState.REQUESTED,
        requested_at=deed.now,
        changed_at=deed.now,
    )
    session.add(unload)
    session.flush()
    wanted = {"amount_fen": "all" if wish.amount_fen is None else wish.amount_fen}
    record(session, deed.actor, "unload.request", unload.id, after=wanted, now=deed.now)
    return unload


def find_unload(session: Session, unload_id: str) -> Unload:
    """The unload.

    Raises:
        UnknownUnload: there is none.
    """
    unload = session.get(Unload, unload_id)
    if unload is None:
        raise UnknownUnload("no such unload", unload_id=unload_id)
    return unload


def locked_unload(session: Session, unload_id: str) -> tuple[Card, Unload]:
    """Card and unload, their rows locked in this order.

    Raises:
        UnknownUnload: there is none.
    """
    card = locked_card(session, find_unload(session, unload_id).card_id)
    unload = session.scalars(
        select(Unload).where(Unload.id == unload_id).with_for_update(), execution_options={"populate_existing": True}
    ).one()
    return card, unload


def last_attempt(session: Session, unload_id: str) -> UnloadAttempt | None:
    """The unload's newest announcement; None if there was none."""
    return session.scalars(
        select(UnloadAttempt)
        .where(UnloadAttempt.unload_id == unload_id)
        .order_by(UnloadAttempt.number.desc())
        .limit(1),
        execution_options={"populate_existing": True},
    ).one_or_none()


def announce(session: Session, unload_id: str, announced: Announced, deed: Deed) -> UnloadAttempt:
    """Write down what the card announced, before MAC2 exists. The same announcement again changes nothing.

    One whose MAC2 was never released is simply replaced.

    Raises:
        UnknownUnload: there is none.
        CardNotUnloadable: the card may not be unloaded any more.
        LoadAlreadyOpen, UnloadAlreadyOpen: another load or unload of the card is not decided.
        UnloadStateForbids: MAC2 is out, or the unload has ended.
        AnnouncementStale: the card has counted on since it said this. MAC2 for it would debit nothing, and the counter would look as if.
    """
    card, unload = locked_unload(session, unload_id)
    last = last_attempt(session, unload_id)
    if last is not None and last.job_id == announced.job_id:
        return last
    check_unloadable(card)
    check_no_other_open(session, card.id, unload.id)
    require_state(unload, "announce", UnloadState.REQUESTED, UnloadState.ANNOUNCED)
    check_counter(session, card.id, announced.online_seq)
    attempt = UnloadAttempt(
        unload_id=unload.id,
        number=1 if last is None else last.number + 1,
        card_id=card.id,
        job_id=announced.job_id,
        loads_before=newest_load_attempt(session, card.id),
        amount_fen=announced.amount_fen,
        old_balance_fen=announced.old_balance_fen,
        online_seq=announced.online_seq,
        key_version=announced.key_version,
        algorithm=announced.algorithm,
        random=announced.random,
        mac1=announced.mac1,
        terminal=announced.terminal,
        date=announced.date,
        time=announced.time,
        announced_at=deed.now,
    )
    unload.state = UnloadState.ANNOUNCED
    unload.amount_fen = announced.amount_fen
    unload.changed_at = deed.now
    session.add(attempt)
    session.flush()
    after = {"attempt": attempt.number, "amount_fen": attempt.amount_fen}
    record(session, deed.actor, "unload.announce", unload.id, after=after, now=deed.now)
    return attempt


def authorise(session: Session, unload_id: str, attempt_id: int, deed: Deed) -> None:
    """Write down that MAC2 leaves the house now: from here on only proof decides.

    Raises:
        UnloadStateForbids: another announcement took over meanwhile, or the unload was withdrawn.
    """
    _, unload = locked_unload(session, unload_id)
    attempt = last_attempt(session, unload_id)
    require_state(unload, "authorise", UnloadState.ANNOUNCED)
    if attempt is None or attempt.id != attempt_id:
        raise UnloadStateForbids(
            "another announcement took over", unload_id=unload_id, state=unload.state, act="authorise"
        )
    attempt.mac2_released_at = deed.now
    unload.state = UnloadState.AUTHORISED
    unload.changed_at = deed.now
    record(session, deed.actor, "unload.authorise", unload.id, after={"attempt": attempt.number}, now=deed.now)


def prove_unload(session: Session, unload_id: str, proof: str, deed: Deed) -> None:
    """The chip has given the money: from its shadow to what is due to the holder. Proved again, nothing changes.

    A proof after a disproof is an alarm in the audit trail, and the same fact.

    Args:
        session: joins the caller's transaction.
        unload_id: the unload.
        proof: `mac3` or `counter`.
        deed: who carried the proof, and when.

    Raises:
        UnknownUnload: there is none.
        UnloadStateForbids: MAC2 never left the house.
    """
    _, unload = locked_unload(session, unload_id)
    attempt = last_attempt(session, unload_id)
    if unload.state in (UnloadState.PROVEN, UnloadState.PAID_OUT):
        return
    require_state(unload, "prove", UnloadState.AUTHORISED, UnloadState.DISPROVEN)
    if attempt is None:
        raise UnloadStateForbids("never announced", unload_id=unload_id, state=unload.state, act="prove")
    late = unload.state == UnloadState.DISPROVEN
    chart.open_missing(session, [chart.purse(unload.card_id), chart.due(unload.card_id)])
    given = Transfer(
        reference=f"unloaded:{unload.card_id}:{attempt.online_seq}",
        debit=chart.purse(unload.card_id),
        credit=chart.due(unload.card_id),
        amount_fen=attempt.amount_fen,
        kind="unloaded_after_disproof" if late else "unloaded",
        occurred_at=deed.now,
        metadata={"unload": unload.id},
        fact=True,
    )
    post(session, [given], now=deed.now)
    attempt.outcome, attempt.proof, attempt.decided_at = PROVEN, proof, deed.now
    unload.state = UnloadState.PROVEN
    unload.changed_at = deed.now
    if late:
        unload.proven_late_at = deed.now
    act = "unload.proven_after_disproof" if late else "unload.prove"
    after = {"online_seq": attempt.online_seq, "proof": proof}
    record(session, deed.actor, act, unload.id, after=after, now=deed.now)


def disprove_unload(session: Session, unload_id: str, attempt_id: int, deed: Deed) -> None:
    """The chip has shown that it was not debited and cannot be by this order any more: nothing is owed. Again, nothing changes.

    Raises:
        UnknownUnload: there is none.
        UnloadStateForbids: another announcement took over meanwhile, or the unload is decided.
    """
    _, unload = locked_unload(session, unload_id)
    attempt = last_attempt(session, unload_id)
    is_the_one = attempt is not None and attempt.id == attempt_id
    if unload.state == UnloadState.DISPROVEN and is_the_one:
        return
    require_state(unload, "disprove", UnloadState.AUTHORISED)
    if attempt is None or not is_the_one:
        raise UnloadStateForbids(
            "another announcement took over", unload_id=unload_id, state=unload.state, act="disprove"
        )
    attempt.outcome, attempt.decided_at = DISPROVEN, deed.now
    unload.state = UnloadState.DISPROVEN
    unload.changed_at = deed.now
    record(session, deed.actor, "unload.disprove", unload.id, after={"attempt": attempt.number}, now=deed.now)


def withdraw_unload(session: Session, unload_id: str, deed: Deed) -> Unload:
    """End an unload whose MAC2 never left the house: the chip cannot have been debited.

    Raises:
        UnknownUnload: there is none.
        UnloadStateForbids: MAC2 is out, or the unload has ended.
    """
    _, unload = locked_unload(session, unload_id)
    require_state(unload, "withdraw", UnloadState.REQUESTED, UnloadState.ANNOUNCED)
    unload.state = UnloadState.WITHDRAWN
    unload.changed_at = deed.now
    record(session, deed.actor, "unload.withdraw", unload.id, reason=deed.reason, now=deed.now)
    return unload


def require_state(unload: Unload, act: str, *allowed: UnloadState) -> None:
    """Hold the table of the module.

    Raises:
        UnloadStateForbids: the unload is in another state.
    """
    if unload.state not in allowed:
        raise UnloadStateForbids(f"{act} from {unload.state}", unload_id=unload.id, state=unload.state, act=act)


def check_unloadable(card: Card) -> None:
    """Refuse cards that nobody may take money off.

    Raises:
        CardNotUnloadable: never handed out, lost or spoiled.
    """
    if CardState(card.state) not in UNLOADABLE:
        raise CardNotUnloadable(f"card is {card.state}", card_id=card.id, state=card.state)
