"""Status words: what a card means by its last two bytes (ISO 7816-4 and the purse's own 93xx and 94xx)."""

from enum import IntEnum
from typing import Final

from hardware.errors import CardRefused


class StatusWord(IntEnum):
    """The status words that our cards answer with."""

    OK = 0x9000
    DATA_CORRUPT = 0x6281
    END_OF_FILE = 0x6282
    FILE_INVALID = 0x6283
    AUTHENTICATION_FAILED = 0x6300
    EXECUTION_ERROR = 0x6400
    MEMORY_FAILURE = 0x6581
    WRONG_LENGTH = 0x6700
    SECURE_MESSAGING_UNSUPPORTED = 0x6882
    NOT_ACCEPTED = 0x6901
    FILE_TYPE_MISMATCH = 0x6981
    SECURITY_STATUS = 0x6982
    BLOCKED = 0x6983
    REFERENCE_DATA_INVALID = 0x6984
    CONDITIONS_OF_USE = 0x6985
    NO_CURRENT_FILE = 0x6986
    MAC_MISSING = 0x6987
    MAC_WRONG = 0x6988
    WRONG_DATA = 0x6A80
    NOT_SUPPORTED = 0x6A81
    FILE_NOT_FOUND = 0x6A82
    RECORD_NOT_FOUND = 0x6A83
    NO_SPACE = 0x6A84
    WRONG_P1P2 = 0x6A86
    KEY_NOT_FOUND = 0x6A88
    FILE_EXISTS = 0x6A89
    WRONG_OFFSET = 0x6B00
    UNKNOWN_INS = 0x6D00
    UNKNOWN_CLA = 0x6E00
    UNKNOWN_ERROR = 0x6F00
    INSUFFICIENT = 0x9301
    MAC_INVALID = 0x9302
    PERMANENTLY_LOCKED = 0x9303
    INSUFFICIENT_BALANCE = 0x9401
    COUNTER_AT_MAXIMUM = 0x9402
    KEY_INDEX_UNSUPPORTED = 0x9403
    PROOF_NOT_AVAILABLE = 0x9406


_MEANINGS: Final[dict[int, str]] = {
    StatusWord.OK: "done",
    StatusWord.DATA_CORRUPT: "part of the data may be corrupt",
    StatusWord.END_OF_FILE: "end of file before Le bytes",
    StatusWord.FILE_INVALID: "file or application temporarily blocked",
    StatusWord.AUTHENTICATION_FAILED: "authentication failed",
    StatusWord.EXECUTION_ERROR: "execution error, nothing changed",
    StatusWord.MEMORY_FAILURE: "memory failure",
    StatusWord.WRONG_LENGTH: "wrong length",
    StatusWord.SECURE_MESSAGING_UNSUPPORTED: "secure messaging not supported",
    StatusWord.NOT_ACCEPTED: "command not accepted in this state",
    StatusWord.FILE_TYPE_MISMATCH: "wrong kind of file",
    StatusWord.SECURITY_STATUS: "security status not satisfied",
    StatusWord.BLOCKED: "key or PIN blocked",
    StatusWord.REFERENCE_DATA_INVALID: "no challenge was asked for",
    StatusWord.CONDITIONS_OF_USE: "conditions of use not satisfied",
    StatusWord.NO_CURRENT_FILE: "no current file",
    StatusWord.MAC_MISSING: "command MAC missing",
    StatusWord.MAC_WRONG: "command MAC wrong",
    StatusWord.WRONG_DATA: "wrong data",
    StatusWord.NOT_SUPPORTED: "function not supported, or application or card locked",
    StatusWord.FILE_NOT_FOUND: "file not found",
    StatusWord.RECORD_NOT_FOUND: "record not found",
    StatusWord.NO_SPACE: "no space left",
    StatusWord.WRONG_P1P2: "wrong P1 or P2",
    StatusWord.KEY_NOT_FOUND: "key not found",
    StatusWord.FILE_EXISTS: "file exists already",
    StatusWord.WRONG_OFFSET: "offset outside the file",
    StatusWord.UNKNOWN_INS: "instruction unknown",
    StatusWord.UNKNOWN_CLA: "class unknown",
    StatusWord.UNKNOWN_ERROR: "unknown error",
    StatusWord.INSUFFICIENT: "amount insufficient",
    StatusWord.MAC_INVALID: "MAC invalid",
    StatusWord.PERMANENTLY_LOCKED: "application permanently locked",
    StatusWord.INSUFFICIENT_BALANCE: "balance insufficient",
    StatusWord.COUNTER_AT_MAXIMUM: "transaction counter at its maximum",
    StatusWord.KEY_INDEX_UNSUPPORTED: "key index not supported",
    StatusWord.PROOF_NOT_AVAILABLE: "the requested MAC or TAC is not available",
}


def describe(sw: int) -> str:
    """Say in words what a status word means; an unknown one is named as such."""
    if sw in _MEANINGS:
        return _MEANINGS[sw]
    if sw >> 8 == 0x61:  # noqa: PLR2004 - ISO 7816-4
        return f"{sw & 0xFF or 256} bytes are waiting"
    if sw >> 8 == 0x6C:  # noqa: PLR2004 - ISO 7816-4
        return f"wrong Le, must be {sw & 0xFF or 256}"
    tries = tries_left(sw)
    if tries is not None:
        return f"verification failed, {tries} tries left"
    return "unknown status word"


def tries_left(sw: int) -> int | None:
    """Number of tries in a 63Cx, None for every other status word."""
    return sw & 0x0F if sw >> 4 == 0x63C else None  # noqa: PLR2004 - ISO 7816-4


def refusal(ins: int, sw: int) -> CardRefused:
    """The error for a refused instruction, with the meaning of its status word."""
    return CardRefused(ins, sw, describe(sw))
