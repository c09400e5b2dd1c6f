"""Keys of a new card and the WRITE KEY commands that carry them.

Source: OWN REGRESSION SET, not published anywhere. The card number factor is a factor only: as a card number its
check digit would be 4.
"""

from typing import Final

BATCH_MASTER: Final = bytes(range(0xA0, 0xB0))
CARD_CONTROL_MASTER: Final = bytes(range(0xB0, 0xC0))
APPLICATION_CONTROL_MASTER: Final = bytes(range(0xC0, 0xD0))
LOAD_MASTER: Final = bytes(range(0x50, 0x60))
CHIP_SERIAL: Final = bytes.fromhex("0000000011223344")
CITY_FACTOR: Final = bytes.fromhex("3302FF0000000000")
CARD_FACTOR: Final = bytes.fromhex("3302000000000001")

KT: Final = bytes.fromhex("A4064BD0707F6529BE53B37853C3BD19")
AUTHENTICATION_CHALLENGE: Final = bytes.fromhex("1122334455667788")
AUTHENTICATION_ANSWER: Final = bytes.fromhex("E7091996FC0C2DE6")
CMK: Final = bytes.fromhex("CDCF4C3817FA5E9A05C0E8E64F29A1CE")
AMK: Final = bytes.fromhex("23DA181C4AAB144BA88BC8C3E43EC0C1")
DLK: Final = bytes.fromhex("51B303AD7C44EF348ADFDF6D4B11D160")

CHALLENGE: Final = bytes.fromhex("11223344")
CMK_RECORD_HEADER: Final = bytes.fromhex("39F0F0AA33")
WRITE_CMK: Final = bytes.fromhex("84D439001CB3866A81742BE1068176555FC2ECBCD88F538D5E2C7F6E7D17DA8FE9")
DLK_RECORD_HEADER: Final = bytes.fromhex("3FF0020100")
WRITE_DLK: Final = bytes.fromhex("84D401011C3327686DE0300C1732D68AC53FCEDA5402CCAA2A64532B4DE84039AE")
