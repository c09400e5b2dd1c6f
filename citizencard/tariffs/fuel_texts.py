"""Sentences about the lines of a fuel quote, Chinese and English."""

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "litres": ("{product}：{litres}升 {amount}", "{litres} l of {product}: {amount}"),
    "discount": ("优惠“{discount}”减{amount}", "discount {discount} takes off {amount}"),
    "rounded_up": ("按规定进位加{amount}", "rounded up by {amount}"),
    "rounded_down": ("按规定舍去{amount}", "rounded down by {amount}"),
}
