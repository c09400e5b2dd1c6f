"""What may happen to a load, inside the caller's transaction.

    requested → reserved → authorised → proven
                   ↑            ↓
                   └──────── disproven → given back

Money lies in `inload` from `reserved` on and leaves it by proof only. Order of locks: card row, then load row, then the ledger's.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard import chart
from citizencard.audit import record
from citizencard.cards.classes import card_class
from citizencard.cards.models import Card, CardState
from citizencard.cards.states import LOADABLE, Deed, locked_card
from citizencard.db import new_id
from citizencard.purse.counters import check_counter, check_no_other_open
from citizencard.purse.loads.errors import CardNotLoadable, LoadAmountInvalid, LoadStateForbids, UnknownLoad
from citizencard.purse.loads.models import Load, LoadAttempt, LoadSource, LoadState
from citizencard.staff.errors import TillUnknown
from citizencard.staff.outlets import find_till
from citizencard.staff.slips import next_slip
from ledger import AccountState, Transfer, balance, post

PROVEN: Final = "proven"
DISPROVEN: Final = "disproven"


@dataclass(frozen=True, slots=True)
class LoadWish:
    """What a resident asks for at a counter: an amount in fen for a card, paid in cash into a till."""

    card_id: str
    amount_fen: int
    till_id: str


@dataclass(frozen=True, slots=True)
class Announced:
    """What a genuine card answered to INITIALIZE FOR LOAD: its MAC1 was found good.

    Args:
        job_id: the reader job in which it did; None at a kiosk.
        kiosk_id: the terminal at which it did; None in a reader job.
        old_balance_fen, online_seq, key_version, algorithm, random, mac1: the card's answer.
        terminal: 6 bytes that it was asked with.
        date, time: BCD, for MAC2.
    """

    job_id: str | None
    kiosk_id: str | None
    old_balance_fen: int
    online_seq: int
    key_version: int
    algorithm: int
    random: bytes
    mac1: bytes
    terminal: bytes
    date: bytes
    time: bytes


def request_load(session: Session, wish: LoadWish, deed: Deed) -> Load:
    """Write down what was asked for. No money is taken before the card has shown that it is genuine and has room.

    Raises:
        UnknownCard: there is no such card.
        CardNotLoadable: not active.
        LoadAmountInvalid: nothing, or more than the class's chips hold.
        TillUnknown: no such till, or it is closed.
        LoadAlreadyOpen, UnloadAlreadyOpen: another load or unload of the card is not decided; names it.
    """
    card = locked_card(session, wish.card_id)
    check_loadable(card)
    ceiling_fen = card_class(card.card_class).ceiling_fen
    if not 0 < wish.amount_fen <= ceiling_fen:
        raise LoadAmountInvalid(
            f"{wish.amount_fen} fen, must be 1 to {ceiling_fen}", amount_fen=wish.amount_fen, ceiling_fen=ceiling_fen
        )
    till = find_till(session, wish.till_id)
    check_no_other_open(session, card.id, None)
    load = Load(
        id=new_id("load"),
        card_id=card.id,
        amount_fen=wish.amount_fen,
        source=LoadSource.CASH,
        till_id=till.id,
        outlet_id=till.outlet_id,
        state=LoadState.REQUESTED,
        requested_at=deed.now,
        changed_at=deed.now,
    )
    session.add(load)
    session.flush()
    record(session, deed.actor, "load.request", load.id, after={"amount_fen": load.amount_fen}, now=deed.now)
    return load


def find_load(session: Session, load_id: str) -> Load:
    """The load.

    Raises:
        UnknownLoad: there is none.
    """
    load = session.get(Load, load_id)
    if load is None:
        raise UnknownLoad("no such load", load_id=load_id)
    return load


def locked_load(session: Session, load_id: str) -> tuple[Card, Load]:
    """Card and load, their rows locked in this order.

    Raises:
        UnknownLoad: there is none.
    """
    card = locked_card(session, find_load(session, load_id).card_id)
    load = session.scalars(
        select(Load).where(Load.id == load_id).with_for_update(), execution_options={"populate_existing": True}
    ).one()
    return card, load


def last_attempt(session: Session, load_id: str) -> LoadAttempt | None:
    """The load's newest attempt; None if there was none."""
    return session.scalars(
        select(LoadAttempt).where(LoadAttempt.load_id == load_id).order_by(LoadAttempt.number.desc()).limit(1)
    ).one_or_none()


