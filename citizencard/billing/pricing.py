"""What the bills of a file must amount to: the tariff of each one's last day, and what the household used before in its tier period."""

from collections.abc import Iterable
from datetime import date, datetime, time
from fractions import Fraction
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from citizencard.billing.lines import BillLine, Reason
from citizencard.billing.models import Bill, BillState, UtilityService
from citizencard.clock import BEIJING
from citizencard.tariffs.document import Tariff
from citizencard.tariffs.errors import EventInvalid, RuleMissing
from citizencard.tariffs.quotes import Quote, line_data
from citizencard.tariffs.utilities import Reading, bill
from citizencard.tariffs.utility_rules import UtilityRule
from citizencard.tariffs.versions import tariffs_as_of
from ledger.arrays import among, listed

Place = tuple[date, date, str]
"""Where a bill stands among those of its household: by last day, first day and serial."""


_Asked = tuple[date, date, int, int]
"""What decides a price under the rule of its last day: first day, last day, units, and units before."""


def place_of(line: BillLine) -> Place:
    """Where the bill of a line stands."""
    return line.content.period_to, line.content.period_from, line.serial


class Prices:
    """Prices of the bills of a file. Ask for them in the order of `place_of`, and tell which of them were taken.

    Args:
        session: for reading; three statements, whatever the size of the file.
        service: whose bills; the caller holds its row, so that no other file comes between.
        lines: of the file, each serial once.
    """

    def __init__(self, session: Session, service: UtilityService, lines: Iterable[BillLine]) -> None:
        self._service = service
        given = list(lines)
        days = sorted({line.content.period_to for line in given})
        ends = [(0, datetime.combine(day, time.max, BEIJING)) for day in days]
        self._tariffs: dict[date, Tariff | None] = dict(zip(days, tariffs_as_of(session, ends), strict=True))
        self._quotes: dict[_Asked, Quote | Reason] = {}
        self._used = _Used()
        running = [(line, period) for line in given if (period := self._period(line)) is not None]
        if running:
            first = min(period[0] for _, period in running)
            last = max(line.content.period_to for line, _ in running)
            self._used.read(session, service.id, {line.content.customer_number for line, _ in running}, (first, last))

    def priced(self, line: BillLine) -> dict[str, Any] | Reason:
        """The columns of a bill that come from the tariff, or why there are none."""
        content = line.content
        tariff, rule = self._tariffs[content.period_to], self._rule(content.period_to)
        if tariff is None or rule is None:
            return Reason.NO_TARIFF
        period = self._period(line)
        before = 0 if period is None else self._used.before(line, period[0])
        asked = (content.period_from, content.period_to, content.quantity, before)
        # Households of one street use alike in one month: most lines of a file ask what an earlier one has asked.
        quote = self._quotes.get(asked)
        if quote is None:
            quote = self._quotes[asked] = _quote(rule, asked)
        if isinstance(quote, Reason):
            return quote
        if quote.minor != content.amount_fen:
            return Reason.AMOUNT_DIFFERS
        return {
            "unit": rule.unit,
            "tariff_version": tariff.version,
            "parts": [line_data(part) for part in quote.lines],
        }

    def take(self, line: BillLine) -> None:
        """The bill of a line is taken: later ones of its tier period go on from it."""
        if self._period(line) is not None:
            self._used.put(line.content.customer_number, place_of(line), line.content.quantity)

    def _rule(self, day: date) -> UtilityRule | None:
        tariff = self._tariffs[day]
        if tariff is None or tariff.money.currency.lower() != self._service.currency:
            return None
        return tariff.utilities.get(self._service.rule)

    def _period(self, line: BillLine) -> tuple[date, date] | None:
        rule = self._rule(line.content.period_to)
        return None if rule is None else rule.tier_period(line.content.period_to)


def _quote(rule: UtilityRule, asked: _Asked) -> Quote | Reason:
    first, last, units, before = asked
    try:
        return bill(rule, Reading(first, last, Fraction(units), units_before=Fraction(before)))
    except RuleMissing:
        return Reason.NO_TARIFF
    except EventInvalid:
        return Reason.NOT_PRICEABLE


class _Used:
    """What households used by the bills that are not cancelled: units by household and place, each serial once."""

    def __init__(self) -> None:
        self._units: dict[str, dict[str, tuple[Place, int]]] = {}
        self._number_of: dict[str, str] = {}

    def read(self, session: Session, service_id: str, numbers: set[str], between: tuple[date, date]) -> None:
        """Know the bills of these households that end between two days."""
        columns = (Bill.customer_number, Bill.period_to, Bill.period_from, Bill.serial, Bill.quantity)
        wanted = select(*columns).where(
            Bill.service_id == service_id,
            Bill.state != BillState.CANCELLED,
            Bill.period_to.between(*between),
            text(among(session, "customer_number", "numbers")),
        )
        for number, period_to, period_from, serial, units in session.execute(
            wanted, {"numbers": listed(session, sorted(numbers))}
        ):
            self.put(number, (period_to, period_from, serial), units)

    def put(self, number: str, place: Place, units: int) -> None:
        """A bill is there; an earlier version of it is not any more."""
        serial = place[2]
        self._units.get(self._number_of.get(serial, number), {}).pop(serial, None)
        self._number_of[serial] = number
        self._units.setdefault(number, {})[serial] = (place, units)

    def before(self, line: BillLine, first: date) -> int:
        """Units of the household's bills that end from a day on and stand before a line."""
        place = place_of(line)
        known = self._units.get(line.content.customer_number, {})
        return sum(
            units for other, units in known.values() if first <= other[0] and other < place and other[2] != place[2]
        )
