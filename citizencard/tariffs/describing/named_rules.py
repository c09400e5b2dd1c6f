"""The parts `parking`, `taxi`, `fuel`, `utilities` and `late_fees` for people: rules as sentences, tiers as tables."""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import Any, Final

from citizencard.tariffs.describing.phrases import Entry, Speaker
from citizencard.tariffs.describing.sections import Section, Statement, Table
from citizencard.tariffs.settling import number

_PERIODS: Final = {
    "stay": ("整次停车", "for the whole stay"),
    "24_hours": ("每 24 小时", "in 24 hours from the entry"),
    "calendar_day": ("每个自然日", "a calendar day"),
}
_PARTS_OF_STEP: Final = {
    "counts": ("不足一个计费单位按一个计", "a part of a step counts as a whole"),
    "free": ("不足一个计费单位不计", "a part of a step is free"),
    "by_minute": ("按分钟折算", "to the minute"),
}


def describe_rule(part: str, name: str, rule: Entry, speaker: Speaker) -> Section:
    """A rule of one of these parts: its title, its tables, and a statement for each thing it says."""
    texts, tables = _PARTS[part](rule, speaker)
    place = f"{part}.{name}"
    said = [Statement(f"{place}.{field}", text) for field, text in texts if text]
    rounding = speaker.rounding(rule.get("rounding"))
    if rounding:
        said.append(Statement(f"{place}.rounding", rounding))
    return Section(f"{rule['title']} ({place})", tuple(tables), tuple(said))


Told = tuple[Iterator[tuple[str, str]], list[Table]]


def _parking(rule: Entry, speaker: Speaker) -> Told:
    return _parking_texts(rule, speaker), []


def _parking_texts(rule: Entry, speaker: Speaker) -> Iterator[tuple[str, str]]:
    period = speaker.say(*_PERIODS[rule.get("period", "stay")])
    if "vehicles" in rule:
        yield "vehicles", speaker.say("车型：", "Vehicles: ") + speaker.listed(rule["vehicles"])
    if "free" in rule:
        yield "free", _free_text(rule["free"], speaker)
    for index, charge in enumerate(rule["charges"]):
        yield f"charges.{charge.get('name', index)}", _charge_text(charge, period, speaker)
    if "most_a_period" in rule:
        most = speaker.price(rule["most_a_period"])
        yield "most_a_period", speaker.say(f"{period}最多 {most}", f"At most {most} {period}")
    if "period" in rule:
        again = rule.get("next_period") == "continues"
        told = speaker.say(*(("续接计费", "steps go on") if again else ("重新计费", "steps begin anew")))
        yield "period", speaker.say(f"计费周期：{period}，下一周期{told}", f"Periods: {period}; in the next one {told}")
    if "free_period_every" in rule:
        every = rule["free_period_every"]
        yield "free_period_every", speaker.say(f"每第 {every} 个周期免费", f"Of every {every} periods the last is free")
    for entry in rule.get("discounts", ()):
        text = speaker.join((speaker.listed(entry["traits"]), _discount_text(entry, speaker), speaker.sponsor(entry)))
        yield f"discounts.{entry['name']}", speaker.say(f"优惠：{text}", f"Discount: {text}")
    for name, entry in rule.get("permits", {}).items():
        price = f"{speaker.price(entry['price'])} {speaker.period(entry['period'])}"
        text = speaker.join((price, speaker.listed(entry.get("vehicles", ())), speaker.when(entry.get("when"))))
        title = entry.get("title", name)
        yield f"permits.{name}", speaker.say(f"停车证 {title}：{text}", f"Permit {title}: {text}")


def _free_text(free: Entry, speaker: Speaker) -> str:
    minutes = free["minutes"]
    after = free.get("longer_stays") == "charged_after"
    longer = speaker.say(
        *(
            ("超过的只收其后", "longer stays pay for what is after")
            if after
            else ("超过的从进场起收", "longer stays pay from the entry")
        )
    )
    again = speaker.say("每个周期都有", "again in every period") if free.get("again") == "every_period" else ""
    return speaker.join((speaker.say(f"{minutes} 分钟以内免费", f"Up to {minutes} min free"), longer, again))


