"""The accounts that a run of transfers names, kept while they are likely to be named again."""

from collections.abc import Iterable, Mapping
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from ledger.arrays import among, listed

MAX_KNOWN: Final = 100_000
"""About 25 MB."""

Named = tuple[str, str]
"""Code and currency."""


class KnownAccounts:
    """Codes and currencies by row id."""

    def __init__(self) -> None:
        self._known: dict[int, Named] = {}

    def of(self, session: Session, ids: Iterable[int]) -> Mapping[int, Named]:
        """At least those of the ids that name an account."""
        wanted = set(ids)
        missing = wanted - self._known.keys()
        if len(self._known) + len(missing) > MAX_KNOWN:
            self._known.clear()
            missing = wanted
        if missing:
            found = session.execute(
                text(f"SELECT id, code, currency FROM ledger_account WHERE {among(session, 'id', 'ids', 'bigint')}"),  # noqa: S608 # constants
                {"ids": listed(session, missing)},
            )
            self._known.update((number, (code, currency)) for number, code, currency in found)
        return self._known
