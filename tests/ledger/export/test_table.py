"""The table for spreadsheets."""

import csv
import hashlib
import io

from ledger.export.table import COLUMNS, TableWriter, neutral
from tests.ledger.export.parts import EMPTY, ENTRY, HELD, PERIOD


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True))


def written() -> str:
    writer = TableWriter(PERIOD)
    parts = (
        writer.head(),
        writer.opening(HELD),
        writer.entry(ENTRY),
        writer.closing(HELD),
        writer.closing(EMPTY),
        writer.tail(),
    )
    return "".join(parts)


def test_table_is_told_as_it_is_documented() -> None:
    """A finance department's program reads the columns by their names; lines end as RFC 4180 says."""
    text = written()
    assert text.startswith("\ufeffrecord,id,")
    assert text.count("\r\n") == text.count("\n") == 7
    opening, transfer, closing, empty, total, end = rows_of(text)
    assert tuple(opening) == COLUMNS
    assert (opening["record"], opening["debit"], opening["credit"], opening["amount"]) == (
        "opening",
        "",
        "wallet:a_1",
        "1234.56",
    )
    assert (transfer["debit"], transfer["credit"], transfer["amount"], transfer["currency"]) == (
        "psp:stripe",
        "wallet:a_1",
        "50.05",
        "CNY",
    )
    assert (transfer["id"], transfer["journal"], transfer["kind"], transfer["reverses"]) == ("17", "j:1", "topup", "9")
    assert (transfer["business_date"], transfer["occurred_at"]) == ("2026-11-21", "2026-11-21T00:30:00.000000+00:00")
    assert (transfer["recorded_at"], transfer["metadata"]) == ("2026-11-21T00:30:00.000001+00:00", ENTRY.metadata)
    assert (closing["credit"], closing["business_date"]) == ("wallet:a_1", "2026-11-30")
    assert (empty["debit"], empty["amount"]) == ("psp:stripe", "0.00")
    assert (total["record"], total["id"], total["amount"], total["currency"]) == ("total", "1", "50.05", "CNY")
    assert (end["record"], end["id"]) == ("end", "5")


def test_digest_covers_every_byte_before_it() -> None:
    """Whoever cut, added or changed a byte on the way is found without the city's help."""
    raw = written().encode()
    body, end, rest = raw.rpartition(b"end,")
    assert end
    assert f"sha256:{hashlib.sha256(body).hexdigest()}".encode() in rest


def test_no_cell_is_a_formula() -> None:
    """Opening the file in a spreadsheet computes nothing, whatever a partner put into a reference."""
    assert rows_of(written())[1]["reference"] == "'-slip:7"
    assert [neutral(cell) for cell in ("=1", "+1", "-1", "@a", "\tx", "a=1", "")] == [
        "'=1",
        "'+1",
        "'-1",
        "'@a",
        "'\tx",
        "a=1",
        "",
    ]
