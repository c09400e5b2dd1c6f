"""The two cryptographic algorithms of cards behind one interface: triple DES (00) and SM4 (04).

A card names its algorithm in the answer to every INITIALIZE; `algorithm_of` gives the rules that go with it. What a MAC or a TAC
covers is the same for both and is in `signed_inputs`. Lengths that are wrong here are programming errors (`ValueError`).
"""

from dataclasses import dataclass
from typing import Final, Protocol

from hardware.card import crypto, sm4
from hardware.card.dialect import OUR_CARD, Dialect, Sm4SessionKey, Sm4Tac
from hardware.errors import MalformedCardData

TRIPLE_DES: Final = 0x00
SM4: Final = 0x04


class Algorithm(Protocol):
    """How one card family makes keys, MACs and TACs. Keys have 16 bytes, MACs and TACs 4."""

    @property
    def identifier(self) -> int:
        """The byte by which a card names it."""

    def diversify(self, key16: bytes, factor8: bytes) -> bytes:
        """The key of the next level."""

    def load_session_key(self, key16: bytes, random4: bytes, online_seq: int) -> bytes:
        """Session key of load, unload, overdraft and on-line unlock."""

    def purchase_session_key(self, key16: bytes, random4: bytes, offline_seq: int, terminal_seq: int) -> bytes:
        """Session key of purchases, CAPP purchases and cash."""

    def mac(self, session_key: bytes, data: bytes) -> bytes:
        """MAC of a purse transaction."""

    def tac(self, dtk16: bytes, data: bytes) -> bytes:
        """TAC under the card's whole TAC key."""

    def command_mac(self, key16: bytes, header5_with_lc: bytes, data: bytes, challenge: bytes) -> bytes:
        """MAC of a protected command."""

    def encrypt_for_card(self, key16: bytes, plaintext: bytes) -> bytes:
        """Encrypted command data."""

    def decrypt_from_host(self, key16: bytes, ciphertext: bytes) -> bytes:
        """Undo `encrypt_for_card`.

        Raises:
            MalformedCardData: length byte and padding do not fit.
        """

    def authenticate(self, key16: bytes, challenge: bytes) -> bytes:
        """Answer to a challenge, in EXTERNAL and INTERNAL AUTHENTICATE."""

    def check_value(self, key16: bytes) -> bytes:
        """3 bytes that tell keys apart."""


@dataclass(frozen=True, slots=True)
class TripleDesAlgorithm:
    """Two-key triple DES with single-DES session and TAC keys: what JR/T 0025 describes and the published vectors show."""

    @property
    def identifier(self) -> int:
        """00."""
        return TRIPLE_DES

    def diversify(self, key16: bytes, factor8: bytes) -> bytes:
        """3DES(F) ‖ 3DES(not F)."""
        return crypto.diversify(key16, factor8)

    def load_session_key(self, key16: bytes, random4: bytes, online_seq: int) -> bytes:
        """8 bytes: 3DES(random ‖ counter ‖ 80 00)."""
        return crypto.load_session_key(key16, random4, online_seq)

    def purchase_session_key(self, key16: bytes, random4: bytes, offline_seq: int, terminal_seq: int) -> bytes:
        """8 bytes: 3DES(random ‖ counter ‖ right two bytes of the terminal sequence)."""
        return crypto.purchase_session_key(key16, random4, offline_seq, terminal_seq)

    def mac(self, session_key: bytes, data: bytes) -> bytes:
        """Single-DES CBC-MAC."""
        return crypto.des_cbc_mac(session_key, data)

    def tac(self, dtk16: bytes, data: bytes) -> bytes:
        """Single-DES CBC-MAC under left half xor right half."""
        return crypto.tac(crypto.fold_tac_key(dtk16), data)

    def command_mac(self, key16: bytes, header5_with_lc: bytes, data: bytes, challenge: bytes) -> bytes:
        """Retail MAC from the challenge."""
        return crypto.command_mac(key16, header5_with_lc, data, challenge)

    def encrypt_for_card(self, key16: bytes, plaintext: bytes) -> bytes:
        """Length byte ‖ data ‖ padding, blocks of 8."""
        return crypto.encrypt_for_card(key16, plaintext)

    def decrypt_from_host(self, key16: bytes, ciphertext: bytes) -> bytes:
        """Undo `encrypt_for_card`."""
        return crypto.decrypt_from_host(key16, ciphertext)

    def authenticate(self, key16: bytes, challenge: bytes) -> bytes:
        """8 bytes for 8 bytes."""
        return crypto.external_authenticate_cryptogram(key16, challenge)

    def check_value(self, key16: bytes) -> bytes:
        """First 3 bytes over zeros."""
        return crypto.check_value(key16)