def _charge_text(charge: Entry, period: str, speaker: Speaker) -> str:
    parts = [speaker.listed(charge.get("vehicles", ())), speaker.when(charge.get("when"))]
    if "a_visit" in charge:
        price = speaker.price(charge["a_visit"])
        parts.append(speaker.say(f"每次 {price}", f"{price} a visit"))
    if "a_period" in charge:
        price = speaker.price(charge["a_period"])
        parts.append(speaker.say(f"{period} {price}", f"{price} {period}"))
    for step in charge.get("steps", ()):
        price, each, limit = speaker.price(step["price"]), step["each_minutes"], step.get("up_to_minutes")
        until = speaker.say(f"（至第 {limit} 分钟）", f" up to minute {limit}") if limit else ""
        parts.append(speaker.say(f"每 {each} 分钟 {price}{until}", f"{price} each {each} min{until}"))
    if "steps" in charge:
        parts.append(speaker.say(*_PARTS_OF_STEP[charge.get("part_of_step", "counts")]))
    if "long_stay" in charge:
        after, price = charge["long_stay"]["after_minutes"], speaker.price(charge["long_stay"]["price"])
        parts.append(speaker.say(f"超过 {after} 分钟收 {price}", f"more than {after} min cost {price}"))
    if "most_a_period" in charge:
        most = speaker.price(charge["most_a_period"])
        parts.append(speaker.say(f"{period}最多 {most}", f"at most {most} {period}"))
    name = charge.get("name")
    head = speaker.say(f"收费 {name}：" if name else "收费：", f"Charge {name}: " if name else "Charge: ")
    return head + speaker.join(parts)


def _discount_text(entry: Entry, speaker: Speaker) -> str:
    if "free_minutes" in entry:
        minutes = entry["free_minutes"]
        return speaker.say(f"前 {minutes} 分钟免费", f"the first {minutes} min free")
    if "less_a_litre" in entry:
        less = speaker.price(entry["less_a_litre"])
        return speaker.say(f"每升减 {less}", f"{less} a litre less")
    return speaker.reduction(entry)


def _taxi(rule: Entry, speaker: Speaker) -> Told:
    return _taxi_texts(rule, speaker), []


def _taxi_texts(rule: Entry, speaker: Speaker) -> Iterator[tuple[str, str]]:
    flag, km_price = rule["flag"], speaker.price(rule["km_price"])
    price = speaker.price(flag["price"])
    yield "flag", speaker.say(f"起步价 {price}，含 {flag['km']} 公里", f"Flag {price} with {flag['km']} km")
    each = rule.get("each_km")
    by = speaker.say(f"，每 {each} 公里计一次", f", in steps of {each} km") if each else ""
    yield "km_price", speaker.say(f"每公里 {km_price}{by}", f"{km_price} a km{by}")
    for index, entry in enumerate(rule.get("empty_return", ())):
        adds, beyond = _percent(entry["adds"]), entry["beyond_km"]
        text = speaker.join(
            (
                speaker.say(f"单程超过 {beyond} 公里加收 {adds}", f"one way beyond {beyond} km {adds} more"),
                speaker.when(entry.get("when")),
            )
        )
        yield f"empty_return.{index}", speaker.say(f"返空费：{text}", f"Empty return: {text}")
    if "waiting" in rule:
        yield "waiting", _waiting_text(rule["waiting"], speaker)
    for index, entry in enumerate(rule.get("night", ())):
        text = _night_text(entry, speaker)
        when = speaker.when(entry["when"])
        yield f"night.{index}", speaker.say(f"夜间 {when}：{text}", f"Night {when}: {text}")
    if "fuel_surcharge" in rule:
        price = speaker.price(rule["fuel_surcharge"]["price"])
        inside = speaker.say("（已含）", " (included)") if rule["fuel_surcharge"].get("included") else ""
        yield "fuel_surcharge", speaker.say(f"燃油附加费 {price}{inside}", f"Fuel surcharge {price}{inside}")


