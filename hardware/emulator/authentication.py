"""Who is there: challenges, authentication by key, and the PIN (ISO 7816-4, FMCOS)."""

import hmac
from dataclasses import replace

from hardware.card import crypto
from hardware.card.administration import KeyType
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.status import StatusWord
from hardware.emulator import security
from hardware.emulator.state import Chip, Refused, answer, require_le, require_length, require_parameters

CHALLENGE_LENGTHS = (4, 8)
SSSE_DATA_BYTES = 16
MIN_PIN_BYTES = 2
MAX_PIN_BYTES = 6
PIN_SEPARATOR = b"\xff"
PIN_BLOCK_BYTES = 8
CHANGE, RELOAD = 0x01, 0x00


def get_challenge(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """GET CHALLENGE 00 84: 4 or 8 random bytes, good for the next command only."""
    require_parameters(command, 0, 0)
    require_length(command, 0)
    if command.le not in CHALLENGE_LENGTHS:
        raise Refused(StatusWord.WRONG_LENGTH)
    chip.ram.challenge = chip.random(command.le)
    return answer(command, chip.ram.challenge)


def external_authenticate(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """EXTERNAL AUTHENTICATE 00 82: the host proves a key, the DF's security state rises to what the key gives.

    8 bytes: the challenge under the key. 16 bytes, the social-security form: DES of X under the encrypted challenge, then X.
    """
    if command.p1:
        raise Refused(StatusWord.WRONG_P1P2)
    require_le(command, 0)
    if len(command.data) not in {security.CHALLENGE_BYTES, SSSE_DATA_BYTES}:
        raise Refused(StatusWord.WRONG_LENGTH)
    key = security.find_key(chip.directory, security.EXTERNAL_AUTHENTICATION, command.p2)
    challenge = security.fresh_challenge(chip)
    if len(challenge) != security.CHALLENGE_BYTES:
        raise Refused(StatusWord.REFERENCE_DATA_INVALID)
    chip.require(key.use)
    security.require_tries(key)
    if len(command.data) == SSSE_DATA_BYTES:
        expected = crypto.ssse_external_authenticate_data(
            key.value, challenge, command.data[security.CHALLENGE_BYTES :]
        )
    else:
        expected = crypto.external_authenticate_cryptogram(key.value, challenge)
    if not hmac.compare_digest(expected, command.data):
        raise security.refuse_after_failure(chip, chip.directory, key)
    security.count_success(chip, chip.directory, key)
    chip.reach_state(key.next_state)
    return answer(command)


def internal_authenticate(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """INTERNAL AUTHENTICATE 00 88: the chip proves a key by encrypting the host's 8 bytes.

    The TAC key has the same type and the access byte "never", so that it signs nothing but transactions.
    """
    if command.p1:
        raise Refused(StatusWord.WRONG_P1P2)
    require_length(command, security.CHALLENGE_BYTES)
    key = security.find_key(chip.directory, KeyType.INTERNAL, command.p2)
    chip.require(key.use)
    return answer(command, crypto.external_authenticate_cryptogram(key.value, command.data))


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
    security.require_tries(key)
    if not hmac.compare_digest(key.value, pin):
        raise security.refuse_after_failure(chip, chip.directory, key)
    security.count_success(chip, chip.directory, key)


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
    security.require_tries(key)
    if not hmac.compare_digest(crypto.des_cbc_mac(crypto.fold_tac_key(key.value), pin), mac):
        security.count_failure(chip, chip.directory, key)
        raise Refused(StatusWord.MAC_WRONG)
    security.count_success(chip, chip.directory, key)
    return pin


def _store_pin(chip: Chip, identifier: int, pin: bytes) -> None:
    key = security.find_key(chip.directory, security.PIN, identifier)
    renewed = replace(key.after_success(), value=pin)
    chip.journal.put(chip.directory.keys, (key.kind, key.identifier), renewed)


def unblock_pin(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """PIN UNBLOCK 84 24 00 kid: the right PIN encrypted and MACed under the unblock key gives all tries back.

    The PIN inside must be the stored one: the issuer unblocks, it does not set a new PIN by this command.
    """
    if command.p1:
        raise Refused(StatusWord.WRONG_P1P2)
    require_le(command, 0)
    key = security.find_key(chip.directory, security.PIN_UNBLOCK, 0)
    pin_key = security.find_key(chip.directory, security.PIN, command.p2)
    require_length(command, PIN_BLOCK_BYTES + security.MAC_BYTES)
    pin = security.decrypted(key, security.checked_data(chip, command, chip.directory, key))
    if not hmac.compare_digest(pin_key.value, pin):
        raise Refused(StatusWord.WRONG_DATA)
    security.count_success(chip, chip.directory, pin_key)
    return answer(command)
