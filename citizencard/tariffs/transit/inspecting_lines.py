"""The mistakes of lines and their fares that no schema can say."""

import re
from bisect import bisect_left
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from citizencard.tariffs.checks import Inspection
from citizencard.tariffs.transit.fares import MIN_STEP_KM
from citizencard.tariffs.transit.reading import line_numbers

MAX_LINE: Final = 65_535
"""Line numbers have two bytes on cards and in records."""
_RANGE: Final = re.compile("[1-9][0-9]{0,4}(-[1-9][0-9]{0,4})?")
KINDS: Final = ("flat", "sections", "between", "distance", "time")


class LineNumbers:
    """The numbers of the lines of a document, as far as they can be read.

    Args:
        lines: the document's lines by number or range.
    """

    def __init__(self, lines: Mapping[str, Any]) -> None:
        ranges = (line_numbers(text) for text in lines if _is_range(text) and range_mistake(text) is None)
        self._ranges = sorted((numbers.start, numbers.stop) for numbers in ranges)

    def mistake(self, text: str) -> str | None:
        """What is wrong with a line or range that a rule names; None: nothing."""
        wrong = range_mistake(text)
        if wrong is not None:
            return wrong
        wanted = line_numbers(text)
        before = bisect_left(self._ranges, (wanted.stop, 0)) - 1
        if before >= 0 and self._ranges[before][1] > wanted.start:
            return None
        return f"must name lines of this tariff: there is none of {text}"


def range_mistake(text: str) -> str | None:
    """What is wrong with a range of sound form; None: nothing."""
    first, _, last = text.partition("-")
    if int(last or first) > MAX_LINE:
        return f"must end at {MAX_LINE} or below"
    return None if int(first) <= int(last or first) else f"must begin with the lower number: {last}-{first}"


def inspect_lines(inspection: Inspection, place: str, lines: object, modes: Mapping[str, Any]) -> None:
    """Name every mistake of the lines; what has a mistake of form is passed over.

    Args:
        inspection: takes the mistakes.
        place: of the lines in the document.
        lines: of any form.
        modes: the document's modes.
    """
    sound = []
    for text, line in lines.items() if isinstance(lines, dict) else ():
        if inspection.full:
            return
        mistake = range_mistake(text) if _is_range(text) else None
        if mistake is not None:
            inspection.add(f"{place}.{text}", mistake)
        elif _is_range(text):
            sound.append(text)
        if isinstance(line, dict):
            _inspect_line(inspection, f"{place}.{text}", line, modes)
    _inspect_overlaps(inspection, place, sound)


def _inspect_line(inspection: Inspection, place: str, line: Mapping[str, Any], modes: Mapping[str, Any]) -> None:
    mode = line.get("mode")
    if isinstance(mode, str) and inspection.sound(f"{place}.mode") and mode not in modes:
        inspection.add(f"{place}.mode", f"must be a mode of this tariff: there is no {mode}")
    others = line.get("fares_when")
    fares = {"fare": line.get("fare")}
    for index, other in enumerate(others if isinstance(others, list) else ()):
        fares[f"fares_when.{index}.fare"] = other.get("fare") if isinstance(other, dict) else None
    for below, fare in fares.items():
        if isinstance(fare, dict) and inspection.sound(f"{place}.{below}"):
            _inspect_fare(inspection, f"{place}.{below}", fare)


def _inspect_overlaps(inspection: Inspection, place: str, texts: list[str]) -> None:
    """Each number has one line."""
    latest, end = "", 0
    for text in sorted(texts, key=lambda text: (line_numbers(text).start, line_numbers(text).stop)):
        numbers = line_numbers(text)
        if numbers.start < end:
            inspection.add(
                f"{place}.{text}", f"must not have numbers that {latest} has already, such as {numbers.start}"
            )
        if numbers.stop > end:
            latest, end = text, numbers.stop


def _inspect_fare(inspection: Inspection, place: str, fare: Mapping[str, Any]) -> None:
    inspection.exactly_one_of(place, fare, KINDS)
    if "overtime_minutes" in fare and "top" not in fare:
        inspection.add(f"{place}.top", "is missing: it is the price of a ride that is longer than overtime_minutes")
    if "most" in fare:
        _inspect_most(inspection, f"{place}.most", fare)
    if "sections" in fare:
        _inspect_sections(inspection, f"{place}.sections", fare["sections"])
    if "between" in fare:
        _inspect_between(inspection, f"{place}.between", fare["between"])
    if "distance" in fare:
        _inspect_steps(inspection, f"{place}.distance", fare["distance"], "km")
        for index, band in enumerate(fare["distance"].get("then", ())):
            if Fraction(band["each_km"]) < MIN_STEP_KM:
                inspection.add(f"{place}.distance.then.{index}.each_km", "must be 0.1 or more")
    if "time" in fare:
        _inspect_steps(inspection, f"{place}.time", fare["time"], "minutes")


def _inspect_most(inspection: Inspection, place: str, fare: Mapping[str, Any]) -> None:
    firsts = [fare[kind]["first"] for kind in ("distance", "time") if kind in fare]
    if "sections" in fare:
        firsts.append(fare["sections"]["prices"][0])
    if not firsts:
        inspection.add(place, "must stand beside distance, time or sections: other fares have no highest one")
    elif any(Fraction(fare["most"]) < Fraction(first) for first in firsts):
        inspection.add(place, "must not be below the first price, which nobody would ever pay")


def _inspect_sections(inspection: Inspection, place: str, sections: Mapping[str, Any]) -> None:
    section_of: dict[int, int] = {}
    for number, stops in enumerate(sections["stops"]):
        for index, stop in enumerate(stops):
            if stop in section_of:
                inspection.add(
                    f"{place}.stops.{number}.{index}",
                    f"must not be named again: stop {stop} is in section {section_of[stop]}",
                )
            section_of.setdefault(stop, number)
    if len(sections["prices"]) > len(sections["stops"]):
        inspection.add(f"{place}.prices", f"must not be more than the {len(sections['stops'])} sections")


def _inspect_between(inspection: Inspection, place: str, entries: list[Mapping[str, Any]]) -> None:
    known: dict[tuple[int, int], int] = {}
    for index, entry in enumerate(entries):
        if inspection.full:
            return
        there, back = (entry["from"], entry["to"]), (entry["to"], entry["from"])
        pairs = {there} if entry.get("one_way", False) else {there, back}
        twice = next((known[pair] for pair in sorted(pairs) if pair in known), None)
        if twice is not None:
            inspection.add(f"{place}.{index}", f"must not give a price that entry {twice} gives already")
        known.update(dict.fromkeys(pairs, index))


def _inspect_steps(inspection: Inspection, place: str, steps: Mapping[str, Any], unit: str) -> None:
    """Bands go on from each other, and the last goes on for ever."""
    name, bands = f"up_to_{unit}", steps.get("then", [])
    limits = [Fraction(steps[f"first_{unit}"])]
    for index, band in enumerate(bands):
        is_last, at = index == len(bands) - 1, f"{place}.then.{index}.{name}"
        if is_last and name in band:
            inspection.add(at, "must be left out: the last band has no end")
        elif not is_last and name not in band:
            inspection.add(at, "is missing: only the last band has no end")
        elif name in band:
            if Fraction(band[name]) <= limits[-1]:
                inspection.add(at, "must be more than where the band before ends")
            limits.append(Fraction(band[name]))


def _is_range(text: str) -> bool:
    return re.fullmatch(_RANGE, text) is not None
