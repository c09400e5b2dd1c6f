"""What the token's handles compute: the cipher calls of `hardware.card.crypto`, with every key below the root derived inside the token.

A derived key is a session object for the length of one call: CKM_DES3_ECB_ENCRYPT_DATA over F ‖ not F is the diversification of the cards.
Single DES is triple DES under two equal halves, since modules switch single DES off.
"""

import contextlib
import ctypes
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag

from citizencard.keys.pkcs11.objects import NO_LENGTH
from hardware.card.apdu import CommandApdu
from hardware.card.crypto import BLOCK_BYTES, MAC_BYTES, ZERO_IV, challenge_iv, pad80, pad80_if_needed
from hardware.card.fixed import require
from hardware.card.protection import PROTECTED
from hardware.errors import MalformedCardData

Handle = Any
"""A key of the token; the binding makes a class of its own for each."""

_DERIVED: Final = {
    Attribute.TOKEN: False,
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    **NO_LENGTH,
}


def check_block(name: str, value: bytes) -> None:
    """Refuse what is not one block.

    Raises:
        ValueError: names the field, never its content.
    """
    if len(value) != BLOCK_BYTES:
        message = f"{name} has {len(value)} bytes, must have {BLOCK_BYTES}"
        raise ValueError(message)


def opposite(factor8: bytes) -> bytes:
    """F ‖ not F: what a diversification encrypts."""
    return factor8 + bytes(byte ^ 0xFF for byte in factor8)


def derive(key: Handle, data16: bytes) -> Handle:
    """The key that is `data16` encrypted under this one (triple DES, ECB), made and kept inside the token; the caller destroys it."""
    buffer = ctypes.create_string_buffer(data16, len(data16))
    # CK_KEY_DERIVATION_STRING_DATA: a pointer and a length. The buffer lives until the call is over.
    parameter = struct.pack("@PL", ctypes.addressof(buffer), len(data16))
    return key.derive_key(
        KeyType.DES2,
        8 * len(data16),
        capabilities=MechanismFlag.ENCRYPT | MechanismFlag.DERIVE,
        mechanism=Mechanism.DES3_ECB_ENCRYPT_DATA,
        mechanism_param=parameter,
        template=_DERIVED,
    )


@contextlib.contextmanager
def derived(key: Handle, data16: bytes) -> Iterator[Handle]:
    """`derive` for the length of one call."""
    below = derive(key, data16)
    try:
        yield below
    finally:
        below.destroy()


@contextlib.contextmanager
def diversified(key: Handle, factor8: bytes) -> Iterator[Handle]:
    """The key of the next level."""
    with derived(key, opposite(factor8)) as below:
        yield below


@contextlib.contextmanager
def single(key: Handle, data8: bytes) -> Iterator[Handle]:
    """A single-DES key: one block under this key, as two equal halves; a session key, or the left half of a diversified one."""
    with derived(key, 2 * data8) as below:
        yield below


def encrypt(key: Handle, blocks: bytes) -> bytes:
    """Whole blocks, each on its own (ECB)."""
    return bytes(key.encrypt(blocks, mechanism=Mechanism.DES3_ECB))


def last_block(key: Handle, blocks: bytes, iv: bytes = ZERO_IV) -> bytes:
    """Last block of a CBC encryption of at least one whole block."""
    return bytes(key.encrypt(blocks, mechanism=Mechanism.DES3_CBC, mechanism_param=iv))[-BLOCK_BYTES:]


def purse_mac(session_key: Handle, data: bytes) -> bytes:
    """The purse's MAC under a single-DES key: left 4 bytes, padding method 2 (ISO 9797-1 algorithm 1)."""
    return last_block(session_key, pad80(data))[:MAC_BYTES]


@dataclass(frozen=True, slots=True)
class CommandKey:
    """A diversified key as a command MAC needs it: its left half as a single-DES key, and the whole."""

    left: Handle
    whole: Handle


@contextlib.contextmanager
def command_key(key: Handle, factor8: bytes) -> Iterator[CommandKey]:
    """The key of the next level, for MACs of commands."""
    with single(key, factor8) as left, diversified(key, factor8) as whole:
        yield CommandKey(left, whole)


def retail_mac(key: CommandKey, data: bytes, iv: bytes = ZERO_IV) -> bytes:
    """The command MAC, left 4 bytes, padding method 2 (ISO 9797-1 algorithm 3)."""
    blocks = pad80(data)
    chain = last_block(key.left, blocks[:-BLOCK_BYTES], iv) if len(blocks) > BLOCK_BYTES else iv
    return last_block(key.whole, blocks[-BLOCK_BYTES:], chain)[:MAC_BYTES]


def protect(key: CommandKey, header: bytes, data: bytes, challenge: bytes, *, encrypted: bool) -> CommandApdu:
    """Build a protected command as `hardware.card.protection.protect`, under a key of the token.

    Raises:
        MalformedCardData: the header is not 4 bytes or lacks the bit.
        ValueError: a challenge of another length, or data longer than a command holds.
    """
    cla, ins, p1, p2 = require("protected command", "header", header, 4)
    if not cla & PROTECTED:
        raise MalformedCardData("protected command", f"CLA {cla:02X} does not announce a MAC")
    body = encrypt(key.whole, pad80_if_needed(len(data).to_bytes(1) + data)) if encrypted else data
    lc = bytes((len(body) + MAC_BYTES,))
    return CommandApdu(cla, ins, p1, p2, body + retail_mac(key, header + lc + body, challenge_iv(challenge)))