def _night_text(entry: Entry, speaker: Speaker) -> str:
    """What the night adds; nothing about what it does not."""
    parts = []
    if Fraction(entry.get("flag_adds", "0")):
        flag_adds = speaker.price(entry["flag_adds"])
        parts.append(speaker.say(f"起步价加 {flag_adds}", f"flag {flag_adds} more"))
    if Fraction(entry.get("km_adds", "0")):
        km_adds = _percent(entry["km_adds"])
        parts.append(speaker.say(f"里程价加 {km_adds}", f"km {km_adds} more"))
    return speaker.join(parts)


def _waiting_text(waiting: Entry, speaker: Speaker) -> str:
    free, each = waiting.get("free_minutes", 0), waiting["each_seconds"]
    if "as_km" in waiting:
        cost = speaker.say(f"折 {waiting['as_km']} 公里", f"as {waiting['as_km']} km")
    else:
        cost = speaker.price(waiting["price"])
    part = "" if waiting.get("part_counts", True) else speaker.say("，不足不计", ", a part is free")
    return speaker.say(
        f"等候：免费 {free} 分钟，之后每 {each} 秒{cost}{part}",
        f"Waiting: {free} min free, then each {each} s {cost}{part}",
    )


def _fuel(rule: Entry, speaker: Speaker) -> Told:
    heads = [speaker.say("油品", "product"), speaker.say("每升", "a litre")]
    rows = [[entry.get("title", name), speaker.price(entry["litre_price"])] for name, entry in rule["products"].items()]
    return _fuel_texts(rule, speaker), [Table(heads, rows)]


def _fuel_texts(rule: Entry, speaker: Speaker) -> Iterator[tuple[str, str]]:
    for name, entry in rule["products"].items():
        price = speaker.price(entry["litre_price"])
        yield (
            f"products.{name}",
            speaker.say(f"{entry.get('title', name)} 每升 {price}", f"{entry.get('title', name)}: {price} a litre"),
        )
    for entry in rule.get("discounts", ()):
        litres = entry.get("from_litres")
        least = speaker.say(f"满 {litres} 升", f"from {litres} litres") if litres else ""
        products = (rule["products"].get(name, {}).get("title", name) for name in entry.get("products", ()))
        scope = [speaker.class_listed(entry.get("classes", ())), speaker.listed(products)]
        text = speaker.join(
            (*scope, speaker.when(entry.get("when")), least, _discount_text(entry, speaker), speaker.sponsor(entry))
        )
        yield (
            f"discounts.{entry['name']}",
            speaker.say(f"优惠 {entry['name']}：{text}", f"Discount {entry['name']}: {text}"),
        )


def _utility(rule: Entry, speaker: Speaker) -> Told:
    tables = []
    if "tiers" in rule:
        unit = rule["unit"]
        heads = [
            speaker.say("档", "tier"),
            speaker.say(f"至 {unit}", f"up to {unit}"),
            speaker.say(f"每 {unit}", f"each {unit}"),
        ]
        rows = []
        for index, step in enumerate(rule["tiers"]["steps"], 1):
            price = _tier_price(step, speaker)
            rows.append([str(index), step.get("up_to", ""), price])
        tables.append(Table(heads, rows))
    return _utility_texts(rule, speaker), tables


