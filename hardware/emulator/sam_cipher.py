"""The security module as a cipher: INIT FOR DESCRYPT 80 1A (social form BF DE) chooses and derives a key, DES CRYPT 80 FA works with it.

Public sources say which keys there are and what the bits of P1 mean. Our own rules: factors are listed as in 80 70, the card's first,
so the derivation takes them from the last to the first; the social form takes them as listed, and its last is the challenge of the card
that the module authenticates to, whose encryption is the session key; a MAC has 4 bytes.
"""

from typing import Final

from hardware.card import crypto
from hardware.card.administration import KeyType
from hardware.card.apdu import CommandApdu, ResponseApdu
from hardware.card.psam_cipher import DesCrypt, InitForDescrypt, KeyPurpose
from hardware.card.status import StatusWord
from hardware.emulator.file_system import DedicatedFile, KeyRecord
from hardware.emulator.state import BegunCipher, Chip, Refused, answer, require_le
from hardware.errors import MalformedCardData

KINDS: Final = {
    KeyPurpose.PIN_UNBLOCK: KeyType.PIN_UNBLOCK,
    KeyPurpose.PIN_RELOAD: KeyType.PIN_RELOAD,
    KeyPurpose.CARD_MAINTENANCE: KeyType.LINE_PROTECTION,
    KeyPurpose.MAC: KeyType.INTERNAL,
    KeyPurpose.ENCRYPTION: KeyType.INTERNAL,
    KeyPurpose.MAC_AND_ENCRYPTION: KeyType.INTERNAL,
}
"""The key types that may be used as a cipher. A purchase root never: who could encrypt under it could make MAC1 for any card."""
ENCRYPTING: Final = frozenset(
    {KeyPurpose.ENCRYPTION, KeyPurpose.MAC_AND_ENCRYPTION, KeyPurpose.PIN_UNBLOCK, KeyPurpose.CARD_MAINTENANCE}
)
SIGNING: Final = frozenset(
    {
        KeyPurpose.MAC,
        KeyPurpose.MAC_AND_ENCRYPTION,
        KeyPurpose.PIN_RELOAD,
        KeyPurpose.PIN_UNBLOCK,
        KeyPurpose.CARD_MAINTENANCE,
    }
)
OWN_KEY: Final = 0x00
MAX_HELD_BYTES: Final = 248


def init_for_descrypt(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """INIT FOR DESCRYPT 80 1A usage version, BF DE usage id: the key, derived through the factors, waits in RAM for DES CRYPT.

    Refuses 6A80 a reserved usage, 6700 another number of factors than levels, 6982 a purpose that is no cipher's, 6A88 no such key.
    """
    require_le(command, 0)
    chip.ram.begun_cipher = None
    try:
        order = InitForDescrypt.from_command(command)
    except MalformedCardData as malformed:
        raise Refused(StatusWord.WRONG_DATA if malformed.what == "key usage" else StatusWord.WRONG_LENGTH) from None
    if len(order.factors) != order.usage.levels or (order.social and not order.factors):
        raise Refused(StatusWord.WRONG_LENGTH)
    kind = KINDS.get(order.usage.purpose)
    if kind is None:
        raise Refused(StatusWord.SECURITY_STATUS)
    record = _key(chip.directory, kind, order)
    chip.require(record.use)
    if order.social:
        *levels, challenge = order.factors
        session = crypto.triple_des_encrypt(crypto.diversify_chain(record.value, levels), challenge)
        chip.ram.begun_cipher = BegunCipher(session * 2, order.usage.purpose)
    else:
        key = crypto.diversify_chain(record.value, tuple(reversed(order.factors)))
        chip.ram.begun_cipher = BegunCipher(key, order.usage.purpose)
    return answer(command)


def _key(directory: DedicatedFile, kind: KeyType, order: InitForDescrypt) -> KeyRecord:
    """By version; in the social form by number. Types that count errors have no version: they are found by number too.

    Number 00 of those is the module's own (its maintenance key) and never a cipher.
    """
    counted = kind is not KeyType.INTERNAL
    if counted and order.key == OWN_KEY:
        raise Refused(StatusWord.SECURITY_STATUS)
    for key in directory.keys.values():
        by_number = order.social or counted
        if key.kind == kind and (key.identifier if by_number else key.version) == order.key:
            return key
    raise Refused(StatusWord.KEY_NOT_FOUND)


def des_crypt(chip: Chip, command: CommandApdu) -> ResponseApdu:
    """DES CRYPT 80 FA: 00 encrypts, 01 and 05 make a MAC (05 from the value in the first 8 bytes), + 02 while more blocks follow.

    Refuses 6985 no key was chosen, 6A86, 6700 not whole blocks or more than fit, 6982 not the purpose of the key.
    """
    begun = chip.ram.begun_cipher
    if begun is None:
        raise Refused(StatusWord.CONDITIONS_OF_USE)
    try:
        order = DesCrypt.from_command(command)
    except MalformedCardData as malformed:
        wrong_parameters = malformed.reason.startswith("P1 P2")
        raise Refused(StatusWord.WRONG_P1P2 if wrong_parameters else StatusWord.WRONG_LENGTH) from None
    if begun.purpose not in (SIGNING if order.mac else ENCRYPTING):
        raise Refused(StatusWord.SECURITY_STATUS)
    held = begun.held + order.data
    if len(held) > MAX_HELD_BYTES:
        raise Refused(StatusWord.WRONG_LENGTH)
    initial = begun.initial if begun.held else order.initial or crypto.ZERO_IV
    if order.more:
        require_le(command, 0)
        chip.ram.begun_cipher = BegunCipher(begun.key, begun.purpose, held, initial)
        return answer(command)
    response = answer(command, _result(begun, held, initial, mac=order.mac))
    chip.ram.begun_cipher = BegunCipher(begun.key, begun.purpose)
    return response


def _result(begun: BegunCipher, blocks: bytes, initial: bytes, *, mac: bool) -> bytes:
    if not mac:
        return crypto.triple_des_encrypt(begun.key, blocks)
    # A TAC key is stored as PIN reload where the module folds its halves itself, and folded already in the others.
    key = crypto.fold_tac_key(begun.key) if begun.purpose == KeyPurpose.PIN_RELOAD else begun.key
    return crypto.mac_over_blocks(key, blocks, initial)
