"""Numbers of people, companies and cards with their check digits.

Sources: the citizen numbers are the two samples printed in GB 11643; the company code is the sample of GB 32100; the
social-security card number is CONSTRUCTED from the published rule (weights 3 7 9 10 5 8 4 2, modulo 11), own regression value;
the application serial is an own regression value with the check digit 4.
"""

from typing import Final

CITIZEN_NUMBERS: Final = ("11010519491231002X", "440524188001010014")
COMPANY_CODE: Final = "91350100M000100Y43"
SOCIAL_CARD_NUMBER: Final = "A12345674"
SERIAL_CITY: Final = "3302"
SERIAL_NUMBER: Final = "00000000000"
SERIAL: Final = bytes.fromhex("03103302000000000004")
