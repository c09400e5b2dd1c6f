"""The JSON form of an image: read back exactly, and refused with every fault (it is input from outside)."""

import copy
import json
from typing import Any

import pytest

from hardware.emulator.image_format import content_from_document, document_from_content
from tests.hardware.emulator.transactions import card_in_field, pay, psam_in_terminal, ride


def document() -> dict[str, Any]:
    """A card that has lived: loaded, paid, with trips and proofs."""
    card = card_in_field(balance_fen=1_000)
    ride(card, psam_in_terminal(), 100)
    pay(card, 50, compound=False)
    return document_from_content(card.image._content)


def test_image_survives_its_file() -> None:
    """Writing and reading an image gives the same chip, to the last byte."""
    first = document()
    through_a_file = json.loads(json.dumps(first))
    assert document_from_content(content_from_document(through_a_file)) == first
    psam = document_from_content(psam_in_terminal().image._content)
    assert document_from_content(content_from_document(psam)) == psam


def _members(value: object, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [path] * bool(path) + [found for name in value for found in _members(value[name], (*path, name))]
    if isinstance(value, list):
        return [path] + [
            found for index in range(min(len(value), 2)) for found in _members(value[index], (*path, index))
        ]
    return [path]


OPTIONAL = {"sfi_of_public_data", "key_change", "protection_kid"}


@pytest.mark.parametrize("wrong", [None, -1, 1 << 40, "Z", True, {}, [1]], ids=repr)
def test_every_member_is_checked(wrong: object) -> None:
    """No member of an image can hold something of another type or range; the fault is a ValueError, never a crash."""
    whole = document()
    unharmed = 0
    for path in _members(whole):
        changed = copy.deepcopy(whole)
        place: Any = changed
        for name in path[:-1]:
            place = place[name]
        if type(place[path[-1]]) is type(wrong):
            continue
        place[path[-1]] = wrong
        try:
            content_from_document(changed)
        except ValueError:
            continue
        assert path[-1] in OPTIONAL or "options" in path, path
        unharmed += 1
    assert unharmed <= 60


def test_sizes_must_fit() -> None:
    """A file cannot claim to be larger or smaller than its content."""
    for change in ({"content": "00"}, {"records": ["00"]}, {"capacity": 7}):
        changed = document()
        changed["master_file"]["directories"][0]["files"][0].update(change)
        with pytest.raises(ValueError, match="do not fit"):
            content_from_document(changed)


def test_directories_are_not_nested_without_end() -> None:
    """A file made to exhaust the reader is refused."""
    changed = document()
    inner = changed["master_file"]
    for _ in range(5):
        inner["directories"] = [copy.deepcopy(inner) | {"directories": []}]
        inner = inner["directories"][0]
    with pytest.raises(ValueError, match="too deep"):
        content_from_document(changed)
