"""`citizencard ledger seal` and `ledger release`: sealing and verifying, and letting money move again."""

import json
from typing import Final

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from citizencard.cli.backups.progress import Progress
from citizencard.cli.start import command_line, open_city
from citizencard.clock import now
from citizencard.db import reading, transaction
from citizencard.settlement.flow import release_ledger, roll_up
from ledger import Difference, draw_cut, verify_seals
from ledger.models import Seal

MAX_DIFFERENCES: Final = 1_000


class _Noted(click.ParamType[tuple[int, str]]):
    """A seal as an auditor has noted it: its number, a colon, its hash."""

    name = "NUMBER:HASH"

    def convert(
        self, value: str | tuple[int, str], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, str]:
        """Take the note apart."""
        if isinstance(value, tuple):
            return value
        number, _, digest = value.partition(":")
        if not number.isdecimal() or not digest:
            self.fail("write it as it was printed: NUMBER:HASH", param, ctx)
        return int(number), digest.lower()


@click.command("seal")
@click.option("--verify", is_flag=True, help="Seal nothing: recompute the chain and name every row that differs.")
@click.option(
    "--noted", multiple=True, type=_Noted(), help="A seal that was noted earlier and must be the same; with --verify."
)
@click.option("--json", "as_json", is_flag=True, help="For machines.")
@click.pass_context
def seal_books(context: click.Context, *, verify: bool, noted: tuple[tuple[int, str], ...], as_json: bool) -> None:
    """Seal what is final, and print the head of the chain: note it outside of the house. Exit status 1 when --verify finds a difference."""
    if noted and not verify:
        raise click.UsageError("--noted needs --verify")
    sessions = open_city().sessions
    found: list[Difference] = []
    if verify:
        progress = Progress()
        with reading(sessions) as session:
            for difference in verify_seals(session, progress=lambda name, done: progress.step(f"{name}: {done}")):
                found.append(difference)
                if len(found) == MAX_DIFFERENCES:
                    break
            found += [other for note in noted if (other := _against(session, *note))]
    else:
        with transaction(sessions) as session:
            draw_cut(session, now())
        roll_up(sessions, now())
    with reading(sessions) as session:
        head = session.scalars(select(Seal).order_by(Seal.id.desc()).limit(1)).one_or_none()
    _tell(head, found, as_json=as_json)
    context.exit(1 if found else 0)


@click.command("release")
@click.option("--reason", required=True, help="What was found and why money may move again, in words.")
def release_books(*, reason: str) -> None:
    """Let money move again after a proof that found a difference has stopped the ledger."""
    released = release_ledger(open_city().sessions, command_line("ledger-release"), reason, now())
    click.echo(f"released; it was stopped because of: {released.cause}")


def _against(session: Session, number: int, digest: str) -> Difference | None:
    found = session.scalars(select(Seal.hash).where(Seal.id == number)).one_or_none()
    return None if found == digest else Difference("seal_head", f"seal {number}", digest, found or "no such seal")


def _tell(head: Seal | None, found: list[Difference], *, as_json: bool) -> None:
    if as_json:
        shown = None if head is None else {"seal": head.id, "last_id": head.last_id, "hash": head.hash}
        differences = [
            {"what": one.what, "where": one.where, "expected": one.expected, "found": one.found} for one in found
        ]
        click.echo(json.dumps({"head": shown, "differences": differences}, indent=1))
        return
    for difference in found:
        click.echo(str(difference))
    if head is None:
        click.echo("nothing is sealed yet")
    else:
        click.echo(f"{head.id}:{head.hash}")
        click.echo(f"every transfer up to {head.last_id} is sealed")