def reserve(session: Session, load_id: str, announced: Announced, deed: Deed) -> LoadAttempt:
    """Book the money into `inload` and write down the attempt, before MAC2 exists. The same announcement again changes nothing.

    An attempt whose MAC2 was never released is simply replaced; after a released one this is possible only once it is disproven.

    Raises:
        UnknownLoad: there is none.
        CardNotLoadable: the card is not active any more.
        LoadAlreadyOpen, UnloadAlreadyOpen: another load or unload of the card is not decided.
        LoadStateForbids: MAC2 is out and not disproven, or the load has ended.
        AnnouncementStale: the card has counted on since it said this.
        TillUnknown: the till was closed.
        BalanceTooLow, AccountFrozen: the ledger refuses.
    """
    card, load = locked_load(session, load_id)
    last = last_attempt(session, load_id)
    if last is not None and _is_same(last, announced):
        return last
    check_loadable(card)
    check_no_other_open(session, card.id, load.id)
    require_state(load, "reserve", LoadState.REQUESTED, LoadState.RESERVED, LoadState.DISPROVEN)
    check_counter(session, card.id, announced.online_seq)
    if load.state == LoadState.REQUESTED:
        _take_money(session, load, deed)
    load.state = LoadState.RESERVED
    load.changed_at = deed.now
    attempt = LoadAttempt(
        load_id=load.id,
        number=1 if last is None else last.number + 1,
        card_id=card.id,
        job_id=announced.job_id,
        kiosk_id=announced.kiosk_id,
        online_seq=announced.online_seq,
        old_balance_fen=announced.old_balance_fen,
        key_version=announced.key_version,
        algorithm=announced.algorithm,
        random=announced.random,
        mac1=announced.mac1,
        terminal=announced.terminal,
        date=announced.date,
        time=announced.time,
        reserved_at=deed.now,
    )
    session.add(attempt)
    session.flush()
    record(session, deed.actor, "load.reserve", load.id, after={"attempt": attempt.number}, now=deed.now)
    return attempt


def authorise(session: Session, load_id: str, attempt_id: int, deed: Deed) -> None:
    """Write down that MAC2 leaves the house now: from here on only proof decides.

    Raises:
        LoadStateForbids: another attempt took over meanwhile, or the load is decided.
    """
    _, load = locked_load(session, load_id)
    last = last_attempt(session, load_id)
    require_state(load, "authorise", LoadState.RESERVED)
    if last is None or last.id != attempt_id:
        raise LoadStateForbids("another attempt took over", load_id=load_id, state=load.state, act="authorise")
    last.mac2_released_at = deed.now
    load.state = LoadState.AUTHORISED
    load.changed_at = deed.now
    record(session, deed.actor, "load.authorise", load.id, after={"attempt": last.number}, now=deed.now)


def prove_load(session: Session, load_id: str, deed: Deed) -> None:
    """The chip has the money: flow 3. After a give-back it is the holder's debt (flow 5) and an alarm in the audit trail."""
    _, load = locked_load(session, load_id)
    attempt = last_attempt(session, load_id)
    if attempt is None or attempt.outcome == PROVEN:
        return
    late = load.state == LoadState.GIVEN_BACK
    source = chart.owed("holder", load.card_id) if late else chart.inload(load.card_id)
    chart.open_missing(session, [source, chart.purse(load.card_id)])
    proven = Transfer(
        reference=f"loaded:{load.card_id}:{attempt.online_seq}",
        debit=source,
        credit=chart.purse(load.card_id),
        amount_fen=load.amount_fen,
        kind="loaded_after_give_back" if late else "loaded",
        occurred_at=deed.now,
        metadata={"load": load.id},
        fact=True,
    )
    post(session, [proven], now=deed.now)
    attempt.outcome, attempt.decided_at = PROVEN, deed.now
    if late:
        load.proven_late_at = deed.now
    else:
        load.state = LoadState.PROVEN
    load.changed_at = deed.now
    act = "load.proven_after_give_back" if late else "load.prove"
    record(session, deed.actor, act, load.id, after={"online_seq": attempt.online_seq}, now=deed.now)