def _utility_texts(rule: Entry, speaker: Speaker) -> Iterator[tuple[str, str]]:
    unit = rule["unit"]
    if "price" in rule:
        price = speaker.price(rule["price"])
        yield "price", speaker.say(f"每 {unit} {price}", f"{price} each {unit}")
    for name, entry in rule.get("registers", {}).items():
        price, title = speaker.price(entry["price"]), entry.get("title", name)
        yield f"registers.{name}", speaker.say(f"{title} 每 {unit} {price}", f"{title}: {price} each {unit}")
    if "tiers" in rule:
        yield "tiers", _tiers_text(rule["tiers"], speaker)
    if "split_reading" in rule:
        split = rule["split_reading"]
        odd = speaker.say(*(("前", "first") if split["odd_units"] == "first" else ("后", "last")))
        yield (
            "split_reading",
            speaker.say(
                f"抄表量（通常 {split['months']} 个月）按月均分，余数归{odd}几个月",
                f"A reading (usually of {split['months']} months) is cut into its months, odd units in the {odd}",
            ),
        )
    for entry in rule.get("free_units", ()):
        who = speaker.listed(entry.get("traits", ())) or speaker.say("所有用户", "everybody")
        text = speaker.join(
            (f"{entry['units']} {unit} {_per(entry.get('per', 'month'), speaker)}", who, speaker.sponsor(entry))
        )
        yield (
            f"free_units.{entry['name']}",
            speaker.say(f"免费额度 {entry['name']}：{text}", f"Free units {entry['name']}: {text}"),
        )
    for entry in rule.get("base_fees", ()):
        price = (
            speaker.price(entry["price"])
            if "price" in entry
            else speaker.listed(f"{size}: {speaker.price(one)}" for size, one in entry["by_size"].items())
        )
        yield (
            f"base_fees.{entry['name']}",
            speaker.say("基本费 ", "Base fee ")
            + f"{entry['name']}: {price} {_per(entry.get('per', 'month'), speaker)}",
        )
    for entry in rule.get("add_ons", ()):
        yield f"add_ons.{entry['name']}", _add_on_text(entry, unit, speaker)
    yield from _utility_ends(rule, speaker)


def _utility_ends(rule: Entry, speaker: Speaker) -> Iterator[tuple[str, str]]:
    """What is done with the sum of a bill."""
    if "minimum" in rule:
        yield "minimum", speaker.say("最低 ", "At least ") + speaker.price(rule["minimum"])
    if "tax" in rule:
        factor = rule["tax"]["factor"]
        on = speaker.say(
            *(("用量", "the units") if rule["tax"].get("on") == "units" else ("整张账单", "the whole bill"))
        )
        yield "tax", speaker.say(f"税：{on} × {factor}", f"Tax: {on} × {factor}")
    if rule.get("round_each_line"):
        yield "round_each_line", speaker.say("逐项取整", "Every line is rounded by itself")


def _tier_price(step: Entry, speaker: Speaker) -> str:
    """The price of a tier, or what it adds to that of the rule or register."""
    if "price" in step:
        return speaker.price(step["price"])
    if not Fraction(step["adds"]):
        return speaker.say("不加价", "nothing added")
    return f"+{speaker.price(step['adds'])}"


def _tiers_text(tiers: Entry, speaker: Speaker) -> str:
    parts = [speaker.say("阶梯", "Tiers") + f" {_per(tiers['per'], speaker)}"]
    for step in tiers["steps"]:
        price = _tier_price(step, speaker)
        limit = step.get("up_to")
        parts.append(
            speaker.say(
                f"至 {limit} {price}" if limit else f"以上 {price}",
                f"{price} up to {limit}" if limit else f"{price} above",
            )
        )
    if "household" in tiers:
        people, adds = tiers["household"]["people"], tiers["household"]["each_adds"]
        parts.append(
            speaker.say(
                f"{people} 人以上每多 1 人各档加 {adds}", f"each person beyond {people} raises limits by {adds}"
            )
        )
    if tiers.get("part_months") == "by_days":
        parts.append(speaker.say("不足整月按天折算", "parts of months by days"))
    return speaker.join(parts)


