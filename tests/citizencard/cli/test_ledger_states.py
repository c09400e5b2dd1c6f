"""What an operator does to accounts and holds from the command line."""

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import select

from citizencard import chart
from citizencard.audit import AuditEntry
from citizencard.clock import now
from citizencard.db import make_engine, make_sessions, reading, transaction
from tests.citizencard.cli.run_command import Installation
from tests.citizencard.settlement.make import begin, day_of_rides


def test_accounts_are_frozen_thawed_and_closed_with_a_reason(
    tmp_path: Path, clone_database: Callable[[str], str]
) -> None:
    """Each act is one line, refusals are one sentence, and who did what and why is in the audit."""
    url = clone_database("sqlite")
    engine = make_engine(url)
    sessions = make_sessions(engine)
    with transaction(sessions) as session:
        day_of_rides(session, begin(session, now()), now())
        chart.open_missing(session, [chart.till("empty")])
    city = Installation(tmp_path, url)
    purse = chart.purse("card_1")
    assert city.run("ledger", "freeze", purse).returncode == 2, "no act without a reason"
    assert city.run("ledger", "freeze", purse, "--reason", "court order 7").stdout == f"{purse}: frozen\n"
    assert city.run("ledger", "unfreeze", purse, "--reason", "lifted").stdout == f"{purse}: open\n"
    refused = city.run("ledger", "close-account", purse, "--reason", "over")
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (1, "", 1)
    assert city.run("ledger", "close-account", "till:empty", "--reason", "over").stdout == "till:empty: closed\n"
    assert city.run("ledger", "freeze", "purse:nobody", "--reason", "x").returncode == 1
    assert city.run("ledger", "expire-holds").stdout == "0 holds were over and are ended\n"
    with reading(sessions) as session:
        acts = session.execute(
            select(AuditEntry.act, AuditEntry.reason).where(AuditEntry.act.like("ledger.%")).order_by(AuditEntry.id)
        )
        assert [tuple(act) for act in acts] == [
            ("ledger.freeze", "court order 7"),
            ("ledger.unfreeze", "lifted"),
            ("ledger.close_account", "over"),
        ]
    engine.dispose()
