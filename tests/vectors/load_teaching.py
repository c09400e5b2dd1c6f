"""Load session key, MAC1 and MAC2 of a published teaching example.

Source: a worked example of an electronic-passbook load published on CSDN and cnblogs in several mirrors.
It uses transaction type 01; the functions are those of the electronic purse.
"""

from typing import Final

DLK: Final = bytes.fromhex("11223344556677888877665544332211")
INITIALIZE_COMMAND: Final = bytes.fromhex("805000010B0100001000001122334455")
INITIALIZE_ANSWER: Final = bytes.fromhex("00000000 0000 02 00 11223344 2988AE5A")
TTI: Final = 0x01
AMOUNT_FEN: Final = 0x1000
TERMINAL: Final = bytes.fromhex("001122334455")
DATE: Final = bytes.fromhex("20111221")
TIME: Final = bytes.fromhex("214822")
SESSION_KEY: Final = bytes.fromhex("9B1D924E05595603")
MAC1: Final = bytes.fromhex("2988AE5A")
MAC2: Final = bytes.fromhex("3A845BF0")
