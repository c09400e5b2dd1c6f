"""What became of a debit whose answer was lost: asked of the card itself when it comes back (JR/T 0025).

The log (EF18) says whether *this* debit was made: its record carries n + 1, the terminal, date and time. GET TRANSACTION PROVE gives
the TAC, but on its own it would also give the TAC of another terminal's purchase with the same counter.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import Final

from hardware.card.channel import CardChannel, exchange, send
from hardware.card.files import LOG_RECORD_BYTES, TransactionLogRecord, instant_from_bcd
from hardware.card.profile import LOG_RECORDS, LOG_SFI
from hardware.card.purse import GetTransactionProve, TransactionProof, read_record
from hardware.card.status import StatusWord, refusal
from hardware.errors import CardRefused
from hardware.terminal.batch import TapRecord

_OFFLINE_TYPES: Final = frozenset({0x05, 0x06, 0x09})  # what moves the offline counter


class Finding(Enum):
    """What the card says about a debit."""

    DEBITED = auto()
    NOT_DEBITED = auto()
    UNDECIDED = auto()


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the card says, with its proof.

    Args:
        finding: debited, not debited, or to be decided by its counter at the next INITIALIZE.
        proof: MAC2 and TAC; None when it was not debited, or when the card has made a newer purchase and keeps only that one's.
    """

    finding: Finding
    proof: TransactionProof | None = None


def judge(card: CardChannel, pending: TapRecord, terminal_number: bytes) -> Judgement:
    """Ask the card about one debit.

    Args:
        card: the card that the debit was sent to, its purse selected.
        pending: the debit as it was sent.
        terminal_number: the 6 bytes that were sent with it.

    Raises:
        CardRemoved: the card left again; nothing has changed.
        CardRefused, MalformedCardData: the card does not answer as a purse does.
    """
    counter_after = pending.card_counter + 1
    signed = (pending.type, pending.amount_fen, terminal_number, pending.date, pending.time)
    for entry in _log(card):
        if entry.sequence != counter_after or entry.type not in _OFFLINE_TYPES:
            continue
        if (entry.type, entry.amount_fen, entry.terminal, entry.date, entry.time) == signed:
            return Judgement(Finding.DEBITED, _proof(card, pending.type, counter_after))
        return Judgement(Finding.NOT_DEBITED)
    return Judgement(Finding.UNDECIDED)


def tapped_at(record: TapRecord) -> datetime:
    """When the tap was, by the terminal's clock (aware)."""
    return instant_from_bcd(record.date + record.time)


def _log(card: CardChannel) -> list[TransactionLogRecord]:
    entries: list[TransactionLogRecord] = []
    for number in range(1, LOG_RECORDS + 1):
        command = read_record(LOG_SFI, number, LOG_RECORD_BYTES)
        response = exchange(card, command)
        if response.sw == StatusWord.RECORD_NOT_FOUND:
            break
        if not response.ok:
            raise refusal(command.ins, response.sw)
        entries.append(TransactionLogRecord.decode(response.data))
    return entries


def _proof(card: CardChannel, tti: int, counter_after: int) -> TransactionProof | None:
    command = GetTransactionProve(tti, counter_after)
    try:
        return command.parse(send(card, command.command()))
    except CardRefused as error:
        if error.sw == StatusWord.PROOF_NOT_AVAILABLE:
            return None
        raise
