"""Is it alive, may it work?"""

from sqlalchemy import text

from citizencard.db import transaction
from tests.api.world import World, ok


def test_supervisor_learns_whether_the_server_may_work(world: World) -> None:
    """A server gets work only while its database answers and has the history that this version needs."""
    assert ok(world.anybody().get("/healthz")) == {"status": "alive"}
    assert ok(world.anybody().get("/readyz")) == {"status": "ready"}


def test_server_before_an_older_database_gets_no_work(world: World) -> None:
    """A server that was started before its migration was run says so."""
    if world.sessions.kw["bind"].dialect.name == "postgresql":
        return  # the app's role may not touch the history there; the other database shows the same rule
    with transaction(world.sessions) as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0001_ledger'"))
    answer = world.anybody().get("/readyz")
    assert (answer.status_code, answer.get_json()) == (503, {"status": "migrations_pending"})
