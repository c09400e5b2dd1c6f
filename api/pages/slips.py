"""What a slip says, in one language: the same lines for the page that checks it and for the paper."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from api.pages.formats import yuan
from api.pages.language import Language, say
from api.pages.texts_receipts import RECEIPTS
from citizencard.billing.views import MONEY
from citizencard.clock import BEIJING
from citizencard.receipts.models import Receipt, ReceiptKind
from citizencard.tariffs.quotes import Line as QuoteLine
from citizencard.tariffs.quotes import Quote, read_line
from citizencard.tariffs.sentences import sentence

MAX_CHARACTERS: Final = 120
Payload = Mapping[str, Any]
Write = Callable[[Payload, Language], str]


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
        parts=parts([read_line(part) for part in payload.get("parts", ())], language),
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


def parts(lines: Sequence[QuoteLine], language: Language) -> tuple[Part, ...]:
    """How a bill is reckoned, a row for each line of the tariff's explanation."""
    return tuple(_part(line, language) for line in lines)


def reason(quote: Quote, language: Language) -> str:
    """Why a bill is what it is, in a sentence; add-ons that the catalogue knows have the reader's name for them."""
    told = Quote(quote.minor, tuple(_for_people(line, language) for line in quote.lines))
    return sentence(told, MONEY, "zh" if language is Language.ZH else "en")


def _for_people(line: QuoteLine, language: Language) -> QuoteLine:
    known = f"receipt.part.add_on.{line.facts.get('name')}"
    return line._replace(facts={**line.facts, "add_on": say(language, known)}) if known in RECEIPTS else line


def _part(line: QuoteLine, language: Language) -> Part:
    facts = {name: _short(fact) for name, fact in line.facts.items()}
    quantity = f"{facts['units']} {unit_name(facts['unit'], language)}" if {"units", "unit"} <= facts.keys() else ""
    return Part(_name(line, facts, language), quantity, _unit_price(facts.get("price", "")), yuan(line.minor))


def _name(line: QuoteLine, facts: Mapping[str, str], language: Language) -> str:
    """What a row is called; an add-on that the catalogue knows has its name there, in both languages."""
    known = f"receipt.part.{line.what}.{facts.get('name')}"
    if known in RECEIPTS:
        return say(language, known)
    known = f"receipt.part.{line.what}"
    return say(language, known, **facts) if known in RECEIPTS else _short(line.what)


def _unit_price(price: str) -> str:
    """A price for one unit, such as ¥1.80 or ¥0.5283."""
    whole, _, decimals = price.partition(".")
    return f"¥{whole}.{decimals:0<2}" if whole else ""


def _short(value: object) -> str:
    return str(value)[:MAX_CHARACTERS]
