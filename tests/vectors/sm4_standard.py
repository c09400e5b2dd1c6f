"""The worked examples of SM4.

Source: GB/T 32907-2016, annex A: one encryption of a block under itself as key, and a million encryptions one after the other.
"""

from typing import Final

KEY: Final = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
PLAINTEXT: Final = KEY
CIPHERTEXT: Final = bytes.fromhex("681EDF34D206965E86B3E94F536E4246")
MILLIONTH: Final = bytes.fromhex("595298C7C6FD271F0402F804C33D3F66")
