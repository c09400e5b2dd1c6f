"""The reader job `unload`: INITIALIZE, the order committed, MAC2, DEBIT, proof, and only then money that is due to the holder.

Between the commits a crash leaves an open unload, never money that is owed and still on the chip: nothing is owed before MAC3. What the
workstation says about the card decides nothing; MAC1, MAC3 and the counter inside MAC1 do.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from citizencard.cards.errors import ReaderStepConflict
from citizencard.cards.flow import locked_open_job
from citizencard.cards.numbering import ISSUING_TERMINAL
from citizencard.cards.reader_jobs import CARD_REFUSED, TORN, CardAnswer, JobContext, Move
from citizencard.cards.states import Deed
from citizencard.db import transaction
from citizencard.purse.unloads.errors import AnnouncementStale
from citizencard.purse.unloads.evidence import announces, mac2_of, proves_debit
from citizencard.purse.unloads.models import UnloadAttempt, UnloadState
from citizencard.purse.unloads.subject import Subject, check_chip, look
from citizencard.purse.unloads.unloads import BY_MAC3, Announced, announce, authorise, prove_unload, require_state
from hardware.card.apdu import CommandApdu
from hardware.card.files import bcd_date, bcd_time
from hardware.card.profile import KEY_INDEX, PURSE_AID
from hardware.card.purse import GetBalance, LoadInitialization, select_application
from hardware.card.unload import DebitForUnload, InitializeForUnload
from hardware.errors import MalformedCardData

UNLOAD: Final = "unload"
UNLOADED: Final = "unloaded"
NOT_GENUINE: Final = "card_not_genuine"
NOTHING_THERE: Final = "nothing_on_chip"
BALANCE_DIFFERS: Final = "balance_differs"
"""The balance in MAC1 is not the one that the reader told: nobody knows what all there is would be."""
REPLAYED: Final = "replayed"
UNDECIDED: Final = "unload_undecided"
"""MAC2 is out and there is no proof: nothing is owed until `recover_unload` has asked the card."""

COUNTING: Final = "counting"
INITIALIZING: Final = "initializing"
DEBITING: Final = "debiting"


class UnloadJob:
    """See the module."""

    def begin(self, context: JobContext, atr: bytes) -> Move:
        """Ask the card for its balance if all there is shall leave it, else for counter and MAC1 at once.

        Raises:
            UnknownUnload: there is none.
            UnloadStateForbids: MAC2 is out, or the unload has ended: recover it instead.
            WrongChip: another card lies in the reader.
        """
        subject = look(context)
        require_state(subject.unload, UNLOAD, UnloadState.REQUESTED, UnloadState.ANNOUNCED)
        check_chip(subject, atr)
        select = select_application(PURSE_AID)
        wanted_fen = subject.unload.wanted_fen
        if wanted_fen is None:
            return Move({"phase": COUNTING}, (select, GetBalance().command()))
        return Move(_initializing(wanted_fen), (select, _initialize(wanted_fen)))

    def go_on(self, context: JobContext, state: Mapping[str, Any], answer: CardAnswer) -> Move:
        """Commit the order and release MAC2; afterwards check MAC3."""
        if answer.torn:
            return Move(outcome=TORN)
        if state["phase"] == DEBITING:
            return _after_debit(context, state, answer)
        if answer.refusal is not None:
            return Move(outcome=CARD_REFUSED, ticks=(f"refused with {answer.refusal.sw:04X}",))
        if state["phase"] == COUNTING:
            return _after_counting(answer)
        return _after_initialize(context, state["amount_fen"], answer)


def deed_of(context: JobContext) -> Deed:
    """Who does it, and when."""
    return Deed(context.actor, context.now)


def _initializing(amount_fen: int) -> dict[str, Any]:
    return {"phase": INITIALIZING, "amount_fen": amount_fen}


def _initialize(amount_fen: int) -> CommandApdu:
    return InitializeForUnload(KEY_INDEX, amount_fen, ISSUING_TERMINAL).command()


def _after_counting(answer: CardAnswer) -> Move:
    """The balance is a claim: it only says what to ask for. MAC1 confirms it."""
    try:
        balance_fen = GetBalance.parse(answer.responses[-1].data)
    except MalformedCardData:
        return Move(outcome=NOT_GENUINE)
    if not balance_fen:
        return Move(outcome=NOTHING_THERE)
    return Move(_initializing(balance_fen), (_initialize(balance_fen),))


def _after_initialize(context: JobContext, amount_fen: int, answer: CardAnswer) -> Move:
    subject = look(context)
    try:
        told = InitializeForUnload.parse(answer.responses[-1].data)
    except MalformedCardData:
        return Move(outcome=NOT_GENUINE)
    if not announces(context.hsm, subject.card, told, amount_fen, ISSUING_TERMINAL):
        return Move(outcome=NOT_GENUINE)
    if told.balance_fen < amount_fen or (subject.unload.wanted_fen is None and told.balance_fen != amount_fen):
        return Move(outcome=BALANCE_DIFFERS)
    try:
        attempt = _announce(context, amount_fen, told)
    except AnnouncementStale:
        return Move(outcome=REPLAYED)
    mac2 = mac2_of(context.hsm, subject.card, attempt)
    return Move(
        {"phase": DEBITING, "attempt": attempt.id},
        (DebitForUnload(attempt.date, attempt.time, mac2).command(),),
        ticks=("unload written down",),
        effect=partial(authorise, unload_id=subject.unload.id, attempt_id=attempt.id, deed=deed_of(context)),
    )


def _announce(context: JobContext, amount_fen: int, told: LoadInitialization) -> UnloadAttempt:
    """Commit the order before MAC2 exists. Sent twice at once with different answers, the first one stands.

    Raises:
        AnnouncementStale: a genuine answer, but of an earlier day.
        ReaderStepConflict: this job has announced itself otherwise before.
    """
    announced = Announced(
        job_id=context.job_id,
        amount_fen=amount_fen,
        old_balance_fen=told.balance_fen,
        online_seq=told.online_seq,
        key_version=told.key_version,
        algorithm=told.algorithm,
        random=told.random,
        mac1=told.mac1,
        terminal=ISSUING_TERMINAL,
        date=bcd_date(context.now),
        time=bcd_time(context.now),
    )
    with transaction(context.sessions) as session:
        locked_open_job(session, context.job_id)
        attempt = announce(session, context.subject_id, announced, deed_of(context))
        session.expunge(attempt)
    if (attempt.online_seq, attempt.random, attempt.mac1) != (told.online_seq, told.random, told.mac1):
        raise ReaderStepConflict("this job has announced another card answer", job_id=context.job_id, step=1)
    return attempt


def _after_debit(context: JobContext, state: Mapping[str, Any], answer: CardAnswer) -> Move:
    subject = look(context)
    if answer.refusal is not None:
        return Move(outcome=UNDECIDED, ticks=(f"refused with {answer.refusal.sw:04X}",))
    try:
        mac3 = DebitForUnload.parse(answer.responses[-1].data)
    except MalformedCardData:
        return Move(outcome=UNDECIDED)
    if not _is_proven(context, subject, state["attempt"], mac3):
        return Move(outcome=UNDECIDED)
    effect = partial(prove_unload, unload_id=subject.unload.id, proof=BY_MAC3, deed=deed_of(context))
    return Move(outcome=UNLOADED, ticks=("MAC3 proves the debit",), effect=effect)


def _is_proven(context: JobContext, subject: Subject, attempt_id: int, mac3: bytes) -> bool:
    attempt = subject.attempt
    return attempt is not None and attempt.id == attempt_id and proves_debit(context.hsm, subject.card, attempt, mac3)
