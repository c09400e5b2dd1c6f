"""The reader job `load`: INITIALIZE, money booked and committed, MAC2, CREDIT, proof.

Between the commits a crash leaves an open load, never lost or doubled money: MAC2 leaves only after `inload` holds the money and the load
says that it left. What the workstation says about the card decides nothing; MAC1 and TAC do.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from citizencard.cards.classes import card_class
from citizencard.cards.errors import ReaderStepConflict
from citizencard.cards.flow import locked_open_job
from citizencard.cards.numbering import ISSUING_TERMINAL
from citizencard.cards.reader_jobs import CARD_REFUSED, TORN, CardAnswer, JobContext, Move
from citizencard.db import transaction
from citizencard.purse.loads.evidence import is_genuine, mac2_of, proves_credit
from citizencard.purse.loads.loads import Announced, authorise, prove_load, require_state, reserve
from citizencard.purse.loads.models import LoadAttempt, LoadState
from citizencard.purse.loads.subject import Subject, check_chip, deed_of, look
from hardware.card.files import bcd_date, bcd_time
from hardware.card.profile import KEY_INDEX, PURSE_AID
from hardware.card.purse import CreditForLoad, InitializeForLoad, LoadInitialization, select_application
from hardware.errors import MalformedCardData

LOAD: Final = "load"
LOADED: Final = "loaded"
NOT_GENUINE: Final = "card_not_genuine"
OVER_CEILING: Final = "over_ceiling"
REPLAYED: Final = "replayed"
UNDECIDED: Final = "undecided"
"""MAC2 is out and there is no proof: the money stays in `inload` until `recover_load` has asked the card."""

INITIALIZING: Final = "initializing"
CREDITING: Final = "crediting"


class LoadJob:
    """See the module."""

    def begin(self, context: JobContext, atr: bytes) -> Move:
        """Ask the card for balance, counter and MAC1.

        Raises:
            UnknownLoad: there is none.
            LoadStateForbids: MAC2 is out, or the load has ended: recover it instead.
            WrongChip: another card lies in the reader.
        """
        subject = look(context)
        require_state(subject.load, LOAD, LoadState.REQUESTED, LoadState.RESERVED, LoadState.DISPROVEN)
        check_chip(subject, atr)
        initialize = InitializeForLoad(KEY_INDEX, subject.load.amount_fen, ISSUING_TERMINAL)
        return Move({"phase": INITIALIZING}, (select_application(PURSE_AID), initialize.command()))

    def go_on(self, context: JobContext, state: Mapping[str, Any], answer: CardAnswer) -> Move:
        """Book the money and release MAC2; afterwards check the TAC."""
        if answer.torn:
            return Move(outcome=TORN)
        if state["phase"] == CREDITING:
            return _after_credit(context, state, answer)
        if answer.refusal is not None:
            return Move(outcome=CARD_REFUSED, ticks=(f"refused with {answer.refusal.sw:04X}",))
        return _after_initialize(context, answer)


def _after_initialize(context: JobContext, answer: CardAnswer) -> Move:
    subject = look(context)
    try:
        told = InitializeForLoad.parse(answer.responses[-1].data)
    except MalformedCardData:
        return Move(outcome=NOT_GENUINE)
    if not is_genuine(context.hsm, subject.card, told, subject.load.amount_fen, ISSUING_TERMINAL):
        return Move(outcome=NOT_GENUINE)
    if _has_counted_on(subject, told):
        return Move(outcome=LOADED, effect=partial(prove_load, load_id=subject.load.id, deed=deed_of(context)))
    if told.online_seq <= subject.proven_counter:
        # A genuine answer, but of an earlier day: the card has counted on since. MAC2 for it would credit nothing.
        return Move(outcome=REPLAYED)
    if told.balance_fen + subject.load.amount_fen > card_class(subject.card.card_class).ceiling_fen:
        return Move(outcome=OVER_CEILING)
    attempt = _reserve(context, told)
    mac2 = mac2_of(context.hsm, subject.card, subject.load, attempt)
    return Move(
        {"phase": CREDITING, "attempt": attempt.id},
        (CreditForLoad(attempt.date, attempt.time, mac2).command(),),
        ticks=("money booked",),
        effect=partial(authorise, load_id=subject.load.id, attempt_id=attempt.id, deed=deed_of(context)),
    )


def _has_counted_on(subject: Subject, told: LoadInitialization) -> bool:
    """A genuine card whose counter is above that of a released attempt was credited by it."""
    last = subject.attempt
    return last is not None and last.mac2_released_at is not None and told.online_seq > last.online_seq


def _reserve(context: JobContext, told: LoadInitialization) -> LoadAttempt:
    """Commit the money before MAC2 exists. Sent twice at once with different answers, the first one stands.

    Raises:
        ReaderStepConflict: this job has announced itself otherwise before.
    """
    announced = Announced(
        job_id=context.job_id,
        kiosk_id=None,
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
        attempt = reserve(session, context.subject_id, announced, deed_of(context))
        session.expunge(attempt)
    if (attempt.online_seq, attempt.random, attempt.mac1) != (told.online_seq, told.random, told.mac1):
        raise ReaderStepConflict("this job has announced another card answer", job_id=context.job_id, step=1)
    return attempt


def _after_credit(context: JobContext, state: Mapping[str, Any], answer: CardAnswer) -> Move:
    subject = look(context)
    attempt = subject.attempt
    if answer.refusal is not None:
        return Move(outcome=UNDECIDED, ticks=(f"refused with {answer.refusal.sw:04X}",))
    try:
        tac = CreditForLoad.parse(answer.responses[-1].data)
    except MalformedCardData:
        return Move(outcome=UNDECIDED)
    if (
        attempt is None
        or attempt.id != state["attempt"]
        or not proves_credit(context.hsm, subject.card, subject.load, attempt, tac)
    ):
        return Move(outcome=UNDECIDED)
    effect = partial(prove_load, load_id=subject.load.id, deed=deed_of(context))
    return Move(outcome=LOADED, ticks=("TAC proves the credit",), effect=effect)
