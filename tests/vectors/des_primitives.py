"""DES and the MAC algorithms of ISO 9797-1.

Source: the single block is the first of the ECB example of FIPS 81 ("Now is t"); the MACs are those of ISO/IEC 9797-1 for
algorithms 1 and 3 with padding methods 1 and 2, as its annex and the libraries that quote it print them.
"""

from typing import Final

KEY: Final = bytes.fromhex("0123456789ABCDEF")
KEY_PAIR: Final = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
PLAINTEXT: Final = bytes.fromhex("4E6F772069732074")
CIPHERTEXT: Final = bytes.fromhex("3FA40E8A984D4815")
WHOLE_BLOCKS: Final = b"Now is the time for all "
PART_BLOCK: Final = b"Now is the time for it"

# (key, text, padding method) -> MAC of 8 bytes
MACS: Final = {
    (KEY, WHOLE_BLOCKS, 1): bytes.fromhex("70A30640CC76DD8B"),
    (KEY, WHOLE_BLOCKS, 2): bytes.fromhex("10E1F0F108341B6D"),
    (KEY_PAIR, WHOLE_BLOCKS, 1): bytes.fromhex("A1C72E74EA3FA9B6"),
    (KEY_PAIR, WHOLE_BLOCKS, 2): bytes.fromhex("E9086230CA3BE796"),
    (KEY, PART_BLOCK, 1): bytes.fromhex("E45B3AD2B7CC0856"),
    (KEY, PART_BLOCK, 2): bytes.fromhex("A924C72136149211"),
    (KEY_PAIR, PART_BLOCK, 1): bytes.fromhex("2E2B1428CC78254F"),
    (KEY_PAIR, PART_BLOCK, 2): bytes.fromhex("5A692CE64F404145"),
}
