"""The part `transit` for people: a table of lines and classes, and its rules as sentences."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from citizencard.tariffs.describing.line_prices import STAR, line_groups, shown_price
from citizencard.tariffs.describing.phrases import Entry, Speaker, class_name
from citizencard.tariffs.describing.sections import Section, Statement, Table
from citizencard.tariffs.transit.model import Transit

CLASSES_A_TABLE: Final = 6
PAIRS_TOLD: Final = 30
"""A larger table between stations is read in the document."""


def describe_transit(part: Entry, transit: Transit, speaker: Speaker) -> Section:
    """Tables of what a line costs per class, and every rule as a sentence."""
    return Section(
        speaker.say("乘车 (transit)", "Rides (transit)"),
        tuple(_tables(part, transit, speaker)),
        tuple(_statements(part, speaker)),
    )


def fare_text(fare: Entry, speaker: Speaker) -> str:
    """A fare in a few words."""
    parts = []
    if "flat" in fare:
        parts.append(speaker.price(fare["flat"]))
    if "sections" in fare:
        prices = fare["sections"]["prices"]
        shown = speaker.listed(f"{count}: {speaker.price(price)}" for count, price in enumerate(prices, 1))
        parts.append(speaker.say(f"按段数 {shown}", f"by sections {shown}"))
    if "between" in fare:
        prices = sorted({entry["price"] for entry in fare["between"]}, key=speaker.money.rate)
        span = f"{speaker.price(prices[0])}–{speaker.price(prices[-1])}"
        count = len(fare["between"])
        entries = "entry" if count == 1 else "entries"
        parts.append(speaker.say(f"按起讫站 {span}（{count} 条）", f"by stops {span} ({count} {entries})"))
    for name, unit in (("distance", "km"), ("time", "minutes")):
        if name in fare:
            parts.append(_steps_text(fare[name], unit, speaker))
    if "most" in fare:
        most = speaker.price(fare["most"])
        parts.append(speaker.say(f"最高 {most}", f"at most {most}"))
    if "top" in fare:
        top = speaker.price(fare["top"])
        over = fare.get("overtime_minutes")
        limit = speaker.say(f"或超过 {over} 分钟", f" or over {over} min") if over else ""
        parts.append(speaker.say(f"无出站记录{limit} {top}", f"without exit{limit} {top}"))
    return speaker.say("；", "; ").join(parts)


def _pairs_text(fare: Entry, speaker: Speaker) -> str:
    """What each pair of stops costs; an arrow where only one way."""
    return speaker.join(
        f"{entry['from']}{'→' if entry.get('one_way') else '–'}{entry['to']} {speaker.price(entry['price'])}"
        for entry in fare["between"]
    )


def _steps_text(steps: Entry, unit: str, speaker: Speaker) -> str:
    shown = speaker.say({"km": "公里", "minutes": "分钟"}[unit], {"km": "km", "minutes": "min"}[unit])
    texts = [
        speaker.say(
            f"{steps[f'first_{unit}']} {shown}内 {speaker.price(steps['first'])}",
            f"{speaker.price(steps['first'])} up to {steps[f'first_{unit}']} {shown}",
        )
    ]
    for step in steps.get("then", ()):
        each, adds, limit = step[f"each_{unit}"], speaker.price(step["adds"]), step.get(f"up_to_{unit}")
        until = speaker.say(f"（至 {limit} {shown}）", f" up to {limit} {shown}") if limit else ""
        texts.append(speaker.say(f"每 {each} {shown}加 {adds}{until}", f"{adds} each {each} {shown}{until}"))
    return speaker.join(texts)


def _tables(part: Entry, transit: Transit, speaker: Speaker) -> Iterator[Table]:
    classes = sorted(transit.classes)
    groups = line_groups(transit)
    for start in range(0, len(classes), CLASSES_A_TABLE):
        chosen = classes[start : start + CLASSES_A_TABLE]
        heads = [speaker.say("线路", "lines"), speaker.say("方式", "mode"), speaker.say("全价", "full fare")]
        heads += [class_name(f"{byte:02X}", part["classes"]) for byte in chosen]
        rows = []
        for group in groups:
            entry = part["lines"][group.line.place.removeprefix("transit.lines.")]
            title = f" {entry['title']}" if "title" in entry else ""
            prices = [shown_price(group.prices[byte], speaker.money) for byte in chosen]
            rows.append(
                [f"{group.label()}{title}", speaker.mode(group.line.mode), fare_text(entry["fare"], speaker), *prices]
            )
        yield Table(heads, rows, _star_note(rows, speaker))


def _star_note(rows: Sequence[Sequence[str]], speaker: Speaker) -> str:
    if not any(cell.endswith(STAR) for row in rows for cell in row):
        return ""
    return speaker.say(f"{STAR} 随时间不同，见下文", f"{STAR} varies by time, see below")


def _statements(part: Entry, speaker: Speaker) -> Iterator[Statement]:
    yield from _clock_statements(part, speaker)
    yield from _line_statements(part, speaker)
    for index, entry in enumerate(part.get("concessions", ())):
        text = speaker.join((speaker.scope(entry), speaker.reduction(entry), speaker.sponsor(entry)))
        head = _named(("优惠", "Concession"), entry, speaker)
        yield _of_list("concessions", index, entry, f"{head}{text}")
    for index, entry in enumerate(part.get("transfers", ())):
        yield _of_list("transfers", index, entry, _transfer_text(entry, speaker))
    if "companions" in part:
        entry = part["companions"]
        shown = speaker.class_listed(entry["classes"])
        pays, most = speaker.percent(entry.get("pays", "1")), entry["most"]
        text = speaker.say(
            f"同行：{shown} 可带 {most} 人，每人付全价的 {pays}",
            f"Companions: {shown} may take {most} along, each pays {pays} of the full fare",
        )
        yield Statement("transit.companions", text)
    for name, entry in part.get("passes", {}).items():
        yield Statement(f"transit.passes.{name}", _pass_text(name, entry, speaker))
    for kind in ("bands", "ride_counts", "lifetime", "caps"):
        for index, entry in enumerate(part.get(kind, ())):
            text = speaker.join((_HISTORY[kind](entry, speaker), speaker.scope(entry), speaker.sponsor(entry)))
            yield _of_list(kind, index, entry, text)


def _clock_statements(part: Entry, speaker: Speaker) -> Iterator[Statement]:
    if "day_starts" in part or "week_starts" in part:
        day, week = part.get("day_starts", "00:00"), speaker.day(part.get("week_starts", "mon"))
        text = speaker.say(
            f"运营日 {day} 开始，一周从{week}开始", f"The operating day starts at {day}, the week on {week}"
        )
        yield Statement("transit.day_starts", text)
    if "rounding" in part:
        yield Statement("transit.rounding", speaker.rounding(part["rounding"]))
    for name, mode in part["modes"].items():
        starts, ends = mode.get("window_starts_at", "entry"), mode.get("window_ends_at", "entry")
        if (starts, ends) != ("entry", "entry"):
            taps = {"entry": speaker.say("进站", "entry"), "exit": speaker.say("出站", "exit")}
            text = speaker.say(
                f"{speaker.mode(name)}：换乘计时从{taps[starts]}起，到{taps[ends]}止",
                f"{speaker.mode(name)}: a transfer window starts at the {taps[starts]} of this mode, and ends at its {taps[ends]}",
            )
            yield Statement(f"transit.modes.{name}", text)


def _line_statements(part: Entry, speaker: Speaker) -> Iterator[Statement]:
    for name, line in part["lines"].items():
        if 0 < len(line["fare"].get("between", ())) <= PAIRS_TOLD:
            pairs = _pairs_text(line["fare"], speaker)
            yield Statement(
                f"transit.lines.{name}.fare.between", speaker.say(f"线路 {name}：{pairs}", f"Line {name}: {pairs}")
            )
        for index, entry in enumerate(line.get("fares_when", ())):
            is_small = 0 < len(entry["fare"].get("between", ())) <= PAIRS_TOLD
            pairs = _pairs_text(entry["fare"], speaker) if is_small else ""
            text = speaker.join((speaker.when(entry["when"]), fare_text(entry["fare"], speaker), pairs))
            shown = speaker.say(f"线路 {name}：{text}", f"Line {name}: {text}")
            yield Statement(f"transit.lines.{name}.fares_when.{index}", shown)
        without = [
            speaker.say(*texts)
            for field, texts in (
                ("no_concession", ("不享受优惠", "no concessions")),
                ("no_transfer", ("不参加换乘", "no transfers")),
            )
            if line.get(field)
        ]
        if without:
            text = speaker.say(f"线路 {name}：{'、'.join(without)}", f"Line {name}: {', '.join(without)}")
            yield Statement(f"transit.lines.{name}.exceptions", text)


def _transfer_text(entry: Entry, speaker: Speaker) -> str:
    scope = {name: entry[name] for name in ("classes", "when") if name in entry}
    parts = [speaker.scope(scope) if scope else ""]
    if "from" in entry:
        parts.append(speaker.led("从", "from", speaker.legs(entry["from"])))
    if "to" in entry:
        parts.append(speaker.led("到", "to", speaker.legs(entry["to"])))
    parts += [*_window_texts(entry, speaker), *_limit_texts(entry, speaker), speaker.reduction(entry)]
    if entry.get("order") == "reduce_then_discount":
        parts.append(speaker.say("先减后打折", "reduced before the concession"))
    else:
        parts.append(speaker.say("先打折后减", "reduced after the concession"))
    text = speaker.join((*parts, speaker.sponsor(entry)))
    return _named(("换乘", "Transfer"), entry, speaker) + text


def _window_texts(entry: Entry, speaker: Speaker) -> Iterator[str]:
    minutes = entry["minutes"]
    exact = entry.get("last_second_counts", True)
    yield speaker.say(
        f"{minutes} 分钟内（{'含' if exact else '不含'}整 {minutes} 分钟）",
        f"within {minutes} min ({minutes} min exactly {'included' if exact else 'not included'})",
    )
    for other in entry.get("minutes_when", ()):
        when, length = speaker.when(other["when"]), other["minutes"]
        yield speaker.say(f"{when} 为 {length} 分钟", f"{length} min {when}")
    if entry.get("counts_from") == "first":
        yield speaker.say("从首次乘车起算", "counted from the first ride")
    else:
        yield speaker.say("从上次乘车起算", "counted from the ride before")


def _limit_texts(entry: Entry, speaker: Speaker) -> Iterator[str]:
    if entry.get("same_line"):
        yield speaker.say("同一线路也算", "on the same line too")
    if "most_in_a_row" in entry:
        yield speaker.say(f"连续最多 {entry['most_in_a_row']} 次", f"at most {entry['most_in_a_row']} in a row")
    if "most_a_day" in entry:
        yield speaker.say(f"每天最多 {entry['most_a_day']} 次", f"at most {entry['most_a_day']} a day")


def _pass_text(name: str, entry: Entry, speaker: Speaker) -> str:
    price, period = speaker.price(entry["price"]), speaker.period(entry["period"])
    rides = entry.get("rides")
    counted = (
        speaker.say(f"{rides} 次", "1 ride" if rides == 1 else f"{rides} rides")
        if rides
        else speaker.say("不限次数", "any number of rides")
    )
    pays = speaker.percent(entry.get("pays", "0"))
    text = speaker.join(
        (
            price + speaker.say(f" {period}", f" {period}"),
            counted,
            speaker.say(f"每次付全价的 {pays}", f"each pays {pays} of the full fare"),
        )
    )
    title = entry.get("title", name)
    return speaker.join(
        (
            speaker.say(f"票卡 {title}：{text}", f"Pass {title}: {text}"),
            speaker.scope(entry),
            speaker.sponsor(entry),
        )
    )


def _named(kind: tuple[str, str], entry: Entry, speaker: Speaker) -> str:
    """What a rule is, with its name where it has one: two of one class are told apart by it."""
    name = f" {entry['name']}" if "name" in entry else ""
    return speaker.say(f"{kind[0]}{name}：", f"{kind[1]}{name}: ")


def _of_list(kind: str, index: int, entry: Entry, text: str) -> Statement:
    return Statement(f"transit.{kind}.{entry.get('name', index)}", text)


def _bands(entry: Any, speaker: Speaker) -> str:  # noqa: ANN401 # an entry of the document
    steps = speaker.listed(
        speaker.say(
            f"超过 {speaker.price(step['above'])} 付 {speaker.percent(step['pays'])}",
            f"above {speaker.price(step['above'])} {speaker.percent(step['pays'])}",
        )
        for step in entry["steps"]
    )
    of = speaker.say(*(("实付", "what was paid") if entry["of"] == "paid" else ("全价", "full fares")))
    period = speaker.period(entry["period"])
    return speaker.say(
        f"累计优惠 {entry['name']}：{period}累计{of}，{steps}", f"Bands {entry['name']}: by {of} {period}: {steps}"
    )


def _ride_count(entry: Any, speaker: Speaker) -> str:  # noqa: ANN401 # an entry of the document
    period, after, pays = speaker.period(entry["period"]), entry["after"], speaker.percent(entry.get("pays", "0"))
    return speaker.say(
        f"计次优惠 {entry['name']}：{period}第 {after} 次以后付 {pays}",
        f"After {after} {'ride' if after == 1 else 'rides'} {period} ({entry['name']}): pays {pays}",
    )


def _lifetime(entry: Any, speaker: Speaker) -> str:  # noqa: ANN401 # an entry of the document
    rides, years, pays = entry["rides_a_year"], entry["years"], speaker.percent(entry.get("pays", "0"))
    return speaker.say(
        f"终身优惠 {entry['name']}：每年满 {rides} 次、满 {years} 年后付 {pays}",
        f"For life ({entry['name']}): after {years} {'year' if years == 1 else 'years'} of {rides} rides pays {pays}",
    )


def _cap(entry: Any, speaker: Speaker) -> str:  # noqa: ANN401 # an entry of the document
    most, period = speaker.price(entry["most"]), speaker.period(entry["period"])
    return speaker.say(f"封顶 {entry['name']}：{period}最多 {most}", f"Cap {entry['name']}: at most {most} {period}")


_HISTORY: Final = {"bands": _bands, "ride_counts": _ride_count, "lifetime": _lifetime, "caps": _cap}