@dataclass(frozen=True, slots=True)
class Sm4Algorithm:
    """SM4, with the dialect's word where nothing is published.

    Args:
        dialect: how session keys fill a block, which key signs TACs.
    """

    dialect: Dialect = OUR_CARD

    @property
    def identifier(self) -> int:
        """04."""
        return SM4

    def diversify(self, key16: bytes, factor8: bytes) -> bytes:
        """SM4(F ‖ not F)."""
        return sm4.diversify(key16, factor8)

    def load_session_key(self, key16: bytes, random4: bytes, online_seq: int) -> bytes:
        """16 bytes, from the same 8 bytes as triple DES."""
        return self._session_key(key16, random4 + online_seq.to_bytes(2) + b"\x80\x00")

    def purchase_session_key(self, key16: bytes, random4: bytes, offline_seq: int, terminal_seq: int) -> bytes:
        """16 bytes, from the same 8 bytes as triple DES."""
        return self._session_key(key16, random4 + offline_seq.to_bytes(2) + terminal_seq.to_bytes(4)[2:])

    def _session_key(self, key16: bytes, input8: bytes) -> bytes:
        if len(input8) != crypto.BLOCK_BYTES:
            message = "the card's random number must have 4 bytes"
            raise ValueError(message)
        return sm4.encrypt(key16, self._filled(input8))

    def _filled(self, input8: bytes) -> bytes:
        if self.dialect.sm4_session_key is Sm4SessionKey.COMPLEMENT:
            return input8 + sm4.complement(input8)
        return crypto.pad80(input8, sm4.BLOCK_BYTES)

    def mac(self, session_key: bytes, data: bytes) -> bytes:
        """SM4-CBC-MAC from zeros."""
        return sm4.mac(session_key, data)

    def tac(self, dtk16: bytes, data: bytes) -> bytes:
        """Under all of the key, or under the folded one by the old rule: the dialect's word."""
        if self.dialect.sm4_tac is Sm4Tac.FOLDED_DES:
            return crypto.tac(crypto.fold_tac_key(dtk16), data)
        return sm4.mac(dtk16, data)

    def command_mac(self, key16: bytes, header5_with_lc: bytes, data: bytes, challenge: bytes) -> bytes:
        """SM4-CBC-MAC from the challenge."""
        return sm4.command_mac(key16, header5_with_lc, data, challenge)

    def encrypt_for_card(self, key16: bytes, plaintext: bytes) -> bytes:
        """Length byte ‖ data ‖ padding, blocks of 16."""
        return sm4.encrypt_for_card(key16, plaintext)

    def decrypt_from_host(self, key16: bytes, ciphertext: bytes) -> bytes:
        """Undo `encrypt_for_card`."""
        return sm4.decrypt_from_host(key16, ciphertext)

    def authenticate(self, key16: bytes, challenge: bytes) -> bytes:
        """16 bytes: SM4 of a challenge of 16, or of one of 8 filled up as session keys are."""
        return sm4.encrypt(key16, self._filled(challenge) if len(challenge) == crypto.BLOCK_BYTES else challenge)

    def check_value(self, key16: bytes) -> bytes:
        """First 3 bytes over zeros."""
        return sm4.check_value(key16)


def algorithm_of(identifier: int, dialect: Dialect = OUR_CARD) -> Algorithm:
    """The algorithm that a card names.

    Raises:
        MalformedCardData: no such algorithm.
    """
    if identifier == TRIPLE_DES:
        return TripleDesAlgorithm()
    if identifier == SM4:
        return Sm4Algorithm(dialect)
    raise MalformedCardData("algorithm", f"there is no algorithm {identifier:02X}")
