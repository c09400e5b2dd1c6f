"""Amounts as a tariff writes them: decimal text in the main unit of a currency, reckoned exactly, settled in whole minor units."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

ONE: Final = Fraction(1)
_NO_MINOR_UNIT: Final = frozenset(
    {"BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "VUV", "XAF", "XOF", "XPF"}
)
_THOUSANDTHS: Final = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


def minor_digits(currency: str) -> int:
    """Decimals of a currency's minor unit (ISO 4217): 2 for CNY, 0 for KRW, 3 for KWD."""
    return 0 if currency in _NO_MINOR_UNIT else 3 if currency in _THOUSANDTHS else 2


@dataclass(frozen=True, slots=True)
class Money:
    """How texts of one document become numbers.

    Args:
        currency: ISO 4217 code.
        digits: decimals of its minor unit.
    """

    currency: str
    digits: int

    def fits(self, text: str) -> bool:
        """Whether an amount of the schema's form is a whole number of minor units."""
        return self.rate(text).denominator == 1

    def amount(self, text: str) -> int:
        """An amount that somebody pays, in minor units: "2.00" → 200 for CNY.

        Raises:
            ValueError: it is no whole number of minor units; `check` has named such a one.
        """
        exact = self.rate(text)
        if exact.denominator != 1:
            raise ValueError(text)
        return exact.numerator

    def text(self, minor: int) -> str:
        """An amount as a document writes it: 200 → "2.00" for CNY, 1000 → "1000" for KRW; below zero with a minus sign."""
        whole, rest = divmod(abs(minor), 10**self.digits)
        decimals = f".{rest:0{self.digits}}" if self.digits else ""
        return f"{'-' if minor < 0 else ''}{whole}{decimals}"

    def rate(self, text: str) -> Fraction:
        """A price for one unit, exact, in minor units: "0.5283" → 5283/100 for CNY."""
        minor_units: int = 10**self.digits
        return Fraction(text) * minor_units


def share(text: str) -> Fraction:
    """A share or factor: "0.95" → 19/20, "2/3" → 2/3."""
    return Fraction(text)


@dataclass(frozen=True, slots=True)
class Rounding:
    """How an exact amount is settled.

    Args:
        to: step in minor units, 1 or more.
        how: `half_up`, `half_even`, `up` or `down`.
    """

    to: int = 1
    how: str = "half_up"

    def settle(self, exact: Fraction) -> int:
        """The multiple of the step that an amount (0 or more, in minor units) is settled as."""
        numerator, denominator = exact.numerator, exact.denominator * self.to
        steps, rest = divmod(numerator, denominator)
        if rest and self._goes_up(steps, 2 * rest - denominator):
            steps += 1
        return steps * self.to

    def _goes_up(self, steps: int, beyond_half: int) -> bool:
        """Whether a begun step counts; `beyond_half` is below, at or above 0 as the rest is below, at or above one half."""
        if self.how == "half_even":
            return beyond_half > 0 or (beyond_half == 0 and steps % 2 == 1)
        return self.how == "up" or (self.how == "half_up" and beyond_half >= 0)


def read_rounding(entry: dict[str, str] | None, money: Money) -> Rounding:
    """Read a rounding without mistakes; None: to the minor unit, halves upwards."""
    return Rounding() if entry is None else Rounding(money.amount(entry["to"]), entry["how"])
