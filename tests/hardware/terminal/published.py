"""The examples of device tables in hardware/terminal/PROTOCOL.md, read from that page, so that what is published is what is tested."""

import hashlib
import json
import re
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[3] / "hardware" / "terminal" / "PROTOCOL.md"


@dataclass(frozen=True)
class Example:
    """An example: the tariff, its lines of bytes, and the rows of figures under them."""

    document: dict[str, Any]
    fields: list[str]
    rows: list[dict[str, str]]
    text: str

    @property
    def table(self) -> bytes:
        """The bytes, put together from the second column."""
        return bytes.fromhex("".join(line.split()[1] for line in self.fields))

    @property
    def answer(self) -> dict[str, Any]:
        """What the server says to a device that asks for this table."""
        return answer(self.table)


def answer(table: bytes) -> dict[str, Any]:
    """What the server says to a device that asks for a table; a device reads nothing but `table`."""
    return {"object": "device_table", "layout": 1, "table": b64encode(table).decode("ascii")}


def sealed(body: bytes) -> bytes:
    """A table with the digest that belongs to its bytes."""
    return body + hashlib.sha256(body).digest()


def changed(table: bytes, offset: int, octets: str) -> bytes:
    """A table with other bytes at a place, and the digest that belongs to them."""
    new = bytes.fromhex(octets)
    return sealed(table[:offset] + new + table[offset + len(new) : -32])


def example(number: int) -> Example:
    """The n-th example of the page, from 1."""
    text = PAGE.read_text(encoding="utf-8").split(f"### Example {number}:")[1]
    text = re.split(r"\n#{2,3} ", text)[0]
    fields = re.search(r"```\n(0000 .*?)\n```", text, re.DOTALL)
    document = re.search(r"```json\n(.*?)```", text, re.DOTALL)
    assert fields
    assert document
    header, _, *rows = [
        [cell.strip() for cell in line[1:-1].split("|")] for line in text.splitlines() if line.startswith("|")
    ]
    named = [dict(zip(header, row, strict=True)) for row in rows]
    return Example(json.loads(document[1]), fields[1].splitlines(), named, text)


FLAT = example(1)
DISTANCE = example(2)
CONDITIONS = example(3)
