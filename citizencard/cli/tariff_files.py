"""Tariffs for commands: from a file, without any settings, or a published version from the city's database."""

import json
from pathlib import Path
from typing import Any

import click

from citizencard.cli.start import open_city
from citizencard.db import reading
from citizencard.errors import CitizencardError
from citizencard.tariffs.checks import Fault
from citizencard.tariffs.document import Tariff, check, read
from citizencard.tariffs.errors import TariffInvalid
from citizencard.tariffs.json_text import MAX_DOCUMENT_BYTES, read_json
from citizencard.tariffs.versions import tariff_version

FAULTS_TOLD = 5

_FOR_MACHINES = "citizencard.tariff.json"


def _note_json(context: click.Context, _: click.Parameter, value: bool) -> bool:  # noqa: FBT001 # click's own signature
    context.meta[_FOR_MACHINES] = value
    return value


as_json_option = click.option("--json", "as_json", is_flag=True, help="For machines.", callback=_note_json)
language_option = click.option(
    "--language", type=click.Choice(["zh", "en"]), default="en", show_default=True, help="Of the sentences."
)


class TellingMachines(click.Group):
    """A group whose refusals are JSON on the standard output too, where `--json` asks for it."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 # click's own signature
        """Carry out the command; whatever it is refused for goes on to the group above, which says it in a sentence."""
        try:
            return super().invoke(ctx)
        except (CitizencardError, OSError) as refusal:
            if ctx.meta.get(_FOR_MACHINES, False) and not isinstance(refusal, BrokenPipeError):
                click.echo(json.dumps({"error": error_data(refusal)}, ensure_ascii=False, indent=1))
            raise


def error_data(refusal: CitizencardError | OSError) -> dict[str, object]:
    """A refusal for programs: code, sentence, and what else is known about it."""
    if isinstance(refusal, CitizencardError):
        return {"code": refusal.code, "message": str(refusal), **refusal.public_fields()}
    return {"code": "file_unreadable", "message": refusal.strerror or str(refusal), "file": str(refusal.filename or "")}


def json_file(file: Path) -> object:
    """The value of a JSON file.

    Raises:
        DocumentUnreadable: see `read_json`.
        OSError: there is no such file, or it may not be read.
    """
    with file.open("rb") as source:
        return read_json(source.read(MAX_DOCUMENT_BYTES + 1))


def tariff_document(name: str) -> dict[str, Any]:
    """The document that a name means: a file, or a published version where the name is its number and there is no such file.

    Raises:
        TariffInvalid: the file has mistakes; tells the first few, `tariff check` tells all.
        UnknownTariffVersion: no such version was published.
    """
    file = Path(name)
    if name.isascii() and name.isdigit() and not file.exists():
        with reading(open_city().sessions) as session:
            return dict(tariff_version(session, int(name)).document)
    document = json_file(file)
    faults = check(document)
    if faults or not isinstance(document, dict):
        raise TariffInvalid(_few(faults, name), faults=[str(fault) for fault in faults])
    return document


def tariff_of(document: dict[str, Any]) -> Tariff:
    """Read a document that has no mistakes."""
    return read(document)


def _few(faults: list[Fault], name: str) -> str:
    told = "; ".join(str(fault) for fault in faults[:FAULTS_TOLD])
    rest = len(faults) - FAULTS_TOLD
    return f"{told}; and {rest} more: citizencard tariff check {name}" if rest > 0 else told