def _add_on_text(entry: Entry, unit: str, speaker: Speaker) -> str:
    price, title = speaker.price(entry["price"]), entry.get("title", entry["name"])
    share = entry.get("share_of_units")
    of = speaker.say(f"按用量的 {speaker.percent(share)}", f"on {speaker.percent(share)} of the units") if share else ""
    free = entry.get("free_units")
    less = (
        speaker.say(f"其中 {free} {unit} 免费", f"{free} {unit} free") + f" {_per(entry.get('per', 'month'), speaker)}"
        if free
        else ""
    )
    text = speaker.join((speaker.say(f"每 {unit} {price}", f"{price} each {unit}"), of, less))
    return speaker.say(f"附加 {title}：{text}", f"Add-on {title}: {text}")


def _late_fee(rule: Entry, speaker: Speaker) -> Told:
    return _late_fee_texts(rule, speaker), []


def _late_fee_texts(rule: Entry, speaker: Speaker) -> Iterator[tuple[str, str]]:
    of = {"bill": speaker.say("整张账单", "the whole bill"), "balance": speaker.say("未付部分", "what is open")}
    if "utilities" in rule:
        yield "utilities", speaker.say("适用 ", "For ") + speaker.listed(rule["utilities"])
    if "grace_days" in rule:
        yield (
            "grace_days",
            speaker.say(f"宽限 {rule['grace_days']} 天", _counted(rule["grace_days"], "day") + " of grace"),
        )
    ends = ("宽限期后", "the grace") if rule.get("grace_days") else ("到期后", "the due date")
    for index, step in enumerate(rule.get("per_day", ())):
        day, text = step.get("from_day", 1), (_percent(step["share"]), of[rule["of"]])
        yield (
            f"per_day.{index}",
            speaker.say(
                f"{ends[0]}第 {day} 天起每天收{text[1]}的 {text[0]}",
                f"From day {day} after {ends[1]} {text[0]} of {text[1]} a day",
            ),
        )
    if "per_day_past_year" in rule:
        share = _percent(rule["per_day_past_year"])
        yield "per_day_past_year", speaker.say(f"跨年后每天 {share}", f"From the next calendar year {share} a day")
    for index, entry in enumerate(rule.get("once", ())):
        yield f"once.{index}", _once_text(entry, ends, of[entry.get("of", rule["of"])], speaker)
    if "minimum" in rule:
        yield "minimum", speaker.say("最低 ", "At least ") + speaker.price(rule["minimum"])
    if "most_share" in rule:
        yield (
            "most_share",
            speaker.say("最多为账单的 ", "At most this share of the bill: ") + _percent(rule["most_share"]),
        )


def _once_text(entry: Entry, ends: tuple[str, str], what: str, speaker: Speaker) -> str:
    """When a surcharge is made, and on what; days and months count from the last free day."""
    days, months, share = entry.get("after_days", 0), entry.get("after_months"), _percent(entry["share"])
    if not days and not months:
        return speaker.say(
            f"{ends[0]}第 1 天加收{what}的 {share}", f"On the first day after {ends[1]} {share} of {what}"
        )
    after = speaker.say(
        f"{months} 个月" if months else f"{days} 天", _counted(months, "month") if months else _counted(days, "day")
    )
    return speaker.say(f"{after}后加收{what}的 {share}", f"After {after} {share} of {what}")


def _per(per: Any, speaker: Speaker) -> str:  # noqa: ANN401 # a text or an object of the document
    if isinstance(per, Mapping):
        return speaker.say(f"每 {per['months']} 个月", f"in {per['months']} months")
    return speaker.say("每张账单", "a bill") if per == "bill" else speaker.period(per)


def _counted(count: int, noun: str) -> str:
    """1 day, 2 days."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _percent(factor: str) -> str:
    return f"{number(Fraction(factor) * 100)}%"


_PARTS: Final[Mapping[str, Callable[[Entry, Speaker], Told]]] = {
    "parking": _parking,
    "taxi": _taxi,
    "fuel": _fuel,
    "utilities": _utility,
    "late_fees": _late_fee,
}
SERVICES: Final = tuple(_PARTS)
"""Parts that hold rules by name."""
