"""Card cryptography with two-key triple DES: diversification, session keys, MACs and TACs of the electronic purse.

Sources: JR/T 0025 (electronic purse), ISO 9797-1 (MAC algorithms 1 and 3), the FMCOS manual for the command protection.
Emulated card, emulated PSAM and the server's key vault all use these functions; published vectors decide whether they are
right (tests/vectors), not each other. DES and triple DES are old ciphers: they are what the cards in the field speak.

Units: amounts in fen, 0 to 2**32 - 1; keys of 16 bytes are two-key triple DES, keys of 8 bytes single DES. A length that is
wrong here is a programming error (`ValueError`), except in `decrypt_from_host`, whose input comes from outside.
"""

# ruff: noqa: PLR0913, PLR0917 - MAC and TAC functions take the field lists of the standard, in its order
# ruff: noqa: S305 - key derivation and command encryption of these cards are defined block by block

from collections.abc import Sequence
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

from hardware.errors import MalformedCardData

BLOCK_BYTES: Final = 8
MAC_BYTES: Final = 4
ZERO_IV: Final = bytes(BLOCK_BYTES)
TTI_LOAD: Final = 0x02
TTI_PURCHASE: Final = 0x06
TTI_COMPOUND_PURCHASE: Final = 0x09
ED_TTI_LOAD: Final = 0x01
CHECK_VALUE_BYTES: Final = 3
TAC_INPUT_BYTES: Final = 22


def _exactly(name: str, value: bytes, length: int) -> bytes:
    """Return `value`, or raise ValueError naming the field (never its content)."""
    if len(value) != length:
        message = f"{name} has {len(value)} bytes, must have {length}"
        raise ValueError(message)
    return value


def _triple_des(key16: bytes) -> TripleDES:
    """Two-key triple DES: K1, K2, K1 (the library's own 16-byte form is deprecated)."""
    _exactly("key", key16, 16)
    return TripleDES(key16 + key16[:8])


def _single_des(key8: bytes) -> TripleDES:
    """Single DES as triple DES with three equal keys: the library has no single DES."""
    return TripleDES(_exactly("key", key8, 8) * 3)


def triple_des_encrypt(key16: bytes, data: bytes) -> bytes:
    """Encrypt whole blocks with two-key triple DES, each block on its own (ECB).

    Raises:
        ValueError: the key is not 16 bytes or the data not a multiple of 8.
    """
    encryptor = Cipher(_triple_des(key16), ECB()).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def triple_des_decrypt(key16: bytes, data: bytes) -> bytes:
    """Undo `triple_des_encrypt`.

    Raises:
        ValueError: the key is not 16 bytes or the data not a multiple of 8.
    """
    decryptor = Cipher(_triple_des(key16), ECB()).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def des_encrypt(key8: bytes, data: bytes) -> bytes:
    """Encrypt whole blocks with single DES, each block on its own (ECB).

    Raises:
        ValueError: the key is not 8 bytes or the data not a multiple of 8.
    """
    encryptor = Cipher(_single_des(key8), ECB()).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def des_decrypt(key8: bytes, data: bytes) -> bytes:
    """Undo `des_encrypt`.

    Raises:
        ValueError: the key is not 8 bytes or the data not a multiple of 8.
    """
    decryptor = Cipher(_single_des(key8), ECB()).decryptor()
    return decryptor.update(data) + decryptor.finalize()


def pad80(data: bytes, block: int = BLOCK_BYTES) -> bytes:
    """Append 80 and then zeros up to the block: padding method 2 of ISO 9797-1, which always adds something."""
    return data + b"\x80" + bytes(-(len(data) + 1) % block)


def pad80_if_needed(data: bytes, block: int = BLOCK_BYTES) -> bytes:
    """Append 80 and zeros only when the data does not end on a block; used for encrypted command data."""
    return data if len(data) % block == 0 else pad80(data, block)


