"""The terminal's security module: it holds the purchase root keys and makes MAC1 for one card after the other."""

import hmac
from typing import Final

from hardware.card import crypto, signed_inputs
from hardware.card.administration import KeyType
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.profile import PSAM_TERMINAL_BYTES, PSAM_TERMINAL_SFI
from hardware.card.psam import CreditSamForPurchase, InitSamForPurchase
from hardware.card.signed_inputs import Terms
from hardware.card.status import StatusWord
from hardware.emulator.file_system import DedicatedFile, KeyRecord, Structure
from hardware.emulator.purchases import DEBIT_TYPES
from hardware.emulator.purse_changes import MAX_WRONG_MACS, algorithm_for
from hardware.emulator.state import (
    BegunSamPurchase,
    Chip,
    Refused,
    answer,
    require_le,
    require_length,
    require_parameters,
)
from hardware.errors import MalformedCardData

MAX_TERMINAL_SEQUENCE: Final = 0xFFFF_FFFF
AUTHORIZATION_BYTES: Final = 8
PURCHASE_TYPES: Final = DEBIT_TYPES


def init_sam_for_purchase(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """INIT SAM FOR PURCHASE 80 70: derive the card's key through its factors, answer the terminal sequence and MAC1.

    The sequence counts here by default, so no number is ever used twice, whatever happens to the card afterwards.
    Refuses: 6700 wrong number of factors, 6A80 no purchase type, 9403 unknown key version or algorithm, 6985 no terminal number yet,
    9402 sequence at its end.
    """
    require_parameters(command, 0, 0)
    require_le(command, AUTHORIZATION_BYTES)
    try:
        order = InitSamForPurchase.from_command(command)
    except MalformedCardData:
        raise Refused(StatusWord.WRONG_LENGTH) from None
    if order.tti not in PURCHASE_TYPES:
        raise Refused(StatusWord.WRONG_DATA)
    key = _purchase_root(chip.directory, order)
    chip.require(key.use)
    if len(order.factors) != chip.image.options.purchase_factors:
        raise Refused(StatusWord.WRONG_LENGTH)
    terminal = _terminal_number(chip.image.master_file)
    sequence = chip.image.master_file.terminal_sequence + 1
    if sequence > MAX_TERMINAL_SEQUENCE:
        raise Refused(StatusWord.COUNTER_AT_MAXIMUM)
    # 8070 lists the card's factor first and the higher levels after it; the derivation starts at the top.
    algorithm, card_key = algorithm_for(chip, key), key.value
    for factor in reversed(order.factors):
        card_key = algorithm.diversify(card_key, factor)
    session_key = algorithm.purchase_session_key(card_key, order.random, order.card_seq, sequence)
    terms = Terms(order.amount_fen, order.tti, terminal, order.date, order.time)
    mac1 = algorithm.mac(session_key, signed_inputs.order(terms))
    if chip.image.options.sequence_counts_at == "8070":
        chip.journal.assign(chip.image.master_file, "terminal_sequence", sequence)
    chip.ram.begun_sam = BegunSamPurchase(session_key, algorithm, order.amount_fen, sequence)
    return answer(command, sequence.to_bytes(4) + mac1)


def credit_sam_for_purchase(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """CREDIT SAM FOR PURCHASE 80 72: check the card's MAC2. 6985 without 8070 before it, 9302 wrong; one answer per 8070.

    Wrong ones in a row are counted in the application. The count locks nothing: each needs an 8070 of its own and cannot be guessed at,
    and a forged card must not be able to stop a bus.
    """
    require_parameters(command, 0, 0)
    require_le(command, 0)
    require_length(command, crypto.MAC_BYTES)
    begun, chip.ram.begun_sam = chip.ram.begun_sam, None
    if begun is None:
        raise Refused(StatusWord.CONDITIONS_OF_USE)
    expected = begun.algorithm.mac(begun.session_key, signed_inputs.debit_proof(begun.amount_fen))
    if not hmac.compare_digest(expected, CreditSamForPurchase.from_command(command).mac2):
        wrong = min(chip.directory.wrong_macs + 1, MAX_WRONG_MACS)
        chip.journal.assign(chip.directory, "wrong_macs", wrong)
        raise Refused(StatusWord.MAC_INVALID)
    if chip.directory.wrong_macs:
        chip.journal.assign(chip.directory, "wrong_macs", 0)
    if chip.image.options.sequence_counts_at == "8072":
        chip.journal.assign(chip.image.master_file, "terminal_sequence", begun.sequence)
    return answer(command)


def _purchase_root(directory: DedicatedFile, order: InitSamForPurchase) -> KeyRecord:
    for key in directory.keys.values():
        if key.kind == KeyType.PURCHASE and (key.version, key.algorithm) == (order.key_version, order.algorithm):
            return key
    raise Refused(StatusWord.KEY_INDEX_UNSUPPORTED)


def _terminal_number(master_file: DedicatedFile) -> bytes:
    file = master_file.file_by_sfi(PSAM_TERMINAL_SFI)
    if file is None or file.structure is not Structure.BINARY or len(file.content) != PSAM_TERMINAL_BYTES:
        raise Refused(StatusWord.CONDITIONS_OF_USE)
    return file.content
