"""Sentences about the lines of a taxi quote, Chinese and English."""

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "flag": ("起步价（含{km}公里）{amount}", "flag price, {km} km included: {amount}"),
    "km": ("超出起步里程{km}公里：{amount}", "{km} km beyond those of the flag price: {amount}"),
    "empty_return": (
        "单程返空费，{km}公里加收{percent}%：{amount}",
        "empty return, {percent}% more on {km} km one way: {amount}",
    ),
    "waiting": (
        "等候{seconds}秒，按每{each_seconds}秒计{pieces}次：{amount}",
        "waited {seconds} s, charged as {pieces:# time|# times} {each_seconds} s: {amount}",
    ),
    "night_flag": ("夜间起步价加收{amount}", "night surcharge on the flag price: {amount}"),
    "night_km": ("夜间里程价加收{percent}%：{amount}", "night surcharge of {percent}% on the kilometres: {amount}"),
    "fuel_surcharge": ("燃油附加费{amount}", "fuel surcharge: {amount}"),
    "fuel_included": ("起步价已含燃油附加费{price_minor}", "the flag price includes a fuel surcharge of {price_minor}"),
    "rounded_up": ("按规定进位加{amount}", "rounded up by {amount}"),
    "rounded_down": ("按规定舍去{amount}", "rounded down by {amount}"),
}
