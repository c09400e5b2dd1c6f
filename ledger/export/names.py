"""Account codes as the names that hledger and Beancount accept, and back: no two codes share a name, whatever characters are in them.

Both programs want the type in front, and read `:` as a level. hledger takes every character of a code; only an empty level needs a sign
(`~`, which no code holds). Beancount takes letters, digits and hyphens, a level begins with a capital or a digit, and an assertion about an
account includes the accounts below it. Hence, level by level:

    a small letter in front becomes a capital        purse → Purse
    `_`, `.` and `-` become `-u`, `-d` and `--`       card_7 → Card-u7
    another beginning, or none, stands after `X-c`    Foo → X-cFoo, (empty) → X-c
    every level but the last ends with `-`            psp:stripe → Psp-:Stripe

so that `Psp-:Stripe` is not above `Psp-:Stripe-:Payout`, and one cannot be asserted with the money of the other.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from ledger.models import AccountType

HLEDGER_OPENING: Final = "equity:opening balances"
"""The other side of balances that a period begins with; a code holds no space, so it is nobody's name."""
BEANCOUNT_OPENING: Final = "Equity:Opening-Balances"
"""The same for Beancount; `-B` is no escape, so it is nobody's name."""

_ROOTS: Final[Mapping[AccountType, str]] = MappingProxyType(
    {
        AccountType.ASSET: "assets",
        AccountType.LIABILITY: "liabilities",
        AccountType.INCOME: "income",
        AccountType.EXPENSE: "expenses",
        AccountType.EQUITY: "equity",
    }
)
_TYPES: Final = {root: kind for kind, root in _ROOTS.items()}
_EMPTY: Final = "~"
_ESCAPES: Final = {"_": "-u", ".": "-d", "-": "--"}
_ESCAPED: Final = {escape: character for character, escape in _ESCAPES.items()}
_OTHER_BEGINNING: Final = "X-c"
_CODE: Final = re.compile(r"[A-Za-z0-9_.:-]+")
_ESCAPE: Final = re.compile(r"-[ud-]")


def hledger_name(kind: AccountType, code: str) -> str:
    """The account in hledger: the type, then the code as it is."""
    return f"{_ROOTS[kind]}:{':'.join(level or _EMPTY for level in code.split(':'))}"


def from_hledger(name: str) -> tuple[AccountType, str] | None:
    """Type and code of an account that `hledger_name` named; None if it did not name this one."""
    root, _, rest = name.partition(":")
    code = ":".join("" if level == _EMPTY else level for level in rest.split(":"))
    kind = _TYPES.get(root)
    if kind is None or not _CODE.fullmatch(code) or hledger_name(kind, code) != name:
        return None
    return kind, code


def beancount_name(kind: AccountType, code: str) -> str:
    """The account in Beancount."""
    *above, last = (_encoded(level) for level in code.split(":"))
    return ":".join((_ROOTS[kind].capitalize(), *(f"{level}-" for level in above), last))


def from_beancount(name: str) -> tuple[AccountType, str] | None:
    """Type and code of an account that `beancount_name` named; None if it did not name this one."""
    root, *levels = name.split(":")
    kind = _TYPES.get(root.lower())
    if kind is None or not levels:
        return None
    code = ":".join(_decoded(level) for level in (*(level.removesuffix("-") for level in levels[:-1]), levels[-1]))
    if not _CODE.fullmatch(code) or beancount_name(kind, code) != name:
        return None
    return kind, code


def _encoded(level: str) -> str:
    plain = "".join(_ESCAPES.get(character, character) for character in level)
    if level[:1].isdecimal():
        return plain
    return plain[0].upper() + plain[1:] if level[:1].islower() else _OTHER_BEGINNING + plain


def _decoded(level: str) -> str:
    plain = level.removeprefix(_OTHER_BEGINNING)
    if plain == level:
        plain = level[:1].lower() + level[1:]
    return _ESCAPE.sub(lambda found: _ESCAPED[found.group()], plain)
