"""What is counted in a database before and after: revision, rows, books; and whether a vault opens what is encrypted in it."""

import hashlib
from dataclasses import dataclass
from typing import Final

from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from citizencard.cli.backups.errors import VaultForeign
from citizencard.keys.errors import CiphertextInvalid
from citizencard.keys.hsm import FieldContext
from citizencard.keys.vault import SoftwareVault
from citizencard.keys.vault_file import KeyState
from ledger import trial_balance

ENCRYPTED: Final = (
    ("person", ("document_number", "name", "phone")),
    ("social_security_link", ("number", "nation")),
    ("staff_member", ("totp_secret",)),
    ("merchant_contact", ("name", "phone")),
    ("merchant_bank_account", ("holder", "number")),
)
"""Tables, numbered by `id`, with columns that the vault encrypts."""

TRIED_ROWS: Final = 5
"""Of each table, at each end."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is counted; the fields are those of `DatabaseManifest`."""

    revision: str
    rows: dict[str, int]
    transfers: int
    last_transfer_id: int
    trial_balance_sha256: str


def facts_of(connection: Connection) -> Facts:
    """Count everything as this connection sees it; within one snapshot if its transaction has one."""
    rows = rows_of(connection)
    last = connection.execute(text("SELECT coalesce(max(id), 0) FROM ledger_transfer")).scalar_one()
    return Facts(
        revision=MigrationContext.configure(connection).get_current_revision() or "",
        rows=rows,
        transfers=rows["ledger_transfer"],
        last_transfer_id=int(last),
        trial_balance_sha256=trial_balance_digest(connection),
    )


def rows_of(connection: Connection) -> dict[str, int]:
    """How many rows each table has."""
    return {
        table: int(connection.execute(text(f'SELECT count(*) FROM "{table}"')).scalar_one())  # noqa: S608 # the database's own names
        for table in sorted(inspect(connection).get_table_names())
    }


def trial_balance_digest(connection: Connection) -> str:
    """SHA-256 over the trial balance: one line a row, its fields between tabs, hexadecimal."""
    with Session(connection) as session:
        found = trial_balance(session)
    lines = [
        f"{row.family}\t{row.type}\t{row.currency}\t{row.accounts}\t{row.debits_fen}\t{row.credits_fen}\n"
        for row in found.rows
    ]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def check_values(vault: SoftwareVault) -> dict[str, str]:
    """Check value of each key that is not destroyed, hexadecimal, by key id."""
    return {info.key_id: info.check_value.hex() for info in vault.inventory() if info.state is not KeyState.DESTROYED}


def open_fields(connection: Connection, vault: SoftwareVault) -> int:
    """Decrypt some encrypted values of every table that has any, and show none of them.

    Returns:
        How many were opened.

    Raises:
        VaultForeign: one of them cannot be opened with this vault.
    """
    opened = 0
    for table, columns in ENCRYPTED:
        rows = {
            row_id: values
            for order in ("ASC", "DESC")
            for row_id, *values in connection.execute(
                text(f"SELECT id, {', '.join(columns)} FROM {table} ORDER BY id {order} LIMIT {TRIED_ROWS}")  # noqa: S608 # our own names
            )
        }
        for row_id, values in rows.items():
            for column, value in zip(columns, values, strict=True):
                if value is not None:
                    _open(vault, FieldContext(table, column, row_id), bytes(value))
                    opened += 1
    return opened


def _open(vault: SoftwareVault, place: FieldContext, value: bytes) -> None:
    try:
        vault.decrypt(place, value)
    except CiphertextInvalid:
        # Not chained: the cause names the row.
        raise VaultForeign(f"it does not open what is encrypted in {place.table}.{place.column}") from None
