"""Purse values of our own rules: diversification, load, purchase, PIN and application block.

Source: OWN REGRESSION SET, not published anywhere. It was derived by hand from the rules of diversification, session
keys and MACs (JR/T 0025), whose parts are each proven by published vectors; it guards against change, it does not prove the
rules.
"""

from typing import Final


def _hex(text: str) -> bytes:
    return bytes.fromhex(text)


CITY_FACTOR: Final = _hex("3302FF0000000000")
CARD_FACTOR: Final = _hex("3302000000000001")
MPK: Final = bytes(range(0x40, 0x50))
MLK: Final = bytes(range(0x50, 0x60))
MTK: Final = bytes(range(0x60, 0x70))
DRPK: Final = bytes(range(0x70, 0x80))
DPUK: Final = bytes(range(0x80, 0x90))
DAMK: Final = bytes(range(0x90, 0xA0))
CITY_PURCHASE_KEY: Final = _hex("ADECEF07E5C6B902E706F12449C563D1")
DPK: Final = _hex("988A5E83339DE5E80761790F1C892064")
DLK: Final = _hex("51B303AD7C44EF348ADFDF6D4B11D160")
DTK: Final = _hex("87158350B29895403814BA07F8B70CDA")
TAC_KEY: Final = _hex("BF0139574A2F999A")

TERMINAL: Final = _hex("330200000001")
DATE: Final = _hex("20260101")

LOAD_RANDOM: Final = _hex("01020304")
LOAD_TIME: Final = _hex("080000")
LOAD_AMOUNT_FEN: Final = 10_000
LOAD_SESSION_KEY: Final = _hex("0A749384F18451F1")
LOAD_MAC1: Final = _hex("F0AB159A")
LOAD_MAC2: Final = _hex("C1B6915B")
LOAD_TAC: Final = _hex("3FCCF8C3")

PURCHASE_RANDOM: Final = _hex("05060708")
PURCHASE_TIME: Final = _hex("083000")
PURCHASE_AMOUNT_FEN: Final = 200
PURCHASE_TERMINAL_SEQ: Final = 1
PURCHASE_SESSION_KEY: Final = _hex("8B53AA9C9E36C049")
PURCHASE_MAC2: Final = _hex("1D67F9B9")
PURCHASE_MAC1_AND_TAC: Final = {
    0x06: (_hex("9965374D"), _hex("DF5796F9")),
    0x09: (_hex("2836BD69"), _hex("BEED412A")),
}

PIN: Final = "123456"
RELOAD_PIN_MAC: Final = _hex("D6E200C1")
UNBLOCK_CIPHERTEXT: Final = _hex("2479F0AEF9A30BFF")
UNBLOCK_MACS: Final = {_hex("11223344"): _hex("9DE8C949"), _hex("1122334455667788"): _hex("7728BF88")}
BLOCK_CHALLENGE: Final = _hex("11223344")
BLOCK_COMMAND: Final = _hex("841E0000041CA84CCD")
