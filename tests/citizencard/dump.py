"""Everything a thief of the database would hold, as one text."""

from sqlalchemy import inspect, text
from sqlalchemy.orm import Session


def dump(session: Session) -> str:
    """Every value of every row of every table; bytes as hex and, where they can be read so, as text."""
    found: list[str] = []
    for table in inspect(session.connection()).get_table_names():
        for row in session.execute(text(f'SELECT * FROM "{table}"')):  # noqa: S608 # names come from the database itself
            for value in row:
                raw = bytes(value) if isinstance(value, bytes | memoryview) else None
                found.append(str(value) if raw is None else raw.hex() + " " + raw.decode("utf-8", "replace"))
    return "\n".join(found)
