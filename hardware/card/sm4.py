"""SM4, the national block cipher (GB/T 32907), as newer cards use it beside triple DES: keys, MACs, encrypted command data.

Blocks and keys have 16 bytes. Derivation, command MAC and encryption are what one public personalisation code does and two
sources agree on for derivation; session key and TAC are not published and are options (`dialect`).
"""

# ruff: noqa: S305 - key derivation and command encryption of these cards are defined block by block

from collections.abc import Sequence
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

from hardware.card.crypto import MAC_BYTES, pad80, pad80_if_needed
from hardware.errors import MalformedCardData

BLOCK_BYTES: Final = 16
KEY_BYTES: Final = 16
FACTOR_BYTES: Final = 8
ZERO_IV: Final = bytes(BLOCK_BYTES)
CHECK_VALUE_BYTES: Final = 3


def _exactly(name: str, value: bytes, length: int) -> bytes:
    if len(value) != length:
        message = f"{name} has {len(value)} bytes, must have {length}"
        raise ValueError(message)
    return value


def complement(data: bytes) -> bytes:
    """Every bit turned over."""
    return bytes(byte ^ 0xFF for byte in data)


def encrypt(key16: bytes, data: bytes) -> bytes:
    """Encrypt whole blocks, each on its own (ECB).

    Raises:
        ValueError: the key is not 16 bytes or the data not a multiple of 16.
    """
    encryptor = Cipher(SM4(_exactly("key", key16, KEY_BYTES)), ECB()).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def decrypt(key16: bytes, data: bytes) -> bytes:
    """Undo `encrypt`.

    Raises:
        ValueError: the key is not 16 bytes or the data not a multiple of 16.
    """
    decryptor = Cipher(SM4(_exactly("key", key16, KEY_BYTES)), ECB()).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def mac(key16: bytes, data: bytes, iv: bytes = ZERO_IV, length: int = MAC_BYTES) -> bytes:
    """Left `length` bytes of the CBC-MAC over data ‖ 80 00… (ISO 9797-1 algorithm 1, padding method 2).

    Raises:
        ValueError: the key or the initial value is not 16 bytes.
    """
    cipher = SM4(_exactly("key", key16, KEY_BYTES))
    encryptor = Cipher(cipher, CBC(_exactly("iv", iv, BLOCK_BYTES))).encryptor()
    return (encryptor.update(pad80(data, BLOCK_BYTES)) + encryptor.finalize())[-BLOCK_BYTES:][:length]


def diversify(key16: bytes, factor8: bytes) -> bytes:
    """Derive the 16-byte key of the next level: one block, factor ‖ not factor.

    Raises:
        ValueError: the key is not 16 bytes or the factor not 8.
    """
    return encrypt(key16, _exactly("factor", factor8, FACTOR_BYTES) + complement(factor8))


def diversify_chain(key16: bytes, factors: Sequence[bytes]) -> bytes:
    """Derive through several levels, highest level first; no factor returns the key itself."""
    for factor in factors:
        key16 = diversify(key16, factor)
    return key16


def challenge_iv(challenge: bytes) -> bytes:
    """Initial value of a command MAC: the challenge, filled up with zeros.

    Raises:
        ValueError: a challenge of another length than 4, 8 or 16.
    """
    if len(challenge) not in {4, 8, BLOCK_BYTES}:
        message = f"challenge has {len(challenge)} bytes, must have 4, 8 or 16"
        raise ValueError(message)
    return challenge.ljust(BLOCK_BYTES, b"\x00")


def command_mac(key16: bytes, header5_with_lc: bytes, data: bytes, challenge: bytes) -> bytes:
    """4-byte MAC of a protected command: over CLA INS P1 P2 Lc and data, Lc counting the MAC.

    Raises:
        ValueError: the header is not 5 bytes, or Lc does not say length of data + 4, or a wrong key or challenge length.
    """
    if _exactly("header", header5_with_lc, 5)[4] != len(data) + MAC_BYTES:
        message = f"Lc is {header5_with_lc[4]}, must be {len(data) + MAC_BYTES} (data and MAC)"
        raise ValueError(message)
    return mac(key16, header5_with_lc + data, challenge_iv(challenge))


def encrypt_for_card(key16: bytes, plaintext: bytes) -> bytes:
    """Encrypt command data: length byte ‖ data ‖ 80 00… (only if not on a block), block by block.

    Raises:
        ValueError: more than 255 bytes, or the key is not 16 bytes.
    """
    if len(plaintext) > 0xFF:  # noqa: PLR2004 - one length byte
        message = f"{len(plaintext)} bytes, at most 255"
        raise ValueError(message)
    return encrypt(key16, pad80_if_needed(bytes((len(plaintext),)) + plaintext, BLOCK_BYTES))


def decrypt_from_host(key16: bytes, ciphertext: bytes) -> bytes:
    """What a card does with data from `encrypt_for_card`: decrypt, check length byte and padding, return the data.

    Raises:
        MalformedCardData: not whole blocks, or length byte and padding do not fit (also the sign of a wrong key).
    """
    if not ciphertext or len(ciphertext) % BLOCK_BYTES:
        raise MalformedCardData("encrypted data", f"{len(ciphertext)} bytes are not whole blocks")
    plain = decrypt(key16, ciphertext)
    body = plain[1 : 1 + plain[0]]
    if len(body) != plain[0] or pad80_if_needed(plain[:1] + body, BLOCK_BYTES) != plain:
        raise MalformedCardData("encrypted data", "length byte and padding do not fit")
    return body


def check_value(key16: bytes) -> bytes:
    """First 3 bytes of sixteen zeros encrypted under the key: tells keys apart and reveals none."""
    return encrypt(key16, ZERO_IV)[:CHECK_VALUE_BYTES]
