"""Sentences about the lines of a late fee, Chinese and English."""

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "not_late": ("未逾期，不收违约金", "nothing is overdue"),
    "late_days": (
        "{of_minor}逾期{days}天（{first}至{last}），每天{percent}%：{amount}",
        "{of_minor} overdue for {days:# day|# days} ({first} to {last}) at {percent}% a day: {amount}",
    ),
    "late_past_year": (
        "跨年欠费{of_minor}逾期{days}天（{first}至{last}），每天{percent}%：{amount}",
        "{of_minor} of a past year overdue for {days:# day|# days} ({first} to {last}) at {percent}% a day: {amount}",
    ),
    "late_once": (
        "{day}仍欠费{of_minor}，加收{percent}%：{amount}",
        "{of_minor} still open on {day}, {percent}% more: {amount}",
    ),
    "late_minimum": (
        "不足{minimum_minor}按{minimum_minor}收取，补{amount}",
        "at least {minimum_minor} is charged: {amount} more",
    ),
    "late_most": ("最多为账单的{percent}%，减{amount}", "at most {percent}% of the bill: {amount} less"),
    "rounded_up": ("按规定进位加{amount}", "rounded up by {amount}"),
    "rounded_down": ("按规定舍去{amount}", "rounded down by {amount}"),
}
