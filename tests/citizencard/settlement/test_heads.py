"""A signed head leaves the house, so that books that were rebuilt as a whole are found."""

import json
import os
import re
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from citizencard.audit import record
from citizencard.db import Sessions, reading, transaction
from citizencard.keys.head_signing import public_key_pem
from citizencard.keys.vault import SoftwareVault
from citizencard.settlement.errors import HeadDiffers
from citizencard.settlement.flow import seal_up
from citizencard.settlement.heads import HeadFile, heads_in, hold_against, write_head
from tests.citizencard.keys.make_vault import random_vault
from tests.citizencard.settlement.make import FINANCE, begin, day_of_rides
from tests.ledger.make import tamper

README = Path(__file__).parents[3] / "ledger" / "README.md"


@pytest.fixture(scope="module")
def keeper(tmp_path_factory: pytest.TempPathFactory) -> SoftwareVault:
    """A vault with a key for heads."""
    return random_vault(tmp_path_factory.mktemp("keeper"))


@pytest.fixture
def city(committed: Sessions, now: datetime) -> Sessions:
    """A day of money and an act, sealed."""
    with transaction(committed) as session:
        day_of_rides(session, begin(session, now), now)
        record(session, FINANCE, "test.act", "one", now=now)
    seal_up(committed, now)
    return committed


def leave(city: Sessions, keeper: SoftwareVault, folder: Path, now: datetime) -> HeadFile:
    written = write_head(city, keeper, folder, now)
    assert written
    return written


def differing(city: Sessions, files: list[Path], *keys: bytes) -> list[tuple[str, str]]:
    with reading(city) as session:
        return [(one.what, one.where) for one in hold_against(session, files, keys)]


def test_head_is_written_once_and_says_all(
    city: Sessions, keeper: SoftwareVault, tmp_path: Path, now: datetime
) -> None:
    """One file a head, readable by everybody, never written again; later heads come beside it."""
    folder = tmp_path / "out" / "heads"
    first = leave(city, keeper, folder, now)
    assert (first.is_new, first.path.name) == (True, "2026-11-21-00000001-00000001.json")
    assert first.path.stat().st_mode & 0o777 == 0o644
    content = first.path.read_bytes()
    again = leave(city, keeper, folder, now + timedelta(hours=1))
    assert (again.is_new, again.path, again.head, first.path.read_bytes()) == (False, first.path, first.head, content)
    fields = json.loads(content)
    assert (fields["city"], fields["realm"], fields["seal"], fields["first_id"], fields["last_id"]) == (
        "3302", "test", 1, 1, 6,
    )  # fmt: skip
    assert (fields["transfers"], fields["key"]) == (6, keeper.head_signing_key().hex())
    assert (fields["trail"]["seal"], fields["trail"]["entries"]) == (1, 1)
    with transaction(city) as session:
        record(session, FINANCE, "test.act", "two", now=now)
    seal_up(city, now + timedelta(days=1))
    second = leave(city, keeper, folder, now)
    assert second.path.name == "2026-11-22-00000001-00000002.json"
    assert heads_in([folder]) == [first.path, second.path]
    assert [path.name[0] for path in folder.iterdir()] == ["2", "2"], "nothing half-written stays"
    assert differing(city, heads_in([folder, first.path]), keeper.head_signing_key()) == []


def test_books_without_a_seal_have_no_head(
    committed: Sessions, keeper: SoftwareVault, tmp_path: Path, now: datetime
) -> None:
    """On the first evening there may be nothing to sign."""
    assert write_head(committed, keeper, tmp_path, now) is None
    with pytest.raises(FileNotFoundError):
        heads_in([tmp_path / "nowhere"])


def test_rebuilt_chains_are_found_by_the_head_of_before(
    city: Sessions, keeper: SoftwareVault, tmp_path: Path, now: datetime
) -> None:
    """A superuser alters a row of each table and seals all anew: the chains by themselves are sound, the head says otherwise."""
    head = leave(city, keeper, tmp_path, now)
    is_sqlite = city.kw["bind"].dialect.name == "sqlite"
    without = [
        f"DROP TRIGGER {table}_no_{event}" for table in ("audit_entry", "audit_seal") for event in ("update", "delete")
    ]
    tamper(
        city,
        *(without if is_sqlite else []),
        "UPDATE ledger_transfer SET kind = 'other' WHERE id = 3",
        "UPDATE audit_entry SET act = 'nothing' WHERE id = 1",
        "DELETE FROM ledger_seal",
        "DELETE FROM audit_seal",
    )
    seal_up(city, now)
    assert differing(city, [head.path], keeper.head_signing_key()) == [
        ("seal_head", "seal 1"),
        ("seal_head", "audit seal 1"),
    ]
    with pytest.raises(HeadDiffers):
        write_head(city, keeper, tmp_path, now)


