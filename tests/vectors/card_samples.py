"""Bytes read from cards in the field, as public readers document them.

Sources: the T-Union FCI, log record and trip record are samples of the public readers NFSee and TUM; the social-security
card id record is from a public card printer's log.
"""

from typing import Final

TUNION_FCI: Final = bytes.fromhex(
    "6F31 8408A000000632010105 A525 9F080102 9F0C1E 01011000FFFFFFFF 02 01 03105170010170907984 20190806 20401231 0000"
)
TUNION_PRINTED_NUMBER: Final = "3105170010170907984"
TUNION_LOG_RECORD: Final = bytes.fromhex("042D 000000 000001F4 09 300089000340 20241229 141740")
TUNION_TRIP_RECORD: Final = bytes.fromhex(
    "04 0000300089000340 01 08001900300000 000001F4 00000E01 20241229141740 1000 01011000FFFFFFFF 000000000000"
)
TUNION_EF17_START: Final = bytes.fromhex("00000156 5800 5840 0001 01")
SOCIAL_CARD_ID_RECORD: Final = bytes.fromhex("0110 330300D15600000599110145FFFFFFFF")
SOCIAL_VERSION_RECORD: Final = bytes.fromhex("0304 332E3030")
PSAM_EF15: Final = bytes.fromhex("2301010100000021 2241 01 01 0101")