def disprove_load(session: Session, load_id: str, attempt_id: int, deed: Deed) -> None:
    """A probe has shown that the chip was not credited by this attempt: the money waits for a new attempt or to be given back.

    Raises:
        LoadStateForbids: another attempt took over meanwhile, or the load is decided.
    """
    _, load = locked_load(session, load_id)
    attempt = last_attempt(session, load_id)
    if load.state == LoadState.DISPROVEN and attempt is not None and attempt.id == attempt_id:
        return
    require_state(load, "disprove", LoadState.RESERVED, LoadState.AUTHORISED)
    if attempt is None or attempt.id != attempt_id:
        raise LoadStateForbids("another attempt took over", load_id=load_id, state=load.state, act="disprove")
    attempt.outcome, attempt.decided_at = DISPROVEN, deed.now
    load.state = LoadState.DISPROVEN
    load.changed_at = deed.now
    record(session, deed.actor, "load.disprove", load.id, after={"attempt": attempt.number}, now=deed.now)


def give_back(session: Session, load_id: str, deed: Deed) -> Load:
    """End a disproven load by somebody's decision: flow 4, to where the money came from, or to `due` when that till or account is closed.

    Raises:
        UnknownLoad: there is none.
        LoadStateForbids: not disproven: without proof nobody gives anything back.
    """
    _, load = locked_load(session, load_id)
    require_state(load, "give_back", LoadState.DISPROVEN)
    target = _source_of(session, load)
    chart.open_missing(session, [target])
    back = Transfer(
        reference=f"loadback:{load.id}",
        debit=chart.inload(load.card_id),
        credit=target,
        amount_fen=load.amount_fen,
        kind="load_given_back",
        occurred_at=deed.now,
        metadata={"load": load.id},
    )
    post(session, [back], now=deed.now)
    load.state = LoadState.GIVEN_BACK
    load.given_back_to = target
    load.changed_at = deed.now
    record(session, deed.actor, "load.give_back", load.id, reason=deed.reason, after={"to": target}, now=deed.now)
    return load


def require_state(load: Load, act: str, *allowed: LoadState) -> None:
    """Hold the table of the module.

    Raises:
        LoadStateForbids: the load is in another state.
    """
    if load.state not in allowed:
        raise LoadStateForbids(f"{act} from {load.state}", load_id=load.id, state=load.state, act=act)


def check_loadable(card: Card) -> None:
    """Refuse a card that may not be loaded in its present state.

    Raises:
        CardNotLoadable: names the state.
    """
    if CardState(card.state) not in LOADABLE:
        raise CardNotLoadable(f"card is {card.state}", card_id=card.id, state=card.state)


def _is_same(last: LoadAttempt, announced: Announced) -> bool:
    """Whether an announcement is that of the newest attempt: by its reader job, or at a kiosk by what the card said."""
    if announced.job_id is not None:
        return last.job_id == announced.job_id
    said = (last.online_seq, last.random, last.mac1, last.old_balance_fen)
    return said == (announced.online_seq, announced.random, announced.mac1, announced.old_balance_fen)


def _source_of(session: Session, load: Load) -> str:
    """The account that a load was paid from, if it can still take the money; else `due`, which always can."""
    due = chart.due(load.card_id)
    if load.till_id is not None:
        try:
            return chart.till(find_till(session, load.till_id).id)
        except TillUnknown:
            return due
    if load.account_id is not None:
        wallet = chart.wallet(load.account_id)
        return due if balance(session, wallet).state is AccountState.CLOSED else wallet
    return due


def _take_money(session: Session, load: Load, deed: Deed) -> None:
    """Flow 2: cash into the till, with its slip, or the holder's own money; owed to the holder while it is on its way to the chip."""
    metadata: dict[str, str | int] = {}
    source = chart.due(load.card_id) if load.account_id is None else chart.wallet(load.account_id)
    if load.till_id is not None and load.outlet_id is not None:
        source = chart.till(find_till(session, load.till_id).id)
        load.slip_serial = next_slip(session, load.outlet_id)
        metadata = {"slip": load.slip_serial}
    inload = chart.inload(load.card_id)
    chart.open_missing(session, [source, inload, chart.purse(load.card_id)])
    paid = Transfer(
        reference=f"loadpay:{load.id}",
        debit=source,
        credit=inload,
        amount_fen=load.amount_fen,
        kind="load_paid",
        occurred_at=deed.now,
        metadata=metadata,
    )
    post(session, [paid], now=deed.now)
