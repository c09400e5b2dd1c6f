"""The reader job `recover_load`: what became of a load whose MAC2 is out.

First the card's stored proof, then a probe: an INITIALIZE with a fresh random terminal field, sent after MAC2 was released. MAC1 over
that value cannot have been recorded before, so counter n says that the card was not credited, and a higher one that it was. A probe
moves no money.
"""

import secrets
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from citizencard.cards.reader_jobs import CARD_REFUSED, TORN, CardAnswer, JobContext, Move
from citizencard.purse.loads.evidence import is_genuine, proves_credit
from citizencard.purse.loads.flow import LOADED, NOT_GENUINE, UNDECIDED
from citizencard.purse.loads.judging import CounterSays, attempt_of, what_counter_says
from citizencard.purse.loads.loads import disprove_load, prove_load, require_state
from citizencard.purse.loads.models import LoadAttempt, LoadState
from citizencard.purse.loads.subject import Subject, check_chip, deed_of, look
from hardware.card.crypto import TTI_LOAD
from hardware.card.profile import KEY_INDEX, PURSE_AID
from hardware.card.purse import GetTransactionProve, InitializeForLoad, select_application
from hardware.errors import MalformedCardData

RECOVER_LOAD: Final = "recover_load"
DISPROVEN: Final = "disproven"
GIVEN_BACK: Final = "given_back"
ASKING: Final = "asking"
PROBING: Final = "probing"
TERMINAL_BYTES: Final = 6


class RecoverLoadJob:
    """See the module."""

    def begin(self, context: JobContext, atr: bytes) -> Move:
        """Ask for the proof of the attempt's transaction.

        Raises:
            UnknownLoad: there is none.
            LoadStateForbids: it was never booked, or is proven already.
            WrongChip: another card lies in the reader.
        """
        subject = look(context)
        require_state(
            subject.load,
            RECOVER_LOAD,
            LoadState.RESERVED,
            LoadState.AUTHORISED,
            LoadState.DISPROVEN,
            LoadState.GIVEN_BACK,
        )
        check_chip(subject, atr)
        attempt = _attempt(subject)
        asked = GetTransactionProve(TTI_LOAD, attempt.online_seq + 1).command()
        return Move({"phase": ASKING, "attempt": attempt.id}, (select_application(PURSE_AID), asked))

    def go_on(self, context: JobContext, state: Mapping[str, Any], answer: CardAnswer) -> Move:
        """Judge the proof, or probe; then judge the probe."""
        if answer.torn:
            return Move(outcome=TORN)
        subject = look(context)
        if _attempt(subject).id != state["attempt"]:
            return Move(outcome=UNDECIDED, ticks=("another attempt took over",))
        if state["phase"] == PROBING:
            return _after_probe(context, subject, state, answer)
        if answer.refusal is not None and len(answer.responses) == 1:
            return Move(outcome=CARD_REFUSED, ticks=(f"refused with {answer.refusal.sw:04X}",))
        if answer.refusal is None and _proof_is_good(context, subject, answer):
            return _proven(context, subject, "the card's stored TAC proves the credit")
        return _probe(subject)


def _attempt(subject: Subject) -> LoadAttempt:
    return attempt_of(subject, RECOVER_LOAD)


def _proof_is_good(context: JobContext, subject: Subject, answer: CardAnswer) -> bool:
    try:
        proof = GetTransactionProve.parse(answer.responses[-1].data)
    except MalformedCardData:
        return False
    return proves_credit(context.hsm, subject.card, subject.load, _attempt(subject), proof.tac)


def _probe(subject: Subject) -> Move:
    terminal = secrets.token_bytes(TERMINAL_BYTES)
    initialize = InitializeForLoad(KEY_INDEX, subject.load.amount_fen, terminal)
    return Move(
        {"phase": PROBING, "attempt": _attempt(subject).id, "terminal": terminal.hex()},
        (select_application(PURSE_AID), initialize.command()),
    )


def _after_probe(context: JobContext, subject: Subject, state: Mapping[str, Any], answer: CardAnswer) -> Move:
    if answer.refusal is not None:
        return Move(outcome=CARD_REFUSED, ticks=(f"refused with {answer.refusal.sw:04X}",))
    try:
        told = InitializeForLoad.parse(answer.responses[-1].data)
    except MalformedCardData:
        return Move(outcome=NOT_GENUINE)
    terminal = bytes.fromhex(state["terminal"])
    if not is_genuine(context.hsm, subject.card, told, subject.load.amount_fen, terminal):
        return Move(outcome=NOT_GENUINE)
    return _after_genuine_probe(context, subject, told.online_seq)


def _after_genuine_probe(context: JobContext, subject: Subject, counter: int) -> Move:
    attempt = _attempt(subject)
    match what_counter_says(subject, attempt, counter):
        case CounterSays.CREDITED:
            return _proven(context, subject, "the card's counter proves the credit")
        case CounterSays.CREDITED_LATER:
            return Move(outcome=GIVEN_BACK, ticks=("the card was credited by a later load",))
        case CounterSays.LOWER:
            return Move(outcome=UNDECIDED, ticks=("the card's counter is lower than it was",))
        case CounterSays.NOT_CREDITED if subject.load.state == LoadState.GIVEN_BACK:
            return Move(outcome=GIVEN_BACK, ticks=("the card was not credited",))
        case CounterSays.NOT_CREDITED:
            effect = partial(disprove_load, load_id=subject.load.id, attempt_id=attempt.id, deed=deed_of(context))
            return Move(outcome=DISPROVEN, ticks=("the card was not credited",), effect=effect)


def _proven(context: JobContext, subject: Subject, tick: str) -> Move:
    effect = partial(prove_load, load_id=subject.load.id, deed=deed_of(context))
    return Move(outcome=LOADED, ticks=(tick,), effect=effect)
