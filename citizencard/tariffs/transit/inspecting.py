"""The mistakes of the part `transit` that no schema can say: what is named must exist, what is counted must rise."""

from collections.abc import Mapping
from typing import Any

from citizencard.tariffs.amounts import Money
from citizencard.tariffs.checks import Inspection


def inspect(inspection: Inspection, place: str, part: Mapping[str, Any], money: Money) -> None:
    """Name every mistake of meaning; what has a mistake of form is passed over."""
    for index, entry in enumerate(part.get("concessions", ())):
        inspection.exactly_one_of(f"{place}.concessions.{index}", entry, ("pays", "less", "costs"))
    del money
