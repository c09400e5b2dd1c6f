"""`citizencard ledger seal` and `ledger release`: sealing, the head that leaves the house, verifying, and letting money move again."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.audit.seals import TrailHead, trail_differences, trail_differs, trail_head
from citizencard.cli.backups.progress import Progress
from citizencard.cli.start import City, command_line, open_city
from citizencard.clock import now
from citizencard.config import Settings
from citizencard.db import reading
from citizencard.keys.head_signing import PUBLIC_KEY_BYTES, public_key_pem
from citizencard.keys.start import open_vault
from citizencard.settlement.flow import release_ledger, seal_up, stop_books
from citizencard.settlement.heads import HeadFile, heads_in, hold_against, write_head
from ledger import Difference, verify_seals
from ledger.models import Seal

MAX_DIFFERENCES: Final = 1_000
TRAIL: Final = "trail"


@dataclass(frozen=True, slots=True)
class Note:
    """A seal as an auditor has noted it."""

    of_trail: bool
    number: int
    hash: str


class _Noted(click.ParamType[Note]):
    """A seal as it was printed: its number, a colon, its hash; `trail:` before it for one of the audit trail."""

    name = "[trail:]NUMBER:HASH"

    def convert(self, value: str | Note, param: click.Parameter | None, ctx: click.Context | None) -> Note:
        """Take the note apart."""
        if isinstance(value, Note):
            return value
        before, _, rest = value.rpartition(f"{TRAIL}:")
        number, _, digest = rest.partition(":")
        if before or not number.isdecimal() or not digest:
            self.fail("write it as it was printed: NUMBER:HASH or trail:NUMBER:HASH", param, ctx)
        return Note(value != rest, int(number), digest.lower())


class _Key(click.ParamType[bytes]):
    """A public key as `--public-key` prints it in hexadecimal."""

    name = "HEX"

    def convert(self, value: str | bytes, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        """Read the digits."""
        if isinstance(value, bytes):
            return value
        try:
            key = bytes.fromhex(value)
        except ValueError:
            key = b""
        if len(key) != PUBLIC_KEY_BYTES:
            self.fail(f"a public key has {2 * PUBLIC_KEY_BYTES} hexadecimal digits", param, ctx)
        return key


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be verified.

    Args:
        noted: seals that must be the same.
        heads: files, or folders of them, whose heads must be the chains'.
        kept: the files in the city's own folder as well.
        keys: public keys that heads may be signed with; none asks the city's vault.
        trail_only: not the transfers again, which `prove` has looked at.
        stops: a difference stops the ledger.
    """

    noted: tuple[Note, ...]
    heads: tuple[Path, ...]
    kept: bool
    keys: tuple[bytes, ...]
    trail_only: bool
    stops: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What a verification came to: what differs, and how many head files were held against the chains."""

    differences: Sequence[Difference]
    heads: int


@click.command("seal")
@click.option("--verify", is_flag=True, help="Seal nothing: recompute both chains and name every row that differs.")
@click.option("--noted", multiple=True, type=_Noted(), help="A seal that was noted earlier and must be the same.")
@click.option(
    "--head",
    "heads",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help="A head that left the house, or a folder of them: it must be signed, and in the chains.",
)
@click.option("--kept", is_flag=True, help="The heads in the city's own folder as well.")
@click.option(
    "--key", "keys", multiple=True, type=_Key(), help="Public key of the heads; else the city's vault is asked."
)
@click.option("--trail", "trail_only", is_flag=True, help="Only the audit trail and the heads, not every transfer.")
@click.option("--stop", "stops", is_flag=True, help="A difference stops the ledger: no money moves until `release`.")
@click.option(
    "--public-key", is_flag=True, help="Print the public key of the heads, for auditors, and do nothing else."
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_context
def seal_books(  # noqa: PLR0913 # one for each option
    context: click.Context,
    *,
    verify: bool,
    noted: tuple[Note, ...],
    heads: tuple[Path, ...],
    kept: bool,
    keys: tuple[bytes, ...],
    trail_only: bool,
    stops: bool,
    public_key: bool,
    as_json: bool,
) -> None:
    """Seal books and audit trail, and write the signed head of both into the folder that leaves the house.

    Exit status 0: sealed, or nothing differs; 1: refused, or --verify finds a difference; 2: wrong usage.
    """
    wanted = Wanted(noted, heads, kept, keys, trail_only, stops)
    if not verify and wanted != Wanted((), (), kept=False, keys=(), trail_only=False, stops=False):
        raise click.UsageError("--noted, --head, --kept, --key, --trail and --stop need --verify")
    city = open_city()
    if public_key:
        _tell_key(open_vault(city.settings).head_signing_key(), as_json=as_json)
        return
    if verify:
        found = _verified(city, wanted)
        with reading(city.sessions) as session:
            _tell(_seals(session), found, None, as_json=as_json)
        context.exit(1 if found.differences else 0)
    seal_up(city.sessions, now())
    written = leave_head(city)
    with reading(city.sessions) as session:
        _tell(_seals(session), None, written, as_json=as_json)


def leave_head(city: City) -> HeadFile | None:
    """Write the head of the chains as they are now, signed by the city's keeper of keys; None, and no keeper asked, without a seal."""
    with reading(city.sessions) as session:
        if _seals(session).books is None:
            return None
    return write_head(city.sessions, open_vault(city.settings), city.settings.heads_folder, now())


