"""The hotlist on the device: a list it can trust, or the one it had."""

import random
import struct
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware.card.files import application_serial
from hardware.terminal import hotlist as hotlist_module
from hardware.terminal.errors import HotlistInvalid
from hardware.terminal.hotlist import Hotlist
from tests.hardware.terminal.hotlists import HEADER, Wanted, download, full, gaps, sealed
from tests.hardware.terminal.records import SERIAL

STOLEN = bytes.fromhex("330200000007")
HELD = Wanted(7, [5, 300, 99_999_999_999], ranges=[(40, 60), (50, 70)], modules=[STOLEN])
DELTA = Wanted(9, [5, 300, 301], base=7, added=[301], removed=[99_999_999_999])


def serial(number: int, city: str = "3302") -> bytes:
    return application_serial(city, str(number).zfill(11))


def distances(numbers: list[int]) -> list[int]:
    return [number - before for before, number in pairwise([0, *numbers])]


def test_listed_cards_ranges_and_modules_are_known() -> None:
    """A reported-lost card is refused where its list has arrived, and so is a stolen box of cards; nobody else is."""
    hotlist = Hotlist.parse(download(HELD))
    refused = [n for n in (4, 5, 39, 40, 60, 65, 70, 71, 299, 300, 99_999_999_999) if hotlist.refuses(serial(n))]
    assert refused == [5, 40, 60, 65, 70, 300, 99_999_999_999]
    assert not hotlist.refuses(serial(5, "1000"))
    assert not hotlist.refuses(serial(5)[:9])
    assert not hotlist.refuses(bytes.fromhex("FF" * 10))
    assert hotlist.refuses_module(STOLEN)
    assert not hotlist.refuses_module(bytes.fromhex("330200000008"))
    assert Hotlist.parse(full(1, SERIAL)).refuses(SERIAL)
    assert not Hotlist().refuses(SERIAL)


def test_delta_leads_to_the_servers_list() -> None:
    """A bus that was away for a day fetches a few bytes and has exactly the list that others have; the old list stays as it was."""
    held = Hotlist.parse(download(HELD))
    now = held.updated(download(DELTA))
    assert (now.version, list(now.cards), now.ranges, now.modules) == (9, [5, 300, 301], (), ())
    assert held.refuses(serial(99_999_999_999))
    same = now.updated(download(replace(DELTA, base=9, added=[], removed=[])))
    assert same == now


def test_disk_holds_the_same_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switched off and on, the device refuses the same cards."""
    held = Hotlist.parse(download(HELD))
    assert held.to_bytes() == download(HELD)
    assert Hotlist.parse(held.to_bytes()) == held
    monkeypatch.setattr(hotlist_module, "MAX_CARDS", 2)
    with pytest.raises(HotlistInvalid, match="more than 2"):
        Hotlist.parse(download(HELD))


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (replace(DELTA, base=6), "a delta to version 6, the device has 7"),
        (replace(HELD, version=6), "6 is older than 7"),
        (replace(DELTA, removed=[299]), "a card is not on the list"),
        (replace(DELTA, added=[300]), "on the list already"),
        (replace(DELTA, cards=[5, 300]), "the list after applying is not the server's"),
        (replace(DELTA, added=[301, 301]), "do not rise"),
        (replace(HELD, cards=[5, 300, 10**11]), "more than 11 digits"),
        (replace(HELD, ranges=[(60, 40)]), "wrong order"),
        (replace(HELD, ranges=[(50, 70), (40, 60)]), "wrong order"),
        (replace(HELD, modules=[STOLEN, STOLEN]), "wrong order"),
        (replace(HELD, modules=[bytes.fromhex("33020000000A")]), "no terminal number"),
        (replace(HELD, city=bytes.fromhex("33A2")), "four digits"),
        (replace(DELTA, version=6, base=7), "older than 7|newer than"),
    ],
)
def test_download_that_does_not_fit_changes_nothing(wanted: Wanted, message: str) -> None:
    """A wrong base, a rollback, a list in disorder: the device says so and goes on with what it has."""
    held = Hotlist.parse(download(HELD))
    with pytest.raises(HotlistInvalid, match=message):
        held.updated(download(wanted))
    assert held == Hotlist.parse(download(HELD))


def test_number_that_is_longer_than_need_be_is_refused() -> None:
    """One list has one form: what two devices were sent can be compared byte by byte."""
    raw = download(Wanted(1, [5]))
    head, rest = bytearray(raw[:48]), raw[48:-32]
    for longer in (b"\x85\x00", b"\x85\x80\x80\x80\x80\x80\x01", b"\x85"):
        struct.pack_into(">I", head, 8, 48 + len(longer) + len(rest) - 1 + 32)
        with pytest.raises(HotlistInvalid):
            Hotlist.parse(sealed(bytes(head), longer + rest[1:]))
    struct.pack_into(">I", head, 8, len(raw) + 1)
    with pytest.raises(HotlistInvalid, match="left over"):
        Hotlist.parse(sealed(bytes(head), rest + b"\x00"))


def test_every_broken_bit_and_every_cut_is_noticed() -> None:
    """A download over a bad line never takes a card off the list."""
    raw = download(HELD)
    for place in range(len(raw)):
        broken = bytearray(raw)
        broken[place] ^= 1 << place % 8
        with pytest.raises(HotlistInvalid):
            Hotlist.parse(bytes(broken))
        with pytest.raises(HotlistInvalid):
            Hotlist.parse(raw[:place])
    with pytest.raises(HotlistInvalid):
        Hotlist.parse(raw + b"\x00")


@pytest.mark.parametrize(
    ("place", "value"), [(0, b"CCH2"), (4, b"\x02"), (5, b"\x01"), (6, b"\x00\x31"), (14, b"\x01"), (44, b"\x01")]
)
def test_other_layout_is_refused_even_when_it_is_whole(place: int, value: bytes) -> None:
    """A device never guesses what a newer list means."""
    raw = bytearray(download(HELD)[:-32])
    raw[place : place + len(value)] = value
    with pytest.raises(HotlistInvalid, match=f"byte {place}"):
        Hotlist.parse(sealed(bytes(raw[: HEADER.size]), bytes(raw[HEADER.size :])))


@settings(max_examples=40, deadline=None)
@given(st.sets(st.integers(1, 10**11 - 1), max_size=30), st.sets(st.integers(1, 10**11 - 1), max_size=30), st.data())
def test_any_delta_of_any_list(before: set[int], added: set[int], data: st.DataObject) -> None:
    """Whatever was lost and found meanwhile, the device ends with the server's list."""
    removed = set(data.draw(st.lists(st.sampled_from(sorted(before)), unique=True))) if before else set()
    added -= before
    after = (before - removed) | added
    held = Hotlist.parse(download(Wanted(1, sorted(before))))
    delta = download(Wanted(2, sorted(after), base=1, added=sorted(added), removed=sorted(removed)))
    assert list(held.updated(delta).cards) == sorted(after)


def test_a_citys_list_fits_into_a_megabyte() -> None:
    """300,000 lost cards of a large city, spread over all numbers there are, travel in a megabyte at most."""
    cards = sorted(random.Random(7).sample(range(1, 10**11), 300_000))
    size = HEADER.size + len(b"".join(gaps([gap]) for gap in distances(cards))) + 2 * 32
    assert size <= 1_000_000
