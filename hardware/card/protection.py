"""Protected commands: line protection (MAC) and encrypted data, as the host builds them and as a card checks them (JR/T 0025, FMCOS).

MAC: left 4 bytes of the retail MAC over CLA INS P1 P2 Lc and data, Lc counting the MAC, starting from the card's challenge.
Encryption: length byte ‖ data ‖ 80 00… if not on a block, triple DES per block; the MAC covers the ciphertext.
"""

import hmac
from typing import Final

from hardware.card.apdu import CommandApdu
from hardware.card.crypto import MAC_BYTES, command_mac, decrypt_from_host, encrypt_for_card
from hardware.card.fixed import require
from hardware.errors import MalformedCardData

PROTECTED: Final = 0x04
"""The bit of CLA that says that a MAC follows the data."""


def protect(header: bytes, data: bytes, key16: bytes, challenge: bytes, *, encrypt: bool = False) -> CommandApdu:
    """Build a protected command.

    Args:
        header: CLA INS P1 P2, with bit 04 in CLA (04 or 84).
        data: the plain data.
        key16: the key that protects it.
        challenge: what GET CHALLENGE answered just before, 4 or 8 bytes.
        encrypt: whether the data is encrypted too (WRITE KEY).

    Raises:
        MalformedCardData: the header is not 4 bytes or lacks the bit.
        ValueError: a key or challenge of another length, or data longer than a command holds.
    """
    cla, ins, p1, p2 = require("protected command", "header", header, 4)
    if not cla & PROTECTED:
        raise MalformedCardData("protected command", f"CLA {cla:02X} does not announce a MAC")
    body = encrypt_for_card(key16, data) if encrypt else data
    lc = bytes((len(body) + MAC_BYTES,))
    return CommandApdu(cla, ins, p1, p2, body + command_mac(key16, header + lc, body, challenge))


def unprotect(command: CommandApdu, key16: bytes, challenge: bytes, *, encrypted: bool = False) -> bytes:
    """Check a protected command as a card does and return its plain data.

    Raises:
        MalformedCardData: no room for a MAC, a wrong MAC, or a ciphertext that does not decrypt to its form.
    """
    body, mac = command.data[:-MAC_BYTES], command.data[-MAC_BYTES:]
    if not command.cla & PROTECTED or len(mac) != MAC_BYTES:
        raise MalformedCardData("protected command", "has no MAC")
    expected = command_mac(key16, command.header() + bytes((len(command.data),)), body, challenge)
    if not hmac.compare_digest(expected, mac):
        raise MalformedCardData("protected command", "the MAC is wrong")
    return decrypt_from_host(key16, body) if encrypted else body
