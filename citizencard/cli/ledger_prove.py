"""`citizencard ledger prove`: every invariant of the books recomputed, every difference told, and the money stopped when there is one."""

import json
import sys
from dataclasses import asdict
from typing import Final, TextIO

import click
from sqlalchemy import func, select

from citizencard.cli.start import open_city
from citizencard.clock import now
from citizencard.db import Sessions, reading
from citizencard.settlement.flow import ProvingWith, prove_books
from ledger import Difference
from ledger.integrity import MAX_PROCESSES
from ledger.models import PostedTransfer

DIFFERENCES_TOLD: Final = 1_000
HUNDRED: Final = 100


@click.command("prove")
@click.option(
    "--json", "as_json", is_flag=True, help="Every difference, for machines: one JSON document, however long."
)
@click.option(
    "--processes",
    default=1,
    show_default=True,
    type=click.IntRange(1, MAX_PROCESSES),
    help="How many work on it at the same time, each with its own connection.",
)
@click.pass_context
def prove_ledger(context: click.Context, *, as_json: bool, processes: int) -> None:
    """Recompute every invariant from the transfers alone. A difference stops all money until `ledger release`.

    Exit status 0: the books are proved; 1: something differs, or the proof could not be made.
    """
    sessions = open_city().sessions
    telling = _Document() if as_json else _Lines()
    watching = _watched(sessions)
    proof = prove_books(sessions, now(), ProvingWith(watching.progress, processes, telling.difference))
    watching.end()
    telling.end(
        {
            "found": proof.found,
            "proved": proof.proved,
            "transfers": proof.transfers,
            "accounts": proof.accounts,
            "total_fen": proof.total_fen,
            "above_ceiling": [asdict(account) for account in proof.above_ceiling],
        }
    )
    context.exit(0 if proof.proved else 1)


class _Document:
    """One JSON object, written while the proof goes on."""

    def __init__(self) -> None:
        self._written = 0
        click.echo('{"differences": [', nl=False)

    def difference(self, difference: Difference) -> None:
        """One more."""
        click.echo(f"{',' if self._written else ''}\n {json.dumps(asdict(difference))}", nl=False)
        self._written += 1

    def end(self, outcome: dict[str, object]) -> None:
        """The rest of it."""
        # The braces of the object are those that were begun with.
        click.echo(f"],\n {json.dumps(outcome)[1:-1]}}}")


class _Lines:
    """A sentence for each difference, up to a number that a person can read, and one at the end."""

    def __init__(self) -> None:
        self._told = 0

    def difference(self, difference: Difference) -> None:
        """One more."""
        self._told += 1
        if self._told <= DIFFERENCES_TOLD:
            click.echo(str(difference))

    def end(self, outcome: dict[str, object]) -> None:
        """The verdict."""
        if self._told > DIFFERENCES_TOLD:
            click.echo(f"and {self._told - DIFFERENCES_TOLD} more; --json lists them all")
        verdict = "the books are proved" if outcome["proved"] else "THE BOOKS ARE NOT PROVED"
        click.echo(
            f"{outcome['transfers']} transfers, {outcome['accounts']} accounts, {outcome['found']} differences: {verdict}"
        )


class Watched:
    """How far the proof is, on one line of a terminal; nothing where nobody looks.

    Args:
        stream: the terminal.
        last_id: of the last transfer: about how many there are.
    """

    def __init__(self, stream: TextIO | None, last_id: int) -> None:
        self._stream = stream
        self._last_id = last_id

    def progress(self, name: str, transfers: int) -> None:
        """A step of the proof."""
        share = f" {min(HUNDRED, transfers * HUNDRED // self._last_id):>3} %" if transfers and self._last_id else ""
        self._write(f"{name}{share}")

    def end(self) -> None:
        """Leave the line empty for what comes."""
        self._write("")

    def _write(self, said: str) -> None:
        if self._stream:
            self._stream.write(f"\r\x1b[K{said}")
            self._stream.flush()


def _watched(sessions: Sessions) -> Watched:
    if not sys.stderr.isatty():
        return Watched(None, 0)
    with reading(sessions) as session:
        return Watched(sys.stderr, session.scalar(select(func.max(PostedTransfer.id))) or 0)
