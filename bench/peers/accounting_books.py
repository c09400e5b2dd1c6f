"""python-accounting: so many journal entries of one line, each posted and committed; prints how many a second.

Arguments: address of an empty PostgreSQL database, number of entries.
"""

import sys
import time
from datetime import datetime
from importlib import import_module
from typing import Any

PURSES = 10


def main(address: str, count: int) -> None:
    """Make the tables, open accounts, post journal entries."""
    engine = import_module("sqlalchemy").create_engine(address.replace("postgresql:", "postgresql+psycopg:"))
    import_module("python_accounting.config").config.configure_database(address)
    models = import_module("python_accounting.models")
    models.Base.metadata.create_all(engine)
    with import_module("python_accounting.database.session").get_session(engine) as session:
        entity = models.Entity(name="City")
        session.add(entity)
        session.commit()
        currency = models.Currency(name="Renminbi", code="CNY", entity_id=entity.id)
        session.add(currency)
        session.commit()
        accounts = [
            models.Account(
                name=f"Account {number}",
                account_type=models.Account.AccountType.PAYABLE,
                currency_id=currency.id,
                entity_id=entity.id,
            )
            for number in range(PURSES + 1)
        ]
        session.add_all(accounts)
        session.commit()
        took_s = 0.0
        for number in range(-PURSES, count):  # the first few warm up
            began = time.perf_counter()
            _post(session, entity.id, accounts[number % PURSES].id, accounts[PURSES].id)
            took_s += time.perf_counter() - began if number >= 0 else 0.0
    print(count / took_s)


def _post(session: Any, entity: int, purse: int, merchant: int) -> None:  # noqa: ANN401 # the peer's own session, unknown here
    entry = import_module("python_accounting.transactions").JournalEntry(
        narration="Purchase",
        transaction_date=datetime.now(),  # noqa: DTZ005 # the peer knows no time zones
        account_id=merchant,
        entity_id=entity,
    )
    session.add(entry)
    session.flush()
    line = import_module("python_accounting.models").LineItem(
        narration="Purchase", account_id=purse, amount=1, entity_id=entity
    )
    session.add(line)
    session.flush()
    entry.line_items.add(line)
    session.add(entry)
    entry.post(session)
    session.commit()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
