"""Status words: what a card means by its last two bytes (ISO 7816-4 and the purse's own 93xx and 94xx), and what a terminal does.

A refusal is a `CardRefused` with the status word in it; `explain` of that word says in two languages what it means and, as an
`Action`, what the terminal does now, so that a program decides by the action and not by a list of numbers of its own.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum
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


class Action(StrEnum):
    """What a terminal does after a status word."""

    PROCEED = "proceed"
    """Nothing is wrong: a record that was never written, a file that is there already, are answers too."""
    FETCH = "fetch"
    """GET RESPONSE for the waiting bytes."""
    REPEAT_WITH_LE = "repeat_with_le"
    """The same command with the Le that the card names."""
    USE_WITH_CARE = "use_with_care"
    """Data came, but fewer or less sure than asked for: show it, decide nothing by it."""
    RETRY = "retry"
    """Once more from SELECT; after that another terminal."""
    BEGIN_AGAIN = "begin_again"
    """The step before is missing (INITIALIZE, GET CHALLENGE): begin the transaction anew; the balance is untouched."""
    SELECT = "select"
    """Another application or file: try the next name that is known."""
    AUTHENTICATE = "authenticate"
    """PIN or key first."""
    ASK_AGAIN = "ask_again"
    """The PIN was wrong: ask the holder again and say how many tries are left."""
    UNBLOCK = "unblock"
    """The issuer can help at a counter: PIN or application unblock."""
    TOP_UP = "top_up"
    """Refuse the ride or the sale; the holder loads money first."""
    OTHER_KEY = "other_key"
    """Another key index or version, if the terminal has one; otherwise the card is not accepted here."""
    ASK_HOST = "ask_host"
    """The card has no proof of this transaction: it was never done, or a later one replaced it; the host's record decides."""
    TAKE_BACK = "take_back"
    """The card is at its end: the issuer replaces it."""
    STOP = "stop"
    """A fault of the terminal, its keys or the card's making: log it, accept nothing, do not repeat."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A status word for people and for programs: its name, two languages, and what a terminal does."""

    name: str
    english: str
    chinese: str
    action: Action


