"""What a slip says, in one language: the same lines for the page that checks it and for the paper."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from api.pages.formats import yuan
from api.pages.language import Language, say
from api.pages.texts_receipts import RECEIPTS
from citizencard.clock import BEIJING
from citizencard.receipts.models import Receipt, ReceiptKind

MAX_CHARACTERS: Final = 120
Payload = Mapping[str, Any]
Write = Callable[[Payload, Language], str]

_TIER: Final = re.compile(r"tier_([0-9]{1,3})")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a slip: `receipt.<name>` is its label in the catalogue."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Part:
    """A line of the reckoning, as texts."""

    name: str
    quantity: str
    unit_price: str
    amount: str


@dataclass(frozen=True, slots=True)
class Slip:
    """A receipt in words of one language.

    Args:
        kind: bill, top_up or refund.
        amount: such as ¥49.50.
        lines: what it says beside the amount, in order.
        parts: how the amount is reckoned; empty when it is not.
    """

    kind: str
    amount: str
    lines: tuple[Line, ...]
    parts: tuple[Part, ...]


def slip(receipt: Receipt, language: Language) -> Slip:
    """The slip of a receipt. What its payload lacks is left out, what it has beyond the known keys is not shown."""
    payload = receipt.payload
    return Slip(
        kind=receipt.kind,
        amount=yuan(receipt.amount_fen),
        lines=tuple(_lines(receipt, language)),
        parts=tuple(_part(part, payload.get("unit", ""), language) for part in payload.get("parts", ())),
    )


def written_serial(serial: int) -> str:
    """A receipt's serial as it is printed: ten digits."""
    return f"{serial:010d}"


def _lines(receipt: Receipt, language: Language) -> Iterator[Line]:
    payload = receipt.payload
    yield Line("serial", written_serial(receipt.serial))
    yield Line("issued_at", f"{receipt.issued_at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}")
    for name, needed, write in _KNOWN:
        if all(key in payload for key in needed):
            label = "how_back" if name == "how" and receipt.kind == ReceiptKind.REFUND else name
            yield Line(label, write(payload, language))


def _how(payload: Payload, language: Language) -> str:
    known = f"receipt.how.{payload['how']}"
    return say(language, known if known in RECEIPTS else "receipt.how.other")


def _text(key: str) -> Write:
    return lambda payload, _language: _short(payload[key])


_KNOWN: Final[tuple[tuple[str, tuple[str, ...], Write], ...]] = (
    ("utility", ("utility",), _text("utility")),
    ("service", ("service",), _text("service")),
    ("household", ("household",), _text("household")),
    (
        "period",
        ("period_from", "period_to"),
        lambda said, _: f"{_short(said['period_from'])} – {_short(said['period_to'])}",
    ),
    ("quantity", ("quantity", "unit"), lambda said, language: _measured(said["quantity"], said["unit"], language)),
    ("account", ("account",), _text("account")),
    ("of", ("of",), lambda said, _: written_serial(said["of"])),
    ("how", ("how",), _how),
    ("balance", ("balance_fen",), lambda said, _: yuan(said["balance_fen"])),
    ("bill", ("bill",), _text("bill")),
    ("tariff", ("tariff_version",), _text("tariff_version")),
)
"""Lines in their order: label, keys of the payload that are needed, and how they are written."""


def unit_name(unit: str, language: Language) -> str:
    """What a unit of a tariff is called: tonnes are 吨 in Chinese; one that the catalogue does not know stays as it is written."""
    known = f"receipt.unit.{unit}"
    return say(language, known) if known in RECEIPTS else _short(unit)


def _measured(quantity: int, unit: str, language: Language) -> str:
    return f"{quantity:,} {unit_name(unit, language)}".rstrip()


def _part(part: Mapping[str, Any], unit: str, language: Language) -> Part:
    name = str(part["name"])
    tier = _TIER.fullmatch(name)
    known = f"receipt.part.{name}"
    if tier is not None:
        said = say(language, "receipt.part.tier", number=int(tier[1]))
    else:
        said = say(language, known) if known in RECEIPTS else _short(name)
    return Part(said, _measured(part["quantity"], unit, language), yuan(part["unit_fen"]), yuan(part["fen"]))


def _short(value: object) -> str:
    return str(value)[:MAX_CHARACTERS]