def _cbc_last(algorithm: TripleDES, iv: bytes, blocks: bytes) -> bytes:
    """Last block of a CBC encryption of at least one whole block."""
    encryptor = Cipher(algorithm, CBC(iv)).encryptor()
    return (encryptor.update(blocks) + encryptor.finalize())[-BLOCK_BYTES:]


def mac_over_blocks(key: bytes, blocks: bytes, iv: bytes = ZERO_IV, length: int = MAC_BYTES) -> bytes:
    """MAC over data that is already padded: ISO 9797-1 algorithm 1 for an 8-byte key, algorithm 3 for a 16-byte key.

    Use `des_cbc_mac` and `retail_mac`, which pad; this one exists for the standard's padding method 1.

    Raises:
        ValueError: a key of another length, no block, half a block, or an IV that is not 8 bytes.
    """
    if not blocks or len(blocks) % BLOCK_BYTES:
        message = f"{len(blocks)} bytes are not whole blocks"
        raise ValueError(message)
    _exactly("iv", iv, BLOCK_BYTES)
    if len(key) == BLOCK_BYTES:
        return _cbc_last(_single_des(key), iv, blocks)[:length]
    # Algorithm 3 is single DES up to the last block and triple DES on it: E(K_L) D(K_R) E(K_L) is one EDE2 operation.
    chain = _cbc_last(_single_des(key[:8]), iv, blocks[:-BLOCK_BYTES]) if len(blocks) > BLOCK_BYTES else iv
    return _cbc_last(_triple_des(key), chain, blocks[-BLOCK_BYTES:])[:length]


def des_cbc_mac(key8: bytes, data: bytes, iv: bytes = ZERO_IV, length: int = MAC_BYTES) -> bytes:
    """Left `length` bytes of the single-DES CBC-MAC, padding method 2 (ISO 9797-1 algorithm 1): the purse's MAC.

    Raises:
        ValueError: the key or the IV is not 8 bytes.
    """
    return mac_over_blocks(_exactly("key", key8, 8), pad80(data), iv, length)


def retail_mac(key16: bytes, data: bytes, iv: bytes = ZERO_IV, length: int = MAC_BYTES) -> bytes:
    """Left `length` bytes of the retail MAC, padding method 2 (ISO 9797-1 algorithm 3): the command MAC.

    Raises:
        ValueError: the key is not 16 bytes or the IV not 8.
    """
    return mac_over_blocks(_exactly("key", key16, 16), pad80(data), iv, length)


def _complement(block: bytes) -> bytes:
    return bytes(byte ^ 0xFF for byte in block)


def diversify(key16: bytes, factor8: bytes) -> bytes:
    """Derive the 16-byte key of the next level: 3DES(F) followed by 3DES(not F).

    Raises:
        ValueError: the key is not 16 bytes or the factor not 8.
    """
    _exactly("factor", factor8, 8)
    return triple_des_encrypt(key16, factor8 + _complement(factor8))


def diversify_chain(key16: bytes, factors: Sequence[bytes]) -> bytes:
    """Derive through several levels, highest level first (city, then card); no factor returns the key itself."""
    for factor in factors:
        key16 = diversify(key16, factor)
    return key16


def diversify_many(key16: bytes, factors: Sequence[bytes]) -> list[bytes]:
    """Derive one key per factor from the same master in one pass of the cipher: for whole batches of cards.

    Raises:
        ValueError: the key is not 16 bytes or a factor not 8.
    """
    inputs = b"".join(_exactly("factor", factor, 8) + _complement(factor) for factor in factors)
    keys = triple_des_encrypt(key16, inputs)
    return [keys[start : start + 16] for start in range(0, len(keys), 16)]


def check_value(key: bytes) -> bytes:
    """First 3 bytes of eight zeros encrypted under the key (8 or 16 bytes): tells keys apart and reveals none."""
    encrypt = des_encrypt if len(key) == BLOCK_BYTES else triple_des_encrypt
    return encrypt(key, ZERO_IV)[:CHECK_VALUE_BYTES]


