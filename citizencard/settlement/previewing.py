"""A tariff before two people agree to it: what it changes in the one in force, and what it would have made of yesterday's taps."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from citizencard.settlement.simulating import about_days, simulate
from citizencard.settlement.tally import Report
from citizencard.tariffs.differences import Difference, differences
from citizencard.tariffs.document import read
from citizencard.tariffs.errors import NoTariffInForce
from citizencard.tariffs.versions import in_force

PREVIEW_TAPS: Final = 10_000
"""Taps that a preview looks at: a person waits for it. `citizencard tariff simulate` looks at all of them."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a tariff would change.

    Args:
        compared_with: the version in force; None: there is none.
        present: its document; empty: there is none.
        differences: between that one and this.
        simulation: what it would have made of past taps.
    """

    compared_with: int | None
    present: Mapping[str, Any]
    differences: list[Difference]
    simulation: Report


def preview(
    session: Session, document: Mapping[str, Any], now: datetime, first_day: date | None, last_day: date | None
) -> Preview:
    """Compare a tariff with the one in force, and try it on the taps of some days, yesterday's when none are named.

    Args:
        session: read only.
        document: the tariff, whole.
        now: says which tariff is in force, and which day yesterday was.
        first_day: of the tariff's wall clock.
        last_day: included.

    Raises:
        TariffInvalid: the document has mistakes; names all of them.
        SimulationPeriodInvalid: the first day comes after the last, or they are more than a year.
        SimulationCurrencyForeign: the tariff is not in yuan.
    """
    asked = about_days(read(document), now, first_day, last_day)
    report = simulate(session, replace(asked, most=PREVIEW_TAPS))
    try:
        present = in_force(session, now)
    except NoTariffInForce:
        return Preview(None, {}, [], report)
    return Preview(present.version, present.document, differences(present.document, document), report)