@click.command("release")
@click.option("--reason", required=True, help="What was found and why money may move again, in words.")
def release_books(*, reason: str) -> None:
    """Let money move again after a proof that found a difference has stopped the ledger."""
    released = release_ledger(open_city().sessions, command_line("ledger-release"), reason, now())
    click.echo(f"released; it was stopped because of: {released.cause}")


def _verified(city: City, wanted: Wanted) -> Found:
    kept = [city.settings.heads_folder] if wanted.kept and city.settings.heads_folder.is_dir() else []
    files, ours = heads_in(wanted.heads), heads_in(kept)
    keys = (wanted.keys or _own_key(city.settings)) if files or ours else ()
    with reading(city.sessions) as session:
        differences = list(islice(_differences(session, wanted), MAX_DIFFERENCES))
        # Never cut off by the rows that differ: a chain that was rebuilt is found here and nowhere else.
        differences += islice(hold_against(session, files, keys), MAX_DIFFERENCES)
        differences += islice(hold_against(session, ours, keys, ours=True), MAX_DIFFERENCES)
        differences += [other for note in wanted.noted if (other := _against(session, note))]
    if differences and wanted.stops:
        stop_books(city.sessions, str(differences[0]), now())
    return Found(differences, len(files) + len(ours))


def _differences(session: Session, wanted: Wanted) -> Iterator[Difference]:
    progress = Progress()

    def told(name: str, done: int) -> None:
        progress.step(f"{name}: {done}")

    if not wanted.trail_only:
        yield from verify_seals(session, progress=told)
    yield from trail_differences(session, told)


def _own_key(settings: Settings) -> tuple[bytes, ...]:
    return (open_vault(settings).head_signing_key(),)


def _against(session: Session, note: Note) -> Difference | None:
    if note.of_trail:
        return trail_differs(session, note.number, note.hash)
    found = session.scalars(select(Seal.hash).where(Seal.id == note.number)).one_or_none()
    if found == note.hash:
        return None
    return Difference("seal_head", f"seal {note.number}", note.hash, found or "no such seal")


@dataclass(frozen=True, slots=True)
class _Seals:
    books: tuple[int, int, str] | None
    trail: TrailHead | None


def _seals(session: Session) -> _Seals:
    books = session.execute(select(Seal.id, Seal.last_id, Seal.hash).order_by(Seal.id.desc()).limit(1)).one_or_none()
    return _Seals(None if books is None else (books.id, books.last_id, books.hash), trail_head(session))


def _tell(seals: _Seals, found: Found | None, written: HeadFile | None, *, as_json: bool) -> None:
    books, trail = seals.books, seals.trail
    if as_json:
        shown = {
            "head": books and {"seal": books[0], "last_id": books[1], "hash": books[2]},
            "trail": trail and {"seal": trail.seal, "last_id": trail.last_id, "hash": trail.hash},
            "file": written and {"path": str(written.path), "new": written.is_new},
            "heads_held": found and found.heads,
            "differences": [
                {"what": one.what, "where": one.where, "expected": one.expected, "found": one.found}
                for one in (found.differences if found else ())
            ],
        }
        click.echo(json.dumps(shown, indent=1))
        return
    for difference in found.differences if found else ():
        click.echo(str(difference))
    if books is None:
        click.echo("no transfer is sealed yet")
    else:
        click.echo(f"{books[0]}:{books[2]}")
        click.echo(f"every transfer up to {books[1]} is sealed")
    if trail is not None:
        click.echo(f"{TRAIL}:{trail.seal}:{trail.hash}")
        click.echo(f"every entry of the audit trail up to {trail.last_id} is sealed")
    if written is not None:
        click.echo(f"head {'written' if written.is_new else 'is there already'}: {written.path}")
    if found is not None and found.heads:
        click.echo(f"{found.heads} heads were held against the chains")


def _tell_key(key: bytes, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"key": key.hex(), "algorithm": "Ed25519", "pem": public_key_pem(key)}, indent=1))
        return
    click.echo(key.hex())
    click.echo(public_key_pem(key), nl=False)