def load_session_key(dlk: bytes, random4: bytes, online_seq: int) -> bytes:
    """8-byte session key of a load: 3DES(DLK, random ‖ online sequence ‖ 80 00)."""
    return triple_des_encrypt(dlk, _exactly("random", random4, 4) + online_seq.to_bytes(2) + b"\x80\x00")


def purchase_session_key(dpk: bytes, random4: bytes, offline_seq: int, terminal_seq: int) -> bytes:
    """8-byte session key of a purchase: 3DES(DPK, random ‖ offline sequence ‖ right two bytes of the terminal sequence)."""
    right2 = terminal_seq.to_bytes(4)[2:]
    return triple_des_encrypt(dpk, _exactly("random", random4, 4) + offline_seq.to_bytes(2) + right2)


def fold_tac_key(dtk16: bytes) -> bytes:
    """8-byte TAC key: left half xor right half of DTK."""
    _exactly("key", dtk16, 16)
    return bytes(left ^ right for left, right in zip(dtk16[:8], dtk16[8:], strict=True))


def load_mac1(session_key: bytes, old_balance_fen: int, amount_fen: int, tti: int, terminal: bytes) -> bytes:
    """MAC1 by which the card proves that it is real before a load."""
    data = old_balance_fen.to_bytes(4) + amount_fen.to_bytes(4) + tti.to_bytes(1) + _exactly("terminal", terminal, 6)
    return des_cbc_mac(session_key, data)


def load_mac2(session_key: bytes, amount_fen: int, tti: int, terminal: bytes, date: bytes, time: bytes) -> bytes:
    """MAC2 by which the host orders the card to credit itself. Date and time are 4 and 3 BCD bytes."""
    return purchase_mac1(session_key, amount_fen, tti, terminal, date, time)


def load_tac_input(
    new_balance_fen: int, online_seq: int, amount_fen: int, tti: int, terminal: bytes, date: bytes, time: bytes
) -> bytes:
    """24 bytes that the card signs after a load; `online_seq` is the value before the card counted on."""
    return (
        new_balance_fen.to_bytes(4)
        + online_seq.to_bytes(2)
        + amount_fen.to_bytes(4)
        + tti.to_bytes(1)
        + _exactly("terminal", terminal, 6)
        + _exactly("date", date, 4)
        + _exactly("time", time, 3)
    )


def load_tac(
    tac_key8: bytes,
    new_balance_fen: int,
    online_seq: int,
    amount_fen: int,
    tti: int,
    terminal: bytes,
    date: bytes,
    time: bytes,
) -> bytes:
    """TAC by which the card proves that it has credited itself."""
    return tac(tac_key8, load_tac_input(new_balance_fen, online_seq, amount_fen, tti, terminal, date, time))


def purchase_mac1(session_key: bytes, amount_fen: int, tti: int, terminal: bytes, date: bytes, time: bytes) -> bytes:
    """MAC1 by which the PSAM orders the card to debit itself. Date and time are 4 and 3 BCD bytes."""
    data = (
        amount_fen.to_bytes(4)
        + tti.to_bytes(1)
        + _exactly("terminal", terminal, 6)
        + _exactly("date", date, 4)
        + _exactly("time", time, 3)
    )
    return des_cbc_mac(session_key, data)


def purchase_mac2(session_key: bytes, amount_fen: int) -> bytes:
    """MAC2 by which the card proves to the PSAM that it has debited itself."""
    return des_cbc_mac(session_key, amount_fen.to_bytes(4))


def purchase_tac_input(
    amount_fen: int, tti: int, terminal: bytes, terminal_seq: int, date: bytes, time: bytes
) -> bytes:
    """22 bytes that the card signs after a purchase. They hold neither balance nor card number."""
    return (
        amount_fen.to_bytes(4)
        + tti.to_bytes(1)
        + _exactly("terminal", terminal, 6)
        + terminal_seq.to_bytes(4)
        + _exactly("date", date, 4)
        + _exactly("time", time, 3)
    )


