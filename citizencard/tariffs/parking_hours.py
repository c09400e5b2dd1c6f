"""Which charge of a lot the seconds of a stay belong to. Where two charges hold at one time, it is the first of the list."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from citizencard.tariffs.when import DAY_S, When

WEEK_DAYS: Final = 7
_Spans = tuple[tuple[int, int, int], ...]


def wall_second(wall: datetime) -> int:
    """Seconds on a wall clock since the calendar's beginning; the clock of a tariff has one offset, so that they run evenly."""
    return wall.toordinal() * DAY_S + wall.hour * 3600 + wall.minute * 60 + wall.second


class ChargedHours:
    """The hours of some charges, for one stay."""

    def __init__(self, whens: tuple[When | None, ...]) -> None:
        self._whens = whens
        self._depends_on_date = any(
            when is not None and (when.season or when.dates is not None or when.except_dates) for when in whens
        )
        self._days: dict[object, _Spans] = {}
        self._covered: dict[tuple[_Spans, int, int], tuple[int, ...]] = {}

    def covered_s(self, began_s: int, ended_s: int) -> tuple[int, ...]:
        """Seconds of each charge between two wall seconds. Bounded by the days between them."""
        total = [0] * len(self._whens)
        for ordinal in range(began_s // DAY_S, -(-ended_s // DAY_S)):
            midnight_s = ordinal * DAY_S
            from_s, until_s = max(0, began_s - midnight_s), min(DAY_S, ended_s - midnight_s)
            for index, seconds in enumerate(self._of_day(ordinal, from_s, until_s)):
                total[index] += seconds
        return tuple(total)

    def _of_day(self, ordinal: int, from_s: int, until_s: int) -> tuple[int, ...]:
        spans = self._spans(ordinal)
        key = (spans, from_s, until_s)
        found = self._covered.get(key)
        if found is None:
            total = [0] * len(self._whens)
            for span_from, span_until, index in spans:
                total[index] += max(0, min(until_s, span_until) - max(from_s, span_from))
            found = self._covered[key] = tuple(total)
        return found

    def _spans(self, ordinal: int) -> _Spans:
        """The seconds of a day as (from, until, charge), none twice; days on which the same charges hold are alike."""
        if not self._depends_on_date:
            weekday = ordinal % WEEK_DAYS
            if weekday not in self._days:
                self._days[weekday] = tuple(self._shared_out(date.fromordinal(ordinal)))
            return self._days[weekday]
        day = date.fromordinal(ordinal)
        key = tuple([when is None or when.holds_on(day) for when in self._whens])
        if key not in self._days:
            self._days[key] = tuple(self._shared_out(day))
        return self._days[key]

    def _shared_out(self, day: date) -> Iterator[tuple[int, int, int]]:
        open_spans = [(0, DAY_S)]
        for index, when in enumerate(self._whens):
            for from_s, until_s in ((0, DAY_S),) if when is None else when.spans(day):
                left: list[tuple[int, int]] = []
                for open_from, open_until in open_spans:
                    taken_from, taken_until = max(from_s, open_from), min(until_s, open_until)
                    if taken_from >= taken_until:
                        left.append((open_from, open_until))
                        continue
                    yield taken_from, taken_until, index
                    left += [(open_from, taken_from)] if open_from < taken_from else []
                    left += [(taken_until, open_until)] if taken_until < open_until else []
                open_spans = left


def periods(kind: str, began_s: int, ended_s: int) -> Iterator[tuple[int, int]]:
    """A stay cut into its periods, as (from, until) in wall seconds; at least one. Bounded by the days of the stay."""
    if kind == "stay":
        yield began_s, ended_s
        return
    from_s = began_s
    while True:
        until_s = min(ended_s, from_s + DAY_S if kind == "24_hours" else (from_s // DAY_S + 1) * DAY_S)
        yield from_s, until_s
        if until_s >= ended_s:
            return
        from_s = until_s
