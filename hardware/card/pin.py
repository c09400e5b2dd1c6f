"""Changing, reloading and unblocking a PIN (JR/T 0025). VERIFY is in `purse`."""

from hardware.card.apdu import CommandApdu
from hardware.card.crypto import des_cbc_mac, fold_tac_key
from hardware.card.protection import protect
from hardware.card.purse import CLA_PURSE, pack_pin

SEPARATOR = b"\xff"


def change_pin(old: str, new: str, kid: int = 0) -> CommandApdu:
    """CHANGE PIN, 80 5E 01: old ‖ FF ‖ new. Refusals: 63Cx the old one is wrong, 6983 blocked.

    Raises:
        MalformedCardData: not 4 to 12 digits.
    """
    return CommandApdu(CLA_PURSE, 0x5E, 0x01, kid, pack_pin(old) + SEPARATOR + pack_pin(new))


def reload_pin(new: str, mac: bytes, kid: int = 0) -> CommandApdu:
    """RELOAD PIN, 80 5E 00: the issuer sets a new PIN and its tries; `mac` from `reload_pin_mac`.

    Raises:
        MalformedCardData: not 4 to 12 digits.
    """
    return CommandApdu(CLA_PURSE, 0x5E, 0x00, kid, pack_pin(new) + mac)


def reload_pin_mac(drpk16: bytes, new: str) -> bytes:
    """4-byte MAC of RELOAD PIN: DES-CBC-MAC of the packed PIN under left half xor right half of DRPK, from zeros."""
    return des_cbc_mac(fold_tac_key(drpk16), pack_pin(new))


def unblock_pin(pin: str, dpuk16: bytes, challenge: bytes, kid: int = 0) -> CommandApdu:
    """PIN UNBLOCK, 84 24 00 kid: the known PIN gets its tries back; encrypted and MACed under DPUK.

    Raises:
        MalformedCardData: not 4 to 12 digits.
    """
    return protect(bytes((0x84, 0x24, 0x00, kid)), pack_pin(pin), dpuk16, challenge, encrypt=True)
