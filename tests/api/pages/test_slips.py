"""What a slip says."""

from datetime import datetime

import pytest

from api.pages.formats import MINUS
from api.pages.language import Language
from api.pages.slips import Slip, reason, slip, written_serial
from citizencard.receipts.models import Receipt, ReceiptKind
from citizencard.tariffs.quotes import read_quote


def part(what: str, minor: int, **facts: str | int) -> dict[str, object]:
    return {"what": what, "minor": minor, "rule": "utilities.water", "facts": facts}


BILL = {
    "utility": "示范市自来水公司",
    "service": "居民生活用水",
    "household": "····3344",
    "period_from": "2026-10-01",
    "period_to": "2026-10-31",
    "quantity": 1800,
    "unit": "t",
    "parts": [
        part("tier", 3240, tier=1, units="18", unit="t", price="1.8"),
        part("add_on", 1710, name="sewage", add_on="污水", units="18", unit="t", price="0.95"),
        part("add_on", 1, name="garbage", add_on="垃圾处理费", units="1", unit="t", price="0.0123"),
        part("free_units", -1, allowance="低保"),
        part("of_another_time", 0),
    ],
    "tariff_version": 3,
    "bill": "bil_1",
    "how": "account",
    "secret": "not for the slip",
}


def said(now: datetime, kind: ReceiptKind, payload: dict[str, object], language: Language = Language.EN) -> Slip:
    return slip(Receipt(serial=7, kind=kind, amount_fen=4_950, payload=payload, issued_at=now), language)


def test_bill_is_told_in_full_in_both_languages(now: datetime) -> None:
    """The resident reads what was billed and how it was reckoned; keys that are not known stay inside."""
    english, chinese = said(now, ReceiptKind.BILL, BILL), said(now, ReceiptKind.BILL, BILL, Language.ZH)
    assert english.amount == "¥49.50"
    assert [(line.name, line.value) for line in english.lines] == [
        ("serial", "0000000007"),
        ("issued_at", "2026-11-21 08:30:00"),
        ("utility", "示范市自来水公司"),
        ("service", "居民生活用水"),
        ("household", "····3344"),
        ("period", "2026-10-01 – 2026-10-31"),
        ("quantity", "1,800 t"),
        ("how", "citizen card account"),
        ("bill", "bil_1"),
        ("tariff", "3"),
    ]
    assert [(part.name, part.quantity, part.unit_price, part.amount) for part in english.parts] == [
        ("Tier 1", "18 t", "¥1.80", "¥32.40"),
        ("Sewage", "18 t", "¥0.95", "¥17.10"),
        ("Charge: 垃圾处理费", "1 t", "¥0.0123", "¥0.01"),
        ("Free units: 低保", "", "", f"{MINUS}¥0.01"),
        ("of_another_time", "", "", "¥0.00"),
    ]
    assert [part.name for part in chinese.parts][:3] == ["第 1 档", "污水处理费", "附加费：垃圾处理费"]
    assert chinese.parts[0].quantity == "18 吨"
    assert len(chinese.lines) == len(english.lines)
    assert "not for the slip" not in repr(english)


@pytest.mark.parametrize(
    ("kind", "payload", "wanted"),
    [
        (ReceiptKind.TOP_UP, {"account": "····9f3k", "how": "online", "balance_fen": 150_000},
         [("account", "····9f3k"), ("how", "online payment"), ("balance", "¥1,500.00")]),
        (ReceiptKind.REFUND, {"of": 3, "how": "online"}, [("of", "0000000003"), ("how_back", "online payment")]),
        (ReceiptKind.TOP_UP, {"how": "barter"}, [("how", "another way")]),
        (ReceiptKind.BILL, {}, []),
        (ReceiptKind.BILL, {"utility": "水" * 500}, [("utility", "水" * 120)]),
    ],
)  # fmt: skip
def test_every_kind_says_what_it_has(
    now: datetime, kind: ReceiptKind, payload: dict[str, object], wanted: list[tuple[str, str]]
) -> None:
    """A slip with less on it is a shorter slip, not a broken page."""
    assert [(line.name, line.value) for line in said(now, kind, payload).lines][2:] == wanted


def test_serial_is_written_in_ten_digits() -> None:
    """Serials line up in a list, and the longest still fits."""
    assert written_serial(1) == "0000000001"
    assert written_serial(12_345_678_901) == "12345678901"


def test_reason_is_told_in_the_readers_words() -> None:
    """Who reads English reads what sewage costs, though the tariff has a Chinese name for it."""
    quote = read_quote({"minor": 4_950, "lines": BILL["parts"][:2]})  # type: ignore[index] # a list
    assert (
        reason(quote, Language.EN)
        == "tier 1, 18 t at ¥1.80 each: ¥32.40; Sewage, 18 t at ¥0.95 each: ¥17.10; to pay ¥49.50."
    )
    assert reason(quote, Language.ZH).endswith("污水处理费 18 t，每 t ¥0.95：¥17.10；应付 ¥49.50。")
