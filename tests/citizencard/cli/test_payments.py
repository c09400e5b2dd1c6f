"""The sweep as a command for a timer."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from citizencard.db import make_engine, make_sessions
from tests.citizencard.billing.make_bills import Waterworks
from tests.citizencard.checkout.make_checkout import BILL_FEN, office
from tests.citizencard.cli.run_command import Installation
from tests.stripe_fake.books import TO_PAGE
from tests.stripe_fake.server import KEY, Ordered


def test_sweep_ends_what_is_open_and_says_what_is_left(
    tmp_path: Path, database: str, clone_database: Callable[[str], str]
) -> None:
    """Every few minutes: status 1 while something waits for an answer, 0 when nothing does; figures for machines."""
    url = clone_database(database)
    engine = make_engine(url)
    city = Installation(tmp_path, url)
    key = tmp_path / "stripe_key"
    key.write_text(KEY)
    with office(Waterworks.open(make_sessions(engine), datetime.now(UTC))) as desk:
        city.environ |= {"STRIPE_SECRET_KEY_FILE": str(key), "STRIPE_API_BASE": desk.fake.address}
        begun = desk.begin_bill()
        desk.confirm(begun.id, TO_PAGE)
        desk.fake.books.receive(desk.provider(begun.id)["id"])
        quiet = city.run("payments", "sweep")
        assert (quiet.returncode, "nothing is left" in quiet.stdout) == (0, True), quiet.stderr
        assert "compared: 1" in quiet.stderr
        assert desk.see(begun.id).state == "succeeded"
        desk.refund(begun.id, BILL_FEN)
        desk.fake.order("refund", *[Ordered.ERROR_BEFORE] * 3)
        swept = city.run("payments", "sweep", "--json")
        assert swept.returncode == 1
        assert json.loads(swept.stdout)["refunds_left"] == 1
        assert desk.sweep().is_all_done
        assert desk.money(begun.id)["stripe"] == 0
    engine.dispose()


def test_without_a_provider_the_command_says_so(tmp_path: Path, clone_database: Callable[[str], str]) -> None:
    """One sentence, no trace."""
    refused = Installation(tmp_path, clone_database("sqlite")).run("payments", "sweep")
    assert refused.returncode == 1
    assert "On-line payment is not set up here" in refused.stderr
