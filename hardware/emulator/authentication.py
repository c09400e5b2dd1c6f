"""Who is there: challenges, authentication by key, and the PIN (ISO 7816-4, FMCOS)."""

import hmac
from dataclasses import replace

from hardware.card import crypto
from hardware.card.administration import KeyType
from hardware.card.algorithm import SM4
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.dialect import PinUnblockForm
from hardware.card.status import StatusWord
from hardware.emulator import security
from hardware.emulator.file_system import KeyRecord
from hardware.emulator.purse_changes import algorithm_for
from hardware.emulator.state import Chip, Refused, answer, require_le, require_length, require_parameters

CHALLENGE_LENGTHS = (4, 8, 16)  # 16 for a card with SM4
SSSE_DATA_BYTES = 16
SM4_BYTES = 16
MIN_PIN_BYTES = 2
MAX_PIN_BYTES = 6
PIN_SEPARATOR = b"\xff"
PIN_BLOCK_BYTES = 8
CHANGE, RELOAD = 0x01, 0x00


def get_challenge(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """GET CHALLENGE 00 84: 4 or 8 random bytes (16 for SM4), good for the next command only."""
    require_parameters(command, 0, 0)
    require_length(command, 0)
    if command.le not in CHALLENGE_LENGTHS:
        raise Refused(StatusWord.WRONG_LENGTH)
    chip.ram.challenge = chip.random(command.le)
    return answer(command, chip.ram.challenge)


def external_authenticate(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """EXTERNAL AUTHENTICATE 00 82: the host proves a key, the DF's security state rises to what the key gives.

    8 bytes: the challenge under the key. 16 bytes, the social-security form: DES of X under the encrypted challenge, then X.
    A card with SM4 takes 16 bytes, the challenge under the key, and has no second form.
    """
    if command.p1:
        raise Refused(StatusWord.WRONG_P1P2)
    require_le(command, 0)
    if len(command.data) not in _cryptogram_lengths(chip):
        raise Refused(StatusWord.WRONG_LENGTH)
    key = security.find_key(chip.directory, security.EXTERNAL_AUTHENTICATION, command.p2)
    challenge = security.fresh_challenge(chip)
    if len(challenge) != _challenge_bytes(chip):
        raise Refused(StatusWord.REFERENCE_DATA_INVALID)
    chip.require(key.use)
    security.spend_try(chip, chip.directory, key)
    if not hmac.compare_digest(_expected_cryptogram(chip, key, challenge, command.data), command.data):
        raise security.failed(key)
    security.give_tries_back(chip, chip.directory, key)
    chip.reach_state(key.next_state)
    return answer(command)


def _challenge_bytes(chip: Chip) -> int:
    options = chip.image.options
    return options.sm4_authentication_bytes if options.protection == "sm4" else security.CHALLENGE_BYTES


def _cryptogram_lengths(chip: Chip) -> set[int]:
    return {SM4_BYTES} if chip.image.options.protection == "sm4" else {security.CHALLENGE_BYTES, SSSE_DATA_BYTES}


def _expected_cryptogram(chip: Chip, key: KeyRecord, challenge: bytes, given: bytes) -> bytes:
    if chip.image.options.protection != "sm4" and len(given) == SSSE_DATA_BYTES:
        return crypto.ssse_external_authenticate_data(key.value, challenge, given[security.CHALLENGE_BYTES :])
    return chip.protection.authenticate(key.value, challenge)


def internal_authenticate(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """INTERNAL AUTHENTICATE 00 88: the chip proves a key by encrypting the host's 8 bytes (8 or 16 under SM4: the answer has 16).

    The TAC key has the same type and the access byte "never", so that it signs nothing but transactions.
    """
    if command.p1:
        raise Refused(StatusWord.WRONG_P1P2)
    key = security.find_key(chip.directory, KeyType.INTERNAL, command.p2)
    algorithm = algorithm_for(chip, key)
    allowed = {security.CHALLENGE_BYTES, SM4_BYTES} if algorithm.identifier == SM4 else {security.CHALLENGE_BYTES}
    if len(command.data) not in allowed:
        raise Refused(StatusWord.WRONG_LENGTH)
    chip.require(key.use)
    return answer(command, algorithm.authenticate(key.value, command.data))


def verify_pin(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """VERIFY 00 20: 2 to 6 PIN bytes; wrong 63Cx with the tries left, 6983 when none is left."""
    if command.p1:
        raise Refused(StatusWord.WRONG_P1P2)
    require_le(command, 0)
    _check_pin(chip, command.p2, command.data)
    key = security.find_key(chip.directory, security.PIN, command.p2)
    chip.reach_state(key.next_state)
    return answer(command)


def _check_pin(chip: Chip, identifier: int, pin: bytes) -> None:
    if not MIN_PIN_BYTES <= len(pin) <= MAX_PIN_BYTES:
        raise Refused(StatusWord.WRONG_LENGTH)
    key = security.find_key(chip.directory, security.PIN, identifier)
    chip.require(key.use)
    security.spend_try(chip, chip.directory, key)
    if not hmac.compare_digest(key.value, pin):
        raise security.failed(key)
    security.give_tries_back(chip, chip.directory, key)


def change_or_reload_pin(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """80 5E: P1 01 changes the PIN by the old one (old ‖ FF ‖ new), P1 00 reloads it by the issuer's MAC (new ‖ MAC)."""
    require_le(command, 0)
    if command.p1 == CHANGE:
        old, separator, new = command.data.partition(PIN_SEPARATOR)
        if not separator:
            raise Refused(StatusWord.WRONG_DATA)
        _require_pin_length(new)
        _check_pin(chip, command.p2, old)
    elif command.p1 == RELOAD:
        new = _reloaded_pin(chip, command)
    else:
        raise Refused(StatusWord.WRONG_P1P2)
    _store_pin(chip, command.p2, new)
    return answer(command)


def _require_pin_length(pin: bytes) -> None:
    if not MIN_PIN_BYTES <= len(pin) <= MAX_PIN_BYTES or PIN_SEPARATOR in pin:
        raise Refused(StatusWord.WRONG_DATA)


def _reloaded_pin(chip: Chip, command: CommandApdu) -> bytes:
    """New PIN whose MAC is right: single DES with the two halves of the reload key folded together, no challenge."""
    if not MIN_PIN_BYTES + security.MAC_BYTES <= len(command.data) <= MAX_PIN_BYTES + security.MAC_BYTES:
        raise Refused(StatusWord.WRONG_LENGTH)
    pin, mac = command.data[: -security.MAC_BYTES], command.data[-security.MAC_BYTES :]
    _require_pin_length(pin)
    key = security.find_key(chip.directory, security.PIN_RELOAD, 0)
    security.spend_try(chip, chip.directory, key)
    if not hmac.compare_digest(chip.protection.tac(key.value, pin), mac):  # made like a TAC: the reload key folded
        raise Refused(StatusWord.MAC_WRONG)
    security.give_tries_back(chip, chip.directory, key)
    return pin


def _store_pin(chip: Chip, identifier: int, pin: bytes) -> None:
    key = security.find_key(chip.directory, security.PIN, identifier)
    renewed = replace(key.after_success(), value=pin)
    chip.journal.put(chip.directory.keys, (key.kind, key.identifier), renewed)


def unblock_pin(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """PIN UNBLOCK 84 24 (00 kid, or kid 00, as the dialect has it): the right PIN under the unblock key gives all tries back.

    The PIN inside must be the stored one: the issuer unblocks, it does not set a new PIN by this command.
    """
    in_p1 = chip.image.options.dialect.pin_unblock_form is PinUnblockForm.KID_IN_P1
    identifier, other = (command.p1, command.p2) if in_p1 else (command.p2, command.p1)
    if other:
        raise Refused(StatusWord.WRONG_P1P2)
    require_le(command, 0)
    key = security.find_key(chip.directory, security.PIN_UNBLOCK, 0)
    pin_key = security.find_key(chip.directory, security.PIN, identifier)
    block_bytes = SM4_BYTES if chip.image.options.protection == "sm4" else PIN_BLOCK_BYTES
    require_length(command, block_bytes + security.MAC_BYTES)
    pin = security.decrypted(chip, key, security.checked_data(chip, command, chip.directory, key))
    if not hmac.compare_digest(pin_key.value, pin):
        raise Refused(StatusWord.WRONG_DATA)
    chip.journal.put(chip.directory.keys, (pin_key.kind, pin_key.identifier), pin_key.after_success())
    return answer(command)
