"""The part `transit` of a document without mistakes, read into the frozen values of model.py."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, Final

from citizencard.tariffs.amounts import Money, read_rounding, share
from citizencard.tariffs.transit.fares import MAX_KM, MAX_MINUTES
from citizencard.tariffs.transit.model import (
    Bands,
    Cap,
    Companions,
    Concession,
    Fare,
    Lifetime,
    Line,
    Mode,
    Pass,
    Reduction,
    RideCount,
    Scope,
    Steps,
    Transfer,
    Transit,
)
from citizencard.tariffs.when import DAYS, clock_s, read_when

PLACE: Final = "transit"
_FREE: Final = "0"


def read(part: Mapping[str, Any], money: Money) -> Transit:
    """Read what rides cost.

    Args:
        part: the document's part `transit`, without mistakes.
        money: its currency.
    """
    return Transit(
        day_starts_s=clock_s(part.get("day_starts", "00:00")),
        week_starts=DAYS.index(part.get("week_starts", "mon")),
        rounding=read_rounding(part.get("rounding"), money),
        classes={int(byte, 16): entry["name"] for byte, entry in part["classes"].items()},
        modes={name: _mode(entry) for name, entry in part["modes"].items()},
        lines=_lines(part["lines"], money),
        **_Rules(part, money).read(),
    )


def line_numbers(text: str) -> range:
    """The numbers of a line or of a range: "7" → 7; "100-199" → 100 to 199."""
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def _mode(entry: Mapping[str, str]) -> Mode:
    return Mode(entry.get("window_starts_at") == "exit", entry.get("window_ends_at") == "exit")


def _lines(entries: Mapping[str, Any], money: Money) -> dict[int, Line]:
    """Every line by its number; the lines of a range share one rule."""
    lines: dict[int, Line] = {}
    for text, entry in entries.items():
        place = f"{PLACE}.lines.{text}"
        line = Line(
            place=place,
            mode=entry["mode"],
            fare=read_fare(f"{place}.fare", entry["fare"], money),
            operator=entry.get("operator"),
            fares_when=tuple(
                (when, read_fare(f"{place}.fares_when.{index}.fare", other["fare"], money))
                for index, other in enumerate(entry.get("fares_when", ()))
                if (when := read_when(other["when"])) is not None
            ),
            no_concession=entry.get("no_concession", False),
            no_transfer=entry.get("no_transfer", False),
        )
        lines.update(dict.fromkeys(line_numbers(text), line))
    return lines


def read_fare(place: str, entry: Mapping[str, Any], money: Money) -> Fare:
    """Read a full fare without mistakes."""
    kinds: dict[str, Any] = {}
    most = _amount(entry, "most", money)
    if "flat" in entry:
        kinds["flat"] = money.amount(entry["flat"])
    if "sections" in entry:
        stops = entry["sections"]["stops"]
        kinds["section_of"] = {stop: number for number, section in enumerate(stops) for stop in section}
        prices = (money.amount(text) for text in entry["sections"]["prices"])
        kinds["section_prices"] = tuple(price if most is None else min(price, most) for price in prices)
    if "between" in entry:
        kinds["between"] = _between(entry["between"], money)
    if "distance" in entry:
        steps = _steps(entry["distance"], "km", money)
        kinds["distance"] = steps if most is None else capped(steps, most, MAX_KM)
    if "time" in entry:
        steps = _steps(entry["time"], "minutes", money)
        kinds["time"] = steps if most is None else capped(steps, most, MAX_MINUTES)
    return Fare(
        place=place,
        top=_amount(entry, "top", money),
        overtime_minutes=entry.get("overtime_minutes"),
        **kinds,
    )


def capped(steps: Steps, most: int, longest: int) -> Steps:
    """The same price as far as it is at most so much, and that much beyond: steps again, so that devices need nothing new for it.

    Args:
        steps: whose last one, if there are any, has no end.
        most: minor units, at least the first price.
        longest: ride that there can be, in the unit of the steps.
    """
    bands: list[tuple[Fraction | None, Fraction, int]] = []
    price, reached = steps.first, steps.first_up_to
    for index, (up_to, each, adds) in enumerate(steps.then):
        full = (most - price) // adds if adds else None
        begun = None if up_to is None else -(-(up_to - reached) // each)
        if full is None or (begun is not None and begun <= full):
            bands.append((up_to, each, adds))
            price, reached = price + (begun or 0) * adds, reached if up_to is None else up_to
            continue
        if reached + full * each >= longest:
            bands.extend(steps.then[index:])
            break
        if full:
            reached += full * each
            bands.append((reached, each, adds))
        rest = most - price - full * adds
        if rest:
            reached += each
            bands.append((reached, each, rest))
        bands.append((None, each, 0))
        break
    return Steps(steps.first_up_to, steps.first, tuple(bands))


def _between(entries: Iterable[Mapping[str, Any]], money: Money) -> dict[tuple[int, int], int]:
    prices: dict[tuple[int, int], int] = {}
    for entry in entries:
        price = money.amount(entry["price"])
        prices[entry["from"], entry["to"]] = price
        if not entry.get("one_way", False):
            prices[entry["to"], entry["from"]] = price
    return prices


def _steps(entry: Mapping[str, Any], unit: str, money: Money) -> Steps:
    return Steps(
        first_up_to=Fraction(entry[f"first_{unit}"]),
        first=money.amount(entry["first"]),
        then=tuple(
            (
                Fraction(band[f"up_to_{unit}"]) if f"up_to_{unit}" in band else None,
                Fraction(band[f"each_{unit}"]),
                money.amount(band["adds"]),
            )
            for band in entry.get("then", ())
        ),
    )


def _amount(entry: Mapping[str, Any], name: str, money: Money) -> int | None:
    return money.amount(entry[name]) if name in entry else None


def _reduction(entry: Mapping[str, Any], money: Money) -> Reduction:
    return Reduction(
        pays=share(entry["pays"]) if "pays" in entry else None,
        less=_amount(entry, "less", money),
        costs=_amount(entry, "costs", money),
    )


class _Rules:
    """The rules beside the lines; equal lists of lines are kept once."""

    def __init__(self, part: Mapping[str, Any], money: Money) -> None:
        self._part, self._money = part, money
        self._line_sets: dict[tuple[str, ...], frozenset[int]] = {}

    def read(self) -> dict[str, Any]:
        """The rules by the name of their field of Transit."""
        return {
            "concessions": self._each("concessions", self._concession),
            "transfers": self._each("transfers", self._transfer),
            "companions": self._companions(),
            "passes": {name: self._pass(name, entry) for name, entry in self._part.get("passes", {}).items()},
            "bands": self._each("bands", self._bands),
            "ride_counts": self._each("ride_counts", self._ride_count),
            "lifetime": self._each("lifetime", self._lifetime),
            "caps": self._each("caps", self._cap),
        }

    def _each(self, kind: str, read_one: Any) -> tuple[Any, ...]:  # noqa: ANN401 - one loop over rules of any kind
        entries = enumerate(self._part.get(kind, ()))
        return tuple(read_one(f"{PLACE}.{kind}.{index}", entry) for index, entry in entries)

    def _scope(self, entry: Mapping[str, Any]) -> Scope:
        return Scope(
            classes=frozenset(int(byte, 16) for byte in entry["classes"]) if "classes" in entry else None,
            modes=frozenset(entry["modes"]) if "modes" in entry else None,
            operators=frozenset(entry["operators"]) if "operators" in entry else None,
            lines=self._lines(tuple(entry["lines"])) if "lines" in entry else None,
            when=read_when(entry.get("when")),
        )

    def _lines(self, texts: tuple[str, ...]) -> frozenset[int]:
        if texts not in self._line_sets:
            self._line_sets[texts] = frozenset(number for text in texts for number in line_numbers(text))
        return self._line_sets[texts]

    def _concession(self, place: str, entry: Mapping[str, Any]) -> Concession:
        return Concession(
            place,
            entry.get("name", ""),
            self._scope(entry),
            _reduction(entry, self._money),
            entry.get("sponsor"),
        )

    def _transfer(self, place: str, entry: Mapping[str, Any]) -> Transfer:
        later = dict(entry.get("to", {}))
        later.update({name: entry[name] for name in ("classes", "when") if name in entry})
        return Transfer(
            place=place,
            name=entry.get("name", place.removeprefix(f"{PLACE}.")),
            earlier=self._scope(entry.get("from", {})),
            later=self._scope(later),
            minutes=entry["minutes"],
            minutes_when=tuple(
                (when, other["minutes"])
                for other in entry.get("minutes_when", ())
                if (when := read_when(other["when"])) is not None
            ),
            last_second_counts=entry.get("last_second_counts", True),
            counts_from_first=entry.get("counts_from") == "first",
            same_line=entry.get("same_line", False),
            most_in_a_row=entry.get("most_in_a_row"),
            most_a_day=entry.get("most_a_day"),
            reduction=_reduction(entry, self._money),
            reduce_first=entry.get("order") == "reduce_then_discount",
            sponsor=entry.get("sponsor"),
        )

    def _companions(self) -> Companions | None:
        entry = self._part.get("companions")
        if entry is None:
            return None
        classes = frozenset(int(byte, 16) for byte in entry["classes"])
        return Companions(f"{PLACE}.companions", classes, entry["most"], share(entry.get("pays", "1")))

    def _pass(self, name: str, entry: Mapping[str, Any]) -> Pass:
        return Pass(
            place=f"{PLACE}.passes.{name}",
            name=name,
            scope=self._scope(entry),
            period=entry["period"],
            price=self._money.amount(entry["price"]),
            rides=entry.get("rides"),
            pays=share(entry.get("pays", _FREE)),
            sponsor=entry.get("sponsor"),
        )

    def _bands(self, place: str, entry: Mapping[str, Any]) -> Bands:
        return Bands(
            place=place,
            name=entry["name"],
            scope=self._scope(entry),
            period=entry["period"],
            of_full=entry["of"] == "full",
            steps=tuple((self._money.amount(step["above"]), share(step["pays"])) for step in entry["steps"]),
            sponsor=entry.get("sponsor"),
        )

    def _ride_count(self, place: str, entry: Mapping[str, Any]) -> RideCount:
        return RideCount(
            place=place,
            name=entry["name"],
            scope=self._scope(entry),
            period=entry["period"],
            after=entry["after"],
            pays=share(entry.get("pays", _FREE)),
            sponsor=entry.get("sponsor"),
        )

    def _lifetime(self, place: str, entry: Mapping[str, Any]) -> Lifetime:
        return Lifetime(
            place=place,
            name=entry["name"],
            scope=self._scope(entry),
            rides_a_year=entry["rides_a_year"],
            years=entry["years"],
            pays=share(entry.get("pays", _FREE)),
            sponsor=entry.get("sponsor"),
        )

    def _cap(self, place: str, entry: Mapping[str, Any]) -> Cap:
        return Cap(
            place=place,
            name=entry["name"],
            scope=self._scope(entry),
            period=entry["period"],
            most=self._money.amount(entry["most"]),
            sponsor=entry.get("sponsor"),
        )
