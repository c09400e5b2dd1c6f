"""Three little readers of exported files, which know the formats and nothing of our ledger, and the real programs' own answers."""

import csv
import hashlib
import io
import re
import shutil
import subprocess
from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import pytest

Held = dict[str, Decimal]
"""What each account holds, debits above zero, by the account's name in the file; those at zero are left out."""

_HLEDGER_POSTING = re.compile(r" {4}(\S.*?) {2}([A-Z]{3}) (-?\d+\.\d\d)(?: = \2 (-?\d+\.\d\d))?")
_BEANCOUNT_POSTING = re.compile(r" {2}([A-Z]\S*) {2}(-?\d+\.\d\d) [A-Z]{3}")


def of_hledger(text: str) -> Held:
    """Add up the postings of a journal, and hold each assertion where it stands."""
    held: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in text.splitlines():
        if posting := _HLEDGER_POSTING.fullmatch(line):
            name, _, amount, asserted = posting.groups()
            held[name] += Decimal(amount)
            assert asserted is None or held[name] == Decimal(asserted), line
    return _without_zeros(held)


def of_beancount(text: str) -> Held:
    """Add up the postings of a Beancount file."""
    held: defaultdict[str, Decimal] = defaultdict(Decimal)
    for line in text.splitlines():
        if posting := _BEANCOUNT_POSTING.fullmatch(line):
            held[posting[1]] += Decimal(posting[2])
    return _without_zeros(held)


def of_table(text: str) -> Held:
    """Add up openings and transfers of a table, and hold closings, control totals and digest against them."""
    held: defaultdict[str, Decimal] = defaultdict(Decimal)
    closing: dict[str, Decimal] = {}
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    for row in rows:
        debit, credit = (row[side].removeprefix("'") for side in ("debit", "credit"))
        amount = Decimal(row["amount"] or 0)
        for name, change in ((debit, amount), (credit, -amount)):
            if name and row["record"] == "closing":
                closing[name] = change
            elif name:
                held[name] += change
    transfers = [row for row in rows if row["record"] == "transfer"]
    *_, end = rows
    body = text[: text.rindex("end,")]
    assert (end["record"], int(end["id"])) == ("end", len(rows) - 1)
    assert end["metadata"] == f"sha256:{hashlib.sha256(body.encode()).hexdigest()}"
    totals = {row["currency"]: (int(row["id"]), Decimal(row["amount"])) for row in rows if row["record"] == "total"}
    assert sum(count for count, _ in totals.values()) == len(transfers)
    assert sum(total for _, total in totals.values()) == sum(Decimal(row["amount"]) for row in transfers)
    assert _without_zeros(closing) == _without_zeros(held)
    return _without_zeros(held)


def asked_of_hledger(file: Path) -> Held:
    """Let hledger check the journal strictly, and say what it holds."""
    program = _program("hledger")
    subprocess.run([program, "-f", file, "check", "--strict"], check=True, timeout=60)
    done = subprocess.run(
        [program, "-f", file, "balance", "--flat", "--no-total", "--output-format", "csv"],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    rows = csv.DictReader(io.StringIO(done.stdout))
    return {row["account"]: Decimal(row["balance"].removeprefix("CNY ")) for row in rows}


def asked_of_beancount(file: Path) -> Held:
    """Let Beancount check the file, and say what it holds."""
    checked = subprocess.run(
        [_program("bean-check"), "--no-cache", file], capture_output=True, text=True, timeout=60, check=False
    )
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
    query = "SELECT account, sum(number) AS held GROUP BY account"
    done = subprocess.run(
        [_program("bean-query"), "-f", "csv", file, query], check=True, capture_output=True, text=True, timeout=60
    )
    rows = csv.DictReader(io.StringIO(done.stdout))
    return _without_zeros({row["account"].strip(): Decimal(row["held"].strip() or 0) for row in rows})


def refused_by(program: str, *arguments: str | Path) -> str:
    """What a program says of a file that it must not accept."""
    done = subprocess.run([_program(program), *arguments], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode != 0
    return done.stdout + done.stderr


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is not installed: bin/setup test installs it")
    return found


def _without_zeros(held: Held) -> Held:
    return {name: amount for name, amount in held.items() if amount}
