"""`citizencard-card diff`: what is different between two images of a chip. Keys and PINs are compared and never shown."""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import click

from hardware.card.profile import FREE
from hardware.cli.card_source import ending
from hardware.cli.endings import REFUSED
from hardware.emulator.file_system import DedicatedFile, ElementaryFile, KeyRecord, Proof, Purse
from hardware.emulator.image import CardImage

Difference = dict[str, Any]

CHANGED: Final = "changed"
SECRET_FIELDS: Final = frozenset({"value", "mac", "tac"})
NESTED_FIELDS: Final = frozenset({"files", "directories", "keys", "purses", "proofs", "content", "records"})


@click.command()
@click.argument("before", type=click.Path(path_type=Path))
@click.argument("after", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
@click.option("--show", is_flag=True, help="Show what stood and stands in files that anybody may read.")
def diff(before: Path, after: Path, *, as_json: bool, show: bool) -> None:
    """Tell what changed from the card image BEFORE to the card image AFTER. Of keys and PINs only that they changed.

    Exit code: 0 nothing is different, 1 something is, 3 a file is missing or damaged.
    """
    with ending():
        found = differences(CardImage.load(before), CardImage.load(after), show=show)
        if as_json:
            click.echo(json.dumps(found, indent=2))
        elif not found:
            click.echo("nothing is different")
        else:
            click.echo("\n".join(f"{one['where']}: {_words(one)}" for one in found))
        if found:
            sys.exit(REFUSED)


def differences(before: CardImage, after: CardImage, *, show: bool = False) -> list[Difference]:
    """Every difference: `where`, and `was` and `is`, or `changed`.

    Args:
        before: an image.
        after: another one, or a later state of the same chip.
        show: whether the content of files that anybody may read is shown.
    """
    found = [
        _different(name, getattr(before, name).hex().upper(), getattr(after, name).hex().upper(), show=show)
        for name in ("chip_serial", "atr")
        if getattr(before, name) != getattr(after, name)
    ]
    found += _plain("", before.options, after.options)
    return [*found, *_directory("3F00", before.master_file, after.master_file, show=show)]


def _directory(where: str, old: DedicatedFile, new: DedicatedFile, *, show: bool) -> Iterator[Difference]:
    yield from _plain(where, old, new)
    for number, one, other in _pairs(old.files, new.files):
        yield from _file(f"{where}/{number:04X}", one, other, show=show)
    for (kind, kid), key, new_key in _pairs(old.keys, new.keys):
        yield from _either(f"{where} key {kind:02X}/{kid:02X}", key, new_key) or _key(where, key, new_key)
    for number, purse, new_purse in _pairs(old.purses, new.purses):
        yield from _either(f"{where} purse {number:02X}", purse, new_purse) or _purse(where, number, purse, new_purse)
    for number, child, new_child in _pairs(old.directories, new.directories):
        place = f"{where}/{number:04X}"
        if child is None or new_child is None:
            yield from _either(place, child, new_child)
        else:
            yield from _directory(place, child, new_child, show=show)


def _file(where: str, old: ElementaryFile | None, new: ElementaryFile | None, *, show: bool) -> Iterator[Difference]:
    if old is None or new is None:
        yield from _either(where, old, new)
        return
    yield from _plain(where, old, new)
    open_to_all = show and old.read == new.read == FREE
    for first, last in _ranges(old.content, new.content):
        was, now = (content[first : last + 1].hex().upper() for content in (old.content, new.content))
        yield _different(f"{where} bytes {first} to {last}", was, now, show=open_to_all)
    for number in range(max(len(old.records), len(new.records))):
        one = old.records[number] if number < len(old.records) else b""
        other = new.records[number] if number < len(new.records) else b""
        if one != other:
            yield _different(f"{where} record {number + 1}", one.hex().upper(), other.hex().upper(), show=open_to_all)


def _key(where: str, old: KeyRecord, new: KeyRecord) -> list[Difference]:
    return _plain(f"{where} key {old.kind:02X}/{old.identifier:02X}", old, new)


def _purse(where: str, number: int, old: Purse, new: Purse) -> Iterator[Difference]:
    place = f"{where} purse {number:02X}"
    yield from _plain(place, old, new)
    for tti, proof, other in _pairs(old.proofs, new.proofs):
        yield from _either(f"{place} proof {tti:02X}", proof, other) or _proof(place, tti, proof, other)


def _proof(place: str, tti: int, old: Proof, new: Proof) -> list[Difference]:
    return _plain(f"{place} proof {tti:02X}", old, new)


def _pairs(old: Mapping[Any, Any], new: Mapping[Any, Any]) -> Iterator[tuple[Any, Any, Any]]:
    for key in sorted(old.keys() | new.keys()):
        yield key, old.get(key), new.get(key)


def _either(where: str, old: object, new: object) -> list[Difference]:
    """Something that is only on one side."""
    if old is None:
        return [{"where": where, "is": "new"}]
    return [{"where": where, "is": "gone"}] if new is None else []


def _plain(where: str, old: Any, new: Any) -> list[Difference]:  # noqa: ANN401 # one of the image's dataclasses
    """The fields that are plain values; of secret ones only that they are different."""
    found = []
    for one in fields(old):
        was, now = getattr(old, one.name), getattr(new, one.name)
        if was != now and one.name not in NESTED_FIELDS:
            place = f"{where} {one.name}".strip()
            plain = one.name not in SECRET_FIELDS and isinstance(now, str | int | bytes | None)
            found.append(_different(place, _json(was), _json(now), show=plain))
    return found


def _different(where: str, was: Any, now: Any, *, show: bool) -> Difference:  # noqa: ANN401 # JSON values
    return {"where": where, "was": was, "is": now} if show else {"where": where, "is": CHANGED}


def _json(value: object) -> object:
    return value.hex().upper() if isinstance(value, bytes) else value


def _ranges(old: bytes, new: bytes) -> Iterator[tuple[int, int]]:
    """First and last byte of each stretch that is different."""
    start = None
    for position in range(max(len(old), len(new)) + 1):
        same = old[position : position + 1] == new[position : position + 1]
        if not same and start is None:
            start = position
        if same and start is not None:
            yield start, position - 1
            start = None


def _words(one: Difference) -> str:
    if "was" not in one:
        return str(one["is"])
    was, now = ("nothing" if one[side] in {"", None} else one[side] for side in ("was", "is"))
    return f"{was} → {now}"
