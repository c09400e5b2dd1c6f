"""Sentences about the lines of a utility bill, Chinese and English."""

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "units": ("{units} {unit}，每 {unit} {price}：{amount}", "{units} {unit} at {price} each: {amount}"),
    "tier": (
        "第 {tier} 档 {units} {unit}，每 {unit} {price}：{amount}",
        "tier {tier}, {units} {unit} at {price} each: {amount}",
    ),
    "register": (
        "{register} {units} {unit}，每 {unit} {price}：{amount}",
        "{register}, {units} {unit} at {price} each: {amount}",
    ),
    "tier_surcharge": (
        "第 {tier} 档 {units} {unit}，每 {unit} 加价 {price}：{amount}",
        "tier {tier}, {units} {unit} at {price} more each: {amount}",
    ),
    "no_units": ("未使用", "nothing was used"),
    "free_units": ("免费额度“{allowance}”减{amount}", "free units, {allowance}: {amount} less"),
    "base_fee": ("{fee}：{amount}", "{fee}: {amount}"),
    "base_fee_months": ("{fee}，{months} 个月：{amount}", "{fee} for {months:# month|# months}: {amount}"),
    "add_on": (
        "{add_on} {units} {unit}，每 {unit} {price}：{amount}",
        "{add_on}, {units} {unit} at {price} each: {amount}",
    ),
    "bill_tax": ("{tax}（{percent}%）：{amount}", "{tax}, {percent}%: {amount}"),
    "bill_minimum": (
        "不足{minimum_minor}按{minimum_minor}收取，补{amount}",
        "at least {minimum_minor} is charged: {amount} more",
    ),
    "rounded_up": ("按规定进位加{amount}", "rounded up by {amount}"),
    "rounded_down": ("按规定舍去{amount}", "rounded down by {amount}"),
}
