"""Events as a file gives them: each checked by the published form (events.schema.json), each mistake with number, field and reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from citizencard.tariffs.amounts import Money
from citizencard.tariffs.checks import Fault, Inspection, form_faults, schema
from citizencard.tariffs.errors import EventInvalid, TariffError
from citizencard.tariffs.values import inspect_values

SCHEMA: Final = "events"
UNKNOWN: Final = "?"
KINDS: Final = frozenset(schema(SCHEMA)["$defs"]["event"]["properties"]["kind"]["enum"])


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that a price is asked for.

    Args:
        number: its place in the file, from 1.
        kind: `ride`, `pass`, `carry`, `stay`, `permit`, `taxi`, `fuel`, `bill` or `late`; `?` when it does not say.
        fields: as the file gives them; sound when there is no refusal.
        refusal: what is wrong with it.
    """

    number: int
    kind: str
    fields: Mapping[str, Any]
    refusal: TariffError | None = None


def read_events(document: object, money: Money) -> list[Event]:
    """The events of a file: `{"events": [...]}`, or the bare list.

    Args:
        document: the value of the file.
        money: the currency of the tariff that they are priced by.

    Raises:
        EventInvalid: the file is no list of events; what is wrong with a single event stands with that event.
    """
    whole = {"events": document} if isinstance(document, list) else document
    faults = form_faults(whole, SCHEMA, "file")
    if faults or not isinstance(whole, dict):
        first = faults[0] if faults else Fault("", "must be an object")
        raise EventInvalid(f"{first.place or 'the file'} {first.message}", field=first.place, reason=first.message)
    return [_read_event(number, entry, money) for number, entry in enumerate(whole["events"], 1)]


def _read_event(number: int, entry: object, money: Money) -> Event:
    """An event by itself, so that each of a thousand wrong ones says what is wrong."""
    fields = entry if isinstance(entry, dict) else {}
    kind = fields.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        return Event(number, UNKNOWN, fields, _refusal(Inspection(form_faults(entry, SCHEMA, "event")).found()))
    inspection = Inspection(form_faults(entry, SCHEMA, kind))
    if not inspection.full:
        inspect_values(inspection, fields, money, form=(SCHEMA, kind))
    return Event(number, kind, fields, _refusal(inspection.found()) if inspection.faults else None)


def _refusal(faults: list[Fault]) -> EventInvalid:
    told = "; ".join(f"{fault.place} {fault.message}".lstrip() for fault in faults)
    return EventInvalid(told, field=faults[0].place, reason=faults[0].message)