def test_file_that_is_no_head_of_ours_is_named(
    city: Sessions, keeper: SoftwareVault, tmp_path: Path, now: datetime
) -> None:
    """A file that was altered, cut short, or signed by somebody else proves nothing, and is told by its name."""
    head = leave(city, keeper, tmp_path, now)
    key = keeper.head_signing_key()
    other = random_vault(tmp_path).head_signing_key()
    assert differing(city, [head.path], other) == [("head_forged", str(head.path))]
    assert differing(city, [head.path], other, key) == []
    altered = tmp_path / "altered.json"
    for content in (
        head.path.read_bytes().replace(b'"transfers":6', b'"transfers":7'),
        head.path.read_bytes()[:-20],
        b"[" * 4_000,
    ):
        altered.write_bytes(content)
        assert differing(city, [altered], key) == [("head_forged", str(altered))]
    head.path.write_bytes(b"{}")
    with pytest.raises(HeadDiffers):
        write_head(city, keeper, tmp_path, now)


def test_heads_of_an_earlier_key_stay_good_in_our_folder(
    city: Sessions, keeper: SoftwareVault, tmp_path: Path, now: datetime
) -> None:
    """After a rotation of the heads' key the night stops no money because of its own old heads, and an auditor is told all the same."""
    head = leave(city, keeper, tmp_path, now).path
    rotated = random_vault(tmp_path, name="rotated.json").head_signing_key()
    assert differing(city, [head], rotated) == [("head_forged", str(head))]
    with reading(city) as session:
        assert list(hold_against(session, [head], [rotated], ours=True)) == []
    content = head.read_bytes()
    key = keeper.head_signing_key().hex().encode()
    for altered in (content.replace(key, rotated.hex().encode()), content.replace(key, b"7"), content[:-30], b"[]"):
        head.write_bytes(altered)
        with reading(city) as session:
            assert [one.what for one in hold_against(session, [head], [rotated], ours=True)] == ["head_forged"]
    head.write_bytes(content)
    tamper(city, "DELETE FROM ledger_seal")
    with reading(city) as session:
        assert [one.what for one in hold_against(session, [head], [rotated], ours=True)] == ["seal_head"]


def test_what_is_no_file_hides_no_head(city: Sessions, keeper: SoftwareVault, tmp_path: Path, now: datetime) -> None:
    """A folder, a pipe or a link to nothing among the heads is named, nobody waits for it, and the other heads are looked at."""
    leave(city, keeper, tmp_path, now)
    (tmp_path / "0.json").mkdir()
    (tmp_path / "1.json").symlink_to("nowhere")
    os.mkfifo(tmp_path / "2.json")
    tamper(city, "DELETE FROM ledger_seal")
    found = differing(city, heads_in([tmp_path]), keeper.head_signing_key())
    assert set(found) == {
        *(("head_forged", str(tmp_path / f"{number}.json")) for number in range(3)),
        ("seal_head", "seal 1"),
    }


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("language", ["sh", "python"])
def test_auditor_needs_no_program_of_ours(
    city: Sessions, keeper: SoftwareVault, tmp_path: Path, now: datetime, language: str
) -> None:
    """What the README gives auditors to type is run as it stands there: good for the true head, not good for an altered one."""
    head = leave(city, keeper, tmp_path, now).path
    head.rename(tmp_path / "head.json")
    (tmp_path / "heads.pem").write_text(public_key_pem(keeper.head_signing_key()))
    blocks = re.findall(rf"```{language}\n(.*?)```", README.read_text(), re.DOTALL)
    (typed,) = [block for block in blocks if "head.json" in block]
    command = ["sh", "-ec", typed] if language == "sh" else [sys.executable, "-c", typed]
    good = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (good.returncode, good.stderr) == (0, ""), good.stderr
    content = (tmp_path / "head.json").read_text()
    (tmp_path / "head.json").write_text(content.replace('"transfers":6', '"transfers":7'))
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode != 0


def test_head_survives_a_database_that_lost_its_seals(
    city: Sessions, keeper: SoftwareVault, tmp_path: Path, now: datetime
) -> None:
    """Seals taken off the end leave a chain without a gap; the head misses them."""
    head = leave(city, keeper, tmp_path, now)
    tamper(city, "DELETE FROM ledger_seal")
    with reading(city) as session:
        assert session.execute(text("SELECT count(*) FROM ledger_seal")).scalar_one() == 0
        (difference,) = hold_against(session, [head.path], [keeper.head_signing_key()])
    assert (difference.what, difference.found) == ("seal_head", "no such seal")