_TABLE: Final[dict[int, Explanation]] = {
    StatusWord[name]: Explanation(name, english, chinese, action)
    for name, english, chinese, action in (
        ("OK", "done", "完成", Action.PROCEED),
        ("DATA_CORRUPT", "part of the data may be corrupt", "部分数据可能损坏", Action.USE_WITH_CARE),
        ("END_OF_FILE", "end of file before Le bytes", "读到文件末尾，数据不足", Action.USE_WITH_CARE),
        ("FILE_INVALID", "file or application temporarily blocked", "文件或应用已暂时锁定", Action.UNBLOCK),
        ("AUTHENTICATION_FAILED", "authentication failed", "认证失败", Action.STOP),
        ("EXECUTION_ERROR", "execution error, nothing changed", "执行错误，卡内数据未变", Action.RETRY),
        ("MEMORY_FAILURE", "memory failure", "存储器故障", Action.TAKE_BACK),
        ("WRONG_LENGTH", "wrong length", "长度错误", Action.STOP),
        ("SECURE_MESSAGING_UNSUPPORTED", "secure messaging not supported", "不支持安全报文", Action.STOP),
        ("NOT_ACCEPTED", "command not accepted in this state", "当前状态不接受该命令", Action.BEGIN_AGAIN),
        ("FILE_TYPE_MISMATCH", "wrong kind of file", "文件类型不匹配", Action.STOP),
        ("SECURITY_STATUS", "security status not satisfied", "安全状态不满足", Action.AUTHENTICATE),
        ("BLOCKED", "key or PIN blocked", "密钥或密码已锁定", Action.UNBLOCK),
        ("REFERENCE_DATA_INVALID", "no challenge was asked for", "未取随机数或引用数据无效", Action.BEGIN_AGAIN),
        ("CONDITIONS_OF_USE", "conditions of use not satisfied", "使用条件不满足", Action.BEGIN_AGAIN),
        ("NO_CURRENT_FILE", "no current file", "没有当前文件", Action.SELECT),
        ("MAC_MISSING", "command MAC missing", "缺少安全报文", Action.STOP),
        ("MAC_WRONG", "command MAC wrong", "安全报文不正确", Action.STOP),
        ("WRONG_DATA", "wrong data", "数据错误", Action.STOP),
        (
            "NOT_SUPPORTED",
            "function not supported, or application or card locked",
            "功能不支持，或应用、卡片已锁定",
            Action.TAKE_BACK,
        ),
        ("FILE_NOT_FOUND", "file not found", "未找到文件", Action.SELECT),
        ("RECORD_NOT_FOUND", "record not found", "未找到记录", Action.PROCEED),
        ("NO_SPACE", "no space left", "空间不足", Action.STOP),
        ("WRONG_P1P2", "wrong P1 or P2", "参数 P1 或 P2 错误", Action.STOP),
        ("KEY_NOT_FOUND", "key not found", "未找到密钥", Action.STOP),
        ("FILE_EXISTS", "file exists already", "文件已存在", Action.PROCEED),
        ("WRONG_OFFSET", "offset outside the file", "偏移超出文件", Action.STOP),
        ("UNKNOWN_INS", "instruction unknown", "指令不支持", Action.STOP),
        ("UNKNOWN_CLA", "class unknown", "指令类别不支持", Action.STOP),
        ("UNKNOWN_ERROR", "unknown error", "未知错误", Action.RETRY),
        ("INSUFFICIENT", "amount insufficient", "金额不足", Action.TOP_UP),
        ("MAC_INVALID", "MAC invalid", "MAC 无效", Action.STOP),
        ("PERMANENTLY_LOCKED", "application permanently locked", "应用已永久锁定", Action.TAKE_BACK),
        ("INSUFFICIENT_BALANCE", "balance insufficient", "余额不足", Action.TOP_UP),
        ("COUNTER_AT_MAXIMUM", "transaction counter at its maximum", "交易计数器已达最大值", Action.TAKE_BACK),
        ("KEY_INDEX_UNSUPPORTED", "key index not supported", "密钥索引不支持", Action.OTHER_KEY),
        ("PROOF_NOT_AVAILABLE", "the requested MAC or TAC is not available", "所需 MAC 或 TAC 不可用", Action.ASK_HOST),
    )
}
_UNKNOWN: Final = Explanation("UNKNOWN", "unknown status word", "未知状态字", Action.STOP)


def explain(sw: int) -> Explanation:
    """What a status word means and what a terminal does; those with a number in them say the number, an unknown one says so."""
    if sw in _TABLE:
        return _TABLE[sw]
    count = sw & 0xFF or 256
    if sw >> 8 == 0x61:  # noqa: PLR2004 - ISO 7816-4
        return Explanation("MORE_DATA", f"{count} bytes are waiting", f"还有 {count} 字节待取", Action.FETCH)
    if sw >> 8 == 0x6C:  # noqa: PLR2004 - ISO 7816-4
        return Explanation("WRONG_LE", f"wrong Le, must be {count}", f"Le 错误，应为 {count}", Action.REPEAT_WITH_LE)
    tries = tries_left(sw)
    if tries is not None:
        english, chinese = f"verification failed, {tries} tries left", f"校验失败，还可试 {tries} 次"
        return Explanation("TRIES_LEFT", english, chinese, Action.ASK_AGAIN if tries else Action.UNBLOCK)
    return _UNKNOWN


def describe(sw: int) -> str:
    """Say in words what a status word means; an unknown one is named as such."""
    return explain(sw).english


def tries_left(sw: int) -> int | None:
    """Number of tries in a 63Cx, None for every other status word."""
    return sw & 0x0F if sw >> 4 == 0x63C else None  # noqa: PLR2004 - ISO 7816-4


def refusal(ins: int, sw: int) -> CardRefused:
    """The error for a refused instruction, with the meaning of its status word."""
    return CardRefused(ins, sw, describe(sw))
