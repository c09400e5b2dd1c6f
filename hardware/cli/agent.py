"""`citizencard-agent`: the reader agent of a clerk's workstation."""

import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

import click

from hardware.agent.agent import Agent
from hardware.agent.folder import AgentFolder
from hardware.agent.messages import fingerprint, is_origin
from hardware.agent.pairing import CODE_LIFE, MAX_TRIES
from hardware.agent.reader import EmulatedSlot, Reader
from hardware.agent.server import DEFAULT_PORT, AgentServer
from hardware.cli.endings import one_sentence
from hardware.cli.memory import hide_memory
from hardware.errors import HardwareError
from hardware.readers.errors import ReaderLibraryMissing
from hardware.readers.reader import PcscReader, list_readers

log = logging.getLogger("citizencard-agent")

MAX_PORT: Final = 65_535

FOLDER = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The agent's own folder (mode 0700): its key and its server.",
)
IMAGES: Final = click.Path(file_okay=False, exists=True, path_type=Path)
EMULATE = click.option(
    "--emulate",
    "images",
    type=IMAGES,
    required=True,
    help="The folder of card images that the emulated reader is over.",
)


class Origin(click.ParamType[str, str]):
    """A web origin as a browser writes it."""

    name = "origin"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Check the form; click shows the message of a failure as a usage error."""
        if not is_origin(value):
            self.fail("must be like https://card.example.cn (http on 127.0.0.1 or localhost only)", param, ctx)
        return value


@click.group()
def main() -> None:
    """Serve the card reader of this workstation to the pages of one server."""


@main.command()
@FOLDER
@click.option("--emulate", "images", type=IMAGES, help="Serve an emulated reader over this folder of card images.")
@click.option(
    "--pcsc",
    "wanted",
    is_flag=False,
    flag_value="",
    metavar="[READER]",
    help="Serve a real PC/SC reader: the one whose name begins so, or else the one with a card in it.",
)
@click.option("--port", type=click.IntRange(0, MAX_PORT), default=DEFAULT_PORT, show_default=True)
@click.option("--origin", type=Origin(), help="Origin of the pages that may pair an agent that is not paired.")
def run(folder: Path, images: Path | None, wanted: str | None, port: int, origin: str | None) -> None:
    """Run the agent on 127.0.0.1 until it is interrupted. One that is not paired shows a pairing code."""
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    with one_sentence():
        reader, said = _reader(images, wanted)
        hide_memory()
        with AgentFolder(folder) as kept:
            if kept.pairing is None and origin is None:
                raise click.UsageError("not paired yet: name the server's pages with --origin")
            agent = Agent(kept, reader, lambda: datetime.now(UTC), origin)
            with _listening(agent, port) as server:
                _introduce(agent, kept, server, said)
                server.serve()


@main.command()
@FOLDER
def show(folder: Path) -> None:
    """Show who the agent is and whom it belongs to."""
    with one_sentence(), AgentFolder(folder) as kept:
        click.echo(f"agent {kept.agent}")
        click.echo(f"fingerprint {fingerprint(kept.public_key)}")
        if kept.pairing is None:
            click.echo("not paired")
        else:
            click.echo(f"paired with {kept.pairing.origin}")
            click.echo(f"server fingerprint {fingerprint(kept.pairing.server_key)}")


@main.command()
@FOLDER
def unpair(folder: Path) -> None:
    """Forget the server and the agent's own key. The next pairing is that of a new agent."""
    with one_sentence(), AgentFolder(folder) as kept:
        kept.unpair()
        click.echo("not paired any more")


@main.command()
@EMULATE
@click.argument("image")
def insert(images: Path, image: str) -> None:
    """Put the card IMAGE (the name of a file in the folder) into the emulated reader."""
    with one_sentence():
        EmulatedSlot(images).put_in(image)
        click.echo(f"{image} is in the reader")


@main.command("take-out")
@EMULATE
def take_out(images: Path) -> None:
    """Take the card out of the emulated reader."""
    EmulatedSlot(images).take_out()
    click.echo("the reader is empty")


@contextmanager
def _listening(agent: Agent, port: int) -> Iterator[AgentServer]:
    """A server until the process is told to end; a step that runs is finished first."""
    server = AgentServer(agent, port)
    signal.signal(signal.SIGTERM, _interrupt)
    with server, suppress(KeyboardInterrupt):
        yield server
    agent.close()


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    del number, frame
    raise KeyboardInterrupt


def _reader(images: Path | None, wanted: str | None) -> tuple[Reader, str]:
    """The reader that was asked for, and what is to be said of it. A PC/SC service that does not run yet is waited for by each step.

    Raises:
        ReaderLibraryMissing: this installation can never talk to a PC/SC reader.
    """
    if images is not None and wanted is None:
        return EmulatedSlot(images), "emulated reader: cards of the realm test only"
    if images is not None or wanted is None:
        raise click.UsageError("name one reader: --emulate FOLDER, or --pcsc [READER]")
    try:
        log.info("PC/SC readers: %s", ", ".join(list_readers()) or "none is plugged in")
    except ReaderLibraryMissing:
        raise
    except HardwareError as error:
        log.warning("no PC/SC reader yet: %s", error)
    named = f"PC/SC reader {wanted}" if wanted else "any PC/SC reader"
    return PcscReader(wanted), f"{named}: whether a card is real, only its keys can tell"


def _introduce(agent: Agent, kept: AgentFolder, server: AgentServer, reader: str) -> None:
    click.echo(f"agent {kept.agent} on http://{server.authority}, {reader}")
    click.echo(f"fingerprint {fingerprint(kept.public_key)}")
    if kept.pairing is None:
        minutes = int(CODE_LIFE.total_seconds()) // 60
        click.echo(f"pairing code {agent.code.shown()} for {agent.origin} ({minutes} minutes, {MAX_TRIES} tries)")
    else:
        click.echo(f"paired with {kept.pairing.origin}")
    sys.stdout.flush()
