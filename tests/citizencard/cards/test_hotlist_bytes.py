"""The bytes of the hotlist: what the server writes is what the page says and what a device reads."""

import re
from array import array
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from citizencard.cards.hotlist_bytes import Changes, Contents, Edition, number_of, pack
from hardware.terminal.hotlist import Hotlist
from tests.hardware.terminal.hotlists import Wanted, download

PAGE = (Path(__file__).parents[3] / "hardware" / "terminal" / "PROTOCOL.md").read_text(encoding="utf-8")
PUBLISHED_AT = datetime(2026, 11, 21, tzinfo=UTC)
MODULE = bytes.fromhex("330200000099")
FULL = Wanted(12, [5, 300, 4_000_000_123], ranges=[(8_000, 9_000)], modules=[MODULE])
DELTA = Wanted(13, [5, 301, 4_000_000_123], base=12, added=[301], removed=[300], modules=[MODULE])


@dataclass(frozen=True)
class Shown:
    """An example of the page: its bytes, and the place of each field."""

    raw: bytes
    places: list[int]
    sizes: list[int]


def examples() -> list[Shown]:
    section = PAGE.split("\n## Hotlist bytes\n")[1].split("\n## ")[0]
    found = []
    for block in re.findall(r"```\n(0000 .*?)```", section, re.DOTALL):
        lines = re.findall(r"^([0-9A-F]{4})  ([0-9A-F]+)  ", block, re.MULTILINE)
        parts = [bytes.fromhex(text) for _, text in lines]
        found.append(Shown(b"".join(parts), [int(place, 16) for place, _ in lines], [len(part) for part in parts]))
    return found


def packed(wanted: Wanted) -> bytes:
    contents = Contents(array("Q", wanted.cards), tuple(wanted.ranges), tuple(wanted.modules))
    edition = Edition(wanted.version, PUBLISHED_AT, len(wanted.cards), contents.digest())
    added = wanted.added if wanted.base else wanted.cards
    return pack(edition, Changes(wanted.base, added, wanted.removed), contents.ranges, contents.modules)


def test_page_shows_what_the_server_sends() -> None:
    """A vendor who follows the page reads our lists: both examples are ours to the byte, and each field is where the page says."""
    full, delta = examples()
    assert full.raw == packed(FULL) == download(FULL)
    assert delta.raw == packed(DELTA) == download(DELTA)
    for shown in (full, delta):
        assert shown.places == [sum(shown.sizes[:place]) for place in range(len(shown.sizes))]


def test_device_comes_by_the_delta_to_what_the_page_says() -> None:
    """Full list, then delta: the device refuses exactly the cards of the second."""
    held = Hotlist.parse(packed(FULL)).updated(packed(DELTA))
    assert (held.version, list(held.cards), held.ranges, held.modules) == (13, list(DELTA.cards), (), (MODULE,))


def test_digest_tells_lists_apart_and_not_versions() -> None:
    """Two lists with the same cards are the same list, whatever they are called; one card more is another one."""
    one = Contents(array("Q", [5, 300]))
    assert one.digest() == Contents(array("Q", [5, 300])).digest()
    others = [
        Contents(array("Q", [5, 301])),
        Contents(array("Q", [5])),
        Contents(array("Q", [5, 300]), ((1, 2),)),
        Contents(array("Q", [5, 300]), (), (MODULE,)),
    ]
    assert len({one.digest(), *(other.digest() for other in others)}) == 5


def test_only_this_citys_serials_have_a_number() -> None:
    """A serial of another city is never silently listed as one of ours."""
    assert number_of("03103302000000003004") == 300
    with pytest.raises(ValueError, match="not of this city"):
        number_of("03101000000000003004")
