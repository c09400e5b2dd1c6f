"""What stands between a host and the chip's memory: tries that are counted, challenges used once, MACs on commands."""

import hmac

from hardware.card import crypto
from hardware.card.administration import KeyType
from hardware.card.apdu import CommandApdu
from hardware.card.status import StatusWord
from hardware.emulator.file_system import DedicatedFile, KeyRecord
from hardware.emulator.state import Chip, Refused
from hardware.errors import MalformedCardData

TRIES_LEFT = 0x63C0
MAC_BYTES = crypto.MAC_BYTES
CHALLENGE_BYTES = 8

LINE_PROTECTION = KeyType.LINE_PROTECTION
PIN_UNBLOCK = KeyType.PIN_UNBLOCK
PIN_RELOAD = KeyType.PIN_RELOAD
EXTERNAL_AUTHENTICATION = KeyType.EXTERNAL_AUTHENTICATION
PIN = KeyType.PIN


def find_key(directory: DedicatedFile, kind: int, identifier: int) -> KeyRecord:
    """The key of this type and identifier in a DF; 6A88 when there is none."""
    key = directory.key(kind, identifier)
    if key is None:
        raise Refused(StatusWord.KEY_NOT_FOUND)
    return key


def spend_try(chip: Chip, directory: DedicatedFile, key: KeyRecord) -> None:
    """Take one try and make that true before the check: who pulls the card out in the middle has had his try.

    Refuses 6983 when none is left.
    """
    if key.blocked:
        raise Refused(StatusWord.BLOCKED)
    weaker = key.after_failure()
    if weaker != key:
        chip.journal.put(directory.keys, (key.kind, key.identifier), weaker)
        chip.commit_tries()


def give_tries_back(chip: Chip, directory: DedicatedFile, key: KeyRecord) -> None:
    """After the check held: all tries of this key, at once, so that a tear of the rest of the command costs none."""
    if key.counts_errors:
        chip.journal.put(directory.keys, (key.kind, key.identifier), key.after_success())
        chip.commit_tries()


def failed(key: KeyRecord) -> Refused:
    """The refusal after a wrong PIN or cryptogram: 63Cx with the tries left, 6300 for a key that counts none.

    Args:
        key: as it was before `spend_try`.
    """
    if not key.counts_errors:
        return Refused(StatusWord.AUTHENTICATION_FAILED)
    return Refused(TRIES_LEFT | key.after_failure().tries_left)


def fresh_challenge(chip: Chip) -> bytes:
    """The challenge given by the command just before; 6984 when there was none."""
    if chip.ram.challenge is None:
        raise Refused(StatusWord.REFERENCE_DATA_INVALID)
    return chip.ram.challenge


def checked_data(chip: Chip, command: CommandApdu, directory: DedicatedFile, key: KeyRecord) -> bytes:
    """Data of a protected command without its MAC.

    Refuses: 6987 no room for a MAC, 6984 no challenge, 6983 the key has no tries left, 6988 the MAC is wrong.
    A try is taken before the MAC is looked at, and given back when it is right.
    """
    if len(command.data) < MAC_BYTES:
        raise Refused(StatusWord.MAC_MISSING)
    challenge = fresh_challenge(chip)
    spend_try(chip, directory, key)
    data, mac = command.data[:-MAC_BYTES], command.data[-MAC_BYTES:]
    header = command.header() + bytes((len(command.data),))
    if not hmac.compare_digest(chip.protection.command_mac(key.value, header, data, challenge), mac):
        raise Refused(StatusWord.MAC_WRONG)
    give_tries_back(chip, directory, key)
    return data


def decrypted(chip: Chip, key: KeyRecord, ciphertext: bytes) -> bytes:
    """Plain text of encrypted command data; 6A80 when its form is wrong."""
    try:
        return chip.protection.decrypt_from_host(key.value, ciphertext)
    except MalformedCardData:
        raise Refused(StatusWord.WRONG_DATA) from None


def line_key(directory: DedicatedFile, identifier: int | None = None) -> KeyRecord:
    """The line-protection key of a DF with this identifier; without one the lowest. 6A88 when there is none."""
    if identifier is not None:
        return find_key(directory, LINE_PROTECTION, identifier)
    keys = [key for key in directory.keys.values() if key.kind == LINE_PROTECTION]
    if not keys:
        raise Refused(StatusWord.KEY_NOT_FOUND)
    return min(keys, key=lambda key: key.identifier)
