"""`bin/run`: found the demo city, then play one day to its end (`--once`) or let the city live until Ctrl-C."""

import signal
import sys
from pathlib import Path
from types import FrameType

import click
import pyotp

from demo.browser import FormMissing, PageRefused
from demo.city import running
from demo.day import Day
from demo.folder import ROOT, CityElsewhere, Folder
from demo.founding import Founding
from demo.life import live
from demo.processes import CommandFailed, PortTaken, ServerDied
from demo.provider import ProviderDied
from demo.staff import JobFailed, Refused
from demo.telling import Story
from demo.workstation import AgentRefused, WorkstationFailed
from hardware.errors import HardwareError

DEFAULT_PORT = 8000
FAILURES = (
    AgentRefused,
    CityElsewhere,
    CommandFailed,
    FormMissing,
    HardwareError,
    JobFailed,
    PageRefused,
    PortTaken,
    ProviderDied,
    Refused,
    ServerDied,
    WorkstationFailed,
)


@click.command()
@click.option("--once", is_flag=True, help="Play one day to its end; exit code 0 only if the books are proved.")
@click.option(
    "--database", "url", help="postgresql://… instead of SQLite under var/; the database exists and may be changed."
)
@click.option(
    "--port", default=DEFAULT_PORT, show_default=True, type=click.IntRange(1, 65535), help="Port on 127.0.0.1."
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=ROOT / "var",
    help="Where cards, keys and logins are kept; var/ unless named.",
)
@click.option("--code", "login", help="Only print the present one-time code of a demo login, such as clerk.")
def main(*, once: bool, url: str | None, port: int, folder: Path, login: str | None) -> None:
    """A demo city with the citizen card on this machine.

    Residents, cards and keys are made up. The server listens on 127.0.0.1 only.
    """
    if url is not None and not url.startswith("postgresql://"):
        raise click.BadParameter("an address like postgresql://user@host/name", param_hint="--database")
    if login is not None:
        click.echo(code_of(Folder.for_database(url, folder.absolute()), login))
        return
    signal.signal(signal.SIGTERM, _interrupt)
    story = Story()
    try:
        proved = run(Folder.for_database(url, folder.absolute()), port, story, once=once)
    except FAILURES as error:
        click.echo(f"bin/run: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        click.echo("\nThe city has stopped.")
        return
    sys.exit(0 if proved else 1)


def run(folder: Folder, port: int, story: Story, *, once: bool) -> bool:
    """Found the city, play a day, and go on living unless it is for once.

    Returns:
        Whether the books are proved and every chip agrees with its shadow.
    """
    kind = "PostgreSQL" if folder.database_url.startswith("postgresql") else "SQLite"
    story.title(f"The citizen card's demo city (市民卡) · {kind} · everything in it is made up")
    story.step("Database, vault, stand-in and server")
    with running(folder, port, for_visitors=not once) as city:
        story.fact("the server is ready", city.server.address)
        story.fact("stand-in for the payment provider: no money moves", city.provider.address)
        Founding(city, story).found()
        outcomes = Day(city, story).play()
        proved = outcomes.proved and outcomes.agreed
        story.end(proved=proved)
        if not once:
            live(city, story)
    return proved


def code_of(folder: Folder, login: str) -> str:
    """The one-time code that a demo login signs in with at this moment.

    Raises:
        BadParameter: the city in this folder has no such login.
    """
    logins = folder.recall().get("logins", {})
    if login not in logins:
        known = ", ".join(logins) or "none yet: run bin/run first"
        raise click.BadParameter(f"no login {login}; there are: {known}", param_hint="--code")
    return pyotp.TOTP(str(logins[login]["totp_secret"])).now()


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
