"""What ours is measured against: the same rows written by pgbench, by one statement or in the usual shape."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from bench.ledger.books import BANK, MERCHANT
from bench.ledger.servers import Server
from bench.ledger.sizes import CLIENTS, MOST_FEN
from citizencard.db import make_engine

FINGERPRINT = "0123456789abcdef" * 4
_SET = f"""\\set card random(:first, :last)
\\set amount random(1, {MOST_FEN})
\\set seed random(1, 9007199254740991)
"""
_INSERT = (
    "INSERT INTO ledger_transfer (reference, debit_id, credit_id, amount_fen, currency, kind, occurred_at, recorded_at, business_date,"
    " fingerprint, metadata)"
)
_VALUES = (
    "'purchase:' || lpad(to_hex(CAST(:seed AS bigint)), 24, '0'), {card}, CAST(:merchant AS bigint), CAST(:amount AS bigint), {currency},"
    " 'purchase', now(), now(), CAST(:day AS date), :fingerprint, '{{}}'"
)
_TAKE = (
    "UPDATE ledger_account SET posted_debits_fen = posted_debits_fen + :amount WHERE id = :card AND state = 'open'"
    " AND posted_credits_fen - posted_debits_fen - held_out_fen - :amount >= floor_fen"
)

ONE_STATEMENT = (
    f"{_SET}WITH card AS ({_TAKE} RETURNING id, currency) {_INSERT}"  # noqa: S608 # our own names
    f" SELECT {_VALUES.format(card='card.id', currency='card.currency')} FROM card"
    " ON CONFLICT (reference) DO NOTHING RETURNING id;\n"
)
"""S: the whole posting as one statement, prepared; the merchant is derived, so that no row is hot."""

USUAL = (
    f"{_SET}BEGIN;\n{_TAKE};\n{_INSERT} VALUES ({_VALUES.format(card='CAST(:card AS bigint)', currency=chr(39) + 'CNY' + chr(39))});\n"
    "UPDATE ledger_account SET posted_credits_fen = posted_credits_fen + :amount WHERE id = :merchant;\nCOMMIT;\n"
)
"""R: as it is usually written: cold row, new row, hot row."""

_ARRAYS = (
    ("reference", "text"),
    ("debit_id", "bigint"),
    ("credit_id", "bigint"),
    ("amount_fen", "bigint"),
    ("currency", "text"),
    ("kind", "text"),
    ("occurred_at", "timestamptz"),
    ("journal", "text"),
    ("fingerprint", "text"),
    ("metadata", "text"),
    ("reverses", "bigint"),
)
_NAMES = ", ".join(name for name, _ in _ARRAYS)
BATCH = (
    "\\set seed random(1, 9007199254740991)\n"  # noqa: S608 # our own names
    f"WITH given AS (SELECT * FROM unnest({', '.join(f'CAST(:{name} AS {kind}[])' for name, kind in _ARRAYS)}) AS g({_NAMES})),"
    f" written AS (INSERT INTO ledger_transfer ({_NAMES}, business_date, recorded_at)"
    " SELECT 'purchase:' || reference || lpad(to_hex(CAST(:seed AS bigint)), 16, '0'),"
    f" {_NAMES.partition(', ')[2]}, CAST(:day AS date), now() FROM given"
    " ON CONFLICT (reference) DO NOTHING RETURNING debit_id, amount_fen)"
    " UPDATE ledger_account a SET posted_debits_fen = a.posted_debits_fen + m.taken_fen"
    " FROM (SELECT debit_id, CAST(sum(amount_fen) AS bigint) AS taken_fen FROM written GROUP BY debit_id) AS m"
    " WHERE a.id = m.debit_id AND a.posted_credits_fen - a.posted_debits_fen - a.held_out_fen - m.taken_fen >= a.floor_fen;\n"
)
"""B: the same array batch as ours, as one statement, without verdicts and fingerprints of its own: its arrays are made once."""


@dataclass(frozen=True, slots=True)
class Target:
    """A database that pgbench writes to, opened by `open_city`, and the ids there."""

    server: Server
    database: str
    folder: Path
    seconds: float
    first: int
    last: int
    merchant: int
    day: str

    @classmethod
    def of(cls, server: Server, database: str, folder: Path, seconds: float) -> "Target":
        """Look the ids up."""
        engine = make_engine(server.url(database))
        with engine.connect() as connection:
            found = connection.execute(
                text(
                    "SELECT min(p.id), max(p.id), count(*), (SELECT id FROM ledger_account WHERE code = :merchant),"
                    " (SELECT day FROM ledger_day WHERE state = 'open') FROM ledger_account p WHERE p.locked"
                ),
                {"merchant": MERCHANT, "bank": BANK},
            ).one()
        engine.dispose()
        first, last, count, merchant, day = found
        if last - first + 1 != count:
            raise AssertionError("the ids of the purses have gaps, and pgbench draws from a span")
        return cls(server, database, folder, seconds, first, last, merchant, day.isoformat())

    def single(self, name: str, script: str) -> Callable[[], float]:
        """A job: transfers a second of S or R with as many clients as we have processes."""
        path = self._script(name, script)
        variables: dict[str, object] = {
            "first": self.first,
            "last": self.last,
            "merchant": self.merchant,
            "day": self.day,
            "fingerprint": FINGERPRINT,
        }
        return lambda: self.server.pgbench(self.database, path, variables, clients=CLIENTS, seconds=self.seconds)

    def batch(self, size: int) -> Callable[[], float]:
        """A job: transfers a second of B with one client."""
        path = self._script(f"batch-{size}", BATCH)
        chance = random.Random(size)
        columns: dict[str, list[object]] = {
            "reference": [f"{chance.getrandbits(32):08x}" for _ in range(size)],
            "debit_id": [chance.randint(self.first, self.last) for _ in range(size)],
            "credit_id": [self.merchant] * size,
            "amount_fen": [chance.randint(1, MOST_FEN) for _ in range(size)],
            "currency": ["CNY"] * size,
            "kind": ["purchase"] * size,
            "occurred_at": ['"2026-11-21 08:30:00.123456+00"'] * size,
            "journal": ["NULL"] * size,
            "fingerprint": [FINGERPRINT] * size,
            "metadata": ['"{}"'] * size,
            "reverses": ["NULL"] * size,
        }
        variables: dict[str, object] = {
            name: "{" + ",".join(map(str, values)) + "}" for name, values in columns.items()
        }
        variables["day"] = self.day
        return lambda: size * self.server.pgbench(self.database, path, variables, clients=1, seconds=self.seconds)

    def _script(self, name: str, text_of_it: str) -> Path:
        path = self.folder / f"{name}.sql"
        path.write_text(text_of_it)
        return path
