"""Sentences about the lines of a parking quote, Chinese and English."""

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "free": ("免费停车{minutes}分钟", "{minutes} min are free"),
    "under_permit": ("停车证有效时段{minutes}分钟，不收费", "{minutes} min are covered by the permit"),
    "uncharged": ("非收费时段{minutes}分钟", "{minutes} min are not charged at that time"),
    "free_period": (
        "免费计费周期{periods}个，共{minutes}分钟",
        "{periods:# free period|# free periods}, {minutes} min",
    ),
    "first": (
        "{beyond:|每天}前{up_to_minutes}分钟内停{minutes}分钟，每{each_minutes}分钟{price_minor}，计{steps}次：{amount}",
        "first {up_to_minutes} min{beyond:| of each day}: {minutes} min, {steps} × {price_minor} for each {each_minutes} min: {amount}",
    ),
    "steps": (
        "停车{minutes}分钟，每{each_minutes}分钟{price_minor}，计{steps}次：{amount}",
        "{minutes} min, {steps} × {price_minor} for each {each_minutes} min: {amount}",
    ),
    "by_minute": (
        "停车{minutes}分钟，按每{each_minutes}分钟{price_minor}折算：{amount}",
        "{minutes} min to the minute at {price_minor} for {each_minutes} min: {amount}",
    ),
    "visit": ("按次收费{amount}（{minutes}分钟）", "price for the visit ({minutes} min): {amount}"),
    "period": (
        "按周期收费{periods}×{price_minor}（{minutes}分钟）：{amount}",
        "{periods} × {price_minor} for the period ({minutes} min): {amount}",
    ),
    "long_stay": (
        "超过{after_minutes}分钟，按长停价{periods}×{price_minor}：{amount}",
        "more than {after_minutes} min: {periods} × {price_minor} for a long stay: {amount}",
    ),
    "over_cap": (
        "{periods:周期|# 天每天}封顶{most_minor}，减{amount}",
        "no more than {most_minor} a period{periods:|, on # days}, which takes off {amount}",
    ),
    "discount": ("优惠“{discount}”减{amount}", "discount {discount} takes off {amount}"),
    "permit": ("{permit}：{amount}", "{permit}: {amount}"),
    "rounded_up": ("按规定进位加{amount}", "rounded up by {amount}"),
    "rounded_down": ("按规定舍去{amount}", "rounded down by {amount}"),
}