def tac(tac_key8: bytes, tac_input: bytes) -> bytes:
    """4-byte transaction authentication code under the folded key of `fold_tac_key`."""
    return des_cbc_mac(tac_key8, tac_input)


def bulk_tacs(dtks: Sequence[bytes], tac_inputs: Sequence[bytes]) -> list[bytes]:
    """TACs of many cards: the k-th 16-byte DTK signs the k-th input.

    Raises:
        ValueError: the two sequences differ in length, or a key is not 16 bytes.
    """
    return [tac(fold_tac_key(dtk), tac_input) for dtk, tac_input in zip(dtks, tac_inputs, strict=True)]


def challenge_iv(challenge: bytes) -> bytes:
    """Initial value of a command MAC: a 4-byte challenge is filled up with zeros, an 8-byte one is used as it is.

    Raises:
        ValueError: another length.
    """
    if len(challenge) == MAC_BYTES:
        return challenge + bytes(MAC_BYTES)
    return _exactly("challenge", challenge, BLOCK_BYTES)


def command_mac(key16: bytes, header5_with_lc: bytes, data: bytes, challenge: bytes) -> bytes:
    """4-byte MAC of a protected command (line protection): over CLA INS P1 P2 Lc and data, Lc counting the MAC.

    Raises:
        ValueError: the header is not 5 bytes, or Lc does not say length of data + 4, or a wrong key or challenge length.
    """
    _exactly("header", header5_with_lc, 5)
    if header5_with_lc[4] != len(data) + MAC_BYTES:
        message = f"Lc is {header5_with_lc[4]}, must be {len(data) + MAC_BYTES} (data and MAC)"
        raise ValueError(message)
    return retail_mac(key16, header5_with_lc + data, challenge_iv(challenge))


def encrypt_for_card(key16: bytes, plaintext: bytes) -> bytes:
    """Encrypt command data: length byte ‖ data ‖ 80 00… (only if not on a block), triple DES per block.

    Raises:
        ValueError: more than 255 bytes, or the key is not 16 bytes.
    """
    return triple_des_encrypt(key16, pad80_if_needed(len(plaintext).to_bytes(1) + plaintext))


def decrypt_from_host(key16: bytes, ciphertext: bytes) -> bytes:
    """What a card does with data from `encrypt_for_card`: decrypt, check length byte and padding, return the data.

    Raises:
        MalformedCardData: not whole blocks, or length byte and padding do not fit (also the sign of a wrong key).
    """
    if not ciphertext or len(ciphertext) % BLOCK_BYTES:
        raise MalformedCardData("encrypted data", f"{len(ciphertext)} bytes are not whole blocks")
    plain = triple_des_decrypt(key16, ciphertext)
    body = plain[1 : 1 + plain[0]]
    if len(body) != plain[0] or pad80_if_needed(plain[:1] + body) != plain:
        raise MalformedCardData("encrypted data", "length byte and padding do not fit")
    return body


def external_authenticate_cryptogram(key16: bytes, challenge8: bytes) -> bytes:
    """8 bytes that answer the card's challenge in EXTERNAL AUTHENTICATE, and the card's own in INTERNAL AUTHENTICATE."""
    return triple_des_encrypt(key16, _exactly("challenge", challenge8, 8))


def ssse_external_authenticate_data(key16: bytes, challenge8: bytes, x8: bytes) -> bytes:
    """16 bytes of EXTERNAL AUTHENTICATE in the social-security application: DES under S of X, then X.

    S is the challenge encrypted under the 16-byte key; X any 8 bytes.
    """
    session_key = triple_des_encrypt(key16, _exactly("challenge", challenge8, 8))
    return des_encrypt(session_key, _exactly("x", x8, 8)) + x8
