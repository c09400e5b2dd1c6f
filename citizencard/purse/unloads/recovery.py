"""The reader job `recover_unload`: what became of an unload whose MAC2 is out.

First the card's stored proof, then a probe: an INITIALIZE FOR LOAD of one fen with a fresh random terminal field, sent after MAC2 was
released. Loads and unloads share the card's on-line counter, and a load can be announced however little is left on the chip. MAC1 over
that value cannot have been recorded before, so counter n says that the card was not debited, and the INITIALIZE has made it forget the
order; a higher one says that it was. A probe moves no money.
"""

import secrets
from collections.abc import Mapping
from functools import partial
from typing import Any, Final

from citizencard.cards.reader_jobs import CARD_REFUSED, TORN, CardAnswer, JobContext, Move
from citizencard.purse.loads.evidence import is_genuine
from citizencard.purse.unloads.errors import UnloadStateForbids
from citizencard.purse.unloads.evidence import proves_debit
from citizencard.purse.unloads.flow import NOT_GENUINE, UNDECIDED, UNLOADED, deed_of
from citizencard.purse.unloads.models import UnloadAttempt, UnloadState
from citizencard.purse.unloads.subject import Subject, check_chip, look
from citizencard.purse.unloads.unloads import BY_COUNTER, BY_MAC3, disprove_unload, prove_unload, require_state
from hardware.card.profile import KEY_INDEX, PURSE_AID
from hardware.card.purse import GetTransactionProve, InitializeForLoad, select_application
from hardware.card.unload import TTI_UNLOAD
from hardware.errors import MalformedCardData

RECOVER_UNLOAD: Final = "recover_unload"
DISPROVEN: Final = "unload_disproven"
ASKING: Final = "asking"
PROBING: Final = "probing"
TERMINAL_BYTES: Final = 6
PROBE_FEN: Final = 1


class RecoverUnloadJob:
    """See the module."""

    def begin(self, context: JobContext, atr: bytes) -> Move:
        """Ask for the proof of the order's transaction.

        Raises:
            UnknownUnload: there is none.
            UnloadStateForbids: MAC2 never left the house, or the unload is proven already.
            WrongChip: another card lies in the reader.
        """
        subject = look(context)
        require_state(subject.unload, RECOVER_UNLOAD, UnloadState.AUTHORISED, UnloadState.DISPROVEN)
        check_chip(subject, atr)
        attempt = _attempt(subject)
        asked = GetTransactionProve(TTI_UNLOAD, attempt.online_seq + 1).command()
        return Move({"phase": ASKING, "attempt": attempt.id}, (select_application(PURSE_AID), asked))

    def go_on(self, context: JobContext, state: Mapping[str, Any], answer: CardAnswer) -> Move:
        """Judge the proof, or probe; then judge the probe."""
        if answer.torn:
            return Move(outcome=TORN)
        subject = look(context)
        if _attempt(subject).id != state["attempt"]:
            return Move(outcome=UNDECIDED, ticks=("another announcement took over",))
        if state["phase"] == PROBING:
            return _after_probe(context, subject, state, answer)
        if answer.refusal is not None and len(answer.responses) == 1:
            return Move(outcome=CARD_REFUSED, ticks=(f"refused with {answer.refusal.sw:04X}",))
        if answer.refusal is None and _proof_is_good(context, subject, answer):
            return _proven(context, subject, BY_MAC3, "the card's stored MAC3 proves the debit")
        return _probe(subject)


def _attempt(subject: Subject) -> UnloadAttempt:
    if subject.attempt is None:
        unload = subject.unload
        raise UnloadStateForbids("never announced", unload_id=unload.id, state=unload.state, act=RECOVER_UNLOAD)
    return subject.attempt


def _proof_is_good(context: JobContext, subject: Subject, answer: CardAnswer) -> bool:
    """Cards differ in the order of the two values; MAC3 is the one that is believed."""
    try:
        proof = GetTransactionProve.parse(answer.responses[-1].data)
    except MalformedCardData:
        return False
    attempt = _attempt(subject)
    return any(proves_debit(context.hsm, subject.card, attempt, mac) for mac in (proof.mac, proof.tac))


def _probe(subject: Subject) -> Move:
    terminal = secrets.token_bytes(TERMINAL_BYTES)
    initialize = InitializeForLoad(KEY_INDEX, PROBE_FEN, terminal)
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
    if not is_genuine(context.hsm, subject.card, told, PROBE_FEN, bytes.fromhex(state["terminal"])):
        return Move(outcome=NOT_GENUINE)
    return _after_genuine_probe(context, subject, told.online_seq)


def _after_genuine_probe(context: JobContext, subject: Subject, counter: int) -> Move:
    attempt = _attempt(subject)
    if counter < attempt.online_seq:
        return Move(outcome=UNDECIDED, ticks=("the card's counter is lower than it was",))
    if counter > attempt.online_seq and not _is_another(subject, attempt):
        return _proven(context, subject, BY_COUNTER, "the card's counter proves the debit")
    if subject.unload.state == UnloadState.DISPROVEN:
        return Move(outcome=DISPROVEN, ticks=("the card was not debited",))
    effect = partial(disprove_unload, unload_id=subject.unload.id, attempt_id=attempt.id, deed=deed_of(context))
    return Move(outcome=DISPROVEN, ticks=("the card was not debited",), effect=effect)


def _is_another(subject: Subject, attempt: UnloadAttempt) -> bool:
    """Whether the counter rose by another order: one that came after this one, or that is proven for this counter or a higher one."""
    return subject.followed or subject.proven_counter >= attempt.online_seq


def _proven(context: JobContext, subject: Subject, proof: str, tick: str) -> Move:
    effect = partial(prove_unload, unload_id=subject.unload.id, proof=proof, deed=deed_of(context))
    return Move(outcome=UNLOADED, ticks=(tick,), effect=effect)
