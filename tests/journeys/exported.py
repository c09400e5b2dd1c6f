"""A city's books in the accountant's own programs: both accept them, and each account holds there what it holds with us."""

from decimal import Decimal
from pathlib import Path

from citizencard.db import make_engine, make_sessions, reading
from ledger import balances_of_family, trial_balance
from ledger.export import Format, export, period_of
from ledger.export.names import beancount_name, hledger_name
from tests.ledger.export import parsers

PROGRAMS = (
    (Format.HLEDGER, hledger_name, parsers.asked_of_hledger),
    (Format.BEANCOUNT, beancount_name, parsers.asked_of_beancount),
)
"""Each is asked only after it has checked the file: `hledger check`, `bean-check`."""


def assert_programs_agree(url: str, folder: Path) -> None:
    """Hold every account of a database against hledger and Beancount."""
    engine = make_engine(url)
    with reading(make_sessions(engine)) as session:
        families = {row.family for row in trial_balance(session).rows}
        accounts = [account for family in families for account in balances_of_family(session, family)]
        for kind, name, ask in PROGRAMS:
            file = folder / f"books.{kind}"
            file.write_text("".join(export(session, period_of(session), kind)))
            ours = {
                name(account.type, account.code): Decimal(account.debits_fen - account.credits_fen) / 100
                for account in accounts
                if account.debits_fen != account.credits_fen
            }
            assert ours
            assert ask(file) == ours
    engine.dispose()
