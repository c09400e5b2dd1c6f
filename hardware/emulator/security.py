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


def require_tries(key: KeyRecord) -> None:
    """Refuse with 6983 when no try is left."""
    if key.blocked:
        raise Refused(StatusWord.BLOCKED)


def count_success(chip: Chip, directory: DedicatedFile, key: KeyRecord) -> None:
    """Give a key its tries back; writes nothing when none was lost."""
    restored = key.after_success()
    if restored != key:
        chip.journal.put(directory.keys, (key.kind, key.identifier), restored)


def count_failure(chip: Chip, directory: DedicatedFile, key: KeyRecord) -> int:
    """Take one try from a key; returns how many are left, or 15 for a key that counts none."""
    weaker = key.after_failure()
    if weaker != key:
        chip.journal.put(directory.keys, (key.kind, key.identifier), weaker)
    return weaker.tries_left if weaker.counts_errors else 0x0F


def refuse_after_failure(chip: Chip, directory: DedicatedFile, key: KeyRecord) -> Refused:
    """The refusal after a wrong PIN or cryptogram: 63Cx with the tries left, 6300 for a key that counts none."""
    left = count_failure(chip, directory, key)
    return Refused(TRIES_LEFT | left if key.counts_errors else StatusWord.AUTHENTICATION_FAILED)


def fresh_challenge(chip: Chip) -> bytes:
    """The challenge given by the command just before; 6984 when there was none."""
    if chip.ram.challenge is None:
        raise Refused(StatusWord.REFERENCE_DATA_INVALID)
    return chip.ram.challenge


def checked_data(chip: Chip, command: CommandApdu, directory: DedicatedFile, key: KeyRecord) -> bytes:
    """Data of a protected command without its MAC.

    Refuses: 6987 no room for a MAC, 6984 no challenge, 6983 the key has no tries left, 6988 the MAC is wrong (one try is taken).
    """
    if len(command.data) < MAC_BYTES:
        raise Refused(StatusWord.MAC_MISSING)
    challenge = fresh_challenge(chip)
    require_tries(key)
    data, mac = command.data[:-MAC_BYTES], command.data[-MAC_BYTES:]
    header = command.header() + bytes((len(command.data),))
    if not hmac.compare_digest(crypto.command_mac(key.value, header, data, challenge), mac):
        count_failure(chip, directory, key)
        raise Refused(StatusWord.MAC_WRONG)
    count_success(chip, directory, key)
    return data


def decrypted(key: KeyRecord, ciphertext: bytes) -> bytes:
    """Plain text of encrypted command data; 6A80 when its form is wrong."""
    try:
        return crypto.decrypt_from_host(key.value, ciphertext)
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
