"""The sentences about the pieces of a ride's price, in Chinese and English.

A key is the kind of a line, or the kind and its fact `by` with a point between; the longer one is used where there is one. `{amount}` is
what the line adds or takes off, without its sign; facts that end in `_minor` are shown as money. A line number may be that of a bus, a
metro or a bicycle, so Chinese says 线路.
"""

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, tuple[str, str]]] = {
    "base": ("线路 {line} 全价 {amount}", "full fare of line {line}: {amount}"),
    "base.sections": (
        "线路 {line} 全价 {amount}（{from_stop} 站至 {to_stop} 站，{sections} 段）",
        "full fare of line {line}: {amount} (stop {from_stop} to stop {to_stop}, sections: {sections})",
    ),
    "base.between": (
        "线路 {line} 全价 {amount}（{from_stop} 站至 {to_stop} 站）",
        "full fare of line {line}: {amount} (stop {from_stop} to stop {to_stop})",
    ),
    "base.distance": (
        "线路 {line} 全价 {amount}（里程 {km} 公里）",
        "full fare of line {line}: {amount} ({km} km)",
    ),
    "base.time": (
        "线路 {line} 全价 {amount}（在站 {minutes} 分钟）",
        "full fare of line {line}: {amount} ({minutes} min in the system)",
    ),
    "base.no_exit": (
        "线路 {line} 无完整进出站记录，按最高票价 {amount}",
        "line {line} without its entry or exit: top fare {amount}",
    ),
    "base.overtime": (
        "线路 {line} 超过限时，按最高票价 {amount}",
        "line {line}, longer in the system than allowed: top fare {amount}",
    ),
    "base.claimed": (
        "线路 {line} 全价 {amount}（据终端记录）",
        "full fare of line {line}: {amount} (as the terminal recorded it)",
    ),
    "concession.pays": (
        "{class}按 {pays} 计，优惠 {amount}",
        "class {class} pays {pays}: {amount} off",
    ),
    "concession.less": (
        "{class}每次减 {less_minor}，优惠 {amount}",
        "class {class} pays {less_minor} less: {amount} off",
    ),
    "concession.costs": (
        "{class}每次 {costs_minor}，优惠 {amount}",
        "class {class} pays {costs_minor} a ride: {amount} off",
    ),
    "transfer": (
        "乘线路 {from_line} 后 {minutes} 分钟换乘（限 {window_minutes} 分钟内），优惠 {amount}",
        "transfer {minutes} min after line {from_line} (within {window_minutes} min): {amount} off",
    ),
    "companions": (
        "同行 {others} 人，每人 {each_minor}，共 {amount}",
        "companions: {others}, each {each_minor}: {amount}",
    ),
    "band": (
        "本期累计 {so_far_minor}，按 {pays} 计，优惠 {amount}",
        "{so_far_minor} so far in the period, so {pays} is paid: {amount} off",
    ),
    "pass": ("乘车票 {name}，抵扣 {amount}", "pass {name}: {amount} off"),
    "pass.rides": (
        "乘车票 {name}，抵扣 {amount}，余 {rides_left} 次",
        "pass {name}: {amount} off, rides left: {rides_left}",
    ),
    "pass_sale": ("购买乘车票 {name}，{amount}", "pass {name}: {amount}"),
    "ride_count": (
        "本期已乘 {rides} 次（满 {after} 次），按 {pays} 计，优惠 {amount}",
        "{rides:# ride|# rides} so far in the period ({after} are needed), so {pays} is paid: {amount} off",
    ),
    "lifetime": (
        "已有 {years} 年达到次数（满 {after} 年），终身按 {pays} 计，优惠 {amount}",
        "{years:# year|# years} with enough rides ({after} are needed), so {pays} is paid for life: {amount} off",
    ),
    "cap.day": (
        "每日封顶 {most_minor}，当日已付 {paid_minor}，优惠 {amount}",
        "capped at {most_minor} a day, {paid_minor} paid so far: {amount} off",
    ),
    "cap.week": (
        "每周封顶 {most_minor}，本周已付 {paid_minor}，优惠 {amount}",
        "capped at {most_minor} a week, {paid_minor} paid so far: {amount} off",
    ),
    "cap.month": (
        "每月封顶 {most_minor}，本月已付 {paid_minor}，优惠 {amount}",
        "capped at {most_minor} a month, {paid_minor} paid so far: {amount} off",
    ),
    "cap.year": (
        "每年封顶 {most_minor}，本年已付 {paid_minor}，优惠 {amount}",
        "capped at {most_minor} a year, {paid_minor} paid so far: {amount} off",
    ),
}
