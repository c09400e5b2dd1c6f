"""Triggers that keep facts as they are, on both databases, for use inside migrations."""

from typing import Any

REFUSAL = "rows of this table are facts and are never changed"


def append_only(op: Any, table: str) -> None:  # noqa: ANN401 # alembic's `op` is a module that stands for its operations
    """Keep the rows of a table that is numbered by `id` as they are; see `append_only_by`."""
    append_only_by(op, table, ("id",))


def append_only_by(op: Any, table: str, key: tuple[str, ...]) -> None:  # noqa: ANN401 # the same
    """Let the database itself refuse UPDATE, DELETE, TRUNCATE and REPLACE on a table.

    PostgreSQL: a row trigger for UPDATE and DELETE, and a statement trigger for TRUNCATE, which row triggers do not see.
    SQLite: one trigger each. REPLACE fires the DELETE trigger because connections set `recursive_triggers`; for connections
    that do not, a BEFORE INSERT trigger refuses a primary key that is there already.

    Args:
        op: alembic's operations.
        table: the table's name.
        key: the columns of its primary key.
    """
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE FUNCTION {table}_refuse() RETURNS trigger LANGUAGE plpgsql AS $$"
            f" BEGIN RAISE EXCEPTION '{table}: {REFUSAL}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {table}_refuse()"
        )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {table}_refuse()"
        )
        return
    for event in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{event.lower()} BEFORE {event} ON {table}"
            f" BEGIN SELECT RAISE(ABORT, '{table}: {REFUSAL}'); END"
        )
    same = " AND ".join(f"{column} = NEW.{column}" for column in key)
    there_already = f"SELECT 1 FROM {table} WHERE {same}"  # noqa: S608 # the names are ours
    op.execute(
        f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}"
        f" WHEN EXISTS ({there_already})"
        f" BEGIN SELECT RAISE(ABORT, '{table}: {REFUSAL}'); END"
    )


def changeable_again(op: Any, table: str) -> None:  # noqa: ANN401 # the same
    """Take the triggers away, for the way back of a migration."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER {table}_no_change ON {table}")
        op.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")
        op.execute(f"DROP FUNCTION {table}_refuse()")
        return
    for name in ("update", "delete", "replace"):
        op.execute(f"DROP TRIGGER {table}_no_{name}")
